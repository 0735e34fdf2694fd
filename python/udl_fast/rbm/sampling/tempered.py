"""Samples by parallel tempering: the chains of `algorithm="pt"`, which learn nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import _core
from ...estimator.input import to_rows
from ...estimator.training.transaction import reader_of
from ...runtime import resolve_n_jobs
from ..rules import RULES
from ..units.kinds import check_ladder, engine_of
from .half_steps import HalfSteps

# Draws are not those of training, which come from the model's own seed.
_OTHER_SEED = 1
# One minibatch, after which parameters are what they were.
_NOTHING = {
    "batch_size": 1,
    "algorithm": "pt",
    "learning_rate": 0.0,
    "momentum": 0.0,
    "max_norm": 0.0,
    "sparsity_target": None,
    "sample_visibles": True,
    "statistics": "mean",
    "centered": False,
}


def tempered_hidden(
    model: Any, hidden: NDArray[Any], n_steps: int, step: int, n_threads: int, **ladder: Any
) -> NDArray[Any]:
    """Hidden states at beta = 1 of chains that start at `hidden`, (n_chains, n_hidden), at every temperature.

    Parameters
    ----------
    model : RBM
    hidden : ndarray of bool, or of float where hidden units are real
    n_steps : int
    step : int
        The first step of the draws.
    n_threads : int
    **ladder
        n_temperatures and beta_min.

    Returns
    -------
    ndarray of shape (n_chains, n_hidden), like `hidden`
    """
    learned = model._engine
    sizes = {"n_visible": learned.n_visible, "n_hidden": learned.n_hidden}
    engine = engine_of(model, sizes, learned.precision, "cpu")
    log_variance = learned.log_variance() if learned.visible == "gaussian" else None
    engine.set_parameters(
        learned.weights(), learned.hidden_bias(), learned.visible_bias(), log_variance
    )
    engine.set_chains(np.tile(hidden, (ladder["n_temperatures"], 1)))
    row = _core.Rows.from_array(np.zeros((1, learned.n_visible), np.bool_), 1)
    settings = {
        **model._settings(model._check_parameters(), row),
        **_NOTHING,
        "k": n_steps,
        "adaptive_betas": False,
        **ladder,
    }
    seed = int(np.random.SeedSequence([model._seed, _OTHER_SEED]).generate_state(1, np.uint64)[0])
    engine.train(row, None, settings, seed, step, n_threads)
    found: NDArray[Any] = engine.chains()[: len(hidden)]
    return found


class Tempering(HalfSteps):
    """Mixin: samples at beta = 1 of chains that swap states with others."""

    def _ladder(
        self, n_temperatures: Any, beta_min: Any, clamp: Any, beta: float
    ) -> dict[str, Any]:
        owner = type(self).__name__
        ladder = {"n_temperatures": n_temperatures, "beta_min": beta_min}
        checked = {name: RULES[name].check(value, name, owner) for name, value in ladder.items()}
        if beta != 1:
            raise ValueError(
                f"{owner}: beta cannot be given with n_temperatures, whose samples are at 1; got {beta:g}"
            )
        if clamp is not None:
            raise ValueError(
                f"{owner}: clamp cannot be given with n_temperatures: hold units without it"
            )
        check_ladder(self, checked["beta_min"])
        return checked

    def _sample_tempered(
        self,
        n_samples: int,
        n_steps: int,
        rows: _core.Rows | None,
        means: bool,
        ladder: dict[str, Any],
    ) -> NDArray[Any]:
        """Steps: one from the start, those of the chains, and one to visible states."""
        model = reader_of(self)
        n_threads = resolve_n_jobs(model.n_jobs)
        with self._steps(n_steps, n_before=2) as step:
            if rows is None:
                all_off = np.zeros((n_samples, model._engine.n_hidden), np.bool_)
                rows = model._drawn_visible(to_rows(all_off, n_jobs=model.n_jobs), step)
            first = model._engine.sample_hidden(rows, model._seed, "gibbs", step, 0, n_threads)
            hidden = tempered_hidden(
                model, model._hidden_array(first), n_steps, step + 1, n_threads, **ladder
            )
            last = to_rows(hidden, n_jobs=model.n_jobs)
            if means:
                found: NDArray[Any] = model._engine.mean_visible(last, n_threads)
                return found.astype(model._dtype, copy=False)
            return model._visible_array(model._drawn_visible(last, step + 1 + n_steps))
