"""The partition function of an RBM: enumerated, or estimated by annealing, and likelihoods with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...estimator.parameters import Choice, Integer
from ...evaluation import LogPartition, ais_betas
from ...evaluation.annealing import log_ratio
from ...evaluation.log_partition import checked_log_z
from ...persistence.values import LARGEST_STEP
from ...runtime import resolve_n_jobs
from ..units.normal_pair import check_has_distribution
from .annealing import Annealing
from .energies import log_z_of_lengths, log_z_without_weights
from .enumeration import Enumeration

_METHODS = ("exact", "ais", "reverse_ais")
_DEFAULT_RUNS, _DEFAULT_BURN_IN = 100, 1000
_LARGEST_RUNS = 2**31 - 1


class Partition(Enumeration, Annealing):
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
