"""Value and gradient of a net's objective as functions of all its parameters."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ... import _core

Vector = NDArray[np.float64]


class Stopped(Exception):
    """The caller's poll asked to stop."""


class Found(NamedTuple):
    """Value and gradient at a point, and of which function they are. It keeps no rows alive."""

    of: tuple[Callable[[], Any], ...]  # weak references to rows, order and targets
    settings: tuple[dict[str, Any], int, int]
    at: Vector | None
    values: tuple[float, Vector]


class Objective:
    """Value and gradient on some rows as functions of all parameters, in double, which the engine rounds to its
    precision. What was last computed is kept."""

    def __init__(
        self,
        net: _core.NetEngine,
        rows: _core.Rows,
        order: NDArray[Any] | None,
        targets: _core.Rows | None,
        options: dict[str, Any],
        seed: int,
        step: int,
        n_threads: int,
        poll: Callable[[int], bool] | None,
        workspace: _core.GradientWorkspace | None = None,
    ) -> None:
        self.net = net
        self._workspace = workspace
        self._of = (rows, order, targets)
        self._options, self._seed, self._step = options, seed, step
        self.n_threads, self._poll = n_threads, poll
        self._asked: Vector | None = None  # where it was asked for, before it was rounded to _at
        self._at: Vector | None = None
        self._found: tuple[float, Vector] = (np.nan, np.empty(0))

    def rounded(self, flat: Vector) -> Vector:
        """Parameters as the engine has them, which are the net's from now on."""
        self.net.set_parameters(flat)
        return self.net.parameters()

    def at(self, flat: Vector) -> tuple[float, Vector]:
        """Value and gradient. The net moves there only where they are to be computed."""
        if _is_same(self._asked, flat) or _is_same(self._at, flat):
            return self._found  # both ends of a search are asked for again
        at = self.rounded(flat)
        if _is_same(self._at, at):
            return self._found
        if self._poll is not None and self._poll(0):
            raise Stopped
        rows, order, targets = self._of
        self._found = self.net.gradient(
            rows,
            self._options,
            self._seed,
            self._step,
            self.n_threads,
            order,
            targets,
            self._workspace,
        )
        self._at, self._asked = at, flat.copy()
        return self._found

    def value(self, flat: Vector) -> float:
        return self.at(flat)[0]

    def gradient(self, flat: Vector) -> Vector:
        return self.at(flat)[1]

    def _settings(self) -> tuple[dict[str, Any], int, int]:
        return self._options, self._seed, self._step

    def last(self) -> Found:
        """What was last computed."""
        return Found(tuple(map(_weak, self._of)), self._settings(), self._at, self._found)

    def take_over(self, last: Found | None) -> None:
        """What another one found last, if it is the same function."""
        if last is None or last.settings != self._settings():
            return
        if all(own is other() for own, other in zip(self._of, last.of, strict=True)):
            self._asked, self._at, self._found = None, last.at, last.values


def _is_same(point: Vector | None, other: Vector) -> bool:
    return point is not None and np.array_equal(point, other)


def _weak(value: Any) -> Callable[[], Any]:
    """A weak reference; one of nothing gives None, and so does one of what was forgotten, where there was
    something before."""
    return (lambda: None) if value is None else weakref.ref(value)
