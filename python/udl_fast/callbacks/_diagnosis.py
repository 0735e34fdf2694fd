"""Warnings of learning that goes wrong: each trouble once, when it has lasted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..exceptions import LearningWarning, warn_caller


class Diagnosis:
    """What a model found troubling in the measurements of one fit."""

    def __init__(self) -> None:
        self._warned: set[str] = set()
        self._in_a_row: dict[str, int] = {}

    def check(self, troubles: Iterable[Any]) -> None:
        """Take the troubles of one measurement, and warn of those that have lasted."""
        found = list(troubles)
        self._in_a_row = {
            trouble.name: self._in_a_row.get(trouble.name, 0) + 1 for trouble in found
        }
        for trouble in found:
            lasted = self._in_a_row[trouble.name] >= trouble.in_a_row
            if lasted and trouble.name not in self._warned:
                self._warned.add(trouble.name)
                warn_caller(trouble.text, LearningWarning)
