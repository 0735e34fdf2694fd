"""Samples of an RBM: one layer given the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from ... import _core
from ...estimator.draws import CountedDraws
from ...estimator.training.transaction import reader_of
from ...runtime import resolve_n_jobs
from ..inference import Inference, like
from ..units.kinds import KINDS_OF_BITS


class HalfSteps(CountedDraws, Inference):
    """Mixin: samples of a layer given the other."""

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
        model = reader_of(self)
        states = model._visible_states(v)
        rows = model._visible_rows(states, may_be_on_device=True)
        n_threads = resolve_n_jobs(model.n_jobs)
        with self._steps(1) as step:
            drawn = model._engine.sample_hidden(rows, model._seed, "gibbs", step, 0, n_threads)
        return like(v, model._hidden_array(drawn), states)

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
        model = reader_of(self)
        states = model._hidden_states(h, "sample_visible")
        rows = model._hidden_rows(states)
        with self._steps(1) as step:
            return like(h, model._visible_array(model._drawn_visible(rows, step)), states)

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

    # ---- names that subclasses of scikit-learn's BernoulliRBM reach ----

    def _sample_hiddens(self, v: Any, rng: Any) -> NDArray[Any]:
        p = self.mean_hidden(v)
        drawn: NDArray[Any] = check_random_state(rng).uniform(size=p.shape) < p
        return drawn

    def _sample_visibles(self, h: Any, rng: Any) -> NDArray[Any]:
        p = self.mean_visible(h)
        drawn: NDArray[Any] = check_random_state(rng).uniform(size=p.shape) < p
        return drawn
