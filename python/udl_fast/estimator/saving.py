"""A fitted model as plain parts, for files, pickles and the way back to an earlier epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .. import registry
from ..persistence.state import State, check_state
from ..persistence.templates import saved_parameters, unfitted
from .training.transaction import at_rest, twin_of

if TYPE_CHECKING:
    from .engine import Engine
    from .model import Model

Made = TypeVar("Made", bound="Model")

# Of this process or of a fit that runs, so not part of a copy: arrays already read, and what
# scikit-learn's callback support keeps while fit runs.
_TRANSIENT = ("_arrays", "_callback_fit_ctx", "_skl_callbacks_to_teardown")
_LEARNED = ("n_iter_", "n_updates_", "_training_steps")  # counts that training changes


# ---- the tree of plain parts ----


def state_of(model: Model) -> State:
    """Everything of a fitted model but objects of the caller, at one moment outside of a pass."""
    model, arrays = at_rest(model)
    assert arrays is not None
    model._check_made()
    values: dict[str, Any] = {name: int(getattr(model, name)) for name in model._counts}
    values["engine_precision"] = model._engine.precision
    values["dtype"] = np.dtype(model._dtype).name
    values["history"] = _copied_history(model.history_)
    if "feature_names_in_" in model.__dict__:
        values["feature_names"] = [str(name) for name in model.feature_names_in_]
    if len(model._stages()) > 1 or model._inside_names():
        values["position"] = dict(zip(("stage", "epoch"), model._position, strict=True))
    for name, rule in model._values.items():
        values[name] = rule.plain(getattr(model, name))
    for name, rule in model._optional_values.items():
        if name in model.__dict__:
            values[name] = rule.plain(model.__dict__[name])
    inside = {name: part._state() for name, part in model._inside.items()}
    return State(type(model).__name__, saved_parameters(model), values, arrays, inside)


def model_of(model_class: type[Made], state: State) -> Made:
    """The model that `state_of` took apart; a ValueError or TypeError says what is wrong with it."""
    model: Made = unfitted(model_class, state.parameters)
    values = state.values
    check_state(state, model._state_rules())
    if missing := [name for name in (*model._counts, *model._values) if name not in values]:
        raise ValueError(f"it lacks {', '.join(missing)}")
    # First, for what the engine is made of may depend on them.
    for name, rule in model._values.items():
        setattr(model, name, rule.attribute(values[name]))
    for name, rule in model._optional_values.items():
        if name in values:
            setattr(model, name, rule.attribute(values[name]))
    model._engine = _engine(model, state.arrays, values["engine_precision"])
    model._arrays = {}
    model._dtype = np.dtype(values["dtype"]).type
    model.history_ = {name: list(found) for name, found in values.get("history", {}).items()}
    if "feature_names" in values:
        model.feature_names_in_ = np.array(values["feature_names"], dtype=object)
    for name in model._counts:
        setattr(model, name, values[name])
    model._position = _position(state)
    model._check_inside(state, "")
    if model._inside_names():
        model._inside = {
            name: registry.class_of(registry.find(part.model))._from_state(part)
            for name, part in state.inside.items()
        }
    return model


def go_back(model: Model, state: State) -> None:
    """The model as it had learned when `state` was taken. Parameters, the history and draws outside of
    training stay as they are."""
    model.__dict__.update(_as_learned(model, state))


def _as_learned(model: Model, state: State) -> dict[str, Any]:
    """What a model had learned, those inside of it included, as attributes."""
    attributes: dict[str, Any] = {name: state.values[name] for name in _LEARNED}
    engine = _engine(model, state.arrays, state.values["engine_precision"])
    attributes |= {"_engine": engine, "_arrays": {}, "_position": _position(state)}
    if state.inside:
        parts = {name: (model._inside[name], part) for name, part in state.inside.items()}
        attributes["_inside"] = {
            name: twin_of(now, **_as_learned(now, part)) for name, (now, part) in parts.items()
        }
    return attributes


def _copied_history(history: Any) -> dict[str, list[Any]]:
    """Lists of its own, so that a copy does not watch the original learn."""
    if not isinstance(history, Mapping):
        raise TypeError(f"history_ must be a dict of lists, got {history!r}"[:200])
    for name, values in history.items():
        if not isinstance(name, str) or not isinstance(values, list):
            raise TypeError(f"history_ must hold lists by name, got {name!r}: {values!r}"[:200])
    return {name: list(values) for name, values in history.items()}


def _position(state: State) -> tuple[int, int]:
    """Of files without it: of one stage, in which a model inside may learn."""
    epoch = next((part.values["n_iter_"] for part in state.inside.values()), 0)
    position = state.values.get("position", {"stage": 0, "epoch": epoch})
    return (position["stage"], position["epoch"])


def _engine(model: Model, arrays: Mapping[str, NDArray[Any]], precision: str) -> Engine:
    """An engine with these arrays."""
    sizes = {
        dim: size
        for name, rule in model._array_rules().items()
        if name in arrays
        for dim, size in zip(rule.dims, arrays[name].shape, strict=True)
    }
    engine = model._bare_engine(sizes, precision)
    engine.set_state(dict(arrays))
    return engine


# ---- pickling: arrays instead of the engine, no code run on load beyond rebuilding it ----


def pickled(
    attributes: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]] | None
) -> dict[str, Any]:
    """Attributes of a model, and arrays of its engine if it has one, in the form that is pickled and copied."""
    state = {name: value for name, value in attributes.items() if name not in _TRANSIENT}
    if "history_" in state:
        state["history_"] = _copied_history(state["history_"])
    engine = state.pop("_engine", None)
    if engine is not None:
        state["_engine_state"] = {"precision": engine.precision, "arrays": arrays}
    if "_inside" in state:
        state["_inside"] = {
            name: (type(part), part.__getstate__()) for name, part in state["_inside"].items()
        }
    return state


def unpickled_inside(parts: Mapping[str, tuple[type[Model], dict[str, Any]]]) -> dict[str, Model]:
    """Models inside from their pickled form."""
    found: dict[str, Model] = {}
    for name, (model_class, state) in parts.items():
        found[name] = model_class.__new__(model_class)
        found[name].__setstate__(state)
    return found


def unpickled_engine(model: Model, saved: Mapping[str, Any]) -> Engine:
    """The engine from its pickled form. The first one had arrays beside a dict of the optimiser's."""
    arrays = saved.get("arrays")
    if arrays is None:
        named = {name: saved[name] for name in saved if name not in ("precision", "optimizer")}
        arrays = {**named, **saved["optimizer"]}
    return _engine(model, arrays, saved["precision"])
