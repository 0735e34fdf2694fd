"""What a call that trains learns from: rows, targets, and how much each row counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Data:
    """What a call that trains learns from.

    Parameters
    ----------
    X : array or CSR matrix
        Checked.
    y : object
        As the caller gave it.
    weights : ndarray of shape (n_samples,) or None
        Checked.
    """

    X: Any
    y: Any
    weights: NDArray[np.float64] | None

    @classmethod
    def of(cls, X: Any, y: Any, sample_weight: Any, owner: str) -> Data:
        """A checked X, and its weights as the caller gave them."""
        return cls(X, y, checked_weights(sample_weight, X.shape[0], owner))


def checked_weights(value: Any, n_rows: int, owner: str) -> NDArray[np.float64] | None:
    """Weights of the rows as an array of float64, or None.

    Raises
    ------
    ValueError
        If there is not one for each row, one is negative or no number, or all are 0.
    TypeError
        If they are no numbers.
    """
    if value is None:
        return None
    try:
        weights = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"{owner}: sample_weight must hold numbers, got {value!r}"[:200]) from None
    if weights.shape != (n_rows,):
        raise ValueError(
            f"{owner}: sample_weight has shape {weights.shape}, expected ({n_rows},): one for each row"
        )
    wrong = ~(np.isfinite(weights) & (weights >= 0))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            f"{owner}: sample_weight must be finite and at least 0, got {weights[row]} for row {row}"
        )
    largest = weights.max()
    if largest == 0:
        raise ValueError(f"{owner}: sample_weight must contain at least one non-zero number")
    return np.asarray(weights / largest)  # their sum is finite, and no ratio changes
