"""What a fitted model is, as a tree of plain values and arrays, and the checks of such a tree.

The tree serves files, pickles and callbacks that keep the best epoch. A model of several models has their
states inside its own. An array is called by its path: "weights", or "layers.0/weights" of a model inside. A model
of several layers in one engine names its own arrays so, too; then no model inside has the name of a layer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np

from .values import ValueRule, check_values

__all__ = [
    "Announced",
    "ArrayRule",
    "State",
    "StateRules",
    "arrays_by_path",
    "check_contents",
    "check_state",
]

_FEATURES = ("n_features", "n_visible")  # names of the dimension that n_features_in_ counts
_DTYPES = {"float32": "F32", "float64": "F64", "bool": "BOOL"}  # NumPy's names and those in files


@dataclass(frozen=True)
class State:
    """A fitted model.

    Attributes
    ----------
    model : str
        Name of its class, in the registry.
    parameters : dict
        Of the constructor, by name.
    values : dict
        Counters, seed and history; see :mod:`udl_fast.persistence.values`.
    arrays : dict
        By name, which may be a path: arrays, or what a file announces of them (:class:`Announced`).
    inside : dict of str to State
        Models that this one is made of, by names such as "layers.0".
    """

    model: str
    parameters: dict[str, Any]
    values: dict[str, Any]
    arrays: dict[str, Any]
    inside: dict[str, State] = field(default_factory=dict)


@dataclass(frozen=True)
class ArrayRule:
    """What an array of a model must be.

    A rule whose name leads to a model inside ("layers.1/weights") ties the shapes of models inside to each other.
    """

    kind: Literal["real", "bits"]  # real: at the precision of the engine, and finite
    dims: tuple[str, ...]  # dimensions of one name are of one size
    optional: bool = False
    may_be_empty: bool = False  # of real arrays: the first dimension is free, and may be 0


@dataclass(frozen=True)
class StateRules:
    """What a kind of model may have in its state.

    Attributes
    ----------
    arrays : mapping of str to ArrayRule
    inside : collection of str
        Names of the models inside; others are refused.
    values : mapping of str to ValueRule
        Of this kind of model, beside those that all have.
    """

    arrays: Mapping[str, ArrayRule]
    inside: Collection[str] = ()
    values: Mapping[str, ValueRule] = field(default_factory=dict)


class Announced(NamedTuple):
    """An array that is not read yet."""

    dtype: str  # "F32", "F64", "BOOL" and others of safetensors
    shape: tuple[int, ...]


def check_state(state: State, rules: StateRules, path: str = "") -> None:
    """An error unless values, names, dtypes and shapes are those of a model with these rules.

    Parameters
    ----------
    state : State
        Models inside are to be checked by rules of their own before.
    rules : StateRules
    path : str
        Of this model within the whole, "" or with a slash at its end: for messages.

    Raises
    ------
    ValueError
        Naming the array or value, by its path.
    """
    check_values(state.values, path, rules.values)
    _check_names(state, rules, path)
    real = "F64" if state.values["engine_precision"] == "float64" else "F32"
    for name, array in state.arrays.items():
        dtype = real if rules.arrays[name].kind == "real" else "BOOL"
        found = _DTYPES.get(str(array.dtype), str(array.dtype))
        if found != dtype:
            raise ValueError(f"{path}{name} has dtype {found}, expected {dtype}")
    _check_shapes(state, rules.arrays, path)


def check_contents(state: State) -> None:
    """An error unless real values are finite and bits are bits."""
    for path, array in arrays_by_path(state):
        if array.dtype == np.bool_:
            if array.size and array.view(np.uint8).max() > 1:
                raise ValueError(f"{path} holds bytes other than 0 and 1")
        elif not np.isfinite(array).all():
            raise ValueError(f"{path} holds NaN or infinity")


def arrays_by_path(state: State, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every array of the tree, with its path."""
    for name, array in state.arrays.items():
        yield path + name, array
    for name, child in state.inside.items():
        yield from arrays_by_path(child, f"{path}{name}/")


def _check_names(state: State, rules: StateRules, path: str) -> None:
    there = dict(arrays_by_path(state))
    arrays = rules.arrays.items()
    if missing := [name for name, rule in arrays if not rule.optional and name not in there]:
        raise ValueError(f"it lacks {_listed(missing, path)}")
    if stray := [name for name in state.arrays if name.partition("/")[0] in rules.inside]:
        raise ValueError(f"it holds arrays of models that it does not hold: {_listed(stray, path)}")
    if unknown := state.arrays.keys() - rules.arrays.keys():
        raise ValueError(f"it holds unknown arrays: {_listed(unknown, path)}")
    if unknown := state.inside.keys() - set(rules.inside):
        raise ValueError(f"it holds unknown models: {_listed(unknown, path)}")


def _listed(names: Collection[str], path: str) -> str:
    return ", ".join(path + name for name in sorted(names))[:80]


def _check_shapes(state: State, rules: Mapping[str, ArrayRule], path: str) -> None:
    """Every dimension has the size that its name had first."""
    there = dict(arrays_by_path(state))
    sizes: dict[str, int] = {}
    for name, rule in rules.items():
        if name not in there:
            continue
        shape = tuple(there[name].shape)
        expected = tuple(sizes.get(dim, dim) for dim in rule.dims)
        smallest = 1 if rule.kind == "real" and not rule.may_be_empty else 0
        if not _fits(shape, expected, smallest):
            raise ValueError(f"{path}{name} has shape {shape}, expected {_shape_text(expected)}")
        for dim, size in zip(rule.dims, shape, strict=True):
            if dim in _FEATURES and size != state.values["n_features_in_"]:
                raise ValueError(
                    f"{path}n_features_in_ is {state.values['n_features_in_']}, "
                    f"{path}{name} have {size}"
                )
            sizes[dim] = size


def _fits(shape: tuple[int, ...], expected: tuple[int | str, ...], smallest: int) -> bool:
    return len(shape) == len(expected) and all(
        size >= smallest if isinstance(wanted, str) else size == wanted
        for size, wanted in zip(shape, expected, strict=True)
    )


def _shape_text(expected: tuple[int | str, ...]) -> str:
    """As Python writes a tuple, with names of dimensions for sizes that are not known."""
    comma = "," if len(expected) == 1 else ""
    return f"({', '.join(map(str, expected))}{comma})"
