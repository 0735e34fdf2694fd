"""Nonlinear conjugate gradients: a few line searches on a minibatch, as in Hinton and Salakhutdinov 2006."""

from __future__ import annotations

import numpy as np

from .line_search import dot, line_search
from .objective import Objective, Vector

_LINE_SEARCHES = 3  # on a minibatch: Hinton and Salakhutdinov 2006
_CURVATURE = (
    0.4  # the share of a slope that a line search may leave: SciPy's own choice for this method
)
_LEAST_DESCENT = 0.01  # of that along the gradient itself: Gilbert and Nocedal 1992


def conjugate_gradients(objective: Objective) -> bool:
    """A few line searches from where the net is; whether the objective was finite there.

    A search that finds nothing, or no number, is the last, and the net is where the one before it ended.
    """
    point = objective.rounded(objective.net.parameters())
    value, gradient = objective.at(point)
    if not np.isfinite(value):
        return False
    direction = -gradient
    value_before = value + 0.5 * float(
        np.sqrt(dot(gradient, gradient))
    )  # first tries a step of length one
    for _ in range(_LINE_SEARCHES):
        found = line_search(
            objective,
            point,
            direction,
            value,
            gradient,
            curvature=_CURVATURE,
            value_before=value_before,
        )
        if found is None or not np.isfinite(objective.value(found)):
            break
        point, value_before, gradient_before = found, value, gradient
        value, gradient = objective.at(point)
        direction = next_direction(direction, gradient, gradient_before)
    return bool(np.isfinite(objective.rounded(point)).all())


def next_direction(direction: Vector, gradient: Vector, gradient_before: Vector) -> Vector:
    """By the rule of Polak and Ribiere, never backwards ("PR+": Nocedal and Wright, section 5.2); downhill where
    that would not lead down enough."""
    squared = dot(gradient, gradient)
    change = squared - dot(gradient, gradient_before)
    share = max(0.0, change / dot(gradient_before, gradient_before))
    conjugate = share * direction - gradient
    leads_down = dot(conjugate, gradient) <= -_LEAST_DESCENT * squared
    return conjugate if leads_down else -gradient
