"""A fitted model as plain parts, for files, pickles and the way back to an earlier epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..persistence.state import State

if TYPE_CHECKING:
    from .engine import Engine
    from .model import Model

Made = TypeVar("Made", bound="Model")

# Of this process or of a fit that runs, so not part of a copy: arrays already read, and what
# scikit-learn's callback support keeps while fit runs.
_TRANSIENT = ("_arrays", "_callback_fit_ctx", "_skl_callbacks_to_teardown")
_OBJECTS = ("callbacks",)  # parameters that belong to the caller


# ---- the tree of plain parts ----


def state_of(model: Model) -> State:
    """Everything of a fitted model but objects of the caller."""
    names = getattr(model, "feature_names_in_", ())
    values = {
        "precision": model._engine.precision,
        "dtype": np.dtype(model._dtype).name,
        "counts": {name: int(getattr(model, name)) for name in model._counts},
        "position": list(model._position),
        "feature_names": [str(name) for name in names],
        "history": {name: list(found) for name, found in model.history_.items()},
    }
    return State(type(model).__name__, plain_parameters(model), values, model._engine.state())


def plain_parameters(model: Model) -> dict[str, Any]:
    """Constructor parameters as numbers, words and None. A random generator becomes None: a fitted
    model draws from its own seed."""
    found = {}
    for name, value in model.get_params(deep=False).items():
        if name in _OBJECTS:
            continue
        if isinstance(value, np.generic):
            value = value.item()
        if name == "random_state" and not isinstance(value, int | None):
            value = None
        found[name] = value
    return found


def model_of(model_class: type[Made], state: State) -> Made:
    """The model that `state_of` took apart; a ValueError or TypeError says what is wrong with it."""
    model = _constructed(model_class, state.parameters)
    values = state.values
    counts = _checked_counts(values.get("counts"), model_class._counts)
    sizes = _sizes(model, state.arrays)
    n_features = sizes[model._input_size]
    if counts["n_features_in_"] != n_features:
        raise ValueError(
            f"n_features_in_ is {counts['n_features_in_']}, {_widest(model)} have {n_features}"
        )
    names = values.get("feature_names", [])
    if names and len(names) != n_features:
        raise ValueError(f"{len(names)} feature names for {n_features} features")
    engine = model._bare_engine(sizes, values["precision"])
    engine.set_state(dict(state.arrays))
    model._engine = engine
    model._arrays = {}
    model._dtype = np.dtype(values["dtype"]).type
    model.history_ = {name: list(found) for name, found in values.get("history", {}).items()}
    if names:
        model.feature_names_in_ = np.array(names, dtype=object)
    _take_counts(model, counts, values)
    return model


def _constructed(model_class: type[Made], parameters: Mapping[str, Any]) -> Made:
    """An unfitted model with these parameters, each checked as `fit` checks them."""
    model = model_class()
    known = model.get_params(deep=False)
    for name in parameters:
        if name not in known or name in _OBJECTS:
            raise ValueError(f"it has an unknown parameter {name[:80]!r}")
    model.set_params(**parameters)
    try:
        model._check_parameters()
    except NotImplementedError as error:
        raise ValueError(str(error)) from None
    return model


def _checked_counts(saved: Any, largest: Mapping[str, int]) -> dict[str, int]:
    if not isinstance(saved, dict):
        raise ValueError(f"counts is {str(saved)[:80]!r}")
    for name, bound in largest.items():
        value = saved.get(name)
        if type(value) is not int or not 0 <= value <= bound:
            raise ValueError(f"{name} is {str(value)[:80]}, expected an integer from 0 to {bound}")
    return {name: saved[name] for name in largest}


def _sizes(model: Model, arrays: Mapping[str, NDArray[Any]]) -> dict[str, int]:
    """Dimensions by the names that the array rules give them."""
    sizes: dict[str, int] = {}
    for name, rule in model._array_rules().items():
        if name not in arrays:
            if not rule.optional:
                raise ValueError(f"it lacks {name}")
            continue
        shape = arrays[name].shape
        if len(shape) != len(rule.dims) or any(
            sizes.setdefault(dim, size) != size for dim, size in zip(rule.dims, shape, strict=True)
        ):
            raise ValueError(f"{name} has shape {shape}, expected ({', '.join(rule.dims)})")
    return sizes


def _widest(model: Model) -> str:
    """Name of the first array that is as wide as the input."""
    return next(
        name for name, rule in model._array_rules().items() if model._input_size in rule.dims
    )


# ---- back to an earlier epoch ----


def go_back(model: Model, state: State) -> None:
    """The model as it had learned when `state` was taken. Parameters, the history and draws outside of
    training stay as they are."""
    model._engine.set_state(dict(state.arrays))
    model._arrays.clear()
    learned = ("n_iter_", "n_updates_", "_training_steps")
    _take_counts(model, {name: state.values["counts"][name] for name in learned}, state.values)


def _take_counts(model: Model, counts: Mapping[str, int], values: Mapping[str, Any]) -> None:
    for name, value in counts.items():
        setattr(model, name, value)
    stage, epoch = values.get("position", (0, 0))
    model._position = (int(stage), int(epoch))


# ---- pickling: arrays instead of the engine, no code run on load beyond rebuilding it ----


def pickled(model: Model, attributes: dict[str, Any]) -> dict[str, Any]:
    """Attributes of a model in the form that is pickled and copied."""
    state = {name: value for name, value in attributes.items() if name not in _TRANSIENT}
    if "history_" in state:  # a copy of the model does not watch the original learn
        state["history_"] = {name: list(values) for name, values in state["history_"].items()}
    engine = state.pop("_engine", None)
    if engine is not None:
        state["_engine_state"] = {"precision": engine.precision, "arrays": engine.state()}
    return state


def unpickled_engine(model: Model, saved: Mapping[str, Any]) -> Engine:
    """The engine from its pickled form, of this version or an older one."""
    arrays = saved.get("arrays")
    if arrays is None:  # version 0.1
        named = {name: saved[name] for name in saved if name not in ("precision", "optimizer")}
        arrays = {**named, **saved["optimizer"]}
    engine = model._bare_engine(_sizes(model, arrays), saved["precision"])
    engine.set_state(dict(arrays))
    return engine
