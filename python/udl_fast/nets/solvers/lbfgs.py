"""L-BFGS, an iteration at a time, so that a model can be measured, saved and resumed after each."""

from __future__ import annotations

from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from ... import _core
from .line_search import dot, line_search
from .objective import Found, Objective, Stopped, Vector

_N_PAIRS = 10  # that are remembered: SciPy's own choice
# The share of a slope that a line search may leave: Nocedal and Wright, section 3.1.
_CURVATURE = 0.9
_LEAST_CURVATURE = 1e-10  # of a pair, relative to its length, that is worth remembering


class Pair(NamedTuple):
    """A step, the change of the gradient along it, and their product."""

    step: NDArray[Any]
    change: NDArray[Any]
    curvature: float

    @classmethod
    def of(cls, step: NDArray[Any], change: NDArray[Any]) -> Pair:
        return cls(step, change, dot(step, change))


Pairs = tuple[Pair, ...]  # oldest first


class Lbfgs:
    """The limited-memory quasi-Newton method of Liu and Nocedal (1989).

    Attributes
    ----------
    pairs : tuple of Pair
        The last of them, oldest first; never changed in place.
    """

    def __init__(self) -> None:
        self.pairs: Pairs = ()
        self._last: Found | None = None  # value and gradient may serve once more
        self._workspaces: WeakKeyDictionary[_core.Rows, _core.GradientWorkspace] = (
            WeakKeyDictionary()
        )

    def forget(self) -> None:
        self.pairs, self._last = (), None

    def workspace(self, rows: _core.Rows) -> _core.GradientWorkspace:
        """Of iterations on these rows; gone with them."""
        return self._workspaces.setdefault(rows, _core.GradientWorkspace())

    @np.errstate(all="ignore")  # what overflows ends a search
    def iterate(self, objective: Objective, step: int) -> dict[str, Any]:
        """One step along a line; none where no step leads down, which is the end of what there is to learn."""
        start = objective.net.parameters()
        objective.take_over(self._last)
        result = {"n_updates": 1, "step": step + 1, "stopped": False, "finite": True}
        try:
            value, gradient = objective.at(start)
            result["finite"] = bool(np.isfinite(value))
            found = self._searched(objective, start, value, gradient) if result["finite"] else None
        except Stopped:
            objective.rounded(start)
            return {**result, "n_updates": 0, "step": step, "stopped": True}
        end = objective.rounded(start if found is None else found)
        if found is not None:
            try:
                self._remember(end - start, objective.gradient(end) - gradient, objective.net)
            except Stopped:
                result["stopped"] = True
        self._last = objective.last()
        return result

    def _searched(
        self, objective: Objective, start: Vector, value: float, gradient: Vector
    ) -> Vector | None:
        """The end of a line along which the objective falls; None if there is none."""

        def search() -> Vector | None:
            direction = self._direction(gradient, objective.n_threads)
            return line_search(objective, start, direction, value, gradient, curvature=_CURVATURE)

        found = search()
        if found is None and self.pairs:
            self.pairs = ()
            found = search()
        return found

    def _direction(self, gradient: Vector, n_threads: int) -> Vector:
        """Minus the inverse of the Hessian, as the pairs tell it, times the gradient; without pairs a step
        downhill of length one at most, as in L-BFGS-B."""
        if not self.pairs:
            return -gradient / max(1.0, float(np.sqrt(dot(gradient, gradient))))
        steps, changes, curvatures = zip(*self.pairs, strict=True)
        return _core.lbfgs_direction(gradient, steps, changes, curvatures, n_threads)

    def _remember(self, step: Vector, change: Vector, net: _core.NetEngine) -> None:
        """A pair in the engine's precision, in which files keep it: so a model that was loaded goes on alike."""
        dtype = np.float64 if net.precision == "float64" else np.float32
        s, y = step.astype(dtype), change.astype(dtype)
        pair = Pair.of(s, y)
        if pair.curvature > _LEAST_CURVATURE * np.sqrt(dot(s, s) * dot(y, y)):
            self.pairs = (*self.pairs[-_N_PAIRS + 1 :], pair)
