"""The stacked autoencoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from sklearn.base import clone

from ..estimator.engine import NoEngine
from ..estimator.parameters import Flag, Rule, Sizes
from ..estimator.templates import Template
from ..exceptions import name_methods_of
from ..nets.losses import loss_of
from ..nets.rules import SOLVER_RULES
from .coding import Coding
from .exchange import Exchange
from .learning import NetLearning, OneLayer
from .sparse import SparseAutoencoder
from .stack import HalfLayers, NetStack

__all__ = ["StackedAutoencoder"]


def default_layer() -> SparseAutoencoder:
    """The template that None stands for."""
    return SparseAutoencoder(weight_decay=3e-4)


class StackedAutoencoder(NetStack):
    """Autoencoders upon each other, each learned from the code of the one below.

    The second layer reconstructs what the first one's units do, not the data [1]_. Together they are a net, which
    may be learned on as a whole afterwards.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(200, 200)
        Units of the layers; the last is the code.
    layer : Autoencoder, SparseAutoencoder, DenoisingAutoencoder or a list of them, default=None
        A template of the layers, or one for each. Copies learn, with `hidden_layer_sizes` in place of
        `n_components`; a template stays as it is. None is ``SparseAutoencoder(weight_decay=3e-4)``, a tenth of
        the decay for one layer of MNIST, with which layers on few inputs learn nothing: our choice among 3e-3 to
        1e-4, by what a classifier makes of second layers of 8 x 8 digits and of MNIST. Copies of a single one give
        from the second layer on what the units below can be: their `output_activation` is the activation below,
        and where that is another one `loss` is "auto". Without a `random_state` a layer draws from a seed of the
        whole model.
    fine_tune : bool, default=False
        Whether the net then learns as a whole for `n_iter` epochs, to reconstruct the data, by the arguments
        that follow. Set to True later, `resume` makes these epochs.

    solver : {"adam", "sgd", "lbfgs", "cg"}, default="adam"
        Of the net as a whole, as of :class:`udl_fast.Autoencoder`.
    learning_rate : float, default=1e-3
        Of "adam" and "sgd".
    learning_rate_schedule : {"constant", "linear", "cosine", "exponential", "inverse"}, default="constant"
        How the rate falls from `learning_rate` to `final_learning_rate` over the epochs of the stage.
    final_learning_rate : float, default=None
        Where the schedule leads.
    momentum : float in [0, 1), default=0.9
        Share of the last step of "sgd" that is repeated; of "adam" the decay of the mean gradient.
    nesterov : bool, default=False
        Nesterov's momentum, for "sgd".
    weight_decay, l1 : float, default=0.0
        Penalties on weights, not biases.
    precision : {"float32", "fast", "float64"}, default="float32"
        Of the net as a whole; layers have that of their template.
    batch_size : int, default=100
    n_iter : int, default=20
        Epochs of fine-tuning; those of a layer are its template's.
    shuffle : bool, default=True
    warm_start : bool, default=False
        `fit` goes on where it stopped, or repeats the last stage.
    device : {"cpu"}, default="cpu"
    n_jobs : int, default=None
        Threads, of layers too.
    random_state : int, RandomState or None, default=None
    callbacks : list or one of its kind, default=None
        As of :class:`udl_fast.RBM`; those of templates are not called.
    verbose : int, default=0

    Attributes
    ----------
    layers_ : list of models
        Copies of the layers as they were pretrained.
    components_ : ndarray of shape (hidden_layer_sizes[0], n_features)
        Weights of the first layer, read-only.
    coefs_, intercepts_ : list of ndarray
        Of all layers of the net, those of the decoder included: weights as (inputs, outputs).
    n_features_in_ : int
    n_iter_ : int
        Epochs finished, of all stages.
    n_updates_ : int
    history_ : dict of str to list
        Measurements after epochs, with the `stage`: in each what its learner measures.

    References
    ----------
    .. [1] Y. Bengio, P. Lamblin, D. Popovici, H. Larochelle, "Greedy layer-wise training of deep networks", NIPS
       2006.

    Examples
    --------
    >>> import udl_fast as udl
    >>> X = udl.datasets.load_digits().data
    >>> layer = udl.SparseAutoencoder(n_iter=20)
    >>> model = udl.StackedAutoencoder((16, 8), layer=layer, random_state=0).fit(X)
    >>> model.transform(X).shape, model.history_["stage"][-1]
    ((1797, 8), 'layer 2')
    """

    rules: ClassVar[Mapping[str, Rule]] = {
        "hidden_layer_sizes": Sizes(),
        "layer": Template(
            "SparseAutoencoder",
            "Autoencoder",
            "DenoisingAutoencoder",
            none_means=default_layer,
        ),
        "fine_tune": Flag(),
        **SOLVER_RULES,
    }
    pictures = ("filters", "reconstructions")
    _template = "layer"
    _shaping = ("layer",)

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (200, 200),
        *,
        layer: Any = None,
        fine_tune: bool = False,
        solver: str = "adam",
        learning_rate: float = 1e-3,
        learning_rate_schedule: str = "constant",
        final_learning_rate: float | None = None,
        momentum: float = 0.9,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        l1: float = 0.0,
        precision: str = "float32",
        batch_size: int = 100,
        n_iter: int = 20,
        shuffle: bool = True,
        warm_start: bool = False,
        device: str = "cpu",
        n_jobs: int | None = None,
        random_state: Any = None,
        callbacks: Any = None,
        verbose: int = 0,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.layer = layer
        self.fine_tune = fine_tune
        self.solver = solver
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.final_learning_rate = final_learning_rate
        self.momentum = momentum
        self.nesterov = nesterov
        self.weight_decay = weight_decay
        self.l1 = l1
        self.precision = precision
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.shuffle = shuffle
        self.warm_start = warm_start
        self.device = device
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.callbacks = callbacks
        self.verbose = verbose

    def _check_together(self) -> None:
        super()._check_together()
        self._check_number_of_templates()
        self._check_layers()

    def _without_effect(self) -> list[str]:
        return list(super()._without_effect()) if self.fine_tune else []

    def _learns_whole(self) -> bool:
        return bool(self.fine_tune)

    def _check_resumable(self) -> None:
        super()._check_resumable()
        if not self.fine_tune and not isinstance(self._engine, NoEngine):
            raise ValueError(
                f"{type(self).__name__}: fine_tune is False, but the net has been fine-tuned and no longer "
                "reads its layers; set fine_tune=True to go on"
            )

    def _layer(self, number: int) -> OneLayer:
        template, output = self._template_of(number), self._output_of(number)
        if template.output_activation == output:
            return template
        layer: OneLayer = clone(template).set_params(output_activation=output, loss="auto")
        return layer

    def _template_of(self, number: int) -> OneLayer:
        of_all = default_layer() if self.layer is None else self.layer
        found: OneLayer = of_all[number] if isinstance(of_all, list | tuple) else of_all
        return found

    def _output_of(self, number: int) -> str:
        """What the outputs of a layer are: where one template is for all, what the units below can be."""
        template = self._template_of(number)
        if number == 0 or isinstance(self.layer, list | tuple):
            return template.output_activation
        return template._hidden_activation()

    def _activations(self) -> list[str]:
        numbers = range(self._n_encoders)
        up = [self._template_of(k)._hidden_activation() for k in numbers]
        return [*up, *(self._output_of(k) for k in reversed(numbers))]

    def _loss(self) -> str:
        first = self._layer(0)
        return loss_of(first.loss, first.output_activation)

    def _activations_of(self, layer: Any) -> tuple[str, str]:
        return layer._hidden_activation(), layer.output_activation

    def _halves(self, layer: Any) -> HalfLayers:
        state = layer._engine.state()
        weights = state["layers.0/weights"]
        down = state.get("layers.1/weights", weights.T)  # tied
        return HalfLayers((weights, state["layers.0/bias"]), (down, state["layers.1/bias"]))


name_methods_of(StackedAutoencoder, NetStack, NetLearning, Exchange, Coding)
