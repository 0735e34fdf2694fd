"""Energies of states, and log Z where there is a formula for it, by kinds of units."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import _core
from ..units.groups import Groups


def energies(
    model: Any, visible: NDArray[np.float64], hidden: NDArray[np.float64]
) -> NDArray[np.float64]:
    """E(v, h) of each pair of rows (base/units.h says what each kind adds)."""
    engine = model._engine
    weights, visible_bias, hidden_bias = (
        np.asarray(array, np.float64)
        for array in (engine.weights(), engine.visible_bias(), engine.hidden_bias())
    )
    if engine.visible == "gaussian":
        variances = np.square(np.asarray(model.sigma_, np.float64))
        of_visible = (np.square(visible - visible_bias) / variances).sum(axis=1) / 2
        visible = visible / variances
    else:
        of_visible = -(visible @ visible_bias)
    of_hidden = -(hidden @ hidden_bias)
    if engine.visible == "replicated_softmax":
        of_hidden *= visible.sum(axis=1)
    if engine.hidden != "bernoulli":
        of_hidden += np.square(hidden).sum(axis=1) / 2
    of_pairs = np.einsum("nj,nj->n", visible @ weights.T, hidden)
    total: NDArray[np.float64] = of_visible + of_hidden - of_pairs
    return total


def log_z_without_weights(engine: _core.RbmEngine, visible_bias: NDArray[np.float64]) -> float:
    """log Z of units without weights, with these visible biases and hidden biases of 0.

    Hidden units add log 2, or the logarithm of the integral of e^(-h^2 / 2) over all h or half of them.
    """
    half_log_2_pi = math.log(2 * math.pi) / 2
    of_hidden = {"gaussian": half_log_2_pi, "relu": half_log_2_pi - math.log(2)}
    total = engine.n_hidden * of_hidden.get(engine.hidden, math.log(2))
    if engine.visible == "gaussian":
        total += (half_log_2_pi + engine.log_variance().astype(np.float64) / 2).sum()
    elif engine.visible_groups is not None:
        total += Groups(engine.visible_groups).log_sums(visible_bias).sum()
    else:
        total += np.logaddexp(0, visible_bias).sum()
    return float(total)


def log_z_of_lengths(engine: _core.RbmEngine, X: Any, n_threads: int) -> NDArray[np.float64]:
    """log Z of rows of as many words as each row of X has."""
    lengths = np.asarray(X.sum(axis=1), dtype=np.int64).ravel()
    different, place = np.unique(lengths, return_inverse=True)
    log_z: NDArray[np.float64] = engine.log_partition_exact(n_threads, different.tolist())[place]
    return log_z
