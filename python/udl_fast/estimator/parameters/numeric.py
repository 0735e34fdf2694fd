"""Arguments that are numbers, or sequences of sizes."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np

from .rule import Option, Rule
from .texts import parsed_integer, parsed_number, wrong

LARGEST_INTEGER = 2**63 - 1  # that the engine takes
LARGEST_SIZE = 2**31 - 1  # of a layer, or of a set of chains


class Integer(Rule):
    """An integer from `minimum` to `maximum`; None where `optional`."""

    def __init__(
        self,
        minimum: int = 1,
        maximum: int = LARGEST_INTEGER,
        *,
        optional: bool = False,
        dimension: str | None = None,
    ) -> None:
        self._minimum = minimum
        self._maximum = maximum
        self._optional = optional
        self.dimension = dimension

    def check(self, value: Any, name: str, owner: str) -> Any:
        if value is None and self._optional:
            return None
        if isinstance(value, bool) or not isinstance(value, numbers.Integral):
            raise TypeError(wrong(owner, name, "must be an integer", value))
        if int(value) < self._minimum:
            raise ValueError(wrong(owner, name, f"must be >= {self._minimum}", value))
        if int(value) > self._maximum:
            raise ValueError(wrong(owner, name, f"must be <= {self._maximum}", value))
        return int(value)

    def option(self) -> Option:
        return Option(parse=self._parsed, metavar="N")

    def _parsed(self, text: str) -> int:
        value = parsed_integer(text, self._minimum)
        if value > self._maximum:
            raise ValueError(f"must be <= {self._maximum}, got {text}")
        return value


class Number(Rule):
    """A finite real number within the bounds; None where `optional`."""

    def __init__(
        self, minimum: float = -math.inf, maximum: float = math.inf, *, optional: bool = False
    ) -> None:
        self._minimum = minimum
        self._maximum = maximum
        self._optional = optional

    def check(self, value: Any, name: str, owner: str) -> Any:
        if value is None and self._optional:
            return None
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise TypeError(wrong(owner, name, "must be a number", value))
        number = as_float(value)
        if not math.isfinite(number) or not self._minimum <= number <= self._maximum:
            raise ValueError(wrong(owner, name, f"must be {self._bounds()}", value))
        return number

    def _bounds(self) -> str:
        """What is allowed, in words."""
        if self._maximum < math.inf:
            return f"between {self._minimum:g} and {self._maximum:g}"
        return "finite" if self._minimum == -math.inf else f"finite and at least {self._minimum:g}"

    def option(self) -> Option:
        return Option(
            parse=lambda text: parsed_number(text, self._minimum, self._maximum), metavar="X"
        )


class Sizes(Rule):
    """A sequence of integers of at least 1, or None where `optional`; checked, it is a list."""

    def __init__(self, *, optional: bool = False) -> None:
        self._optional = optional

    def check(self, value: Any, name: str, owner: str) -> list[int] | None:
        if value is None and self._optional:
            return None
        if not is_sequence(value) or len(value) == 0:
            none = "None or " if self._optional else ""
            raise TypeError(wrong(owner, name, f"must be {none}a sequence of sizes", value))
        return [Integer(1, LARGEST_SIZE).check(size, name, owner) for size in value]

    def option(self) -> Option:
        return Option(
            parse=lambda text: [parsed_integer(size, 1) for size in text.split(",")],
            metavar="N,N,...",
        )


def is_sequence(value: Any) -> bool:
    """A list, a tuple or an array of one dimension."""
    return isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim == 1)


def as_float(value: Any) -> float:
    """A real number as a float; infinite where it is beyond them, as only Python's integers and fractions are."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
