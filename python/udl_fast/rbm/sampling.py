"""Samples of an RBM: half steps and Gibbs chains."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from .. import _core
from ..estimator.input import to_rows
from ..estimator.parameters import Integer
from ..runtime import resolve_n_jobs
from .inference import Inference, like

# Two threads that sample from one model must not get the same draws. One lock for all models: it is held
# for an addition, and models stay picklable.
_STEP_LOCK = threading.Lock()


class Sampling(Inference):
    """Mixin: everything that draws."""

    _sampling_steps: int  # Gibbs steps drawn so far by sample_hidden, gibbs and sample

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
        return like(v, drawn.to_array("bool"))

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
        return like(h, drawn.to_array("bool"))

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
        return like(v, self._run_chains(rows, n_steps))

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
        n_samples = Integer(1).check(n_samples, "n_samples", type(self).__name__)
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
        n_steps = Integer(1).check(n_steps, "n_steps", type(self).__name__)
        with _STEP_LOCK:
            step = self._sampling_steps
            self._sampling_steps += n_steps
        return step

    # ---- names that subclasses of scikit-learn's BernoulliRBM reach ----

    def _sample_hiddens(self, v: Any, rng: Any) -> NDArray[np.bool_]:
        p = self.mean_hidden(v)
        drawn: NDArray[np.bool_] = check_random_state(rng).uniform(size=p.shape) < p
        return drawn

    def _sample_visibles(self, h: Any, rng: Any) -> NDArray[np.bool_]:
        p = self.mean_visible(h)
        drawn: NDArray[np.bool_] = check_random_state(rng).uniform(size=p.shape) < p
        return drawn
