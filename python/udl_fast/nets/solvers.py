"""Solvers that move all parameters at once, by the gradient of the whole objective: L-BFGS, an iteration at a
time, and conjugate gradients on a minibatch. Line searches are SciPy's."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from .. import _core

Vector = NDArray[np.float64]

_N_PAIRS = 10  # that L-BFGS remembers: SciPy's own choice
_LEAST_CURVATURE = 1e-10  # of a pair, relative to its length, that is worth remembering
_LINE_SEARCHES = 3  # on a minibatch of conjugate gradients: Hinton and Salakhutdinov 2006
_MOST_EVALUATIONS = 20  # in a line search
_ARMIJO, _CURVATURE = (
    1e-4,
    0.9,
)  # Wolfe conditions as usual for quasi-Newton methods (Nocedal and Wright)


class Pair(NamedTuple):
    """A step, the change of the gradient along it, and their product."""

    step: NDArray[Any]
    change: NDArray[Any]
    curvature: float

    @classmethod
    def of(cls, step: NDArray[Any], change: NDArray[Any]) -> Pair:
        return cls(step, change, _dot(step, change))


Pairs = tuple[Pair, ...]  # oldest first


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
            return self._found  # SciPy asks for the value and for the gradient apart
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
        direction = self._direction(gradient, objective.n_threads)
        found = _line_search(objective, start, direction, value, gradient)
        if found is None and self.pairs:
            self.pairs = ()
            direction = self._direction(gradient, objective.n_threads)
            found = _line_search(objective, start, direction, value, gradient)
        return found

    def _direction(self, gradient: Vector, n_threads: int) -> Vector:
        """Minus the inverse of the Hessian, as the pairs tell it, times the gradient; without pairs a step
        downhill of length one at most, as in L-BFGS-B."""
        if not self.pairs:
            return -gradient / max(1.0, float(np.sqrt(_dot(gradient, gradient))))
        steps, changes, curvatures = zip(*self.pairs, strict=True)
        return _core.lbfgs_direction(gradient, steps, changes, curvatures, n_threads)

    def _remember(self, step: Vector, change: Vector, net: _core.NetEngine) -> None:
        """A pair in the engine's precision, in which files keep it: so a model that was loaded goes on alike."""
        dtype = np.float64 if net.precision == "float64" else np.float32
        s, y = step.astype(dtype), change.astype(dtype)
        pair = Pair.of(s, y)
        if pair.curvature > _LEAST_CURVATURE * np.sqrt(_dot(s, s) * _dot(y, y)):
            self.pairs = (*self.pairs[-_N_PAIRS + 1 :], pair)


def _dot(a: NDArray[Any], b: NDArray[Any]) -> float:
    """In double, in an order that does not depend on the number of threads of a BLAS."""
    return float(np.multiply(a, b, dtype=np.float64).sum())


def _line_search(
    objective: Objective, start: Vector, direction: Vector, value: float, gradient: Vector
) -> Vector | None:
    """A point that meets the strong Wolfe conditions.

    SciPy searches for the length, one number: for whole vectors it would ask a BLAS, whose threads then wait for
    more on the processors that the next gradient needs.
    """
    from scipy.optimize import line_search

    slope = _dot(direction, gradient)
    if not slope < 0:
        return None

    def value_at(length: Vector) -> float:
        return objective.value(start + length * direction)

    def slope_at(length: Vector) -> Vector:
        return np.array([_dot(direction, objective.gradient(start + length * direction))])

    with np.errstate(all="ignore"), _quiet():
        length = line_search(
            value_at,
            slope_at,
            np.zeros(1),
            np.ones(1),
            np.array([slope]),
            value,
            None,
            c1=_ARMIJO,
            c2=_CURVATURE,
            maxiter=_MOST_EVALUATIONS,
        )[0]
    return None if length is None else start + length * direction


def conjugate_gradients(objective: Objective) -> bool:
    """A few line searches of nonlinear conjugate gradients from where the net is; whether all was finite.

    SciPy asks a BLAS for sums, the last digits of which depend on the number of its threads.
    """
    from scipy.optimize import minimize

    start = objective.rounded(objective.net.parameters())
    if not np.isfinite(objective.value(start)):
        return False
    with np.errstate(all="ignore"), _quiet():
        found = minimize(
            objective.at, start, jac=True, method="CG", options={"maxiter": _LINE_SEARCHES}
        )
    end = objective.rounded(found.x if np.isfinite(found.fun) else start)
    return bool(np.isfinite(end).all())


def _quiet() -> Any:
    """SciPy warns where a line search finds nothing, which is no news here."""
    import warnings

    return warnings.catch_warnings(action="ignore")
