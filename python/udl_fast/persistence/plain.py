"""Values as JSON has them, so that what is written can be read; what has no such form is refused by its name."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np

from .templates import OMITTED, check_class, is_template, saved_parameters

__all__ = ["plain_history", "plain_parameters"]


def plain_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Constructor parameters but those of the caller. A random generator becomes None: a fitted model
    draws from its own seed. A model among them, a template, becomes its class and its own parameters.

    Raises
    ------
    TypeError
        Naming the parameter that is neither number, text nor model, nor a list of such.
    ValueError
        Naming a template whose class files cannot name.
    """
    found = {}
    for name, value in sorted(parameters.items()):
        if name == "random_state":
            found[name] = int(value) if isinstance(value, numbers.Integral) else None
        elif name not in OMITTED:
            found[name] = _parameter(value, name)
    return found


def _parameter(value: Any, name: str) -> Any:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_parameter(part, name) for part in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, numbers.Real):
        return _number(value)
    if is_template(value):
        return _template(value, name)
    raise TypeError(f"{name} must hold numbers or texts, got {value!r}")


def _template(model: Any, name: str) -> dict[str, Any]:
    try:
        check_class(type(model))
        parameters = plain_parameters(saved_parameters(model))
    except (ValueError, TypeError) as error:
        raise type(error)(f"{name}: {error}") from None
    return {"model": type(model).__name__, "parameters": parameters}


def plain_history(history: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """Measurements: numbers by name, None for those that are not finite; and names of stages.

    Raises
    ------
    TypeError
        Naming what is neither.
    """
    return {
        name: [_measured(value, f"history_[{name!r}]") for value in values]
        for name, values in history.items()
    }


def _measured(value: Any, name: str) -> Any:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (numbers.Real, np.bool_)):
        number = _number(value)
        return None if isinstance(number, float) and not math.isfinite(number) else number
    raise TypeError(f"{name} must hold numbers, got {value!r}"[:200])


def _number(value: Any) -> int | float:
    """Python's own: those of NumPy, fractions and truth values become int or float."""
    return int(value) if isinstance(value, (numbers.Integral, np.bool_)) else float(value)
