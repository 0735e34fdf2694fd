"""Types of command line options: numbers within bounds, and errors that say the bounds."""

import argparse
import math
from collections.abc import Callable

_LARGEST_SEED = 2**32 - 1  # of numpy.random.RandomState


def integer(minimum: int, maximum: int | None = None) -> Callable[[str], int]:
    """The type of an option that takes integers from `minimum` to `maximum`."""
    bounds = f">= {minimum}" if maximum is None else f"from {minimum} to {maximum}"

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"must be an integer {bounds}, got {text!r}") from None
        if value < minimum or (maximum is not None and value > maximum):
            raise argparse.ArgumentTypeError(f"must be {bounds}, got {text}")
        return value

    return parse


def number(minimum: float = -math.inf, maximum: float = math.inf) -> Callable[[str], float]:
    """The type of an option that takes finite numbers from `minimum` to `maximum`."""
    bounds = "" if minimum == -math.inf else f" >= {minimum:g}"
    if maximum != math.inf:
        bounds = f" from {minimum:g} to {maximum:g}"

    def parse(text: str) -> float:
        value = _float(text)
        if not (math.isfinite(value) and minimum <= value <= maximum):
            raise argparse.ArgumentTypeError(f"must be a finite number{bounds}, got {text!r}")
        return value

    return parse


def positive_float(text: str) -> float:
    """A finite number above 0."""
    value = _float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"must be a finite number > 0, got {text!r}")
    return value


positive_int = integer(1)
seed = integer(0, _LARGEST_SEED)


def _float(text: str) -> float:
    """NaN, which no bounds hold, for what is no number."""
    try:
        return float(text)
    except ValueError:
        return math.nan
