"""This package: one call over many minibatches, as `DBN.up_down` makes for an epoch."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

import udl_fast
from udl_fast import _core

from ._greedy import GreedySteps
from ._steps import Layers, Learned, UpDownSteps

_SETTINGS: dict[str, Any] = {
    "algorithm": "cd",
    "statistics": "mean",
    "l1": 0.0,
    "sparsity_target": None,
    "sparsity_cost": 0.0,
    "sparsity_damping": 0.9,
    "binarize_sample": False,
    "data_step": 0,
}


def _versions() -> dict[str, str]:
    return {"udl-fast": udl_fast.__version__, "target": _core.current_target()}


def _engine_of(
    weights: NDArray[Any], hidden_bias: NDArray[Any], visible_bias: NDArray[Any], precision: str
) -> _core.RbmEngine:
    engine = _core.RbmEngine(weights.shape[1], weights.shape[0], precision)
    engine.set_parameters(np.ascontiguousarray(weights), hidden_bias, visible_bias)
    return engine


def _check(done: dict[str, Any], n: int) -> int:
    """The next step."""
    if done["n_updates"] != n or not done["finite"]:
        raise RuntimeError(f"{done['n_updates']} of {n} updates, finite: {done['finite']}")
    return int(done["step"])


def _held(rows: NDArray[Any], n_rows: int) -> _core.Rows:
    """The given rows again and again, an epoch of the wanted length."""
    return _core.Rows.from_array(np.resize(rows, (n_rows, rows.shape[1])))


class UpDown(UpDownSteps):
    """precision="fixed"."""

    precision: ClassVar[str] = "fixed"

    def versions(self) -> dict[str, str]:
        """What computes."""
        return _versions()

    def load(self, layers: Layers) -> None:
        *below, last = layers
        self.up = [_engine_of(w, c, np.zeros(len(b)), self.precision) for w, c, b in below]
        self.down = [_engine_of(w.T, b, np.zeros(len(c)), self.precision) for w, c, b in below]
        self.top = _engine_of(*last, self.precision)
        self.held = _core.Rows.from_array(self.rows)
        self.step = 0
        self.settings = {
            **_SETTINGS,
            "batch_size": self.batch_size,
            "k": self.k,
            "learning_rate": self.learning_rate,
            "momentum": 0.0,
            "weight_decay": 0.0,
            "sample_visibles": True,
        }

    def learned(self) -> Learned:
        found = {f"up.{n}": engine for n, engine in enumerate(self.up)}
        found |= {f"down.{n}": engine for n, engine in enumerate(self.down)}
        found["top"] = self.top
        return {n: np.column_stack([e.weights(), e.hidden_bias()]) for n, e in found.items()}

    def ready(self, n: int) -> None:
        """Hold n minibatches."""
        if self.held.shape[0] != n * self.batch_size:
            self.held = _held(self.rows, n * self.batch_size)

    def run(self, n: int) -> None:
        """n minibatches in one call."""
        done = _core.train_up_down(
            self.up,
            self.down,
            self.top,
            self.held,
            None,
            None,
            self.settings,
            self.seed,
            self.step,
            self.n_threads,
        )
        self.step = _check(done, n)


class FastUpDown(UpDown):
    """precision="fast"."""

    precision: ClassVar[str] = "fast"


class Greedy(GreedySteps):
    """precision="fixed"."""

    precision: ClassVar[str] = "fixed"

    def versions(self) -> dict[str, str]:
        """What computes."""
        return _versions()

    def load(self, weights: NDArray[np.float32], biases: NDArray[np.float32]) -> None:
        n_visible = weights.shape[1]
        self.engine = _engine_of(weights, biases[n_visible:], biases[:n_visible], self.precision)
        self.held = _core.Rows.from_array(self.rows)
        self.step = 0
        self.settings = {
            **_SETTINGS,
            "batch_size": self.batch_size,
            "k": 1,
            "learning_rate": self.learning_rate,
            "momentum": self.momentum,
            "weight_decay": self.weight_decay,
            "sample_visibles": self.sample_visibles,
        }

    def learned(self) -> NDArray[Any]:
        biases = np.concatenate([self.engine.visible_bias(), self.engine.hidden_bias()])
        return np.concatenate([self.engine.weights().ravel(), biases])

    def ready(self, n: int) -> None:
        """Hold n minibatches."""
        if self.held.shape[0] != n * self.batch_size:
            self.held = _held(self.rows, n * self.batch_size)

    def run(self, n: int) -> None:
        """n minibatches in one call."""
        done = self.engine.train(
            self.held, None, self.settings, self.seed, self.step, self.n_threads
        )
        self.step = _check(done, n)


class FastGreedy(Greedy):
    """precision="fast"."""

    precision: ClassVar[str] = "fast"
