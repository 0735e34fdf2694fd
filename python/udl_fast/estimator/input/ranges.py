"""What values may be: ranges that the engines can sum, and that units expect."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import _core
from ...exceptions import warn_caller
from ...runtime import resolve_n_jobs

_LARGEST_FLOAT32 = float(np.finfo(np.float32).max)
_FLOAT32_ROUNDING = float(np.finfo(np.float32).eps)
_BYTE, _FEW_LEVELS = 255.0, 16.0  # largest grey levels of bytes, and of scikit-learn's digits
_LARGEST_SUMMED = 2.0**96  # of input: with weights below 2^15, 2^16 units are summed within float32


def check_units(
    rows: _core.Rows,
    owner: str,
    argument: str,
    advice: str,
    *,
    double: bool,
    n_jobs: int | None = None,
) -> None:
    """Real values of Bernoulli units: an error if the engine cannot sum them, a warning if they are
    neither states nor probabilities, with advice how to mend them, in which {scaled} stands for what brings
    them to [0, 1]."""
    if rows.kind == "bits":
        return
    low, high = value_range(rows, n_jobs)
    check_range(low, high, f"{owner}: {argument}", double=double)
    if beyond_unit_interval(low, high):
        warn_caller(
            f"{owner}: {argument} holds values from {low:.9g} to {high:.9g}, but Bernoulli units expect "
            f"values in [0, 1]. {advice.format(scaled=scaling(low, high))}.",
            UserWarning,
        )


def scaling(low: float, high: float, name: str = "X") -> str:
    """What brings values from `low` to `high` to [0, 1]; beyond 16, up to 255, they look like bytes."""
    if low < 0:
        shifted = f"{name} - {low:.9g}".replace("- -", "+ ")
        return shifted if high - low == 1 else f"({shifted}) / {high - low:.9g}"
    largest = greatest_level(high)
    return f"grey levels: {name} / 255" if largest == _BYTE else f"{name} / {largest:.9g}"


def greatest_level(high: float) -> float:
    """Of which `high` is the largest that occurs."""
    return _BYTE if _FEW_LEVELS < high <= _BYTE and high == int(high) else high


def beyond_unit_interval(low: float, high: float) -> bool:
    """Whether values from `low` to `high` leave [0, 1] by more than float32 rounds: scaling to [0, 1] may end
    one rounding of float64 above 1."""
    return beyond(low, high, 0.0, 1.0)


def beyond(low: float, high: float, least: float, greatest: float) -> bool:
    """Whether values from `low` to `high` leave an interval by more than float32 rounds about 1."""
    return low < least - _FLOAT32_ROUNDING or high > greatest + _FLOAT32_ROUNDING


def value_range(rows: _core.Rows, n_jobs: int | None = None) -> tuple[float, float]:
    """The smallest and the largest value of some rows; never -0, which texts would show."""
    low, high = rows.value_range(resolve_n_jobs(n_jobs))
    return low + 0.0, high + 0.0


def check_finite(values: NDArray[Any], name: str, *, double: bool) -> None:
    """An error if real values are NaN or infinite, or would be in the engine's arithmetic."""
    if not np.isfinite(values).all():
        raise ValueError(f"{name} holds NaN or infinity")
    if values.size:
        largest = float(np.abs(values).max())
        _check_size(largest, _LARGEST_FLOAT32, name, double=double)


def check_range(low: float, high: float, name: str, *, double: bool) -> None:
    """An error if input from `low` to `high`, of finite values, is beyond what the engine can sum."""
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError(
            f"{name} stores values several times in one place that add up to more than float64 holds, or NaN or "
            "infinity"
        )
    _check_size(max(abs(low), abs(high)), _LARGEST_SUMMED, name, double=double)


def _check_size(size: float, limit: float, name: str, *, double: bool) -> None:
    if not double and size > limit:
        raise ValueError(
            f"{name} holds values up to {size:.4g} in size, beyond {limit:.4g}: the model computes in "
            "float32, where sums of them are no numbers"
        )
