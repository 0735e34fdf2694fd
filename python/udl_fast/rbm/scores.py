"""How likely rows are under an RBM: free energies, pseudo-likelihoods, the partition function."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ..estimator.parameters import Choice
from ..evaluation import LogPartition, exact_pseudo_likelihood, one_flip_pseudo_likelihood
from ..runtime import resolve_n_jobs
from .inference import Inference, like

_SCORE_BLOCK_VALUES = 1 << 20  # values expanded at a time while scoring: 4 MB of float32


class Scores(Inference):
    """Mixin: energies and scores."""

    def free_energy(self, v: Any) -> NDArray[np.float64]:
        """F(v) = -v.b - sum_j log(1 + exp(c_j + W_j v)), in nats.

        Parameters
        ----------
        v : array-like or sparse matrix of shape (n_samples, n_features) or (n_features,)

        Returns
        -------
        ndarray of shape (n_samples,) or a number, float64
        """
        rows = self._visible_rows(self._visible_states(v))
        return like(v, self._engine.free_energy(rows, resolve_n_jobs(self.n_jobs)))

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """Pseudo-likelihood of each row, estimated from one flipped unit as scikit-learn does.

        The unit is chosen by a hash of the row's values, so the result is deterministic and does
        not depend on the other rows or their order.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,), float64, in nats
        """
        self._check_fitted()
        return self._score_rows(self._visible_rows(self._matrix(X)))

    def pseudo_likelihood(self, X: Any, exact: bool = False) -> NDArray[np.float64]:
        """:meth:`score_samples`, or with `exact` the sum over all units (n_features + 1 times the
        work)."""
        self._check_fitted()
        return self._score_rows(self._visible_rows(self._matrix(X)), exact)

    def _score_rows(self, rows: _core.Rows, exact: bool = False) -> NDArray[np.float64]:
        score = exact_pseudo_likelihood if exact else one_flip_pseudo_likelihood
        n_threads = resolve_n_jobs(self.n_jobs)

        def free_energy(v: NDArray[Any]) -> NDArray[np.float64]:
            return self._engine.free_energy(_core.Rows.from_array(v), n_threads)

        n_rows, n_features = rows.shape
        size = max(1, _SCORE_BLOCK_VALUES // n_features)
        blocks = [(first, min(size, n_rows - first)) for first in range(0, n_rows, size)]
        return np.concatenate(
            [score(free_energy, rows.to_array(self._engine_dtype, *block)) for block in blocks]
        )

    def log_partition(self, method: str = "exact") -> LogPartition:
        """log Z of the model.

        Parameters
        ----------
        method : {"exact"}, default="exact"
            Enumerates the 2^n states of the smaller side, n <= 30; about 0.2 s at n = 16 and twice
            as long for each unit more, for 784 units on the other side.

        Returns
        -------
        LogPartition
            Named tuple (log_z, std_error); the error of an enumeration is 0.

        Raises
        ------
        NotImplementedError
            For "ais" and "reverse_ais", which are to come.
        """
        self._check_fitted()
        Choice(("exact",), ("ais", "reverse_ais")).check(method, "method", type(self).__name__)
        return LogPartition(self._engine.log_partition_exact(resolve_n_jobs(self.n_jobs)), 0.0)

    def log_likelihood(
        self, X: Any, log_z: float | LogPartition | None = None
    ) -> NDArray[np.float64]:
        """log P(v) of each row in nats: -F(v) - log Z.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        log_z : float or LogPartition, default=None
            None computes it exactly.
        """
        self._check_fitted()
        if log_z is None:
            log_z = self.log_partition()
        if isinstance(log_z, LogPartition):
            log_z = log_z.log_z
        rows = self._visible_rows(self._matrix(X))
        return -self._engine.free_energy(rows, resolve_n_jobs(self.n_jobs)) - log_z

    # ---- names that subclasses of scikit-learn's BernoulliRBM reach ----

    def _free_energy(self, v: Any) -> NDArray[np.float64]:
        return self.free_energy(v)
