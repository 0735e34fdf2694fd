"""Samples by parallel tempering: the chains of `algorithm="pt"`, which learn nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core
from .units import engine_of

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
    row = _core.Rows.from_array(np.zeros((1, learned.n_visible), np.bool_))
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
