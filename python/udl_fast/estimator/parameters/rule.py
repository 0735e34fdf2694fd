"""What a rule of an argument is, and how a command line writes the argument."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


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
