"""This package: one call over many minibatches, as `RBM.fit` makes for an epoch."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

import udl_fast
from udl_fast import _core


class Engine:
    """The engine with its rows held packed, which is what `RBM.fit` does with 0/1 data."""

    precision = "fixed"

    def __init__(self, n_threads: int) -> None:
        self.n_threads = n_threads

    def versions(self) -> dict[str, str]:
        """What computes."""
        return {"udl-fast": udl_fast.__version__, "target": _core.current_target()}

    def check(
        self,
        weights: NDArray[np.float32],
        hidden_bias: NDArray[np.float32],
        visible_bias: NDArray[np.float32],
        rows: NDArray[np.uint8],
        seed: int,
    ) -> dict[str, NDArray[Any]]:
        """p(h|v) of the rows, and the parameters after one CD-1 step of rate 1 on all of them."""
        self.prepare(weights, hidden_bias, visible_bias, rows, len(rows), 1.0, seed)
        self.ready(1)
        mean_hidden = self.engine.mean_hidden(self.rows, self.n_threads)
        self.run(1)
        return {
            "mean_hidden": mean_hidden,
            "weights": self.engine.weights(),
            "hidden_bias": self.engine.hidden_bias(),
            "visible_bias": self.engine.visible_bias(),
        }

    def prepare(
        self,
        weights: NDArray[np.float32],
        hidden_bias: NDArray[np.float32],
        visible_bias: NDArray[np.float32],
        rows: NDArray[np.uint8],
        batch_size: int,
        learning_rate: float,
        seed: int,
        algorithm: str = "cd",
        k: int = 1,
    ) -> None:
        """Load parameters and rows; `algorithm` is "cd", "pcd" or "gibbs"."""
        self.engine = _core.RbmEngine(weights.shape[1], weights.shape[0], self.precision)
        self.engine.set_parameters(weights, hidden_bias, visible_bias)
        self.given = rows
        self.rows = _core.Rows.from_array(rows)
        self.algorithm = algorithm
        if algorithm == "pcd":
            self.engine.set_chains(np.zeros((batch_size, weights.shape[0]), bool))
        self.batch_size = batch_size
        self.seed = seed
        self.step = 0
        self.settings = {
            "batch_size": batch_size,
            "algorithm": algorithm,
            "k": k,
            "statistics": "mean",
            "learning_rate": learning_rate,
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

    def ready(self, n: int) -> None:
        """Hold n minibatches: the given rows again and again, an "epoch" of the wanted length."""
        n_rows = self.batch_size if self.algorithm == "gibbs" else n * self.batch_size
        if self.rows.shape[0] != n_rows:
            self.rows = _core.Rows.from_array(np.resize(self.given, (n_rows, self.given.shape[1])))

    def run(self, n: int) -> None:
        """n minibatches, or n Gibbs steps of all chains, in one call."""
        if self.algorithm == "gibbs":
            self.engine.gibbs(self.rows, n, self.seed, "gibbs", self.step, 0, self.n_threads)
            self.step += n
            return
        done = self.engine.train(
            self.rows, None, self.settings, self.seed, self.step, self.n_threads
        )
        self.step = done["step"]
        if done["n_updates"] != n or not done["finite"]:
            raise RuntimeError(f"{done['n_updates']} of {n} updates, finite: {done['finite']}")


class FastEngine(Engine):
    """precision="fast"."""

    precision = "fast"
