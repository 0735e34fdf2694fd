"""The drop-in for scikit-learn's BernoulliRBM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from ..estimator.attributes import EngineArray
from ..estimator.input import state_matrix
from ..estimator.parameters import Rule
from ..estimator.training.passes import Pass, train_pass
from ..estimator.training.transaction import trained_alone
from .model import RBM
from .rules import RULES

__all__ = ["BernoulliRBM"]

_FIXED = (  # parameters of RBM only
    "visible",
    "hidden",
    "visible_groups",
    "sigma",
    "learn_sigma",
    "beta_spacing",
    "statistics",
    "centered",
    "initial_weights",
    "initial_visible_bias",
)


class BernoulliRBM(RBM):
    """Bernoulli RBM with the arguments, defaults and attributes of scikit-learn's.

    Replaces ``sklearn.neural_network.BernoulliRBM``: persistent contrastive divergence with k = 1
    [1]_, rows in the given order, weights from N(0, 0.01), zero biases, chains that start at zero.
    Differences: the positive and the negative phase are each divided by their own number of rows, so
    a short last minibatch does not distort learning; `partial_fit` returns self and splits its rows
    into minibatches; `score_samples` is deterministic; only the initial weights come from the same
    draws; fitted arrays are read-only (assign a new array to change one).

    Parameters
    ----------
    n_components : int, default=256
    learning_rate : float, default=0.1
    batch_size : int, default=10
    n_iter : int, default=10
    verbose : int, default=0
    random_state : int, RandomState or None, default=None
    algorithm, k, n_chains, n_temperatures, beta_min, learning_rate_schedule, final_learning_rate, momentum, \
final_momentum, momentum_switch_epoch, weight_decay, l1, max_norm, sparsity_target, sparsity_cost, \
sparsity_damping, binarize, sample_visibles, precision, shuffle, warm_start, device, n_jobs, callbacks
        As in :class:`udl_fast.RBM`; the defaults give scikit-learn's behaviour.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
    intercept_hidden_ : ndarray of shape (n_components,)
    intercept_visible_ : ndarray of shape (n_features,)
    h_samples_ : ndarray of shape (n_chains, n_components)
    random_state_ : RandomState
        For code that draws beside the model, which itself draws by a counter.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features,)
    history_ : dict of str to list
        As in :class:`udl_fast.RBM`.

    References
    ----------
    .. [1] T. Tieleman, "Training restricted Boltzmann machines using approximations to the
       likelihood gradient", ICML 2008.

    Examples
    --------
    >>> import numpy as np
    >>> from udl_fast import BernoulliRBM
    >>> X = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    >>> model = BernoulliRBM(n_components=2, random_state=0).fit(X)
    >>> model.gibbs(X).dtype
    dtype('bool')
    """

    _random_state: np.random.RandomState

    rules: ClassVar[Mapping[str, Rule]] = {
        name: rule for name, rule in RULES.items() if name not in _FIXED
    }
    _default_dtype = np.float64
    h_samples_ = EngineArray(
        "chains",
        "Hidden states of the persistent chains, shape (n_chains, n_components), read-only. "
        "Assigning takes effect.",
    )

    def __init__(
        self,
        n_components: int = 256,
        *,
        learning_rate: float = 0.1,
        batch_size: int = 10,
        n_iter: int = 10,
        verbose: int = 0,
        random_state: Any = None,
        algorithm: str = "pcd",
        k: int | Sequence[tuple[int, int]] = 1,
        n_chains: int | None = None,
        n_temperatures: int = 10,
        beta_min: float = 0.0,
        learning_rate_schedule: str = "constant",
        final_learning_rate: float | None = None,
        momentum: float = 0.0,
        final_momentum: float | None = None,
        momentum_switch_epoch: int = 5,
        weight_decay: float = 0.0,
        l1: float = 0.0,
        max_norm: float | None = None,
        sparsity_target: float | None = None,
        sparsity_cost: float = 0.0,
        sparsity_damping: float = 0.9,
        binarize: float | str | None = None,
        sample_visibles: bool = True,
        precision: str = "fixed",
        shuffle: bool = False,
        warm_start: bool = False,
        device: str = "cpu",
        n_jobs: int | None = None,
        callbacks: Any = None,
    ) -> None:
        self.n_components = n_components
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.verbose = verbose
        self.random_state = random_state
        self.algorithm = algorithm
        self.k = k
        self.n_chains = n_chains
        self.n_temperatures = n_temperatures
        self.beta_min = beta_min
        self.learning_rate_schedule = learning_rate_schedule
        self.final_learning_rate = final_learning_rate
        self.momentum = momentum
        self.final_momentum = final_momentum
        self.momentum_switch_epoch = momentum_switch_epoch
        self.weight_decay = weight_decay
        self.l1 = l1
        self.max_norm = max_norm
        self.sparsity_target = sparsity_target
        self.sparsity_cost = sparsity_cost
        self.sparsity_damping = sparsity_damping
        self.binarize = binarize
        self.sample_visibles = sample_visibles
        self.precision = precision
        self.shuffle = shuffle
        self.warm_start = warm_start
        self.device = device
        self.n_jobs = n_jobs
        self.callbacks = callbacks

    @property
    def random_state_(self) -> np.random.RandomState:
        """A generator for code that draws beside the model, seeded from its seed when it is first asked
        for. What the model draws itself does not come from it."""
        if not self.__sklearn_is_fitted__():
            raise AttributeError(f"{type(self).__name__} has no random_state_ before fit")
        if "_random_state" not in self.__dict__:
            sequence = np.random.SeedSequence(self._seed)
            self._random_state = np.random.RandomState(np.random.MT19937(sequence))
        return self._random_state

    @random_state_.setter
    def random_state_(self, value: Any) -> None:
        self._random_state = check_random_state(value)

    def _take_start(self, *args: Any, **sizes: Any) -> None:
        super()._take_start(*args, **sizes)
        self.__dict__.pop("_random_state", None)  # a new one, as scikit-learn's fit makes

    # Values of _FIXED.
    visible = "bernoulli"
    hidden = "bernoulli"
    visible_groups = None
    sigma = 1.0
    learn_sigma = True
    statistics = "mean"
    centered = False
    beta_spacing = "uniform"
    initial_weights = 0.01
    initial_visible_bias = "zero"

    def _fit(self, v_pos: Any, rng: Any) -> None:
        """Learn from one minibatch, as scikit-learn's class does; `rng` seeds the draws."""
        self._check_fitted()
        checked = self._check_parameters()
        self._check_resumable()
        rows = self._rows(state_matrix(v_pos, "v_pos", self._input_dtype()), training=True)
        seed = int.from_bytes(check_random_state(rng).bytes(8), "little")
        settings = {**checked, "batch_size": rows.shape[0]}
        one = Pass(rows, None, settings, seed=seed)
        trained_alone(self, lambda turn: train_pass(turn, [one]))

    def _initial_chains(self, seed: int) -> NDArray[np.bool_]:
        return np.zeros((self._chains_to_start(), self.n_components), dtype=np.bool_)
