"""How likely rows are under an RBM: energies, free energies and pseudo-likelihoods."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import _core, _devices
from ...estimator.input import on_host
from ...estimator.training.transaction import of_one_fit
from ...evaluation import one_flip_estimate
from ...runtime import resolve_n_jobs
from ..inference import answer, like
from .energies import energies
from .partition import Partition
from .score_of_rows import scores_of

_FLIPPED_BYTES = 1 << 23  # of rows that are copied at a time to flip a unit in each


class Scores(Partition):
    """Mixin: energies and scores."""

    @of_one_fit
    def free_energy(self, v: Any) -> NDArray[np.float64]:
        """F(v) = -v.b - sum_j log(1 + exp(c_j + W_j v)), in nats; of other kinds of units see docs/units.md.

        Parameters
        ----------
        v : array-like or sparse matrix of shape (n_samples, n_features) or (n_features,)

        Returns
        -------
        ndarray of shape (n_samples,) or a number, float64
        """
        states = self._visible_states(v)
        rows = self._visible_rows(states, may_be_on_device=True)
        return like(v, self._engine.free_energy(rows, resolve_n_jobs(self.n_jobs)), states)

    @of_one_fit
    def energy(self, v: Any, h: Any) -> NDArray[np.float64]:
        """E(v, h) of each pair of rows, in nats: of Bernoulli units -b.v - c.h - h.W v.

        Gaussian visible units have (v - b)^2 / 2 sigma^2, summed, in place of -b.v and v / sigma^2 in place of
        v in the last term; real-valued hidden units have h^2 / 2, summed, beside -c.h; of replicated softmax
        units c counts as often as the row has words.

        Parameters
        ----------
        v : array-like or sparse matrix of shape (n_samples, n_features) or (n_features,)
        h : array-like or sparse matrix of shape (n_samples, n_components) or (n_components,)
            States; of Bernoulli units also probabilities, whose energy is the mean over independent units.

        Returns
        -------
        ndarray of shape (n_samples,) or a number, float64
            With the weights of `components_`, which `precision` does not round here.

        Raises
        ------
        ValueError
            If v and h have different numbers of rows, or columns that do not fit the model.

        Examples
        --------
        >>> from udl_fast import RBM
        >>> rbm = RBM.from_parameters([[1.0, 0.0], [0.0, 2.0]], [0.5, 0.0], [0.0, 0.25])
        >>> float(rbm.energy([1, 1], [1, 1]))
        -3.75
        """
        states = self._visible_states(v)
        visible = self._visible_rows(states).to_array("float64")
        hidden_states = self._hidden_states(h, "energy")
        hidden = on_host(self._hidden_rows(hidden_states)).to_array("float64")
        if len(visible) != len(hidden):
            raise ValueError(f"energy: v has {len(visible)} rows, but h has {len(hidden)}")
        return like(v, energies(self, visible, hidden), states)

    @of_one_fit
    def free_energy_gap(self, X_train: Any, X_valid: Any) -> float:
        """Mean free energy of held-out rows minus that of training rows, in nats.

        Grows while a model learns its training rows by heart (Hinton 2010, section 6); needs no
        partition function. Take as many training rows as held-out ones, the same after every epoch.

        Parameters
        ----------
        X_train, X_valid : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        float

        See Also
        --------
        udl_fast.callbacks.History : Measures it after epochs.

        Examples
        --------
        >>> import udl_fast as udl
        >>> X = udl.datasets.load_digits(binary=0.5).data
        >>> rbm = udl.RBM(16, n_iter=30, random_state=0).fit(X[:1500])
        >>> abs(rbm.free_energy_gap(X[:1500], X[1500:])) < 5
        True
        """
        self._check_fitted()
        n_threads = resolve_n_jobs(self.n_jobs)
        train, valid = (
            self._engine.free_energy(self._visible_rows(self._matrix(X)), n_threads).mean()
            for X in (X_train, X_valid)
        )
        return float(valid - train)

    @of_one_fit
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
        X = self._matrix(X)
        rows = self._visible_rows(X)
        if not exact:
            return answer(X, self._one_flip_scores(rows))
        engine = _devices.on_cpu(self._engine)
        return answer(X, engine.pseudo_likelihood(rows, resolve_n_jobs(self.n_jobs)))

    @of_one_fit
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
        X = self._matrix(X)
        return answer(X, self._one_flip_scores(self._visible_rows(X)))

    def score(self, X: Any, y: Any = None) -> float:
        """Mean of the exact :meth:`pseudo_likelihood` of the rows: what a grid search maximises.

        With visible units that are Gaussian or count words, whose units have none, the mean of
        log p(v | E[h | v]), of the rows around their reconstruction. It can rise while the model gets worse:
        select such models by :meth:`log_likelihood` of held-out rows (docs/units.md has a recipe).

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

    # ---- names that subclasses of scikit-learn's BernoulliRBM reach ----

    def _free_energy(self, v: Any) -> NDArray[np.float64]:
        return self.free_energy(v)


def _blocks(rows: _core.Rows) -> list[tuple[int, int]]:
    """First row and number of rows of blocks that a copy may be made of."""
    n_rows, n_features = rows.shape
    bytes_a_row = 8 * n_features if rows.kind == "dense" else rows.nbytes // max(n_rows, 1)
    size = max(1, _FLIPPED_BYTES // max(1, bytes_a_row))
    return [(first, min(size, n_rows - first)) for first in range(0, n_rows, size)]
