"""Pseudo-likelihood of binary rows: how well a model predicts one unit from all the others.

log PL(v) = sum over i of log P(v_i | all other units), and P(v_i | rest) follows from the free
energies of v and of v with unit i flipped (Besag 1975; Tieleman and Hinton 2009).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["exact_pseudo_likelihood", "flipped_units", "one_flip_pseudo_likelihood"]

FreeEnergy = Callable[[NDArray[np.float32]], NDArray[np.float64]]

_BLOCK_VALUES = 1 << 24  # values of X worked on at a time: 64 MB of float32
_HASH_SEED = 0x9E3779B97F4A7C15  # any fixed odd number


def flipped_units(X: NDArray[np.float32]) -> NDArray[np.int64]:
    """The unit to flip in each row: a hash of the row's values, uniform over the units.

    A row always gets the same unit, whatever other rows stand beside it and in which order.
    """
    n_features = X.shape[1]
    multipliers = np.random.Generator(np.random.PCG64(_HASH_SEED)).integers(
        1, 1 << 63, size=n_features, dtype=np.uint64
    )
    bits = np.ascontiguousarray(X, dtype=np.float32).view(np.uint32)
    with np.errstate(over="ignore"):  # arithmetic modulo 2^64
        mixed = (bits * multipliers).sum(axis=1, dtype=np.uint64)
        mixed ^= mixed >> np.uint64(32)
        mixed *= np.uint64(_HASH_SEED)
        mixed ^= mixed >> np.uint64(29)
    units: NDArray[np.int64] = (
        (mixed >> np.uint64(32)) * np.uint64(n_features) >> np.uint64(32)
    ).astype(np.int64)
    return units


def _blocks(n_rows: int, n_features: int) -> list[slice]:
    size = max(1, _BLOCK_VALUES // n_features)
    return [slice(first, first + size) for first in range(0, n_rows, size)]


def _log_sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return -np.logaddexp(0.0, -x)


def one_flip_pseudo_likelihood(
    free_energy: FreeEnergy, X: NDArray[np.float32]
) -> NDArray[np.float64]:
    """n_features times the log probability of one unit per row, as scikit-learn estimates it."""
    out = np.empty(X.shape[0])
    for block in _blocks(*X.shape):
        v = X[block]
        flipped = v.copy()
        rows, units = np.arange(v.shape[0]), flipped_units(v)
        flipped[rows, units] = 1 - flipped[rows, units]
        out[block] = X.shape[1] * _log_sigmoid(free_energy(flipped) - free_energy(v))
    return out


def exact_pseudo_likelihood(free_energy: FreeEnergy, X: NDArray[np.float32]) -> NDArray[np.float64]:
    """The sum over every unit: n_features + 1 free energies a row."""
    out = np.zeros(X.shape[0])
    for block in _blocks(*X.shape):
        flipped = X[block].copy()
        energy = free_energy(flipped)
        for unit in range(X.shape[1]):
            flipped[:, unit] = 1 - flipped[:, unit]
            out[block] += _log_sigmoid(free_energy(flipped) - energy)
            flipped[:, unit] = 1 - flipped[:, unit]
    return out
