"""This package: one call over many minibatches, as `fit` makes for an epoch."""

import itertools
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

import udl_fast
from udl_fast import _core

from ._steps import MOMENTUM, Layers, NetSteps


class Float32(NetSteps):
    """precision="float32"."""

    precision: ClassVar[str] = "float32"

    def __init__(self, n_threads: int) -> None:
        super().__init__(n_threads)
        try:
            _core.NetEngine([1, 1], ["linear"], "squared", self.precision)
        except NotImplementedError as refusal:
            raise ImportError(str(refusal)) from refusal

    def versions(self) -> dict[str, str]:
        """What computes."""
        return {"udl-fast": udl_fast.__version__, "target": _core.current_target()}

    def load(self, layers: Layers) -> None:
        self.sizes = [layers[0][0].shape[1], *(len(bias) for _, bias in layers)]
        kinds = ["linear" if n == self.code else "logistic" for n in range(len(layers))]
        self.engine = _core.NetEngine(self.sizes, kinds, "cross_entropy", self.precision)
        flat = np.concatenate([np.r_[w.ravel(), b] for w, b in layers])
        self.engine.set_parameters(flat.astype(np.float64))
        self.held = _core.Rows.from_array(self.rows)
        self.step = 0
        self.settings = {
            "batch_size": self.batch_size,
            "solver": "sgd",
            "learning_rate": self.learning_rate,
            "momentum": MOMENTUM,
        }

    def gradient(self) -> Layers:
        rows = _core.Rows.from_array(self.rows[: self.batch_size])
        return self._layers_of(self.engine.gradient(rows, {}, 0, 0, self.n_threads)[1])

    def layers(self) -> Layers:
        return self._layers_of(self.engine.parameters())

    def ready(self, n: int) -> None:
        """Hold n minibatches: the given rows again and again, an "epoch" of the wanted length."""
        n_rows = n * self.batch_size
        if self.held.shape[0] != n_rows:
            self.held = _core.Rows.from_array(np.resize(self.rows, (n_rows, self.rows.shape[1])))

    def run(self, n: int) -> None:
        """n minibatches in one call."""
        done = self.engine.train(self.held, None, self.settings, 0, self.step, self.n_threads)
        self.step = done["step"]
        if done["n_updates"] != n or not done["finite"]:
            raise RuntimeError(f"{done['n_updates']} of {n} updates, finite: {done['finite']}")

    def _layers_of(self, flat: NDArray[np.float64]) -> Layers:
        found, at = [], 0
        for n_in, n_out in itertools.pairwise(self.sizes):
            weights = flat[at : at + n_in * n_out].reshape(n_out, n_in)
            at += n_in * n_out
            found.append((weights.astype(np.float32), flat[at : at + n_out].astype(np.float32)))
            at += n_out
        return found


class Fast(Float32):
    """precision="fast": bfloat16 products."""

    precision: ClassVar[str] = "fast"
