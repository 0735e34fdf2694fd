"""The engine of a deep belief net that learned by the up-down algorithm: below the top every layer has weights for
the way up and others for the way down."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import _core
from ...persistence.state import ArrayRule

# Arrays of a directed layer: their names here, and in the engine of its weights.
_DIRECTED = {
    "weights": "weights",
    "bias": "hidden_bias",
    "weight_velocity": "weight_velocity",
    "bias_velocity": "hidden_velocity",
}
_TOP = (
    "weights",
    "hidden_bias",
    "visible_bias",
    "weight_velocity",
    "hidden_velocity",
    "visible_velocity",
)
_DIMS_OF_TOP: dict[str, tuple[str, ...]] = {  # by what the names begin with
    "weights": ("n_top", "n_top_visible"),
    "weight": ("n_top", "n_top_visible"),
    "hidden": ("n_top",),
    "visible": ("n_top_visible",),
}
_NO_CHAINS = 0

Arrays = dict[str, NDArray[Any]]


def array_rules(n_directed: int) -> dict[str, ArrayRule]:
    """Of the arrays of such an engine, which a net that has not learned so has not.

    Weights are (units that are given, units they are given).
    """
    units = ["n_features", *(f"n_units.{k}" for k in range(1, n_directed + 1))]
    dims: dict[str, tuple[str, ...]] = {}
    for k, (below, above) in enumerate(pairwise(units)):
        for path, to, given in (
            (f"recognition.{k}", above, below),
            (f"generative.{k}", below, above),
        ):
            for name in _DIRECTED:
                dims[f"{path}/{name}"] = (to, given) if name.startswith("weight") else (to,)
    for name in _TOP:
        dims[f"top/{name}"] = _DIMS_OF_TOP[name.partition("_")[0]]
    return {name: ArrayRule("real", found, optional=True) for name, found in dims.items()}


class UpDownEngine:
    """Directed layers and the RBM above them, which learn together, as `estimator.engine.Engine` says.

    Parameters
    ----------
    widths : sequence of int
        Units of the layers below the top, those of the rows first.
    top : _core.RbmEngine
        Its visible units are those of the last of these layers, and labels behind them, if there are some.
    """

    def __init__(self, widths: Sequence[int], top: _core.RbmEngine) -> None:
        precision = top.precision
        pairs = [*pairwise(widths)]
        self.recognition = [_core.RbmEngine(n, m, precision) for n, m in pairs]
        self.generative = [_core.RbmEngine(m, n, precision) for n, m in pairs]
        self.top = top
        self._numbers: tuple[int, list[int]] = (0, [])

    @classmethod
    def begun_with(cls, layers: Sequence[_core.RbmEngine], top: _core.RbmEngine) -> UpDownEngine:
        """Both directions have the weights of these RBMs, the last of which is the top; `top` is one like it."""
        *below, last = layers
        engine = cls([*(each.n_visible for each in below), below[-1].n_hidden], top)
        for each, up, down in zip(below, engine.recognition, engine.generative, strict=True):
            weights = each.weights()
            nothing_below, nothing_above = np.zeros(each.n_visible), np.zeros(each.n_hidden)
            up.set_parameters(weights, each.hidden_bias(), nothing_below)
            down.set_parameters(np.ascontiguousarray(weights.T), each.visible_bias(), nothing_above)
        top.set_parameters(last.weights(), last.hidden_bias(), last.visible_bias())
        return engine

    @property
    def precision(self) -> str:
        """That of all layers."""
        return self.top.precision

    @property
    def widths(self) -> list[int]:
        """Units of all layers above the rows."""
        return [*(each.n_hidden for each in self.recognition), self.top.n_hidden]

    def layer(self, number: int) -> Any:
        """What stands for the engine of the RBM of this number, in both directions."""
        if number == len(self.recognition):
            return self.top
        return UntiedLayer(self.recognition[number], self.generative[number])

    # ---- what learning asks for ----

    def state(self) -> Arrays:
        """All arrays, by path."""
        return self._named([engine.state() for _, engine in self._parts()])

    def set_state(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """All of them, or after an error those of some layers."""
        for path, engine in self._parts():
            found = {
                name.removeprefix(f"{path}/"): array
                for name, array in arrays.items()
                if name.startswith(f"{path}/")
            }
            engine.set_state(_of_engine(path, found, engine))

    def snapshot(self) -> int:
        """Of every layer."""
        numbers = [engine.snapshot() for _, engine in self._parts()]
        self._numbers = (self._numbers[0] + 1, numbers)
        return self._numbers[0]

    def restore(self) -> None:
        """Every layer; called again, it finishes what was interrupted."""
        for _, engine in self._parts():
            engine.restore()

    def snapshot_state(self, number: int) -> Arrays | None:
        """None if there is a later snapshot of any layer."""
        last, numbers = self._numbers
        if number != last:
            return None
        states = [
            engine.snapshot_state(of_layer)
            for (_, engine), of_layer in zip(self._parts(), numbers, strict=True)
        ]
        if any(state is None for state in states):
            return None
        return self._named([state for state in states if state is not None])

    def change_since_snapshot(self) -> tuple[float, float, float]:
        """Of the weights of all layers."""
        found = [engine.change_since_snapshot() for _, engine in self._parts()]
        changes, sizes, largest = zip(*found, strict=True)
        return math.hypot(*changes), math.hypot(*sizes), max(largest)

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
        """One pass; targets are labels."""
        return _core.train_up_down(
            self.recognition,
            self.generative,
            self.top,
            rows,
            targets,
            order,
            settings,
            seed,
            step,
            n_threads,
            poll,
        )

    # ---- parts ----

    def _parts(self) -> Iterator[tuple[str, _core.RbmEngine]]:
        for kind, engines in (("recognition", self.recognition), ("generative", self.generative)):
            for number, engine in enumerate(engines):
                yield f"{kind}.{number}", engine
        yield "top", self.top

    def _named(self, states: Sequence[Arrays]) -> Arrays:
        found: Arrays = {}
        for (path, _), state in zip(self._parts(), states, strict=True):
            names = dict(zip(_TOP, _TOP, strict=True)) if path == "top" else _DIRECTED
            found |= {f"{path}/{name}": state[own] for name, own in names.items() if own in state}
        return found


def _of_engine(path: str, arrays: Arrays, engine: _core.RbmEngine) -> Arrays:
    """What an engine has beside what is kept of it: no chains, and of directed layers no visible biases."""
    chains = np.zeros((_NO_CHAINS, engine.n_hidden), dtype=np.bool_)
    if path == "top":
        return {**arrays, "chains": chains}
    own = {_DIRECTED[name]: array for name, array in arrays.items()}
    return {**own, "visible_bias": np.zeros(engine.n_visible, dtype=np.float32), "chains": chains}


class UntiedLayer:
    """What a stack asks of the engine of an RBM in it, where the way up has other weights than the way down.

    Parameters
    ----------
    recognition, generative : _core.RbmEngine
        Whose hidden units are those above, and those below.
    """

    visible = hidden = "bernoulli"
    visible_groups = None
    n_chains = 0

    def __init__(self, recognition: _core.RbmEngine, generative: _core.RbmEngine) -> None:
        self.recognition, self.generative = recognition, generative
        self.n_visible, self.n_hidden = recognition.n_visible, recognition.n_hidden
        self.precision = recognition.precision

    def weights(self) -> NDArray[Any]:
        """Those of the way up."""
        return self.recognition.weights()

    def hidden_bias(self) -> NDArray[Any]:
        """Of the way up."""
        return self.recognition.hidden_bias()

    def visible_bias(self) -> NDArray[Any]:
        """Of the way down."""
        return self.generative.hidden_bias()

    def mean_hidden(self, rows: _core.Rows, n_threads: int) -> NDArray[Any]:
        """Of the units above."""
        return self.recognition.mean_hidden(rows, n_threads)

    def mean_visible(self, rows: _core.Rows, n_threads: int) -> NDArray[Any]:
        """Of the units below."""
        return self.generative.mean_hidden(rows, n_threads)

    def sample_hidden(self, rows: _core.Rows, *draws: Any) -> _core.Rows:
        """States of the units above."""
        return self.recognition.sample_hidden(rows, *draws)

    def sample_visible(self, rows: _core.Rows, *draws: Any) -> _core.Rows:
        """States of the units below."""
        return self.generative.sample_hidden(rows, *draws)
