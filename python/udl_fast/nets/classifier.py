"""The net classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ..estimator.parameters import Choice, Number, Rule, Sizes
from ..exceptions import name_methods_of
from ..persistence.state import ArrayRule, State
from .heads import SoftmaxHead
from .layers import NetSpec, glorot_weights
from .learner import NetLearner
from .learning import SolverSettings
from .losses import ACTIVATIONS
from .rules import SOLVER_RULES

__all__ = ["NetClassifier"]

LARGEST_DROPOUT = 1 - 2.0**-10


class NetClassifier(SoftmaxHead):
    """Net of dense layers with softmax outputs; without hidden layers, softmax regression.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int or None, default=None
        Units of the hidden layers; None is no layer.
    activation : {"logistic", "linear", "tanh", "relu"}, default="logistic"
        Of hidden layers.
    dropout : float in [0, 1), default=0.0
        Share of the hidden units that is dropped for each row while the net learns.
    decayed_layers : {"all", "last"}, default="all"
        Whose weights `weight_decay` is for; "last" is the softmax layer alone, so that a pretrained encoder keeps
        the size of its weights while it is fine-tuned.

    solver : {"adam", "sgd", "lbfgs", "cg"}, default="adam"
        As of :class:`udl_fast.Autoencoder`.
    learning_rate : float, default=1e-3
        Of "adam" and "sgd".
    learning_rate_schedule : {"constant", "linear", "cosine", "exponential", "inverse"}, default="constant"
        How the rate falls from `learning_rate` to `final_learning_rate` over the epochs of `fit`.
    final_learning_rate : float, default=None
        Where the schedule leads.
    momentum : float in [0, 1), default=0.9
        Share of the last step of "sgd" that is repeated; of "adam" the decay of the mean gradient.
    nesterov : bool, default=False
        Nesterov's momentum, for "sgd".
    weight_decay, l1 : float, default=0.0
        Penalties on weights, not biases.
    precision : {"float32", "fast", "float64"}, default="float32"
    batch_size : int, default=100
    n_iter : int, default=20
        Passes over the data in `fit`: of "lbfgs", iterations.
    shuffle : bool, default=True
    warm_start : bool, default=False
        `fit` continues instead of starting again.
    device : {"cpu"}, default="cpu"
    n_jobs : int, default=None
        Threads; results do not depend on it.
    random_state : int, RandomState or None, default=None
    callbacks : list or one of its kind, default=None
        As of :class:`udl_fast.RBM`.
    verbose : int, default=0

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    coefs_, intercepts_ : list of ndarray
        Of all layers, the softmax one last: weights as (inputs, outputs).
    n_features_in_ : int
    n_iter_ : int
    n_updates_ : int
    history_ : dict of str to list
        Measurements after epochs: accuracy and log-likelihood on a sample of the rows; see
        :class:`udl_fast.callbacks.History`, whose validation is a pair (X, y) here.

    Examples
    --------
    >>> import udl_fast as udl
    >>> X, y = udl.datasets.load_digits(return_X_y=True)
    >>> model = udl.NetClassifier((32,), learning_rate=0.01, random_state=0).fit(X[:1500], y[:1500])
    >>> model.score(X[1500:], y[1500:]) > 0.85
    True
    """

    rules: ClassVar[Mapping[str, Rule]] = {
        "hidden_layer_sizes": Sizes(optional=True),
        "activation": Choice(ACTIVATIONS),
        "dropout": Number(0, LARGEST_DROPOUT),
        "decayed_layers": Choice(("all", "last")),
        **SOLVER_RULES,
    }
    _later_parameters: ClassVar[Mapping[str, Any]] = {"decayed_layers": "all"}

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] | None = None,
        *,
        activation: str = "logistic",
        dropout: float = 0.0,
        decayed_layers: str = "all",
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
        self.activation = activation
        self.dropout = dropout
        self.decayed_layers = decayed_layers
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

    # ---- weights ----

    @property
    def coefs_(self) -> list[NDArray[Any]]:
        """Weights of each layer, (inputs, outputs), read-only."""
        return [_still(self._read(f"layers.{k}/weights").T) for k in self._fitted_layers()]

    @property
    def intercepts_(self) -> list[NDArray[Any]]:
        """Biases of each layer, read-only."""
        return [_still(self._read(f"layers.{k}/bias")) for k in self._fitted_layers()]

    def set_layers(self, coefs: Sequence[Any], intercepts: Sequence[Any]) -> Self:
        """Give the first layers other weights, such as those of a pretrained encoder; the optimiser begins anew.

        Parameters
        ----------
        coefs : sequence of array-like of shape (inputs, outputs)
            Of as many layers as are given, from the inputs on.
        intercepts : sequence of array-like of shape (outputs,)

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If there are more layers than the net has, one is of another shape, or arguments were changed that
            the fitted net does not have.
        """
        self._check_fitted()
        self._check_made()
        owner = type(self).__name__
        if len(coefs) != len(intercepts) or len(coefs) > self._n_layers():
            raise ValueError(
                f"{owner}.set_layers: got {len(coefs)} weights and {len(intercepts)} biases, expected as many "
                f"of both, of up to {self._n_layers()} layers"
            )
        names = self._spec().defining()
        state = {name: array for name, array in self._engine.state().items() if name in names}
        for k, (weights, bias) in enumerate(zip(coefs, intercepts, strict=True)):
            given = {"weights": np.asarray(weights).T, "bias": np.asarray(bias)}
            for part, array in given.items():
                expected = state[f"layers.{k}/{part}"]
                if array.shape != expected.shape:
                    raise ValueError(
                        f"{owner}.set_layers: layer {k} has {part} of shape {array.shape[::-1]}, expected "
                        f"{expected.shape[::-1]}"
                    )
                state[f"layers.{k}/{part}"] = np.asarray(array, dtype=np.float64)
        self._arrays = {}
        self._engine.set_state(state)
        self._arrays = {}
        return self

    def _n_layers(self) -> int:
        return len(self.hidden_layer_sizes or ()) + 1

    def _fitted_layers(self) -> range:
        if not self.__sklearn_is_fitted__():
            raise AttributeError(f"{type(self).__name__} has no weights before fit")
        return range(len(self._engine.net.activations))

    def _read(self, name: str) -> NDArray[Any]:
        return self._engine.net.state()[name].astype(self._dtype, copy=False)

    # ---- the net ----

    def _spec(self) -> NetSpec:
        hidden = [f"n_{k + 1}" for k in range(self._n_layers() - 1)]
        activations = (*[self.activation] * len(hidden), "softmax")
        dims = ("n_features", *hidden, "n_classes")
        return NetSpec(dims, activations, "multinomial", (-1,) * len(activations))

    def _array_rules(self) -> Mapping[str, ArrayRule]:
        return self._spec().array_rules()

    def _bare_engine(self, sizes: Mapping[str, int], precision: str) -> NetLearner:
        return self._spec().learner(sizes, precision)

    def _new_engine(self, X: Any, rows: _core.Rows, rng: np.random.RandomState) -> NetLearner:
        hidden = {f"n_{k + 1}": int(size) for k, size in enumerate(self.hidden_layer_sizes or ())}
        sizes = {"n_features": X.shape[1], **hidden, "n_classes": len(self.classes_)}
        learner = self._bare_engine(sizes, self.precision)
        state = learner.state()
        for name in state:
            if name.endswith("/weights"):
                state[name] = glorot_weights(rng, *state[name].shape)
        learner.set_state(state)
        return learner

    def _objective(self, checked: Mapping[str, Any]) -> dict[str, Any]:
        own: dict[str, Any] = {"dropout": checked["dropout"]} if checked["dropout"] else {}
        if checked["decayed_layers"] == "last":
            own["first_decayed_layer"] = self._n_layers() - 1
        return {**super()._objective(checked), **own}

    # ---- what cannot be changed, and what files must say ----

    def _check_made(self) -> None:
        net, sizes = self._engine.net, [int(size) for size in self.hidden_layer_sizes or ()]
        made = (net.sizes[1:-1], net.activations, net.precision)
        if made != (sizes, [*self._spec().activations], self.precision):
            raise ValueError(
                f"{type(self).__name__}: hidden_layer_sizes, activation or precision are others than those of "
                f"the fitted net, {tuple(made[0])}, {made[1][0]!r} and {made[2]!r}"
            )

    def _check_inside(self, state: State, path: str) -> None:
        super()._check_inside(state, path)
        last = self._n_layers() - 1
        widths = [*map(int, self.hidden_layer_sizes or ()), len(state.values.get("classes_", ()))]
        for k, width in enumerate(widths):
            array = state.arrays.get(f"layers.{k}/bias")
            if array is not None and tuple(array.shape) != (width,):
                what = "classes" if k == last else "units"
                raise ValueError(
                    f"{path}layers.{k}/bias has shape {tuple(array.shape)}, but there are {width} {what}"
                )


def _still(array: NDArray[Any]) -> NDArray[Any]:
    array.setflags(write=False)
    return array


name_methods_of(NetClassifier, SoftmaxHead, SolverSettings)
