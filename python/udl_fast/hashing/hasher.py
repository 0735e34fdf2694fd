"""The semantic hasher."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..autoencoder.coding import Coding
from ..autoencoder.deep import DeepAutoencoder
from ..autoencoder.exchange import Exchange
from ..autoencoder.learning import NetLearning
from ..autoencoder.stack import NetStack
from ..estimator.declarations import Trouble
from ..estimator.parameters import Choice, Flag, Number, Rule, Sizes
from ..estimator.templates import Template
from ..exceptions import name_methods_of
from ..nets.rules import SOLVER_RULES
from ..rbm.model import RBM
from ..rbm.presets import science2006
from .codes import PackedCodes
from .diagnosis import dead_bits
from .row_kinds import ROW_KINDS, RowKinds

__all__ = ["SemanticHasher"]

_CODE_NOISE = 4.0
_FEWEST_ROWS = 100  # that say whether a bit is dead
_EPOCHS_IN_A_ROW = 3  # of dead bits, before they are worth a warning


def smooth_layer() -> RBM:
    """The default template: `science2006` with fifty times its weight decay and 20 epochs.

    Smooth features rank whole neighbourhoods and not only copies. On 8 x 8 digits decays from 2e-4 to 0.01, and on
    MNIST from 0.01 to 0.03, were best by mean average precision of the codes.

    Returns
    -------
    RBM
        Not fitted.
    """
    return science2006(n_iter=20, weight_decay=0.01)


class SemanticHasher(PackedCodes, RowKinds, DeepAutoencoder):  # type: ignore[misc]  # properties for attributes
    """Deep autoencoder whose code is bits, and search by them: semantic hashing [1]_ [2]_.

    Rows that are alike get codes that differ in few bits. Layers are first RBMs, learned one after another; then
    the net that they unroll to learns to reconstruct rows from their bits.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(1024, 512, 256)
        Units of the layers up to the code; the last is the number of bits.
    code : {"rounding", "noise"}, default="rounding"
        How units of the code learn to be bits. "rounding": they are rounded to 0 or 1 also while the net learns,
        where the gradient passes as if they were not [2]_. "noise": normal noise is added to their inputs while
        the net learns, which drowns all but values near 0 and 1 [1]_.
    code_noise : float, default=4.0
        Standard deviation of that noise, of [1]_.
    visible : {"auto", "bernoulli", "gaussian", "replicated_softmax"}, default="auto"
        What rows are: values in [0, 1], such as pixels; real values, which the first RBM and the outputs take as
        normal, best standardised; or counts of words. "auto" takes the kind of the template `rbm` if that is not
        Bernoulli, otherwise "bernoulli" where all values are in [0, 1] and "gaussian" where not; counts are to be
        asked for.
    pretrain : bool, default=True
        False begins with random weights instead.
    rbm : RBM or a list of them, default=None
        A template of the RBMs, or one for each layer, as of :class:`udl_fast.DeepAutoencoder`. None is
        :func:`udl_fast.presets.science2006` with 20 epochs and a weight decay of 0.01, which keeps features
        smooth, so that codes rank whole neighbourhoods.

    solver : {"adam", "sgd", "lbfgs", "cg"}, default="adam"
        Of the net as a whole; "lbfgs" and "cg" with ``code="noise"`` alone.
    learning_rate : float, default=1e-3
    learning_rate_schedule : {"constant", "linear", "cosine", "exponential", "inverse"}, default="constant"
        How the rate falls from `learning_rate` to `final_learning_rate` over the epochs of the stage.
    final_learning_rate : float, default=None
        Where the schedule leads.
    momentum : float in [0, 1), default=0.9
    nesterov : bool, default=False
    weight_decay, l1 : float, default=0.0
        Penalties on weights, not biases.
    precision : {"float32", "fast", "float64"}, default="float32"
        Of the net as a whole, as of :class:`udl_fast.DeepAutoencoder`.
    encode_precision : {"model", "int16", "int8"}, default="model"
        Of what turns rows into codes, in `encode`, `index`, `search` and `diagnose`. "model" computes as
        `transform` does. "int16" and "int8" round weights and values to integers of 16 bits or of a byte, which
        processors with AVX2 multiply faster than floats, bytes fastest: one bit in ten thousand, or two in a
        thousand, are others than those of "model". They are for many rows, of values of one size, few of them 0
        (docs/codes.md); `transform` and `decode` compute as ever. Counts from the next call on; not with
        ``precision="float64"``.
    batch_size : int, default=100
    n_iter : int, default=20
        Epochs of the net as a whole; those of an RBM are its template's.
    shuffle : bool, default=True
    warm_start : bool, default=False
    device : {"cpu"}, default="cpu"
    n_jobs : int, default=None
        Threads, of RBMs too.
    random_state : int, RandomState or None, default=None
    callbacks : list or one of its kind, default=None
        As of :class:`udl_fast.RBM`; those of templates are not called.
    verbose : int, default=0

    Attributes
    ----------
    n_bits : int
        Bits of a code.
    visible_ : {"bernoulli", "gaussian", "replicated_softmax"}
        What rows were taken for.
    thresholds_ : ndarray of shape (n_bits,)
        Medians that ``encode(X, "median")`` took last.
    index_ : HammingIndex
        Codes that :meth:`index` has kept.
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
        Measurements after epochs, with the `stage`.

    See Also
    --------
    udl_fast.presets.esann2011, udl_fast.presets.semhash2009 : Those of the two papers.
    udl_fast.DeepAutoencoder : The same net with a code of any kind.

    References
    ----------
    .. [1] R. Salakhutdinov, G. Hinton, "Semantic hashing", International Journal of Approximate Reasoning 50,
       2009.
    .. [2] A. Krizhevsky, G. Hinton, "Using very deep autoencoders for content-based image retrieval", ESANN 2011.

    Examples
    --------
    >>> import udl_fast as udl
    >>> X = udl.datasets.load_digits().data
    >>> rbm = udl.presets.science2006(n_iter=5)
    >>> model = udl.SemanticHasher((64, 32), rbm=rbm, n_iter=10, random_state=0).fit(X[:1500])
    >>> model.encode(X).shape  # 32 bits an image
    (1797, 4)
    >>> distances, numbers = model.index(X[:1500]).search(X[1500:], k=5)
    >>> numbers.shape
    (297, 5)
    >>> model.diagnose(X).n_codes
    1797
    """

    rules: ClassVar[Mapping[str, Rule]] = {
        "hidden_layer_sizes": Sizes(),
        "code": Choice(("rounding", "noise")),
        "code_noise": Number(0),
        "visible": Choice(("auto", *ROW_KINDS)),
        "pretrain": Flag(),
        "rbm": Template("RBM", none_means=smooth_layer),
        "encode_precision": Choice(("model", "int16", "int8")),
        **SOLVER_RULES,
    }
    pictures = ("filters", "reconstructions", "codes", "retrieval")
    _later_parameters: ClassVar[Mapping[str, Any]] = {"encode_precision": "model"}
    _shaping = ("code", "visible")

    # Of every hasher; the kinds of its outputs and of its code follow from its arguments.
    activation = "logistic"
    loss = "auto"

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (1024, 512, 256),
        *,
        code: str = "rounding",
        code_noise: float = _CODE_NOISE,
        visible: str = "auto",
        pretrain: bool = True,
        rbm: Any = None,
        solver: str = "adam",
        learning_rate: float = 1e-3,
        learning_rate_schedule: str = "constant",
        final_learning_rate: float | None = None,
        momentum: float = 0.9,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        l1: float = 0.0,
        precision: str = "float32",
        encode_precision: str = "model",
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
        self.code = code
        self.code_noise = code_noise
        self.visible = visible
        self.pretrain = pretrain
        self.rbm = rbm
        self.solver = solver
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.final_learning_rate = final_learning_rate
        self.momentum = momentum
        self.nesterov = nesterov
        self.weight_decay = weight_decay
        self.l1 = l1
        self.precision = precision
        self.encode_precision = encode_precision
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.shuffle = shuffle
        self.warm_start = warm_start
        self.device = device
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.callbacks = callbacks
        self.verbose = verbose

    @property
    def n_bits(self) -> int:
        """Bits of a code."""
        return int(self.hidden_layer_sizes[-1])

    def _check_together(self) -> None:
        super()._check_together()
        if self.encode_precision != "model" and self.precision == "float64":
            raise ValueError(
                f"{type(self).__name__}: encode_precision={self.encode_precision!r} rounds a net of "
                "precision='float32' or 'fast', got precision='float64'"
            )

    # ---- what a deep autoencoder is told ----

    @property
    def code_activation(self) -> str:  # type: ignore[override]
        """Of the code units: rounded or not."""
        return "binary" if self.code == "rounding" else "logistic"

    @property
    def output_activation(self) -> str:  # type: ignore[override]
        """Of the reconstruction."""
        return ROW_KINDS[self._visible_kind()]

    def _rounding(self) -> str | None:
        rule, owner = self.rules["encode_precision"], type(self).__name__
        rounding = rule.check(self.encode_precision, "encode_precision", owner)
        if rounding == "model":
            return None
        if self._is_double():
            raise NotImplementedError(
                f"{owner}: encode_precision={rounding!r} rounds a net of precision='float32' or 'fast', the "
                "fitted one has 'float64'; use encode_precision='model'"
            )
        return str(rounding)

    def _troubles(self, entry: Mapping[str, Any], sample: Any) -> Iterable[Trouble]:
        means = (entry["_code"] > 0.5).mean(axis=0)
        n_dead = len(dead_bits(means))
        if len(entry["_code"]) >= _FEWEST_ROWS and 2 * n_dead > self.n_bits:
            text = (
                f"{type(self).__name__}: {n_dead} of {self.n_bits} bits are the same in 99 % of "
                f"{len(entry['_code']):,} training rows, so many rows share a code. Train on more rows or longer "
                f"(n_iter, now {self.n_iter}, and that of the templates in rbm), or with fewer units; "
                "standardise rows of real values."
            )
            yield Trouble("dead_bits", text, min(_EPOCHS_IN_A_ROW, self.n_iter))

    @classmethod
    def _arguments_of_units(cls, visible: str, hidden: str) -> dict[str, Any]:
        if visible not in ROW_KINDS or hidden != "bernoulli":
            raise ValueError(
                f"{cls.__name__}: layers must begin at visible units of {' or '.join(map(repr, ROW_KINDS))} and "
                f"end at hidden ones of 'bernoulli', got {visible!r} and {hidden!r}"
            )
        return {"visible": visible}

    def _single_template(self) -> Any:
        return smooth_layer() if self.rbm is None else self.rbm

    def _objective(self, checked: Mapping[str, Any]) -> dict[str, Any]:
        noise = checked["code_noise"] if checked["code"] == "noise" else 0.0
        return super()._objective({**checked, "code_noise": noise})

    def _without_effect(self) -> Iterable[str]:
        yield from super()._without_effect()
        if self.code == "rounding" and self.code_noise != _CODE_NOISE:
            yield "code_noise has no effect with code='rounding', only with 'noise'"


name_methods_of(SemanticHasher, PackedCodes, NetStack, NetLearning, Exchange, Coding)
