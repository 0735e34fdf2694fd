"""How far to go along a line."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .objective import Objective, Vector

# The fall that is asked for, of what the slope promises: Nocedal and Wright, section 3.1.
_ARMIJO = 1e-4


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
    first_length: float = 1.0,
) -> Vector | None:
    """A point that meets the strong Wolfe conditions; None where none is found, or none that has a value.

    SciPy searches, but for the length alone: one iteration of its BFGS in one dimension is its line search. With
    whole vectors it would ask a BLAS for sums, which depend on the number of its threads, and these then wait for
    more on the processors that the next gradient needs.

    Parameters
    ----------
    curvature : float
        The share of the slope at the start that may be left at the end.
    first_length : float, default=1.0
        What is tried first.
    """
    from scipy.optimize import minimize

    slope = dot(direction, gradient)
    unit = -slope * first_length  # in which values are measured: so SciPy first tries 1
    if not unit > 0:
        return None

    def point_at(share: float) -> Vector:
        return start + (share * first_length) * direction

    def value_and_slope(share: Vector) -> tuple[float, Vector]:
        there, gradient_there = objective.at(point_at(float(share[0])))
        slope_there = first_length * dot(direction, gradient_there)
        return (there - value) / unit, np.array([slope_there / unit])

    options = {"maxiter": 1, "gtol": 0.0, "c1": _ARMIJO, "c2": curvature}
    found = minimize(value_and_slope, np.zeros(1), jac=True, method="BFGS", options=options)
    share = float(found.x[0])
    if not share > 0:
        return None
    point = point_at(share)
    return point if np.isfinite(objective.value(point)) else None
