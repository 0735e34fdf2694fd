"""Stacks that begin with layers which another model has learned."""

from __future__ import annotations

from typing import TypeVar

from ..estimator.layered import Layered
from ..persistence.state import State
from ..persistence.templates import saved_parameters
from .stack import NetStack

Stack = TypeVar("Stack", bound=NetStack)

_KEPT = ("dtype", "feature_names", "history")


def begun_with(stack: Stack, other: Layered) -> Stack:
    """A model of these arguments that has the layers of another one, and stands before its own stage.

    Raises
    ------
    ValueError
        If the arguments do not go together, or the other one was stopped before all its layers had begun to learn.
    """
    stack._check_parameters()
    state = other._state()
    names = stack._inside_names()
    n_wanted = len(other.hidden_layer_sizes)
    if len(state.inside) < n_wanted:
        raise ValueError(
            f"{type(stack).__name__}: the {type(other).__name__} was stopped: {len(state.inside)} of its "
            f"{n_wanted} layers have begun to learn; finish it by resume"
        )
    values = {name: state.values[name] for name in (*stack._counts, *_KEPT) if name in state.values}
    values |= {
        "engine_precision": stack.precision,
        "position": {"stage": len(names), "epoch": 0},
        **stack._values_of_layers(),
    }
    inside = dict(zip(names, state.inside.values(), strict=True))
    made = type(stack)._from_state(
        State(type(stack).__name__, saved_parameters(stack), values, {}, inside)
    )
    # Objects of the caller are in no state.
    return made.set_params(**stack.get_params(deep=False))
