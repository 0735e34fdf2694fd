"""Checks of values that commands have read, with errors that say how to mend the data."""

from collections.abc import Iterator
from typing import Any

import numpy as np

_BLOCK_VALUES = 1 << 20  # looked at together, so that a mapped file may be larger than memory


def check_finite(rows: Any, source: str) -> None:
    """Refuse NaN and infinity, and say where.

    Raises
    ------
    ValueError
        If a value is not finite.
    """
    if rows.dtype.kind != "f":
        return
    if not isinstance(rows, np.ndarray):  # sparse
        if not np.isfinite(rows.data).all():
            raise ValueError(f"{source} holds NaN or infinity, expected finite numbers")
        return
    for first, block in _blocks(rows):
        finite = np.isfinite(block)
        if not finite.all():
            row, column = np.argwhere(~finite)[0]
            raise ValueError(
                f"{source}: row {first + row + 1}, column {column + 1} (both from 1) is "
                f"{block[row, column]}, expected finite numbers"
            )


def check_values(rows: Any, model: Any, source: str) -> None:
    """Refuse values outside [0, 1] for a model that takes states of units, unless its threshold makes
    states of them.

    Raises
    ------
    ValueError
        If there are some.
    """
    from ...estimator.input import beyond_unit_interval, greatest_level

    if not takes_states(model) or rows.dtype == np.bool_:
        return  # what other models take they say themselves
    if isinstance(model.binarize, float | int):
        return
    extremes = [(block.min(), block.max()) for _, block in _blocks(rows)]
    low, high = (
        float(min(pair[0] for pair in extremes)) + 0.0,  # never -0
        float(max(pair[1] for pair in extremes)) + 0.0,
    )
    if beyond_unit_interval(low, high):
        largest = greatest_level(high)
        middle = largest // 2 if largest >= 2 else largest / 2
        way = "scale them to [0, 1]" if low < 0 else f"divide grey levels by {largest:.9g}"
        raise ValueError(
            f"{source} holds values from {low:.9g} to {high:.9g}, but units take values in [0, 1]: "
            f"{way}, or give a threshold (--binarize {middle:.9g})"
        )


def check_states(rows: Any, model: Any, source: str) -> None:
    """Refuse values between 0 and 1 for a model of binary units: it says how likely states are.

    Raises
    ------
    ValueError
        If there are some, and the model has no threshold.
    """
    from scipy import sparse

    if not takes_states(model) or isinstance(model.binarize, float | int):
        return
    blocks = (block.data if sparse.issparse(block) else block for _, block in _blocks(rows))
    if any(((block != 0) & (block != 1)).any() for block in blocks):
        raise ValueError(
            f"{source} holds values between 0 and 1, but scores are of states: give a threshold "
            "(--binarize 0.5)"
        )


def takes_states(model: Any) -> bool:
    """Whether its visible units are 0 or 1, so that other values are probabilities or need a threshold."""
    return hasattr(model, "binarize") and model.visible == "bernoulli"


def _blocks(rows: Any) -> Iterator[tuple[int, Any]]:
    """(first row, rows) one after the other."""
    n = max(1, _BLOCK_VALUES // rows.shape[1])
    for first in range(0, rows.shape[0], n):
        yield first, rows[first : first + n]
