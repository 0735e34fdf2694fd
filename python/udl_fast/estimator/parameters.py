"""Rules of constructor arguments: what is allowed, errors that name what came and what was expected, and how a
command line writes it."""

from __future__ import annotations

import difflib
import math
import numbers
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import _devices
from ..runtime import resolve_n_jobs

LARGEST_SEED = 2**32 - 1  # of numpy.random.RandomState
LARGEST_INTEGER = 2**63 - 1  # that the engine takes
_MOST_BITS_SHOWN = 256  # Python refuses to write integers of some thousand digits
LARGEST_SIZE = 2**31 - 1  # of a layer, or of a set of chains


@dataclass(frozen=True)
class Option:
    """How a command line writes an argument.

    Parameters
    ----------
    parse : callable, default=None
        From the text to the value; its ValueError says what was expected and what came.
    choices : tuple of str, default=None
        The words allowed, if they can be counted.
    metavar : str, default=None
        Placeholder in the help.
    flag : bool, default=False
        A switch that takes no text.
    """

    parse: Callable[[str], Any] | None = None
    choices: tuple[str, ...] | None = None
    metavar: str | None = None
    flag: bool = False


class Rule:
    """What one constructor argument may be.

    Attributes
    ----------
    dimension : str or None
        The dimension of the model's array rules that it sets; a fitted model has that size for ever.
    """

    dimension: str | None = None

    def check(self, value: Any, name: str, owner: str) -> Any:
        """The checked value; `owner` is the class that errors are to name."""
        raise NotImplementedError

    def option(self) -> Option | None:
        """How a command line writes it; None where it cannot be given there."""
        return None

    def restored(self, value: Any, name: str, owner: str) -> Any:
        """A value as files have it, as it is to be checked."""
        return value

    def check_inner(self, value: Any, name: str, owner: str) -> None:
        """An error if arguments within the value, called `name`, double underscore and theirs, cannot be set."""


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


def as_float(value: Any) -> float:
    """A real number as a float; infinite where it is beyond them, as only Python's integers and fractions are."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


class Flag(Rule):
    """True or False; where True is `planned`, it raises NotImplementedError."""

    def __init__(self, *, planned: bool = False) -> None:
        self._planned = planned

    def check(self, value: Any, name: str, owner: str) -> bool:
        if not isinstance(value, (bool, np.bool_)):
            raise TypeError(wrong(owner, name, "must be True or False", value))
        if value and self._planned:
            raise NotImplementedError(f"{owner}: {name}=True is not available yet")
        return bool(value)

    def option(self) -> Option | None:
        return None if self._planned else Option(flag=True)


class Choice(Rule):
    """One of the words in `available`; those in `planned` raise NotImplementedError."""

    def __init__(self, available: tuple[str, ...], planned: tuple[str, ...] = ()) -> None:
        self._available = available
        self._planned = planned

    def check(self, value: Any, name: str, owner: str) -> str:
        if isinstance(value, str) and value in self._available:
            return value
        if isinstance(value, str) and value in self._planned:
            yet = f"can only be {' or '.join(map(repr, self._available))} yet"
            raise NotImplementedError(wrong(owner, name, yet, value))
        expected = " or ".join(map(repr, self._available))
        raise ValueError(
            wrong(owner, name, f"must be {expected}", value) + meant(value, self._available)
        )

    def option(self) -> Option | None:
        return Option(choices=self._available) if len(self._available) > 1 else None


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


class Verbose(Rule):
    """How much is printed: an integer of at least 0, or True or False."""

    def check(self, value: Any, name: str, owner: str) -> Any:
        if isinstance(value, (bool, np.bool_)):
            return int(value)
        return Integer(0).check(value, name, owner)


class Device(Rule):
    """Where a model computes. Whether there is such a place shows where the engine is made: a model that was
    trained elsewhere has to be read."""

    def __init__(self, *, has_gpu: bool = False) -> None:
        self._has_gpu = has_gpu

    def check(self, value: Any, name: str, owner: str) -> str:
        if not _devices.is_device(value):
            raise ValueError(wrong(owner, name, "must be 'cpu' or 'cuda[:n]'", value))
        if value != "cpu" and not self._has_gpu:
            raise NotImplementedError(
                f"{owner}: {name}={value!r} is not available: this model computes on the CPU; use device='cpu'"
            )
        return str(value)

    def option(self) -> Option | None:
        return Option(parse=self._parsed, metavar="cpu|cuda[:N]") if self._has_gpu else None

    def _parsed(self, text: str) -> str:
        if not _devices.is_device(text):
            raise ValueError(f"must be cpu or cuda[:N], got {text!r}")
        return text


class Threads(Rule):
    """A number of threads as joblib counts them; checked, it is the number to use."""

    def check(self, value: Any, name: str, owner: str) -> int:
        return resolve_n_jobs(value)

    def option(self) -> Option:
        return Option(parse=lambda text: parsed_integer(text, 1), metavar="N")


class RandomState(Rule):
    """What scikit-learn takes as a source of randomness."""

    def check(self, value: Any, name: str, owner: str) -> Any:
        from sklearn.utils import check_random_state

        if isinstance(value, np.random.Generator):
            way = "numpy.random.RandomState(generator.bit_generator) is one"
            expected = f"must be None, an integer or a numpy.random.RandomState ({way})"
            raise ValueError(wrong(owner, name, expected, value))
        try:
            check_random_state(value)
        except ValueError as error:
            raise ValueError(f"{owner}: {name}: {error}") from None
        return value

    def option(self) -> Option:
        return Option(parse=lambda text: parsed_integer(text, 0, LARGEST_SEED), metavar="N")


class Callbacks(Rule):
    """None, or a function or object with the hooks of scikit-learn's protocol, or a list of them."""

    _HOOKS = ("setup", "teardown", "on_fit_task_begin", "on_fit_task_end")

    def check(self, value: Any, name: str, owner: str) -> Any:
        if value is None:
            return None
        found = value if isinstance(value, (list, tuple)) else [value]
        if not all(map(self._is_callback, found)):
            raise TypeError(
                f"{owner}: {name} must be None or a list of callables (estimator, info) and of "
                "objects that follow scikit-learn's callback protocol (udl_fast.callbacks), "
                f"got {value!r}"
            )
        if stray := [callback for callback in found if isinstance(callback, type)]:
            of = stray[0].__name__
            raise TypeError(f"{owner}: {name} must hold objects, got the class {of}; write {of}()")
        return value

    def _is_callback(self, value: Any) -> bool:
        return callable(value) or all(hasattr(value, hook) for hook in self._HOOKS)


