"""State trees of models, and models of state trees.

A class says by `_state`, `_from_state` and `_array_rules` how. RBMs, which have their arrays in an engine,
are served here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import registry
from .state import ArrayRule, State
from .values import NAMES

__all__ = ["array_rules", "check_parameters", "model_from", "state_of"]

_RBM_RULES = {
    "weights": ArrayRule("real", ("n_hidden", "n_visible")),
    "hidden_bias": ArrayRule("real", ("n_hidden",)),
    "visible_bias": ArrayRule("real", ("n_visible",)),
    "weight_velocity": ArrayRule("real", ("n_hidden", "n_visible"), optional=True),
    "hidden_velocity": ArrayRule("real", ("n_hidden",)),
    "visible_velocity": ArrayRule("real", ("n_visible",)),
    "mean_activation": ArrayRule("real", ("n_hidden",), optional=True),
    "chains": ArrayRule("bits", ("n_chains", "n_hidden")),
}
_PARAMETERS = (
    "weights",
    "hidden_bias",
    "visible_bias",
)  # of the engine; the rest is its optimiser's


def state_of(model: Any) -> State:
    """Of a fitted model."""
    if hasattr(model, "_state"):
        found: State = model._state()
        return found
    attributes = model.__getstate__()
    engine = attributes["_engine_state"]
    values: dict[str, Any] = {name: int(attributes[name]) for name in NAMES if name in attributes}
    values["engine_precision"] = engine["precision"]
    values["dtype"] = np.dtype(attributes["_dtype"]).name
    values["history"] = attributes.get("history_", {})
    if "feature_names_in_" in attributes:
        values["feature_names"] = [str(name) for name in attributes["feature_names_in_"]]
    arrays = {name: engine[name] for name in _PARAMETERS} | engine["optimizer"]
    arrays["chains"] = engine["chains"]
    return State(type(model).__name__, model.get_params(deep=False), values, arrays)


def model_from(state: State) -> Any:
    """A fitted model; the state has been checked."""
    cls: Any = registry.class_of(registry.find(state.model))
    if hasattr(cls, "_from_state"):
        return cls._from_state(state)
    model = cls(**state.parameters)
    values = dict(state.values)
    attributes = {"_dtype": getattr(np, values.pop("dtype"))}
    attributes["history_"] = values.pop("history", {})
    if "feature_names" in values:
        attributes["feature_names_in_"] = np.array(values.pop("feature_names"), dtype=object)
    optimizer = state.arrays.keys() - {*_PARAMETERS, "chains"}
    attributes["_engine_state"] = {
        **{name: state.arrays[name] for name in _PARAMETERS},
        "precision": values.pop("engine_precision"),
        "optimizer": {name: state.arrays[name] for name in optimizer},
        "chains": state.arrays["chains"],
    }
    model.__setstate__(model.__getstate__() | values | attributes)
    return model


def array_rules(model: Any) -> Mapping[str, ArrayRule]:
    """What the arrays of a model with these parameters must be."""
    if hasattr(model, "_array_rules"):
        found: Mapping[str, ArrayRule] = model._array_rules()
        return found
    return _RBM_RULES


def check_parameters(model: Any) -> None:
    """The checks of `fit`."""
    model._check_parameters()
