"""What a state says beside parameters and arrays, by the names of the model's attributes, and its checks.

- `engine_precision` and `dtype`: of the engine's arrays, and of the fitted attributes.
- `_seed`, `n_iter_`, `n_updates_`, `_training_steps`, `_sampling_steps`, `n_features_in_`: integers.
- `feature_names`, if the data had names; `history`: lists of numbers by name.
- `position`, of models that learn in several stages: the stage and the epochs finished in it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

__all__ = ["LARGEST_STEP", "NAMES", "check_values"]

LARGEST_STEP = 2**48 - 1  # draws name their step by 48 bits

_CHOICES = {
    "engine_precision": ("fixed", "fast", "float64"),
    "dtype": ("float32", "float64"),
}
_LARGEST = {
    "_seed": 2**64 - 1,
    "n_iter_": 2**62,
    "n_updates_": LARGEST_STEP,  # each numbers the draws that present its rows
    "_training_steps": LARGEST_STEP,
    "n_features_in_": 2**31,
}
_OF_SOME = {"_sampling_steps": LARGEST_STEP}  # of models that draw
_POSITION = {"stage": 2**20, "epoch": 2**62}
_LARGEST_MEASURED = 2**1023  # every integer up to here is a float, too
_OPTIONAL = ("feature_names", "history", "position")

NAMES = (  # in the order in which files have them
    *_CHOICES,
    "_seed",
    "n_iter_",
    "n_updates_",
    "_training_steps",
    "_sampling_steps",
    "n_features_in_",
    *_OPTIONAL,
)


def check_values(values: Mapping[str, Any], path: str = "") -> None:
    """An error unless every value is of its kind and within its range.

    Raises
    ------
    ValueError
        Naming the value, with `path` before its name.
    """
    for name in values:
        if name not in NAMES:
            raise ValueError(f"{path}{name[:80]} is no value of a model")
    for name, choices in _CHOICES.items():
        value = values.get(name)
        if not (isinstance(value, str) and value in choices):
            raise ValueError(f"{path}{name} is {str(value)[:80]!r}, expected {_either(choices)}")
    _check_integers(values, _LARGEST, path)
    _check_integers(values, {n: m for n, m in _OF_SOME.items() if n in values}, path)
    if "feature_names" in values:
        _check_feature_names(values["feature_names"], values["n_features_in_"], path)
    if "history" in values:
        _check_history(values["history"], path)
    if "position" in values:
        _check_position(values["position"], path)


def _check_integers(values: Mapping[str, Any], largest: Mapping[str, int], path: str) -> None:
    for name, limit in largest.items():
        value = values.get(name)
        if type(value) is not int or not 0 <= value <= limit:
            raise ValueError(
                f"{path}{name} is {str(value)[:80]}, expected an integer from 0 to {limit}"
            )


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
