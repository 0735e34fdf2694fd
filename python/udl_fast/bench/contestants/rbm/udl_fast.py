"""This package: one call over many minibatches, as `RBM.fit` makes for an epoch."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

import udl_fast
from udl_fast import _core

from ._steps import Steps


class Engine(Steps):
    """The engine with its rows held packed, which is what `RBM.fit` does with 0/1 data."""

    precision = "fixed"

    def versions(self) -> dict[str, str]:
        """What computes."""
        return {"udl-fast": udl_fast.__version__, "target": _core.current_target()}

    def load(
        self,
        weights: NDArray[np.float32],
        hidden_bias: NDArray[np.float32],
        visible_bias: NDArray[np.float32],
    ) -> None:
        self.engine = _core.RbmEngine(weights.shape[1], weights.shape[0], self.precision)
        self.engine.set_parameters(weights, hidden_bias, visible_bias)
        self.held = _core.Rows.from_array(self.rows)
        if self.algorithm == "pcd":
            self.engine.set_chains(np.zeros((self.batch_size, weights.shape[0]), bool))
        self.step = 0
        self.settings = {
            "batch_size": self.batch_size,
            "algorithm": self.algorithm,
            "k": self.k,
            "statistics": "mean",
            "learning_rate": self.learning_rate,
            "momentum": 0.0,
            "weight_decay": 0.0,
            "l1": 0.0,
            "sparsity_target": None,
            "sparsity_cost": 0.0,
            "sparsity_damping": 0.9,
            "sample_visibles": True,
            "binarize_sample": False,
            "data_step": 0,
        }

    def mean_hidden(self) -> NDArray[Any]:
        return self.engine.mean_hidden(self.held, self.n_threads)

    def parameters(self) -> dict[str, NDArray[Any]]:
        return {
            "weights": self.engine.weights(),
            "hidden_bias": self.engine.hidden_bias(),
            "visible_bias": self.engine.visible_bias(),
        }

    def ready(self, n: int) -> None:
        """Hold n minibatches: the given rows again and again, an "epoch" of the wanted length."""
        n_rows = self.batch_size if self.algorithm == "gibbs" else n * self.batch_size
        if self.held.shape[0] != n_rows:
            self.held = _core.Rows.from_array(np.resize(self.rows, (n_rows, self.rows.shape[1])))

    def run(self, n: int) -> None:
        """n minibatches, or n Gibbs steps of all chains, in one call."""
        if self.algorithm == "gibbs":
            self.engine.gibbs(self.held, n, self.seed, "gibbs", self.step, 0, self.n_threads)
            self.step += n
            return
        done = self.engine.train(
            self.held, None, self.settings, self.seed, self.step, self.n_threads
        )
        self.step = done["step"]
        if done["n_updates"] != n or not done["finite"]:
            raise RuntimeError(f"{done['n_updates']} of {n} updates, finite: {done['finite']}")


class FastEngine(Engine):
    """precision="fast"."""

    precision = "fast"
