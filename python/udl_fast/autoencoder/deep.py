"""The deep autoencoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from ..estimator.parameters import Choice, Flag, Number, Rule, Sizes
from ..estimator.templates import Template
from ..exceptions import name_methods_of
from ..nets.learning import OF_MINIBATCHES
from ..nets.losses import ACTIVATIONS, LOSSES, OUTPUTS, check_loss, loss_of
from ..nets.rules import SOLVER_RULES
from ..rbm.presets import science2006
from .begun import begun_with_dbn
from .coding import Coding
from .exchange import Exchange
from .learning import NetLearning
from .pretraining import RBMPretraining
from .stack import NetStack

if TYPE_CHECKING:
    from ..dbn import DBN

__all__ = ["DeepAutoencoder"]


class DeepAutoencoder(RBMPretraining):
    """Autoencoder of many layers, pretrained as RBMs and unrolled [1]_.

    Each layer is first an RBM, learned from the hidden probabilities of the one below. Then the net begins with
    their weights, upwards to the code and transposed down again, and all of them are learned by the gradient of
    the reconstruction.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(1000, 500, 250, 30)
        Units of the layers up to the code, which is the last; the decoder mirrors them. The default is that of
        [1]_ for MNIST.
    activation : {"logistic", "linear", "tanh", "relu"}, default="logistic"
        Of hidden layers; with pretraining "logistic".
    code_activation : {"linear", "logistic", "binary", "tanh", "relu"}, default="linear"
        Of the code. "linear" is that of [1]_, whose top RBM has Gaussian hidden units; "logistic" gives codes in
        [0, 1], which :meth:`encode` makes binary. "binary" are logistic units rounded to 0 or 1, also while the
        net learns, where the gradient passes as if they were not [2]_: for "adam" and "sgd".
    output_activation : {"logistic", "linear", "tanh", "relu", "softmax"}, default="logistic"
        Of the reconstruction: "logistic" for values in [0, 1], "linear" for real values, whose first RBM has
        Gaussian visible units, "softmax" for counts of words, whose first RBM has replicated softmax units and
        whose reconstruction are shares of the words.
    loss : {"auto", "squared", "cross_entropy", "multinomial"}, default="auto"
        As of :class:`udl_fast.Autoencoder`.
    pretrain : bool, default=True
        False begins with random weights instead.
    rbm : RBM or a list of them, default=None
        A template of the RBMs, or one for each layer, with `hidden_layer_sizes` in place of `n_components`; see
        :func:`udl_fast.presets.science2006`, which None means. Copies of a single one get the kinds of units
        that `code_activation` and `output_activation` ask for, and a hundredth of its rates where these make it
        another one of real values. Without a `random_state` an RBM draws from a seed of the whole model.
    code_noise : float, default=0.0
        Standard deviation of normal noise that is added to the inputs of the code units while the net learns:
        logistic ones learn to be near 0 or 1, whatever the noise is. [3]_ has 4.0.

    solver : {"adam", "sgd", "lbfgs", "cg"}, default="adam"
        Of the net as a whole; "cg" with batch_size=1000 is that of [1]_.
    learning_rate : float, default=3e-3
        Of "adam" and "sgd". Our choice among 1e-3 to 1e-2, by held-out errors on 8 x 8 digits and 5,000 images of
        MNIST after 750 to 6,000 updates; more gains where there are fewer.
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
        Of the net as a whole; RBMs have that of their template, but "fixed" instead of "fast" where units are
        real.
    batch_size : int, default=100
    n_iter : int, default=50
        Epochs of the net as a whole; those of an RBM are its template's.
    shuffle : bool, default=True
    warm_start : bool, default=False
        `fit` goes on where it stopped, or learns the net on.
    device : {"cpu"}, default="cpu"
    n_jobs : int, default=None
        Threads, of RBMs too.
    random_state : int, RandomState or None, default=None
    callbacks : list or one of its kind, default=None
        As of :class:`udl_fast.RBM`; those of templates are not called.
    verbose : int, default=0

    Attributes
    ----------
    layers_ : list of RBM
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
    .. [1] G. Hinton, R. Salakhutdinov, "Reducing the dimensionality of data with neural networks", Science 313,
       2006.
    .. [2] A. Krizhevsky, G. Hinton, "Using very deep autoencoders for content-based image retrieval", ESANN 2011.
    .. [3] R. Salakhutdinov, G. Hinton, "Semantic hashing", International Journal of Approximate Reasoning 50,
       2009.

    Examples
    --------
    >>> import udl_fast as udl
    >>> X = udl.datasets.load_digits().data
    >>> rbm = udl.presets.science2006(n_iter=5)
    >>> model = udl.DeepAutoencoder((64, 16), rbm=rbm, n_iter=10, random_state=0).fit(X)
    >>> model.transform(X).shape
    (1797, 16)
    >>> model.history_["stage"][0], model.history_["stage"][-1]
    ('layer 1', 'fine-tuning')
    >>> binary = udl.DeepAutoencoder((64, 16), code_activation="binary", rbm=rbm, n_iter=10, random_state=0).fit(X)
    >>> binary.encode(X).shape  # 16 bits an image
    (1797, 2)
    """

    rules: ClassVar[Mapping[str, Rule]] = {
        "hidden_layer_sizes": Sizes(),
        "activation": Choice(ACTIVATIONS),
        "code_activation": Choice((*ACTIVATIONS, "binary")),
        "output_activation": Choice(OUTPUTS),
        "loss": Choice(LOSSES),
        "pretrain": Flag(),
        "rbm": Template("RBM", none_means=science2006),
        "code_noise": Number(0),
        **SOLVER_RULES,
    }
    _later_parameters: ClassVar[Mapping[str, Any]] = {"code_noise": 0.0}
    pictures: ClassVar[tuple[str, ...]] = ("filters", "reconstructions")
    _shaping: ClassVar[tuple[str, ...]] = ("activation", "code_activation", "output_activation")

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (1000, 500, 250, 30),
        *,
        activation: str = "logistic",
        code_activation: str = "linear",
        output_activation: str = "logistic",
        loss: str = "auto",
        pretrain: bool = True,
        rbm: Any = None,
        code_noise: float = 0.0,
        solver: str = "adam",
        learning_rate: float = 3e-3,
        learning_rate_schedule: str = "constant",
        final_learning_rate: float | None = None,
        momentum: float = 0.9,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        l1: float = 0.0,
        precision: str = "float32",
        batch_size: int = 100,
        n_iter: int = 50,
        shuffle: bool = True,
        warm_start: bool = False,
        device: str = "cpu",
        n_jobs: int | None = None,
        random_state: Any = None,
        callbacks: Any = None,
        verbose: int = 0,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.code_activation = code_activation
        self.output_activation = output_activation
        self.loss = loss
        self.pretrain = pretrain
        self.rbm = rbm
        self.code_noise = code_noise
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

    @classmethod
    def from_dbn(cls, dbn: DBN, **parameters: Any) -> Self:
        """A model whose layers are those of a fitted deep belief net, before it learns as a whole.

        Parameters
        ----------
        dbn : DBN
            Fitted, all its layers. It stays as it is. After `up_down` the way up and the way down have each their
            own weights.
        **parameters
            Of the constructor; `hidden_layer_sizes`, `rbm`, `code_activation` and `output_activation` follow
            from the layers. Over binary units ``code_activation="binary"`` may be asked for.

        Returns
        -------
        DeepAutoencoder
            It codes and reconstructs as the net that they unroll to; :meth:`resume` learns that on, for
            `n_iter` epochs.

        Raises
        ------
        ValueError
            If the net has units that an autoencoder has not, or its training was stopped.
        sklearn.exceptions.NotFittedError
            If it is not fitted.

        Examples
        --------
        >>> import udl_fast as udl
        >>> X = udl.datasets.load_digits().data
        >>> dbn = udl.DBN((32, 8), rbm=udl.presets.science2006(n_iter=5), random_state=0).fit(X)
        >>> model = udl.DeepAutoencoder.from_dbn(dbn, n_iter=10)
        >>> before = model.reconstruction_error(X).mean()
        >>> bool(model.resume(X).reconstruction_error(X).mean() < before)
        True
        """
        return begun_with_dbn(cls, dbn, parameters)

    # ---- arguments ----

    def _check_together(self) -> None:
        super()._check_together()
        owner = type(self).__name__
        check_loss(self.loss, self.output_activation, owner)
        if self._is_binary() and self.solver not in OF_MINIBATCHES:
            raise ValueError(
                f"{owner}: code_activation='binary' needs solver='adam' or 'sgd', got {self.solver!r}, which "
                "searches along lines, where the loss of a rounded code moves in steps"
            )
        self._check_number_of_templates()
        if self.pretrain:
            self._check_templates(owner)

    # ---- the net ----

    def _pretrains(self) -> bool:
        return bool(self.pretrain)

    def _activations(self) -> list[str]:
        between = [self.activation] * (self._n_encoders - 1)
        return [*between, self._code_units(), *between, self.output_activation]

    def _is_binary(self) -> bool:
        return self.code_activation == "binary"

    def _code_units(self) -> str:
        """Their activation before they are rounded."""
        return "logistic" if self._is_binary() else self.code_activation

    def _rounded_layer(self) -> int:
        return self._n_encoders - 1 if self._is_binary() else -1

    def _objective(self, checked: Mapping[str, Any]) -> dict[str, Any]:
        own: dict[str, Any] = {}
        if checked["code_noise"] or self._is_binary():
            own = {"code_layer": self._n_encoders - 1, "code_noise": checked["code_noise"]}
            own["rounded_code"] = self._is_binary()
        return {**super()._objective(checked), **own}

    def _loss(self) -> str:
        return loss_of(self.loss, self.output_activation)


name_methods_of(DeepAutoencoder, RBMPretraining, NetStack, NetLearning, Exchange, Coding)
