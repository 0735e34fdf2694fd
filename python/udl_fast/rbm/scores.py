"""How likely rows are under an RBM: free energies, pseudo-likelihoods, the partition function."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ..estimator.input import to_rows, value_range
from ..estimator.parameters import Choice
from ..evaluation import LogPartition, one_flip_estimate
from ..runtime import resolve_n_jobs
from .inference import Inference, like
from .measurements import scores_of
from .units import has_missing_groups, log_z_of_lengths

_FLIPPED_BYTES = 1 << 23  # of rows that are copied at a time to flip a unit in each


class Scores(Inference):
    """Mixin: energies and scores."""

    def free_energy(self, v: Any) -> NDArray[np.float64]:
        """F(v) = -v.b - sum_j log(1 + exp(c_j + W_j v)), in nats; of other kinds of units see docs/units.md.

        Parameters
        ----------
        v : array-like or sparse matrix of shape (n_samples, n_features) or (n_features,)

        Returns
        -------
        ndarray of shape (n_samples,) or a number, float64
        """
        rows = self._visible_rows(self._visible_states(v))
        return like(v, self._engine.free_energy(rows, resolve_n_jobs(self.n_jobs)))

    def pseudo_likelihood(self, X: Any, exact: bool = True) -> NDArray[np.float64]:
        """Sum over all visible units of log P(v_i | all others), of each row.

        How well each unit is predicted from the others: the number that `history_` holds and
        `verbose=1` prints, there as a mean over a fixed sample of the training rows. It needs no
        partition function. All units are computed, none is drawn: there is no sampling error, the
        same bits for any number of threads and, of binary rows, on any CPU target, and float32
        rounding of less than 2e-6 of its size (docs/numerics.md).

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The alternative to a value v is 1 - v. Of probabilities this compares a row with rows in
            which one probability is mirrored, so scores of grey rows compare with nothing else. Of
            visible="softmax" the terms are those of groups that have a value, against their other units.
        exact : bool, default=True
            False gives :meth:`score_samples`.

        Returns
        -------
        ndarray of shape (n_samples,), float64, in nats

        Examples
        --------
        >>> import math
        >>> import udl_fast as udl
        >>> X = udl.datasets.load_digits(binary=0.5).data
        >>> rbm = udl.RBM(32, n_iter=30, random_state=0).fit(X[:1500])
        >>> coin = 64 * math.log(0.5)  # of guessing every pixel
        >>> round(coin, 1), bool(rbm.pseudo_likelihood(X[1500:]).mean() > -24)
        (-44.4, True)
        """
        self._check_fitted()
        rows = self._visible_rows(self._matrix(X))
        if not exact:
            return self._one_flip_scores(rows)
        return self._engine.pseudo_likelihood(rows, resolve_n_jobs(self.n_jobs))

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """Estimate of :meth:`pseudo_likelihood` from one flipped unit a row, as scikit-learn's.

        n_features times the log-probability of one unit. Its mean over all units is the exact
        value, but one unit says little of a row: on images the standard deviation of a row is several
        times the value, and falls as 1 / sqrt(n) in a mean over n rows. Compare models by
        :meth:`pseudo_likelihood`. The unit is chosen by a hash of the
        row's values, so the result is deterministic and does not depend on the other rows or their
        order; but a single value other than 0 and 1 moves the whole matrix to sums of real values,
        with their rounding (docs/numerics.md). With visible units of other kinds it is what :meth:`score` is
        the mean of.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,), float64, in nats
        """
        self._check_fitted()
        return self._one_flip_scores(self._visible_rows(self._matrix(X)))

    def score(self, X: Any, y: Any = None) -> float:
        """Mean of the exact :meth:`pseudo_likelihood` of the rows: what a grid search maximises.

        With visible units that are Gaussian or count words, whose units have none, the mean of
        log p(v | E[h | v]), of the rows around their reconstruction.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : ignored

        Returns
        -------
        float
            In nats; larger is better, and guessing every unit gives -0.693 n_features.

        Examples
        --------
        >>> from sklearn.model_selection import GridSearchCV
        >>> import udl_fast as udl
        >>> X = udl.datasets.load_digits(binary=0.5).data
        >>> search = GridSearchCV(udl.RBM(16, batch_size=20), {"n_iter": [1, 10]}, cv=3).fit(X)
        >>> search.best_params_
        {'n_iter': 10}
        """
        return super().score(X)

    def _score_rows(self, rows: _core.Rows) -> NDArray[np.float64]:
        return scores_of(self._engine, rows, resolve_n_jobs(self.n_jobs))

    def _one_flip_scores(self, rows: _core.Rows) -> NDArray[np.float64]:
        if self._engine.visible != "bernoulli":
            return self._score_rows(rows)
        n_threads = resolve_n_jobs(self.n_jobs)
        energy = self._engine.free_energy(rows, n_threads)
        flipped = np.empty_like(energy)
        for first, count in _blocks(rows):
            block = rows.flipped_once(first, count, self._engine_dtype)
            flipped[first : first + count] = self._engine.free_energy(block, n_threads)
        return one_flip_estimate(energy, flipped, rows.shape[1])

    def log_partition(self, method: str = "exact") -> LogPartition:
        """log Z of the model.

        Parameters
        ----------
        method : {"exact"}, default="exact"
            Enumerates the 2^n states of the smaller side, n <= 30, with the weights as `precision`
            rounds them, so that `log_likelihood` sums to one over all states. Each unit more takes twice as long.

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
            States: all values 0 or 1, or made so by `binarize`.
        log_z : float or LogPartition, default=None
            None computes it exactly.

        Raises
        ------
        ValueError
            If X holds other values: the model gives probabilities to states alone.
        """
        self._check_fitted()
        rows = self._states(self._matrix(X))
        n_threads = resolve_n_jobs(self.n_jobs)
        energy = self._engine.free_energy(rows, n_threads)
        if log_z is None and self._engine.visible == "replicated_softmax":
            return -energy - log_z_of_lengths(self._engine, X, n_threads)
        if log_z is None:
            log_z = self.log_partition()
        if isinstance(log_z, LogPartition):
            log_z = log_z.log_z
        return -energy - log_z

    def _states(self, X: Any) -> _core.Rows:
        """The rows of X, which have to be states."""
        if self._engine.visible != "bernoulli":
            return self._complete_rows(X)
        rows = to_rows(X, self._threshold(), argument="binarize", n_jobs=self.n_jobs)
        if rows.kind != "bits":
            low, high = value_range(X, rows)
            raise ValueError(
                f"{type(self).__name__}: log_likelihood needs states, all of them 0 or 1, got values "
                f"from {low:g} to {high:g}; take X > 0.5, or set binarize to a threshold"
            )
        return rows

    def _complete_rows(self, X: Any) -> _core.Rows:
        if self._engine.visible == "softmax" and has_missing_groups(self, X):
            raise ValueError(
                f"{type(self).__name__}: a likelihood is of rows in which every group has a value, got "
                "groups of zeros"
            )
        return self._visible_rows(X)

    # ---- names that subclasses of scikit-learn's BernoulliRBM reach ----

    def _free_energy(self, v: Any) -> NDArray[np.float64]:
        return self.free_energy(v)


def _blocks(rows: _core.Rows) -> list[tuple[int, int]]:
    """First row and number of rows of blocks that a copy may be made of."""
    n_rows, n_features = rows.shape
    bytes_a_row = 8 * n_features if rows.kind == "dense" else rows.nbytes // max(n_rows, 1)
    size = max(1, _FLIPPED_BYTES // max(1, bytes_a_row))
    return [(first, min(size, n_rows - first)) for first in range(0, n_rows, size)]
