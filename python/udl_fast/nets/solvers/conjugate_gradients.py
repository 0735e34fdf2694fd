"""Nonlinear conjugate gradients: a few line searches on a minibatch, as in Hinton and Salakhutdinov 2006."""

from __future__ import annotations

import numpy as np

from .line_search import dot, line_search
from .objective import Objective, Vector

# On a minibatch: Hinton and Salakhutdinov 2006.
_LINE_SEARCHES = 3
# The share of a slope that a search may leave, and how much more than as far as to fall as much again is tried
# first: SciPy's own choices for this method.
_CURVATURE = 0.4
_FIRST_SHARE = 1.01
# Of that along the gradient itself: Gilbert and Nocedal 1992.
_LEAST_DESCENT = 0.01


@np.errstate(all="ignore")  # what overflows ends a search
def conjugate_gradients(objective: Objective) -> bool:
    """A few line searches from where the net is; whether the objective was finite there.

    A search that finds nothing is the last, and the net is where the one before it ended. There is
    no tolerance: on the next minibatch the same point may be a poor one.
    """
    point = objective.rounded(objective.net.parameters())
    value, gradient = objective.at(point)
    if not np.isfinite(value):
        return False
    direction = -gradient
    # As if it had fallen so much before: the first step that is tried has a length of one at most.
    fall = 0.5 * float(np.sqrt(dot(gradient, gradient)))
    for _ in range(_LINE_SEARCHES):
        slope = dot(direction, gradient)
        length = min(1.0, -2 * _FIRST_SHARE * fall / slope) if fall > 0 and slope < 0 else 1.0
        found = line_search(
            objective, point, direction, value, gradient, curvature=_CURVATURE, first_length=length
        )
        if found is None:
            break
        point, value_before, gradient_before = found, value, gradient
        value, gradient = objective.at(point)
        fall = value_before - value
        direction = next_direction(direction, gradient, gradient_before)
    return bool(np.isfinite(objective.rounded(point)).all())


def next_direction(direction: Vector, gradient: Vector, gradient_before: Vector) -> Vector:
    """By the rule of Polak and Ribiere, never backwards ("PR+": Nocedal and Wright, section 5.2); downhill where
    that would not lead down enough."""
    squared, squared_before = dot(gradient, gradient), dot(gradient_before, gradient_before)
    if squared_before == 0:
        return -gradient
    share = max(0.0, (squared - dot(gradient, gradient_before)) / squared_before)
    conjugate = share * direction - gradient
    leads_down = dot(conjugate, gradient) <= -_LEAST_DESCENT * squared
    return conjugate if leads_down else -gradient
