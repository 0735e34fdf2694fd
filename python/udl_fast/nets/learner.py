"""The engine that models of nets train: minibatch solvers of the compiled engine, and those that see all
parameters at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core
from .solvers import Lbfgs, Objective, Pair, Pairs, conjugate_gradients

# Settings of the objective; the others are those of a solver.
OBJECTIVE = (
    "weight_decay",
    "l1",
    "first_decayed_layer",
    "sparsity_target",
    "sparsity_cost",
    "corruption",
    "corruption_level",
    "dropout",
    "code_layer",
    "code_noise",
    "fixed_code_noise",
    "rounded_code",
)
SOLVERS = ("adam", "sgd", "lbfgs", "cg")
_ROUNDED_UP = 0.5  # from here on, as in training (csrc/runtime/dense/fast/values/noise.cpp)


class NetLearner:
    """A net that learns, as `estimator.engine.Engine` says.

    It has its sizes as attributes, by the names of the dimensions.

    Parameters
    ----------
    sizes : mapping of str to int
    dims : sequence of str
        Names of the sizes, inputs first.
    activations, loss, precision, tied
        As of `_core.NetEngine`.
    rounded : int, default=-1
        The layer whose outputs `forward` rounds to 0 or 1; -1 is none. In training the setting rounded_code does.
    """

    def __init__(
        self,
        sizes: Mapping[str, int],
        dims: Sequence[str],
        activations: Sequence[str],
        loss: str,
        precision: str,
        tied: Sequence[int],
        rounded: int = -1,
    ) -> None:
        self.rounded = rounded
        self.net = _core.NetEngine([sizes[dim] for dim in dims], activations, loss, precision, tied)
        self._lbfgs = Lbfgs()
        self._at_snapshot: tuple[int, Pairs] | None = None
        self._is_training = False
        for name, size in sizes.items():
            setattr(self, name, size)

    @property
    def precision(self) -> str:
        return self.net.precision

    @property
    def activations(self) -> list[str]:
        """Of the layers; "binary" is that of logistic units that are rounded."""
        named = enumerate(self.net.activations)
        return ["binary" if layer == self.rounded else name for layer, name in named]

    @property
    def rounded_above(self) -> float:
        """What means are above that `forward` rounds to 1."""
        real = np.float64 if self.precision == "float64" else np.float32
        return float(np.nextafter(real(_ROUNDED_UP), real(0)))

    def forward(
        self, rows: _core.Rows, n_threads: int, first: int = 0, last: int | None = None
    ) -> NDArray[Any]:
        """Outputs of layer last - 1, None the last one, given inputs of layer `first`."""
        last = len(self.net.activations) if last is None else last
        end = self._end_of_means(first, last)
        found = self.net.forward(rows, n_threads, first, end)
        return self._behind_means(found, n_threads, end, last)

    def forward_and_range(
        self, rows: _core.Rows, n_threads: int, last: int | None = None
    ) -> tuple[NDArray[Any], float, float]:
        """The same given inputs of the net, and the range of their values, found while they are read: NaN if one
        is NaN, and perhaps where one is infinite."""
        last = len(self.net.activations) if last is None else last
        end = self._end_of_means(0, last)
        found, low, high = self.net.forward_and_range(rows, n_threads, 0, end)
        return self._behind_means(found, n_threads, end, last), low, high

    def _end_of_means(self, first: int, last: int) -> int:
        """Up to where layers follow each other without rounding."""
        return self.rounded + 1 if first <= self.rounded < last else last

    def _behind_means(
        self, found: NDArray[Any], n_threads: int, end: int, last: int
    ) -> NDArray[Any]:
        """Outputs of layer last - 1 given those of layer end - 1, which are rounded if they are the code."""
        if end != self.rounded + 1:
            return found
        bits = (found >= _ROUNDED_UP).astype(found.dtype)
        if last == end:
            return bits
        return self.net.forward(_core.Rows.from_array(bits, n_threads), n_threads, end, last)

    # ---- state ----

    def state(self) -> dict[str, NDArray[Any]]:
        return {**self.net.state(), **self._arrays(self._lbfgs.pairs)}

    def set_state(self, arrays: dict[str, NDArray[Any]]) -> None:
        if self._is_training:
            raise RuntimeError(
                "set_state: the model is being trained; change it after fit has returned"
            )
        own = {name: array for name, array in arrays.items() if not name.startswith("lbfgs_")}
        self.net.set_state(own)
        self._lbfgs.forget()
        if "lbfgs_steps" in arrays:
            dtype = np.float64 if self.net.precision == "float64" else np.float32
            steps, changes = (
                np.array(arrays[name], dtype=dtype, order="C")
                for name in ("lbfgs_steps", "lbfgs_changes")
            )
            pairs = zip(steps, changes, strict=True)
            self._lbfgs.pairs = tuple(Pair.of(step, change) for step, change in pairs)

    def _arrays(self, pairs: Pairs) -> dict[str, NDArray[Any]]:
        """What L-BFGS remembers, in the engine's precision, in which it was computed."""
        if not pairs:
            return {}
        return {
            "lbfgs_steps": np.stack([pair.step for pair in pairs]),
            "lbfgs_changes": np.stack([pair.change for pair in pairs]),
        }

    def snapshot(self) -> int:
        number = self.net.snapshot()
        self._at_snapshot = (number, self._lbfgs.pairs)
        return number

    def restore(self) -> None:
        self.net.restore()
        self._is_training = False
        self._lbfgs.forget()
        if self._at_snapshot is not None:
            self._lbfgs.pairs = self._at_snapshot[1]

    def snapshot_state(self, number: int) -> dict[str, NDArray[Any]] | None:
        kept = self._at_snapshot
        arrays = self.net.snapshot_state(number)
        if arrays is None or kept is None or kept[0] != number:
            return None
        return {**arrays, **self._arrays(kept[1])}

    def change_since_snapshot(self) -> tuple[float, float, float]:
        return self.net.change_since_snapshot()

    # ---- learning ----

    def train(
        self,
        rows: _core.Rows,
        order: NDArray[Any] | None,
        settings: dict[str, Any],
        seed: int,
        step: int,
        n_threads: int,
        poll: Callable[[int], bool] | None,
        targets: _core.Rows | None = None,
    ) -> dict[str, Any]:
        """One pass over the rows by settings["solver"]: an epoch of "adam" and "sgd", an iteration of "lbfgs",
        and a few line searches on each minibatch of "cg"."""
        solver = settings["solver"]
        if solver != "lbfgs":
            self._lbfgs.forget()  # curvatures of where the net no longer is
        if solver in ("adam", "sgd"):
            return self.net.train(rows, order, settings, seed, step, n_threads, poll, targets)
        options = {name: settings[name] for name in OBJECTIVE if name in settings}
        self._is_training = True
        if solver == "lbfgs":
            objective = Objective(
                self.net,
                rows,
                _sorted(order),
                targets,
                options,
                seed,
                0,
                n_threads,
                poll,
                self._lbfgs.workspace(rows),
            )
            result = self._lbfgs.iterate(objective, step)
        else:
            result = self._conjugate(
                rows, order, settings, options, seed, step, n_threads, poll, targets
            )
        self._is_training = False
        return result

    def _conjugate(
        self,
        rows: _core.Rows,
        order: NDArray[Any] | None,
        settings: Mapping[str, Any],
        options: dict[str, Any],
        seed: int,
        step: int,
        n_threads: int,
        poll: Callable[[int], bool] | None,
        targets: _core.Rows | None,
    ) -> dict[str, Any]:
        """Minibatch after minibatch. Nothing is remembered from one to the next."""
        order = np.arange(rows.shape[0]) if order is None else np.asarray(order, dtype=np.int64)
        result = {"n_updates": 0, "step": step, "stopped": False, "finite": True}
        for first in range(0, len(order), settings["batch_size"]):
            numbers = order[first : first + settings["batch_size"]]
            objective = Objective(
                self.net,
                rows.select(numbers),
                None,
                None if targets is None else targets.select(numbers),
                options,
                seed,
                result["step"],
                n_threads,
                None,
                _core.GradientWorkspace(),
            )
            result["finite"] = conjugate_gradients(objective)
            result["n_updates"] += 1
            result["step"] += 1
            result["stopped"] = poll is not None and poll(first + len(numbers))
            if result["stopped"] or not result["finite"]:
                break
        return result


def _sorted(order: NDArray[Any] | None) -> NDArray[Any] | None:
    """The rows of an order as they are, each as often as it is presented; None if that is once."""
    if order is None:
        return None
    rows = np.sort(order)
    return None if np.array_equal(rows, np.arange(len(rows))) else rows
