"""Arguments that are a word among some, or True or False."""

from __future__ import annotations

from typing import Any

import numpy as np

from .rule import Option, Rule
from .texts import meant, wrong


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
