"""Checks of parameters, with errors that name what came and what was expected."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np


def check_integer(owner: object, name: str, minimum: int = 1) -> int:
    """The integer parameter `name` of an estimator, at least `minimum`."""
    value: Any = getattr(owner, name)
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(_text(owner, name, "must be an integer", value))
    if value < minimum:
        raise ValueError(_text(owner, name, f"must be >= {minimum}", value))
    return int(value)


def check_number(
    owner: object,
    name: str,
    minimum: float = -math.inf,
    maximum: float = math.inf,
    optional: bool = False,
) -> float | None:
    """The finite real parameter `name` of an estimator, within the bounds; None where
    `optional`."""
    value: Any = getattr(owner, name)
    if value is None and optional:
        return None
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(_text(owner, name, "must be a number", value))
    if not math.isfinite(value) or not minimum <= float(value) <= maximum:
        raise ValueError(_text(owner, name, f"must be {_bounds(minimum, maximum)}", value))
    return float(value)


def _bounds(minimum: float, maximum: float) -> str:
    """What is allowed, in words."""
    if maximum < math.inf:
        return f"between {minimum:g} and {maximum:g}"
    return "finite" if minimum == -math.inf else f"finite and at least {minimum:g}"


def check_flag(owner: object, name: str) -> bool:
    """The boolean parameter `name` of an estimator."""
    value = getattr(owner, name)
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(_text(owner, name, "must be True or False", value))
    return bool(value)


def check_choice(
    owner: object, name: str, available: tuple[str, ...], planned: tuple[str, ...] = ()
) -> str:
    """The string parameter `name`: one of `available`; `planned` ones raise NotImplementedError."""
    value = getattr(owner, name)
    if isinstance(value, str) and value in available:
        return value
    if isinstance(value, str) and value in planned:
        raise NotImplementedError(
            _text(owner, name, f"can only be {' or '.join(map(repr, available))} yet", value)
        )
    expected = " or ".join(map(repr, (*available, *planned)))
    raise ValueError(_text(owner, name, f"must be {expected}", value))


def _text(owner: object, name: str, expected: str, value: object) -> str:
    return f"{type(owner).__name__}: {name} {expected}, got {value!r}"
