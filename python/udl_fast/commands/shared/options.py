"""Types of command line options: numbers within bounds, and errors that say the bounds."""

import argparse
import math
from collections.abc import Callable
from typing import TypeVar

from ...estimator.parameters import LARGEST_SEED, parsed_integer, parsed_number

_Value = TypeVar("_Value")


def typed(parse: Callable[[str], _Value]) -> Callable[[str], _Value]:
    """The type of an option whose text `parse` takes; argparse shows the words of its ValueError."""

    def parsed(text: str) -> _Value:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parsed


def integer(minimum: int, maximum: int | None = None) -> Callable[[str], int]:
    """The type of an option that takes integers from `minimum` to `maximum`."""
    return typed(lambda text: parsed_integer(text, minimum, maximum))


@typed
def positive_float(text: str) -> float:
    """A finite number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise ValueError(f"must be a finite number > 0, got {text!r}")
    return value


positive_int = integer(1)
inverse_temperature = typed(lambda text: parsed_number(text, 0, 1))
seed = integer(0, LARGEST_SEED)
