"""How far to go along a line."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .objective import Objective, Vector

_MOST_EVALUATIONS = 20
_ARMIJO = (
    1e-4  # the fall that is asked for, of what the slope promises (Nocedal and Wright, section 3.1)
)


def dot(a: NDArray[Any], b: NDArray[Any]) -> float:
    """In double, in an order that does not depend on the number of threads of a BLAS."""
    return float(np.multiply(a, b, dtype=np.float64).sum())


def line_search(
    objective: Objective,
    start: Vector,
    direction: Vector,
    value: float,
    gradient: Vector,
    *,
    curvature: float,
    value_before: float | None = None,
) -> Vector | None:
    """A point that meets the strong Wolfe conditions; None if there is none.

    SciPy searches for the length, one number: for whole vectors it would ask a BLAS, whose threads then wait for
    more on the processors that the next gradient needs, and whose sums depend on their number.

    Parameters
    ----------
    curvature : float
        The share of the slope at the start that may be left at the end.
    value_before : float, default=None
        The objective before the last step. A length is tried first that would make it fall as much again, if that
        is less than 1; without it that is 1.
    """
    from scipy import optimize

    slope = dot(direction, gradient)
    if not slope < 0:
        return None

    def value_at(length: Vector) -> float:
        return objective.value(start + length * direction)

    def slope_at(length: Vector) -> Vector:
        return np.array([dot(direction, objective.gradient(start + length * direction))])

    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):  # it warns of None
        length = optimize.line_search(
            value_at,
            slope_at,
            np.zeros(1),
            np.ones(1),
            np.array([slope]),
            value,
            value_before,
            c1=_ARMIJO,
            c2=curvature,
            maxiter=_MOST_EVALUATIONS,
        )[0]
    return None if length is None else start + length * direction
