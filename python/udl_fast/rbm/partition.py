"""The partition function of an RBM: enumerated, or estimated by annealing, and likelihoods with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

from .. import _core, _devices
from ..estimator.input import check_finite, to_rows, value_range
from ..estimator.parameters import Choice, Integer, RandomState
from ..evaluation import LogPartition, ais_betas
from ..evaluation.annealing import log_ratio
from ..evaluation.log_partition import checked_log_z
from ..persistence.values import LARGEST_STEP
from ..progress import progress
from ..runtime import resolve_n_jobs
from .enumeration import Enumeration
from .groups import Groups, has_missing_groups, log_odds
from .normal_pair import check_has_distribution
from .units import log_z_of_lengths, log_z_without_weights

_METHODS = ("exact", "ais", "reverse_ais")
_DEFAULT_RUNS, _DEFAULT_BURN_IN = 100, 1000
_LARGEST_RUNS = 2**31 - 1
# Rates of 0 and 1 would leave states out that the model has.
_LOWEST_RATE = 0.01


class Partition(Enumeration):
    """Mixin: log Z and what needs it."""

    def log_partition(
        self,
        method: str = "exact",
        *,
        n_runs: int = _DEFAULT_RUNS,
        betas: Any = None,
        base_rates: ArrayLike | None = None,
        start: Any = None,
        burn_in: int = _DEFAULT_BURN_IN,
        length: int | None = None,
        random_state: Any = None,
    ) -> LogPartition:
        """log Z of the model.

        Parameters
        ----------
        method : {"exact", "ais", "reverse_ais"}, default="exact"
            "exact" enumerates the 2^n states of the smaller side, or of the only layer of Bernoulli units,
            n <= 30; each unit more takes twice as long. Of Gaussian units in both layers it is one
            determinant, however many there are. "ais" anneals runs from a base model without weights
            to the model [1]_, [2]_: its Z is right in the mean, so that log Z is too small in the mean.
            "reverse_ais" anneals runs from states of the model back to the base model [3]_: its log Z is too
            large in the mean if the runs start at true samples. All of them with the weights as `precision`
            rounds them, so that `log_likelihood` sums to one over all states.
        n_runs : int, default=100
            Runs of annealing, at least 2.
        betas : int, "salakhutdinov2008" or array-like, default=None
            Inverse temperatures, see :func:`udl_fast.evaluation.ais_betas`: 10,000 equal steps. More
            make both estimates better; runs make the error smaller, not the bias.
        base_rates : array-like of shape (n_features,), default=None
            Rates of the base model's units, such as ``X.mean(axis=0)``; they are kept within 0.01 and
            0.99. Of softmax units the probabilities in each group, at least 0.01; of Gaussian units means,
            around which the base model has the model's `sigma_`. None takes the visible biases of the model.
        start : array-like or sparse matrix of shape (n_runs, n_features), default=None
            For "reverse_ais": states where chains start; rows of the training data are the safe choice.
            None draws every pixel from its bias, where AIS starts as well: chains of a model that mixes
            slowly then miss what AIS misses, and both directions flatter alike.
        burn_in : int, default=1000
            For "reverse_ais": Gibbs steps from there, which are to end at samples of the model.
        length : int, default=None
            Of visible="replicated_softmax", whose rows of each length have a Z of their own: how many words
            these rows have. Needed there, and of no other units.
        random_state : int, RandomState or None, default=None
            Of the draws. None draws by the model's seed: the same estimate in every call.

        Returns
        -------
        LogPartition
            Named tuple (log_z, std_error). The error of an enumeration is 0; that of an estimate comes
            from the spread of the runs and knows nothing of regions that no run has found.

        Raises
        ------
        ValueError
            If the layer to enumerate has more than 30 units or there is none, with "exact", if Gaussian
            units in both layers have no distribution (docs/units.md), or if an argument is invalid: the
            message names it.
        NotImplementedError
            If visible units count words and `method` anneals.

        Notes
        -----
        AIS alone can flatter: a model whose runs miss most of Z gets a log-likelihood that is too
        large, by 12 nats in a published case, with a small `std_error`. Give both directions and trust
        them where they meet; true log Z lies between them, but for their errors.

        References
        ----------
        .. [1] R. Neal, "Annealed importance sampling", Statistics and Computing 11, 2001.
        .. [2] R. Salakhutdinov, I. Murray, "On the quantitative analysis of deep belief networks",
           ICML 2008.
        .. [3] Y. Burda, R. Grosse, R. Salakhutdinov, "Accurate and conservative estimates of MRF
           log-likelihood using reverse annealing", AISTATS 2015.

        Examples
        --------
        >>> import udl_fast as udl
        >>> X = udl.datasets.load_digits(binary=0.5).data
        >>> rbm = udl.RBM(12, n_iter=20, random_state=0).fit(X)
        >>> exact = rbm.log_partition().log_z
        >>> below = rbm.log_partition("ais", betas=1000)
        >>> above = rbm.log_partition("reverse_ais", betas=1000)
        >>> bool(abs(below.log_z - exact) < 0.1), bool(abs(above.log_z - exact) < 0.1)
        (True, True)
        """
        self._check_fitted()
        owner = type(self).__name__
        Choice(_METHODS).check(method, "method", owner)
        if start is not None and method != "reverse_ais":
            raise ValueError(f"{owner}: start is for method='reverse_ais', got method={method!r}")
        counts_words = self._engine.visible == "replicated_softmax"
        if length is not None and not counts_words:
            raise ValueError(
                f"{owner}: length is of visible='replicated_softmax', got visible={self._engine.visible!r}"
            )
        check_has_distribution(self._engine, owner)
        if method == "exact":
            self._warn_of_annealing(
                n_runs=n_runs != _DEFAULT_RUNS,
                betas=betas is not None,
                base_rates=base_rates is not None,
                burn_in=burn_in != _DEFAULT_BURN_IN,
                random_state=random_state is not None,
            )
            return self._enumerated(length)
        if counts_words:
            raise NotImplementedError(
                f"{owner}: method={method!r} has no visible='replicated_softmax', where rows of each length have "
                "another Z; log_likelihood with method='exact' has all of them, of up to 30 hidden units"
            )
        n_runs = Integer(2, _LARGEST_RUNS).check(n_runs, "n_runs", owner)
        burn_in = Integer(0, LARGEST_STEP // 2).check(burn_in, "burn_in", owner)
        ascending = ais_betas(betas)
        base_bias = self._base_bias(base_rates)
        seed = self._seed_of(random_state)
        log_z_base = log_z_without_weights(self._engine, base_bias.astype(np.float64))
        if method == "ais":
            ratio = log_ratio(self._log_weights(ascending, base_bias, None, n_runs, seed, 0))
            return LogPartition(log_z_base + ratio.log_z, ratio.std_error)
        states = self._model_states(start, n_runs, burn_in, seed)
        ratio = log_ratio(
            self._log_weights(ascending[::-1], base_bias, states, n_runs, seed, burn_in + 1)
        )
        return LogPartition(log_z_base - ratio.log_z, ratio.std_error)

    def _base_bias(self, base_rates: ArrayLike | None) -> NDArray[Any]:
        """Visible biases of the base model, as the engine takes them."""
        bias = self._engine.visible_bias()
        if base_rates is None:
            return bias
        name = f"{type(self).__name__}: base_rates"
        rates = np.asarray(base_rates, dtype=np.float64)
        if rates.shape != bias.shape:
            raise ValueError(f"{name} must have shape {bias.shape}, got {rates.shape}")
        check_finite(rates, name, double=True)
        if self._engine.visible == "gaussian":
            return rates.astype(bias.dtype)
        if rates.min() < 0 or rates.max() > 1:
            raise ValueError(
                f"{name} must lie within [0, 1], got values from {rates.min():g} to {rates.max():g}"
            )
        rates = np.clip(rates, _LOWEST_RATE, 1 - _LOWEST_RATE)
        if self._engine.visible == "softmax":
            single = Groups(self._engine.visible_groups or ()).single_units
            of_groups = np.log(rates)
            of_groups[single] = log_odds(rates[single], _LOWEST_RATE)
            return of_groups.astype(bias.dtype)
        return log_odds(rates, _LOWEST_RATE).astype(bias.dtype)

    def _seed_of(self, random_state: Any) -> int:
        if random_state is None:
            return self._seed
        RandomState().check(random_state, "random_state", type(self).__name__)
        return int.from_bytes(check_random_state(random_state).bytes(8), "little")

    def _model_states(self, start: Any, n_runs: int, burn_in: int, seed: int) -> _core.Rows:
        """Last states of `burn_in` Gibbs steps, which are numbers 1 to `burn_in` of their stream."""
        n_threads = resolve_n_jobs(self.n_jobs)
        if start is None:
            off = to_rows(np.zeros((n_runs, self._engine.n_hidden), dtype=np.bool_))
            rows = self._engine.sample_visible(off, seed, "ais", 0, 0, n_threads)
        else:
            rows = self._states(self._visible_states(start), "log_partition")
            if rows.shape[0] != n_runs:
                raise ValueError(
                    f"log_partition: start has {rows.shape[0]} rows, expected n_runs = {n_runs}"
                )
        if burn_in == 0:
            return rows
        return self._engine.gibbs(rows, burn_in, seed, "ais", 1, 0, n_threads)[0]

    def _log_weights(
        self,
        betas: NDArray[np.float32],
        base_bias: NDArray[Any],
        start: _core.Rows | None,
        n_runs: int,
        seed: int,
        step: int,
    ) -> NDArray[np.float64]:
        with _temperatures(len(betas) - 1, n_runs) as watch:
            return _devices.on_cpu(self._engine).anneal(
                betas, base_bias, start, n_runs, seed, step, resolve_n_jobs(self.n_jobs), watch
            )

    def log_likelihood(
        self,
        X: Any,
        log_z: float | LogPartition | None = None,
        method: str = "exact",
        **options: Any,
    ) -> NDArray[np.float64]:
        """log P(v) of each row in nats: -F(v) - log Z.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            States: all values 0 or 1, or made so by `binarize`.
        log_z : float or LogPartition, default=None
            None computes it by `method`. Not of visible="replicated_softmax", where each row has that of its
            length.
        method : {"exact", "ais", "reverse_ais"}, default="exact"
            Of :meth:`log_partition`. With "ais" alone the result can be too large by many nats: give
            "reverse_ais" beside it.
        **options
            Further arguments of :meth:`log_partition`, such as `betas`. Runs of "reverse_ais" start at
            rows of X unless `start` says where.

        Returns
        -------
        ndarray of shape (n_samples,), float64

        Raises
        ------
        ValueError
            If X holds other values: the model gives probabilities to states alone. If log_z is not finite, or
            given where there is no use for it.
        TypeError
            If log_z is no number.
        """
        self._check_fitted()
        matrix = self._matrix(X)
        rows = self._states(matrix, "log_likelihood")
        n_threads = resolve_n_jobs(self.n_jobs)
        if self._engine.visible == "replicated_softmax" and method == "exact":
            self._check_no_single_z(log_z, options)
            energy = self._engine.free_energy(rows, n_threads)
            return -energy - log_z_of_lengths(self._engine, matrix, n_threads)
        if log_z is None:
            if method == "reverse_ais":
                options = {"start": self._starts(X, options), **options}
            number = self.log_partition(method, **options).log_z
        elif method != "exact" or options:
            given = ", ".join(["method", *options])
            raise ValueError(f"{type(self).__name__}: with log_z there is no use for {given}")
        else:
            number = checked_log_z(log_z, type(self).__name__)
        return -self._engine.free_energy(rows, n_threads) - number

    def _starts(self, X: Any, options: Mapping[str, Any]) -> Any:
        """Rows of X, evenly spaced, for as many runs as the options ask for."""
        n_runs = Integer(2, _LARGEST_RUNS).check(
            options.get("n_runs", _DEFAULT_RUNS), "n_runs", type(self).__name__
        )
        rows = self._matrix(X)
        return rows[np.linspace(0, rows.shape[0] - 1, n_runs).astype(np.int64)]

    def _states(self, X: Any, function: str) -> _core.Rows:
        """The rows of X, which have to be states."""
        kind = self._engine.visible
        if kind == "bernoulli":
            rows = to_rows(X, self._threshold(), argument="binarize", n_jobs=self.n_jobs)
        else:
            rows = self._complete_rows(X)
            if kind != "softmax":
                return rows
        if rows.kind != "bits":
            low, high = value_range(rows, self.n_jobs)
            raise ValueError(
                f"{type(self).__name__}: {function} needs states, all of them 0 or 1, got values "
                f"from {low:g} to {high:g}; take X > 0.5, or set binarize to a threshold"
            )
        return rows

    def _are_complete(self, X: Any) -> bool:
        """Whether every group of softmax units has a value in every row."""
        return self._engine.visible != "softmax" or not has_missing_groups(self, X)

    def _complete_rows(self, X: Any) -> _core.Rows:
        if not self._are_complete(X):
            raise ValueError(
                f"{type(self).__name__}: a likelihood is of rows in which every group has a value, got "
                "groups of zeros"
            )
        return self._visible_rows(X)


@contextmanager
def _temperatures(n_steps: int, n_runs: int) -> Iterator[Callable[[int], None]]:
    """Shows how many of the temperatures are done, told by the runs times temperatures that are."""
    with progress(n_steps, "Annealing, temperature") as bar:
        shown = 0

        def watch(n_done: int) -> None:
            nonlocal shown
            n_new = n_done // n_runs - shown
            shown += n_new
            bar.update(n_new)

        yield watch
