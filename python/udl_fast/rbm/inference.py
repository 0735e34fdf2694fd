"""What a fitted RBM computes: features, samples, reconstructions, energies and scores."""

from __future__ import annotations

import threading
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils import check_random_state

from .. import _core
from ..estimator.attributes import FittedParameters
from ..estimator.parameters import (
    check_choice,
    check_integer,
    input_matrix,
    output_dtype,
    state_matrix,
    to_rows,
)
from ..evaluation import LogPartition, exact_pseudo_likelihood, one_flip_pseudo_likelihood
from ..runtime import resolve_n_jobs

Value = TypeVar("Value", bound=np.generic)

_SCORE_BLOCK_VALUES = 1 << 20  # values expanded at a time while scoring: 4 MB of float32


# Two threads that sample from one model must not get the same draws. One lock for all models: it is held
# for an addition, and models stay picklable.
_STEP_LOCK = threading.Lock()


class Inference(FittedParameters):
    """Mixin: everything that leaves the weights alone."""

    _default_dtype: Any = np.float32

    # ---- features and means ----

    def transform(self, X: Any) -> NDArray[Any]:
        """P(h = 1 | v) of each row: the features.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_components)
            float32 or float64 like X; for other X like the fitted attributes.

        Raises
        ------
        ValueError
            If X has the wrong number of columns or values that are not finite.
        sklearn.exceptions.NotFittedError
            Before fit.
        """
        self._check_fitted()
        X = self._visible_matrix(X)
        return self._mean_hidden(X)

    def mean_hidden(self, v: Any) -> NDArray[Any]:
        """P(h = 1 | v) of states v; like :meth:`transform`, and one row may be 1-D.

        Parameters
        ----------
        v : array-like or sparse matrix of shape (n_samples, n_features) or (n_features,)

        Returns
        -------
        ndarray of shape (n_samples, n_components) or (n_components,)
        """
        return _like(v, self._mean_hidden(self._visible_states(v)))

    def _mean_hidden(self, X: Any) -> NDArray[Any]:
        out = self._engine.mean_hidden(self._visible_rows(X), resolve_n_jobs(self.n_jobs))
        return out.astype(output_dtype(X, self._dtype), copy=False)

    def mean_visible(self, h: Any) -> NDArray[Any]:
        """P(v = 1 | h) given hidden states or probabilities.

        Parameters
        ----------
        h : array-like or sparse matrix of shape (n_samples, n_components) or (n_components,)

        Returns
        -------
        ndarray of shape (n_samples, n_features) or (n_features,)
        """
        states = self._hidden_states(h, "mean_visible")
        out = self._engine.mean_visible(to_rows(states), resolve_n_jobs(self.n_jobs))
        return _like(h, out.astype(output_dtype(states, self._dtype), copy=False))

    def inverse_transform(self, H: Any) -> NDArray[Any]:
        """P(v = 1 | h) given features; the way back from :meth:`transform`."""
        return self.mean_visible(H)

    def reconstruct(self, X: Any) -> NDArray[Any]:
        """Mean-field reconstruction: P(v | P(h | v)), shape (n_samples, n_features)."""
        self._check_fitted()
        return self.mean_visible(self._mean_hidden(self._visible_matrix(X)))

    # ---- sampling ----

    def sample_hidden(self, v: Any) -> NDArray[np.bool_]:
        """Hidden states drawn from P(h | v); every call draws anew.

        Parameters
        ----------
        v : array-like or sparse matrix of shape (n_samples, n_features) or (n_features,)

        Returns
        -------
        ndarray of shape (n_samples, n_components) or (n_components,), bool
        """
        rows = self._visible_rows(self._visible_states(v))
        step = self._next_sampling_step(1)
        drawn = self._engine.sample_hidden(
            rows, self._seed, "gibbs", step, 0, resolve_n_jobs(self.n_jobs)
        )
        return _like(v, drawn.to_array("bool"))

    def sample_visible(self, h: Any) -> NDArray[np.bool_]:
        """Visible states drawn from P(v | h); every call draws anew.

        Parameters
        ----------
        h : array-like or sparse matrix of shape (n_samples, n_components) or (n_components,)

        Returns
        -------
        ndarray of shape (n_samples, n_features) or (n_features,), bool
        """
        rows = to_rows(self._hidden_states(h, "sample_visible"))
        step = self._next_sampling_step(1)
        drawn = self._engine.sample_visible(
            rows, self._seed, "gibbs", step, 0, resolve_n_jobs(self.n_jobs)
        )
        return _like(h, drawn.to_array("bool"))

    def gibbs(self, v: Any, n_steps: int = 1) -> NDArray[np.bool_]:
        """Run Gibbs chains that start at the rows of v.

        Parameters
        ----------
        v : array-like or sparse matrix of shape (n_samples, n_features) or (n_features,)
        n_steps : int, default=1
            Full steps: hidden given visible, then visible given hidden.

        Returns
        -------
        ndarray of shape (n_samples, n_features) or (n_features,), bool
            The visible states after the last step. Two calls use different draws; the sequence of
            calls is determined by `random_state`.
        """
        rows = self._visible_rows(self._visible_states(v))
        return _like(v, self._run_chains(rows, n_steps))

    def sample(
        self, n_samples: int = 1, n_steps: int = 1000, start: Any = None
    ) -> NDArray[np.bool_]:
        """Fantasies: visible states of `n_samples` independent Gibbs chains.

        Parameters
        ----------
        n_samples : int, default=1
        n_steps : int, default=1000
            Steps from the start; chains of a trained model mix slowly, so be generous.
        start : array-like of shape (n_samples, n_features), default=None
            First visible states; None draws every pixel from its bias.

        Returns
        -------
        ndarray of shape (n_samples, n_features), bool
        """
        self._check_fitted()
        n_samples = check_integer(
            _Argument(type(self).__name__, "n_samples", n_samples), "n_samples"
        )
        if start is None:
            start = self.sample_visible(
                np.zeros((n_samples, self._engine.n_hidden), dtype=np.bool_)
            )
        rows = self._visible_rows(self._visible_states(start))
        if rows.shape[0] != n_samples:
            raise ValueError(
                f"sample: start has {rows.shape[0]} rows, expected n_samples = {n_samples}"
            )
        return self._run_chains(rows, n_steps)

    def _run_chains(self, rows: _core.Rows, n_steps: int) -> NDArray[np.bool_]:
        step = self._next_sampling_step(n_steps)
        visible, _ = self._engine.gibbs(
            rows, n_steps, self._seed, "gibbs", step, 0, resolve_n_jobs(self.n_jobs)
        )
        return visible.to_array("bool")

    def _next_sampling_step(self, n_steps: int) -> int:
        n_steps = check_integer(_Argument(type(self).__name__, "n_steps", n_steps), "n_steps")
        with _STEP_LOCK:
            step = self._sampling_steps
            self._sampling_steps += n_steps
        return step

    # ---- energies and scores ----

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
        return _like(v, self._engine.free_energy(rows, resolve_n_jobs(self.n_jobs)))

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
        return self._score_rows(self._visible_rows(self._visible_matrix(X)))

    def pseudo_likelihood(self, X: Any, exact: bool = False) -> NDArray[np.float64]:
        """:meth:`score_samples`, or with `exact` the sum over all units (n_features + 1 times the
        work)."""
        self._check_fitted()
        return self._score_rows(self._visible_rows(self._visible_matrix(X)), exact)

    def _score_rows(self, rows: _core.Rows, exact: bool = False) -> NDArray[np.float64]:
        score = exact_pseudo_likelihood if exact else one_flip_pseudo_likelihood
        n_threads = resolve_n_jobs(self.n_jobs)
        dtype = "float64" if self._engine.precision == "float64" else "float32"

        def free_energy(v: NDArray[Any]) -> NDArray[np.float64]:
            return self._engine.free_energy(_core.Rows.from_array(v), n_threads)

        n_rows, n_features = rows.shape
        size = max(1, _SCORE_BLOCK_VALUES // n_features)
        blocks = [(first, min(size, n_rows - first)) for first in range(0, n_rows, size)]
        return np.concatenate(
            [score(free_energy, rows.to_array(dtype, *block)) for block in blocks]
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
        argument = _Argument(type(self).__name__, "method", method)
        check_choice(argument, "method", ("exact",), ("ais", "reverse_ais"))
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
        rows = self._visible_rows(self._visible_matrix(X))
        return -self._engine.free_energy(rows, resolve_n_jobs(self.n_jobs)) - log_z

    # ---- input ----

    def _visible_matrix(self, X: Any) -> Any:
        return input_matrix(self, X, reset=False, default_dtype=self._default_dtype)

    def _visible_states(self, v: Any) -> Any:
        self._check_fitted()
        v = state_matrix(v, "v")
        if v.shape[1] != self._engine.n_visible:
            raise ValueError(
                f"X has {v.shape[1]} features, but {type(self).__name__} is expecting "
                f"{self._engine.n_visible} features as input"
            )
        return v

    def _hidden_states(self, h: Any, function: str) -> Any:
        self._check_fitted()
        h = state_matrix(h, "h")
        if h.shape[1] != self._engine.n_hidden:
            raise ValueError(
                f"{function}: h has {h.shape[1]} columns, expected {self._engine.n_hidden}"
            )
        return h

    def _visible_rows(self, X: Any) -> _core.Rows:
        """A threshold applies here too; "sample" does not: pixels count as probabilities."""
        return to_rows(X, None if isinstance(self.binarize, str) else self.binarize)

    # ---- names that subclasses of scikit-learn's BernoulliRBM reach ----

    def _mean_hiddens(self, v: Any) -> NDArray[Any]:
        return self.mean_hidden(v)

    def _sample_hiddens(self, v: Any, rng: Any) -> NDArray[np.bool_]:
        p = self.mean_hidden(v)
        drawn: NDArray[np.bool_] = check_random_state(rng).uniform(size=p.shape) < p
        return drawn

    def _sample_visibles(self, h: Any, rng: Any) -> NDArray[np.bool_]:
        p = self.mean_visible(h)
        drawn: NDArray[np.bool_] = check_random_state(rng).uniform(size=p.shape) < p
        return drawn

    def _free_energy(self, v: Any) -> NDArray[np.float64]:
        return self.free_energy(v)


class _Argument:
    """An argument of a method, in the form the parameter checks take."""

    def __new__(cls, owner: str, name: str, value: Any) -> Any:
        return type(owner, (), {name: value})()


def _like(states: Any, out: NDArray[Value]) -> NDArray[Value]:
    """The only row of `out` where the states were one row of one dimension."""
    row: NDArray[Value] = out[0]
    return row if not sparse.issparse(states) and np.ndim(states) == 1 else out
