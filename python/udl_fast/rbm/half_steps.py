"""Samples of an RBM: one layer given the other, and which draws are whose."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from .. import _core
from ..estimator.parameters import Integer, RandomState
from ..estimator.transaction import twin_of
from ..locks import lock_for_moments
from ..persistence.values import LARGEST_STEP
from ..runtime import resolve_n_jobs
from .inference import Inference, like
from .units import KINDS_OF_BITS

# Two threads that sample from one model must not get the same draws. One lock for all models: it is held
# for an addition, and models stay picklable.
_STEP_LOCK = lock_for_moments()


class HalfSteps(Inference):
    """Mixin: samples of a layer given the other."""

    _sampling_steps: (
        int  # Gibbs steps drawn so far by sample_hidden, sample_visible, gibbs and sample
    )

    def sample_hidden(self, v: Any, *, random_state: Any = None) -> NDArray[Any]:
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
            Of floats where hidden units are real.
        """
        if random_state is not None:
            return self._drawing_from(random_state).sample_hidden(v)
        model = twin_of(self)
        rows = model._visible_rows(model._visible_states(v))
        n_threads = resolve_n_jobs(model.n_jobs)
        with self._steps(1) as step:
            drawn = model._engine.sample_hidden(rows, model._seed, "gibbs", step, 0, n_threads)
        return like(v, model._hidden_array(drawn))

    def sample_visible(self, h: Any, *, random_state: Any = None) -> NDArray[Any]:
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
            Of floats where visible units are real or counts; of visible="replicated_softmax" rows of one word.
        """
        if random_state is not None:
            return self._drawing_from(random_state).sample_visible(h)
        model = twin_of(self)
        rows = model._hidden_rows(model._hidden_states(h, "sample_visible"))
        with self._steps(1) as step:
            return like(h, model._visible_array(model._drawn_visible(rows, step)))

    def _drawing_from(self, random_state: Any) -> Self:
        """The same model, engine included, with draws of its own: those of this one stay where they are."""
        RandomState().check(random_state, "random_state", type(self).__name__)
        twin = object.__new__(type(self))
        seed = int.from_bytes(check_random_state(random_state).bytes(8), "little")
        twin.__dict__ = {**self.__dict__, "_seed": seed, "_sampling_steps": 0}
        return twin

    def _visible_array(self, rows: _core.Rows) -> NDArray[Any]:
        return self._states_array(rows, self._visible_kind())

    def _hidden_array(self, rows: _core.Rows) -> NDArray[Any]:
        return self._states_array(rows, self._hidden_kind())

    def _states_array(self, rows: _core.Rows, kind: str) -> NDArray[Any]:
        """bool, or of the fitted attributes' dtype where states are no bits."""
        if kind in KINDS_OF_BITS:
            return rows.to_array("bool")
        return rows.to_array(np.dtype(self._dtype).name)

    def _drawn_visible(self, rows: _core.Rows, step: int) -> _core.Rows:
        n_threads = resolve_n_jobs(self.n_jobs)
        return self._engine.sample_visible(rows, self._seed, "gibbs", step, 0, n_threads)

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

    def _sample_hiddens(self, v: Any, rng: Any) -> NDArray[Any]:
        p = self.mean_hidden(v)
        drawn: NDArray[Any] = check_random_state(rng).uniform(size=p.shape) < p
        return drawn

    def _sample_visibles(self, h: Any, rng: Any) -> NDArray[Any]:
        p = self.mean_visible(h)
        drawn: NDArray[Any] = check_random_state(rng).uniform(size=p.shape) < p
        return drawn
