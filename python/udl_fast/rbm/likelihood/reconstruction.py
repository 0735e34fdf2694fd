"""How well rows are reconstructed: the score where the probability of one unit given all others has no closed
form."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ... import _core
from ..units.groups import Groups

_SMALLEST_RATE = 2.0**-24  # that units are on or off with (docs/numerics.md)
_BLOCK_BYTES = 1 << 25  # of rows whose means are held at a time


def reconstruction_likelihood(
    engine: _core.RbmEngine, rows: _core.Rows, n_threads: int
) -> NDArray[np.float64]:
    """log p(v | E[h | v]) of each row, nats: of its values around their mean-field reconstruction.

    Parameters
    ----------
    engine : _core.RbmEngine
        With visible units that are Gaussian, or replicated softmax units: then it is the sum over the words of
        the log-probability of each.
    rows : _core.Rows
    n_threads : int

    Returns
    -------
    ndarray of shape (n_rows,), float64
    """
    dtype = "float64" if engine.precision == "float64" else "float32"
    n_rows = rows.shape[0]
    size = max(1, _BLOCK_BYTES // (8 * engine.n_visible))
    out = np.empty(n_rows)
    for first in range(0, n_rows, size):
        values = rows.take(np.arange(first, min(first + size, n_rows)), dtype)
        hidden = engine.mean_hidden(_core.Rows.from_array(values, n_threads), n_threads)
        found = engine.mean_visible(_core.Rows.from_array(hidden, n_threads), n_threads)
        mean = found.astype(np.float64)
        out[first : first + len(values)] = log_density(engine, values, mean)
    return out


def log_density(
    engine: _core.RbmEngine, values: NDArray[np.floating], mean: NDArray[np.float64]
) -> NDArray[np.float64]:
    """log p(v | h) of each row of values, nats, where the visible units have these means given h.

    Of probabilities in place of states it is the mean over independent units. A probability counts as no nearer
    to 0 or 1 than the engine draws it.

    Parameters
    ----------
    engine : _core.RbmEngine
        Says which units these are.
    values, mean : ndarray of shape (n_rows, n_visible)

    Returns
    -------
    ndarray of shape (n_rows,), float64
    """
    if engine.visible == "replicated_softmax":
        with np.errstate(divide="ignore"):
            terms = np.where(values > 0, values * np.log(mean), 0.0)
    elif engine.visible == "softmax":
        terms = values * np.log(np.maximum(mean, _SMALLEST_RATE))
        single = Groups(engine.visible_groups or ()).single_units
        terms[:, single] = _of_binary(values[:, single], mean[:, single])
    elif engine.visible == "bernoulli":
        terms = _of_binary(values, mean)
    else:
        log_variance = engine.log_variance().astype(np.float64)
        terms = -0.5 * (
            (values - mean) ** 2 * np.exp(-log_variance) + log_variance + np.log(2 * np.pi)
        )
    total: NDArray[np.float64] = terms.sum(axis=1)
    return total


def _of_binary(values: NDArray[np.floating], mean: NDArray[np.float64]) -> NDArray[np.float64]:
    rate = np.clip(mean, _SMALLEST_RATE, 1 - _SMALLEST_RATE)
    found: NDArray[np.float64] = values * np.log(rate) + (1 - values) * np.log1p(-rate)
    return found
