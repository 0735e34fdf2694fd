"""Pseudo-likelihood of binary rows: how well a model predicts one unit from all the others.

log PL(v) = sum over i of log P(v_i | all other units), and P(v_i | rest) follows from the free
energies of v and of v with unit i flipped (Besag 1975; Tieleman and Hinton 2009). An RBM computes
the sum itself, `RBM.pseudo_likelihood`; here is its slow form from free energies alone, which holds
for any model, and the estimate from one flipped unit that scikit-learn's `score_samples` makes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "exact_pseudo_likelihood",
    "flipped_once",
    "flipped_units",
    "one_flip_estimate",
    "one_flip_pseudo_likelihood",
]

FreeEnergy = Callable[[NDArray[Any]], NDArray[np.float64]]

_GOLDEN_RATIO = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio, the increment of SplitMix64


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Finaliser of SplitMix64 (Steele, Lea and Flood 2014): every bit reaches every other."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def flipped_units(v: NDArray[Any]) -> NDArray[np.int64]:
    """The unit to flip in each row: a hash of the row's values as float32, uniform over the units.

    A row always gets the same unit, whatever its dtype, the rows beside it and their order.

    Parameters
    ----------
    v : ndarray of shape (n_rows, n_features)

    Returns
    -------
    ndarray of shape (n_rows,), int64
    """
    values = np.ascontiguousarray(v, dtype=np.float32) + np.float32(0)  # -0 becomes 0
    numbers = np.arange(1, v.shape[1] + 1, dtype=np.uint64)
    # Arrays of unsigned integers wrap modulo 2^64, which is what a hash wants.
    hashes = _mix(values.view(np.uint32).astype(np.uint64) @ _mix(numbers * _GOLDEN_RATIO))
    units: NDArray[np.int64] = (
        (hashes >> np.uint64(32)) * np.uint64(v.shape[1]) >> np.uint64(32)
    ).astype(np.int64)
    return units


def _log_sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return -np.logaddexp(0.0, -x)


def flipped_once(v: NDArray[Any]) -> NDArray[Any]:
    """A copy of the rows with the unit of `flipped_units` flipped in each."""
    flipped = v.copy()
    rows, units = np.arange(v.shape[0]), flipped_units(v)
    flipped[rows, units] = 1 - flipped[rows, units]
    return flipped


def one_flip_estimate(
    energy: NDArray[np.float64], energy_flipped: NDArray[np.float64], n_features: int
) -> NDArray[np.float64]:
    """The estimate below from the free energies of rows and of rows with one unit flipped."""
    return np.multiply(n_features, _log_sigmoid(energy_flipped - energy))


def one_flip_pseudo_likelihood(free_energy: FreeEnergy, v: NDArray[Any]) -> NDArray[np.float64]:
    """n_features times the log probability of one unit per row, as scikit-learn estimates it."""
    return one_flip_estimate(free_energy(v), free_energy(flipped_once(v)), v.shape[1])


def exact_pseudo_likelihood(free_energy: FreeEnergy, v: NDArray[Any]) -> NDArray[np.float64]:
    """The sum over every unit: n_features + 1 free energies a row."""
    out = np.zeros(v.shape[0])
    flipped = v.copy()
    energy = free_energy(v)
    for unit in range(v.shape[1]):
        flipped[:, unit] = 1 - v[:, unit]
        out += _log_sigmoid(free_energy(flipped) - energy)
        flipped[:, unit] = v[:, unit]
    return out
