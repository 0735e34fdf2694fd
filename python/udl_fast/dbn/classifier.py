"""The classifier that a deep belief net is the beginning of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import NotFittedError

from .. import _core
from ..estimator.declarations import Stage
from ..estimator.engine import NoEngine
from ..estimator.input import Data
from ..estimator.parameters import Choice, Flag, Number, Rule, Sizes
from ..estimator.targets import OfClasses
from ..estimator.templates import Template
from ..exceptions import name_methods_of
from ..nets.classifier import LARGEST_DROPOUT, NetClassifier
from ..nets.heads import MEASUREMENTS
from ..nets.layers import OF_LOGISTIC, glorot_weights
from ..nets.learner import NetLearner
from ..nets.rules import SOLVER_RULES
from ..persistence.state import ArrayRule
from ..rbm.presets import science2006
from .layers.greedy import PASS_UP, RBMLayers
from .layers.part_labels import PartLabels, joined
from .layers.passes import weights_up

__all__ = ["DBNClassifier"]

_KINDS_OF_INPUTS = ("bernoulli", "gaussian", "softmax")  # visible units that a net has inputs for


class DBNClassifier(RBMLayers, NetClassifier):  # type: ignore[misc]  # measurements are a property
    """Classifier that is pretrained as a deep belief net, and then learned as a whole by back-propagation [1]_.

    Layers learn one after another from all rows, those without a label included. The net begins with their
    weights, under softmax outputs of random ones, and learns the classes of the rows that have one.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(500, 500, 2000)
        Units of the hidden layers, from the first to the last; that of [1]_ for MNIST.
    pretrain : bool, default=True
        False begins with random weights instead, for the comparison.
    rbm : RBM or a list of them, default=None
        A template of the layers' RBMs, or one for each, as of :class:`udl_fast.DBN`; all hidden units are
        Bernoulli units. None is :func:`udl_fast.presets.science2006`.
    pass_up : {"mean", "sample"}, default="mean"
        What a layer learns from in pretraining, as of :class:`udl_fast.DBN`.
    dropout : float in [0, 1), default=0.0
        Share of the hidden units that is dropped for each row while the net learns.
    decayed_layers : {"all", "last"}, default="all"
        Whose weights `weight_decay` is for; "last" is the softmax layer alone.

    solver : {"adam", "sgd", "lbfgs", "cg"}, default="sgd"
        As of :class:`udl_fast.Autoencoder`.
    learning_rate : float, default=0.1
        Of "sgd" and "adam", which wants some 1e-3.
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
        Of the net; RBMs have that of their template.
    batch_size : int, default=100
    n_iter : int, default=30
        Epochs of the net; those of a layer are its template's.
    shuffle : bool, default=True
    warm_start : bool, default=False
        `fit` goes on where it stopped, or learns the net on.
    device : {"cpu"}, default="cpu"
    n_jobs : int, default=None
        Threads, of layers too. Results do not depend on it.
    random_state : int, RandomState or None, default=None
    callbacks : list or one of its kind, default=None
        As of :class:`udl_fast.RBM`; those of templates are not called.
    verbose : int, default=0

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    layers_ : list of RBM
        Copies of the layers as they were pretrained.
    coefs_, intercepts_ : list of ndarray
        Of all layers, the softmax one last: weights as (inputs, outputs).
    n_features_in_ : int
    n_iter_ : int
        Epochs finished, of all stages.
    n_updates_ : int
    history_ : dict of str to list
        Measurements after epochs, with the `stage`: of layers what their RBMs measure, of the net accuracy and
        log-likelihood on a sample of the rows with labels. Validation rows are a pair (X, y).

    References
    ----------
    .. [1] G. Hinton, R. Salakhutdinov, "Reducing the dimensionality of data with neural networks", Science 313,
       2006.

    Examples
    --------
    >>> import udl_fast as udl
    >>> X, y = udl.datasets.load_digits(return_X_y=True)
    >>> rbm = udl.RBM(batch_size=20, momentum=0.5, n_iter=10)
    >>> model = udl.DBNClassifier((64, 32), rbm=rbm, n_iter=60, batch_size=20, random_state=0)
    >>> model.fit(X[:300], y[:300], X_unlabeled=X[300:1500]).score(X[1500:], y[1500:]) > 0.8
    True
    >>> model.history_["stage"][0], model.history_["stage"][-1]
    ('layer 1', 'fine-tuning')
    """

    rules: ClassVar[Mapping[str, Rule]] = {
        "hidden_layer_sizes": Sizes(),
        "pretrain": Flag(),
        "rbm": Template("RBM", none_means=science2006),
        "pass_up": Choice(PASS_UP),
        "dropout": Number(0, LARGEST_DROPOUT),
        "decayed_layers": Choice(("all", "last")),
        **SOLVER_RULES,
    }
    activation = "logistic"  # that of Bernoulli units
    _part = "pretraining"
    _own_measurements = MEASUREMENTS

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (500, 500, 2000),
        *,
        pretrain: bool = True,
        rbm: Any = None,
        pass_up: str = "mean",
        dropout: float = 0.0,
        decayed_layers: str = "all",
        solver: str = "sgd",
        learning_rate: float = 0.1,
        learning_rate_schedule: str = "constant",
        final_learning_rate: float | None = None,
        momentum: float = 0.9,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        l1: float = 0.0,
        precision: str = "float32",
        batch_size: int = 100,
        n_iter: int = 30,
        shuffle: bool = True,
        warm_start: bool = False,
        device: str = "cpu",
        n_jobs: int | None = None,
        random_state: Any = None,
        callbacks: Any = None,
        verbose: int = 0,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.pretrain = pretrain
        self.rbm = rbm
        self.pass_up = pass_up
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

    # ---- public ----

    def fit(  # type: ignore[override]
        self, X: Any, y: Any, X_unlabeled: Any = None, sample_weight: Any = None
    ) -> Self:
        """Pretrain layers on all rows, and learn the classes of those that have one.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            Classes; where they are numbers, -1 marks rows without a label, unless there is but one other number.
        X_unlabeled : array-like or sparse matrix of shape (n_unlabeled, n_features), default=None
            More rows without a label.
        sample_weight : array-like of shape (n_samples,), default=None
            As of :meth:`udl_fast.RBM.fit`, of the rows of X; those of `X_unlabeled` weigh 1.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X, y, a weight or a parameter is invalid, or fewer than two classes are there.
        FloatingPointError
            If weights stop being finite; the model keeps the last good state.

        Notes
        -----
        Ctrl-C keeps the last finished epoch, of whatever layer; :meth:`resume` finishes the training.
        """
        X, y, sample_weight = joined(X, y, X_unlabeled, sample_weight, type(self).__name__)
        return super().fit(X, y, sample_weight)

    def resume(  # type: ignore[override]
        self, X: Any, y: Any, X_unlabeled: Any = None, sample_weight: Any = None
    ) -> Self:
        """Finish a training that was stopped: the epochs that are left of it, in layers or in the net.

        Parameters
        ----------
        X, y, X_unlabeled, sample_weight
            Those of the `fit` that was stopped.

        Returns
        -------
        self
            The model of an uninterrupted `fit`, to the bit.
        """
        X, y, sample_weight = joined(X, y, X_unlabeled, sample_weight, type(self).__name__)
        return super().resume(X, y, sample_weight)

    # ---- arguments ----

    def _check_together(self) -> None:
        super()._check_together()
        if self.pretrain:
            self._check_templates()
            self._check_units()

    def _check_units(self) -> None:
        owner = type(self).__name__
        for k in range(len(self.hidden_layer_sizes)):
            layer = self._layer(k)
            if k == 0 and layer.visible not in _KINDS_OF_INPUTS:
                raise ValueError(
                    f"{owner}: rbm has visible={layer.visible!r}, which are no inputs of a net; expected "
                    f"{' or '.join(map(repr, _KINDS_OF_INPUTS))}"
                )
            if layer.hidden != "bernoulli":
                raise ValueError(
                    f"{owner}: rbm has hidden={layer.hidden!r}, but hidden units of the net are 'bernoulli'"
                )

    # ---- labels ----

    def _learn_of_targets(self, y: Any, n_rows: int) -> dict[str, Any]:
        if isinstance(y, OfClasses):
            return super()._learn_of_targets(y, n_rows)
        known = PartLabels.of(y, n_rows, type(self).__name__).labels
        return super()._learn_of_targets(known, len(known))

    def _own_data(self, data: Data) -> Data:
        """The rows that have a label."""
        y = data.y.labels if isinstance(data.y, OfClasses) else data.y
        labels = PartLabels.of(y, data.X.shape[0], type(self).__name__, self.classes_)
        labels.check_some(type(self).__name__)
        if labels.known.all():
            return replace(data, y=labels.labels)
        weights = None if data.weights is None else data.weights[labels.known]
        return Data(data.X[labels.known], labels.labels, weights)

    # ---- stages ----

    def _stages(self) -> list[Stage]:
        stages = self._stages_of_layers() if self.pretrain else []
        return [*stages, Stage("fine-tuning" if stages else "training", self.n_iter)]

    def _entered(self, number: int) -> dict[str, Any]:
        return {"_engine": self._unrolled()} if isinstance(self._engine, NoEngine) else {}

    def _new_engine(self, X: Any, rows: _core.Rows, rng: np.random.RandomState) -> Any:
        return NoEngine(self.precision) if self.pretrain else self._random_net(X.shape[1], rng)

    def _random_net(self, n_features: int, rng: np.random.RandomState) -> NetLearner:
        sizes = [n_features, *map(int, self.hidden_layer_sizes), len(self.classes_)]
        spec = self._spec()
        learner = spec.learner(dict(zip(spec.dims, sizes, strict=True)), self.precision)
        state = learner.state()
        for k in range(spec.n_layers):
            name = f"layers.{k}/weights"
            scale = OF_LOGISTIC if k < spec.n_layers - 1 else 1.0
            state[name] = scale * glorot_weights(rng, *state[name].shape)
        learner.set_state(state)
        return learner

    def _unrolled(self) -> NetLearner:
        """The net of the layers, and softmax outputs of random weights."""
        learner = self._random_net(self.n_features_in_, np.random.RandomState(self._seed % 2**32))
        state = {name: np.asarray(array, np.float64) for name, array in learner.state().items()}
        for k, part in enumerate(self._inside.values()):
            state[f"layers.{k}/weights"], state[f"layers.{k}/bias"] = weights_up(part)
        learner.set_state(state)
        return learner

    # ---- the net, where there is one ----

    def _array_rules(self) -> Mapping[str, ArrayRule]:
        return {
            name: ArrayRule(rule.kind, rule.dims, optional=True)
            for name, rule in super()._array_rules().items()
        }

    def _bare_engine(self, sizes: Mapping[str, int], precision: str) -> Any:
        return super()._bare_engine(sizes, precision) if sizes else NoEngine(precision)

    def _probabilities(self, rows: _core.Rows) -> NDArray[Any]:
        if isinstance(self._engine, NoEngine):
            raise NotFittedError(
                f"{type(self).__name__}: the training was stopped in {self._stages()[self._position[0]].name!r}, "
                "where there is no net yet; finish it by resume"
            )
        return super()._probabilities(rows)

    def _fitted_layers(self) -> range:
        if self.__sklearn_is_fitted__() and isinstance(self._engine, NoEngine):
            raise AttributeError(f"{type(self).__name__} has no net before its layers have learned")
        return super()._fitted_layers()

    # ---- what cannot be changed ----

    def _check_made(self) -> None:
        owner = type(self).__name__
        self._check_layers_made()
        if self._inside and not self.pretrain:
            raise ValueError(
                f"{owner}: pretrain is False, but the fitted model has pretrained layers"
            )
        if isinstance(self._engine, NoEngine):
            return
        if self.pretrain and not self._inside:
            raise ValueError(
                f"{owner}: pretrain is True, but the fitted net began with random weights"
            )
        super()._check_made()


name_methods_of(DBNClassifier)
