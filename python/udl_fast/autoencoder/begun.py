"""Stacks that begin with layers which another model has learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sklearn.base import clone

from ..dbn.up_down.fine_tuning import directed_halves
from ..estimator.layered import Layered
from ..persistence.state import State
from ..persistence.templates import saved_parameters
from .pretraining import RBMPretraining
from .stack import HalfLayers, NetStack

if TYPE_CHECKING:
    from ..dbn import DBN

Stack = TypeVar("Stack", bound=NetStack)
OfRBMs = TypeVar("OfRBMs", bound=RBMPretraining)

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


def begun_with_dbn(stack_class: type[OfRBMs], dbn: DBN, parameters: dict[str, Any]) -> OfRBMs:
    """A model whose layers are those of a deep belief net, after `up_down` each with both its ways.

    Raises
    ------
    ValueError
        As `begun_with`, or if the net has units that an autoencoder has not.
    """
    dbn._check_fitted()
    if dbn.labels:
        raise ValueError(
            f"{stack_class.__name__}: the net has label units, which an autoencoder has not; give one without"
        )
    layers = dbn.layers_
    of_units = stack_class._arguments_of_units(layers[0].visible, layers[-1].hidden)
    sizes = [layer.n_components for layer in layers]
    # `fit` would learn such layers anew, from probabilities, whose pairs are not counted.
    templates = [clone(layer).set_params(statistics="mean") for layer in layers]
    stack: Any = stack_class
    made: OfRBMs = begun_with(stack(sizes, rbm=templates, **of_units | parameters), dbn)
    if (halves := directed_halves(dbn)) is not None:
        made._engine = made._net_of([HalfLayers(*each) for each in halves])
    return made
