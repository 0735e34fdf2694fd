"""Samples of an RBM: half steps and Gibbs chains."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from .. import _core
from ..estimator.input import to_rows
from ..estimator.parameters import Integer, RandomState
from ..locks import lock_for_moments
from ..persistence.values import LARGEST_STEP
from ..runtime import resolve_n_jobs
from .inference import Inference, like

# Two threads that sample from one model must not get the same draws. One lock for all models: it is held
# for an addition, and models stay picklable.
_STEP_LOCK = lock_for_moments()


class Sampling(Inference):
    """Mixin: everything that draws."""

    _sampling_steps: int  # Gibbs steps drawn so far by sample_hidden, gibbs and sample

    def sample_hidden(self, v: Any, *, random_state: Any = None) -> NDArray[np.bool_]:
        """Hidden states drawn from P(h | v).

        Parameters
        ----------
        v : array-like or sparse matrix of shape (n_samples, n_features) or (n_features,)
        random_state : int, RandomState or None, default=None
            Of these draws: the same integer gives the same states in every call, whatever was drawn
            before. None goes on with the draws of the model: new ones in every call, determined by
            those before.

        Returns
        -------
        ndarray of shape (n_samples, n_components) or (n_components,), bool
        """
        if random_state is not None:
            return self._drawing_from(random_state).sample_hidden(v)
        rows = self._visible_rows(self._visible_states(v))
        n_threads = resolve_n_jobs(self.n_jobs)
        with self._steps(1) as step:
            drawn = self._engine.sample_hidden(rows, self._seed, "gibbs", step, 0, n_threads)
        return like(v, drawn.to_array("bool"))

    def sample_visible(self, h: Any, *, random_state: Any = None) -> NDArray[np.bool_]:
        """Visible states drawn from P(v | h).

        Parameters
        ----------
        h : array-like or sparse matrix of shape (n_samples, n_components) or (n_components,)
        random_state : int, RandomState or None, default=None
            Of these draws: the same integer gives the same states in every call, whatever was drawn
            before. None goes on with the draws of the model: new ones in every call, determined by
            those before.

        Returns
        -------
        ndarray of shape (n_samples, n_features) or (n_features,), bool
        """
        if random_state is not None:
            return self._drawing_from(random_state).sample_visible(h)
        rows = self._hidden_rows(self._hidden_states(h, "sample_visible"))
        with self._steps(1) as step:
            return like(h, self._drawn_visible(rows, step).to_array("bool"))

    def gibbs(self, v: Any, n_steps: int = 1, *, random_state: Any = None) -> NDArray[np.bool_]:
        """Run Gibbs chains that start at the rows of v.

        Parameters
        ----------
        v : array-like or sparse matrix of shape (n_samples, n_features) or (n_features,)
        n_steps : int, default=1
            Full steps: hidden given visible, then visible given hidden.
        random_state : int, RandomState or None, default=None
            Of these draws: the same integer gives the same states in every call, whatever was drawn
            before. None goes on with the draws of the model: new ones in every call, determined by
            those before.

        Returns
        -------
        ndarray of shape (n_samples, n_features) or (n_features,), bool
            The visible states after the last step.
        """
        if random_state is not None:
            return self._drawing_from(random_state).gibbs(v, n_steps)
        rows = self._visible_rows(self._visible_states(v))
        with self._steps(n_steps) as step:
            return like(v, self._run_chains(rows, n_steps, step))

    def sample(
        self,
        n_samples: int = 1,
        n_steps: int = 1000,
        start: Any = None,
        *,
        random_state: Any = None,
    ) -> NDArray[np.bool_]:
        """Fantasies: visible states of `n_samples` independent Gibbs chains.

        Parameters
        ----------
        n_samples : int, default=1
        n_steps : int, default=1000
            Steps from the start; chains of a trained model mix slowly, so be generous.
        start : array-like of shape (n_samples, n_features), default=None
            First visible states; None draws every pixel from its bias.
        random_state : int, RandomState or None, default=None
            Of these draws: the same integer gives the same states in every call, whatever was drawn
            before. None goes on with the draws of the model: new ones in every call, determined by
            those before.

        Returns
        -------
        ndarray of shape (n_samples, n_features), bool
        """
        if random_state is not None:
            return self._drawing_from(random_state).sample(n_samples, n_steps, start)
        self._check_fitted()
        n_samples = Integer(1).check(n_samples, "n_samples", type(self).__name__)
        if start is None:
            n_hidden = self._engine.n_hidden
            all_off = to_rows(np.zeros((n_samples, n_hidden), dtype=np.bool_))
            with self._steps(n_steps, n_before=1) as step:
                rows = self._drawn_visible(all_off, step)
                return self._run_chains(rows, n_steps, step + 1)
        rows = self._visible_rows(self._visible_states(start))
        if rows.shape[0] != n_samples:
            raise ValueError(
                f"sample: start has {rows.shape[0]} rows, expected n_samples = {n_samples}"
            )
        with self._steps(n_steps) as step:
            return self._run_chains(rows, n_steps, step)

    def _drawing_from(self, random_state: Any) -> Self:
        """The same model, engine included, with draws of its own: those of this one stay where they are."""
        RandomState().check(random_state, "random_state", type(self).__name__)
        twin = object.__new__(type(self))
        seed = int.from_bytes(check_random_state(random_state).bytes(8), "little")
        twin.__dict__ = {**self.__dict__, "_seed": seed, "_sampling_steps": 0}
        return twin

    def _drawn_visible(self, rows: _core.Rows, step: int) -> _core.Rows:
        n_threads = resolve_n_jobs(self.n_jobs)
        return self._engine.sample_visible(rows, self._seed, "gibbs", step, 0, n_threads)

    def _run_chains(self, rows: _core.Rows, n_steps: int, step: int) -> NDArray[np.bool_]:
        n_threads = resolve_n_jobs(self.n_jobs)
        visible, _ = self._engine.gibbs(rows, n_steps, self._seed, "gibbs", step, 0, n_threads)
        return visible.to_array("bool")

    @contextmanager
    def _steps(self, n_steps: int, *, n_before: int = 0) -> Iterator[int]:
        """The first of the steps to draw in this scope: `n_before` and then `n_steps`.

        They are counted before they are drawn, so that another thread gets others. A scope that raises
        gives them back unless others were counted since.

        Raises
        ------
        TypeError or ValueError
            Naming n_steps, if it is none or more than the model can count; nothing is counted then.
        """
        n_steps = Integer(1, LARGEST_STEP).check(n_steps, "n_steps", type(self).__name__)
        with _STEP_LOCK:
            first = self._sampling_steps
            after = first + n_before + n_steps
            if after > LARGEST_STEP:
                raise ValueError(
                    f"{type(self).__name__}: n_steps must be <= {LARGEST_STEP - first - n_before} after "
                    f"the {first} steps that this model has drawn, got {n_steps}"
                )
            self._sampling_steps = after
        try:
            yield first
        except BaseException:
            with _STEP_LOCK:
                if self._sampling_steps == after:
                    self._sampling_steps = first
            raise

    # ---- names that subclasses of scikit-learn's BernoulliRBM reach ----

    def _sample_hiddens(self, v: Any, rng: Any) -> NDArray[np.bool_]:
        p = self.mean_hidden(v)
        drawn: NDArray[np.bool_] = check_random_state(rng).uniform(size=p.shape) < p
        return drawn

    def _sample_visibles(self, h: Any, rng: Any) -> NDArray[np.bool_]:
        p = self.mean_visible(h)
        drawn: NDArray[np.bool_] = check_random_state(rng).uniform(size=p.shape) < p
        return drawn