COMMON_RULES: Mapping[str, Rule] = {
    "batch_size": Integer(1),
    "n_iter": Integer(0),
    "shuffle": Flag(),
    "warm_start": Flag(),
    "device": Device(),
    "n_jobs": Threads(),
    "random_state": RandomState(),
    "callbacks": Callbacks(),
    "verbose": Verbose(),
}


# ---- texts ----


def parsed_integer(text: str, minimum: int, maximum: int | None = None) -> int:
    """The integer a text spells; a ValueError says what was expected."""
    bounds = f">= {minimum}" if maximum is None else f"from {minimum} to {maximum}"
    try:
        value = int(text)
    except ValueError:
        raise ValueError(f"must be an integer {bounds}, got {text!r}") from None
    if value < minimum or (maximum is not None and value > maximum):
        raise ValueError(f"must be {bounds}, got {text}")
    return value


def parsed_number(text: str, minimum: float = -math.inf, maximum: float = math.inf) -> float:
    """The finite number a text spells; a ValueError says what was expected."""
    bounds = "" if minimum == -math.inf else f" >= {minimum:g}"
    if maximum != math.inf:
        bounds = f" from {minimum:g} to {maximum:g}"
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and minimum <= value <= maximum):
        raise ValueError(f"must be a finite number{bounds}, got {text!r}")
    return value


def wrong(owner: str, name: str, expected: str, value: object) -> str:
    """The text of an error about an argument."""
    if isinstance(value, int) and value.bit_length() > _MOST_BITS_SHOWN:
        return f"{owner}: {name} {expected}, got an integer of {value.bit_length()} bits"
    return f"{owner}: {name} {expected}, got {value!r}"


def meant(word: object, known: Iterable[str]) -> str:
    """The known word that is most like this one, as a question; nothing if none is."""
    words = {name.lower(): name for name in known}
    found = difflib.get_close_matches(str(word).lower(), words, n=1)
    return f"; did you mean {words[found[0]]}?" if found else ""
