"""What a state says beside parameters and arrays, by the names of the model's attributes, and its checks.

- `engine_precision` and `dtype`: of the engine's arrays, and of the fitted attributes.
- `_seed`, `n_iter_`, `n_updates_`, `_training_steps`, `n_features_in_`: integers.
- `feature_names`, if the data had names; `history`: lists of numbers by name.
- `position`, of models that learn in several stages: the stage and the epochs finished in it.

A kind of model may declare more, each with a rule, such as the `_sampling_steps` of one that draws; nothing else
gets in.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

__all__ = [
    "COUNTS",
    "LARGEST_STEP",
    "Count",
    "Labels",
    "ValueRule",
    "Word",
    "check_values",
    "in_order",
]

LARGEST_STEP = 2**48 - 1  # draws name their step by 48 bits

_CHOICES = {
    "engine_precision": ("fixed", "fast", "float32", "float64"),
    "dtype": ("float32", "float64"),
}
_LARGEST = {
    "_seed": 2**64 - 1,
    "n_iter_": 2**62,
    "n_updates_": LARGEST_STEP,  # each numbers the draws that present its rows
    "_training_steps": LARGEST_STEP,
    "n_features_in_": 2**31,
}
COUNTS = tuple(_LARGEST)  # of every model
_POSITION = {"stage": 2**20, "epoch": 2**62}
_LARGEST_MEASURED = 2**1023  # every integer up to here is a float, too
_OPTIONAL = ("feature_names", "history", "position")

_NAMES = (  # in the order in which files have them
    *_CHOICES,
    "_seed",
    "n_iter_",
    "n_updates_",
    "_training_steps",
    "_sampling_steps",  # of models that draw
    "n_features_in_",
    *_OPTIONAL,
)


class ValueRule(Protocol):
    """What a value may be that a kind of model has beside those of all."""

    def check(self, value: Any, name: str) -> None:
        """A ValueError, naming the value, unless it is of its kind and within its range."""

    def plain(self, value: Any) -> Any:
        """The attribute of a model as JSON has it."""

    def attribute(self, plain: Any) -> Any:
        """The attribute again."""


class Count:
    """An integer from 0 to `largest`."""

    def __init__(self, largest: int = LARGEST_STEP) -> None:
        self._largest = largest

    def check(self, value: Any, name: str) -> None:
        """As every rule."""
        if type(value) is not int or not 0 <= value <= self._largest:
            raise ValueError(
                f"{name} is {str(value)[:80]}, expected an integer from 0 to {self._largest}"
            )

    def plain(self, value: Any) -> int:
        """As every rule."""
        return int(value)

    def attribute(self, plain: int) -> int:
        """As every rule."""
        return plain


class Word:
    """One of some words."""

    def __init__(self, choices: tuple[str, ...]) -> None:
        self._choices = choices

    def check(self, value: Any, name: str) -> None:
        """As every rule."""
        if not (isinstance(value, str) and value in self._choices):
            raise ValueError(f"{name} is {str(value)[:80]!r}, expected {_either(self._choices)}")

    def plain(self, value: Any) -> str:
        """As every rule."""
        return str(value)

    def attribute(self, plain: str) -> str:
        """As every rule."""
        return plain


class Labels:
    """The classes that a model tells apart, in ascending order: integers, truth values, finite numbers or texts,
    as `numpy.unique` gives them."""

    def check(self, value: Any, name: str) -> None:
        """As every rule."""
        if not isinstance(value, list) or not value:
            raise ValueError(f"{name} is {str(value)[:80]!r}, expected a list of classes")
        kinds = {type(label) for label in value}
        if len(kinds) > 1 or not kinds < {int, bool, float, str}:
            raise ValueError(f"{name} holds something other than numbers or texts of one kind")
        if kinds == {int} and max(map(abs, value)) >= 2**63:
            raise ValueError(f"{name} holds integers beyond 64 bits")
        if any(not first < second for first, second in pairwise(value)):
            raise ValueError(f"{name} is not in ascending order, each class once")

    def plain(self, value: Any) -> list[Any]:
        """As every rule."""
        return list(np.asarray(value).tolist())

    def attribute(self, plain: list[Any]) -> Any:
        """As every rule."""
        return np.array(plain)


def in_order(values: Iterable[str]) -> list[str]:
    """Names of values as files have them: those of all models, then those of its kind."""
    there = set(values)
    return [name for name in _NAMES if name in there] + sorted(there.difference(_NAMES))


def check_values(
    values: Mapping[str, Any], path: str = "", own: Mapping[str, ValueRule] | None = None
) -> None:
    """An error unless every value is of its kind and within its range.

    Parameters
    ----------
    values : mapping of str to object
    path : str
        Of the model within the whole: for messages.
    own : mapping of str to ValueRule, default=None
        Values of this kind of model.

    Raises
    ------
    ValueError
        Naming the value, with `path` before its name.
    """
    own = own or {}
    for name in values:
        if name not in (*_CHOICES, *COUNTS, *_OPTIONAL, *own):
            raise ValueError(f"{path}{name[:80]} is no value of a model")
    for name, choices in _CHOICES.items():
        value = values.get(name)
        if not (isinstance(value, str) and value in choices):
            raise ValueError(f"{path}{name} is {str(value)[:80]!r}, expected {_either(choices)}")
    _check_integers(values, _LARGEST, path)
    for name, rule in own.items():
        if name in values:
            rule.check(values[name], f"{path}{name}")
    if "feature_names" in values:
        _check_feature_names(values["feature_names"], values["n_features_in_"], path)
    if "history" in values:
        _check_history(values["history"], path)
    if "position" in values:
        _check_position(values["position"], path)


def _check_integers(values: Mapping[str, Any], largest: Mapping[str, int], path: str) -> None:
    for name, limit in largest.items():
        Count(limit).check(values.get(name), f"{path}{name}")


def _check_feature_names(names: Any, n_features: int, path: str) -> None:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{path}feature_names is no list of names")
    if len(names) != n_features:
        raise ValueError(f"{path}{len(names)} feature names for {n_features} features")


def _check_history(history: Any, path: str) -> None:
    """Lists of numbers of one length, by name; epochs are counted. Names of stages are names."""
    if not isinstance(history, dict) or not all(isinstance(v, list) for v in history.values()):
        raise ValueError(f"{path}history is no object of lists")
    for name, found in history.items():
        is_of_kind, what = _MEASURED.get(name, (_is_number, "numbers"))
        for value in found:
            if not is_of_kind(value):
                text = str(value)[:80]
                raise ValueError(
                    f"{path}history: {name[:80]} holds something other than {what}: {text!r}"
                )
    if len({len(found) for found in history.values()}) > 1:
        raise ValueError(f"{path}history holds lists of different lengths")


def _is_number(value: Any) -> bool:
    """A finite one, or None where there was none."""
    if type(value) is int:
        return abs(value) <= _LARGEST_MEASURED
    return value is None or (type(value) is float and math.isfinite(value))


def _is_epoch(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _LARGEST["n_iter_"]


def _is_name(value: Any) -> bool:
    return isinstance(value, str)


_MEASURED = {  # lists of the history that hold something else than numbers
    "epoch": (_is_epoch, "integers"),
    "stage": (_is_name, "names"),
}


def _check_position(position: Any, path: str) -> None:
    if not isinstance(position, dict) or position.keys() != _POSITION.keys():
        raise ValueError(f"{path}position is {str(position)[:80]}, expected stage and epoch")
    _check_integers(position, _POSITION, f"{path}position: ")


def _either(choices: tuple[str, ...]) -> str:
    return " or ".join(map(repr, choices))
