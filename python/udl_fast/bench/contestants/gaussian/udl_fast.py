"""This package: one call over many minibatches, as `RBM.fit` makes for an epoch."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

import udl_fast
from udl_fast import _core

from ._steps import GaussianSteps, Parameters


class Engine(GaussianSteps):
    """The packed-bit engine: hidden states are bits."""

    precision: ClassVar[str] = "fixed"

    def versions(self) -> dict[str, str]:
        """What computes."""
        return {"udl-fast": udl_fast.__version__, "target": _core.current_target()}

    def load(self, parameters: Parameters) -> None:
        n_hidden, n_visible = parameters["weights"].shape
        self.engine = _core.RbmEngine(n_visible, n_hidden, self.precision, "gaussian", "bernoulli")
        self.engine.set_state({**self.engine.state(), **parameters})
        self.held = _core.Rows.from_array(self.rows)
        self.step = 0
        self.settings = {
            "batch_size": self.batch_size,
            "algorithm": "cd",
            "k": 1,
            "statistics": "mean",
            "learning_rate": self.learning_rate,
            "momentum": 0.0,
            "weight_decay": 0.0,
            "l1": 0.0,
            "sparsity_target": None,
            "sparsity_cost": 0.0,
            "sparsity_damping": 0.9,
            "sample_visibles": True,
            "learn_sigma": self.learn_sigma,
            "binarize_sample": False,
            "data_step": 0,
        }

    def mean_hidden(self) -> NDArray[Any]:
        return self.engine.mean_hidden(self.held, self.n_threads)

    def parameters(self) -> dict[str, NDArray[Any]]:
        state = self.engine.state()
        return {name: state[name] for name in _LEARNED}

    def ready(self, n: int) -> None:
        """Hold n minibatches: the given rows again and again, an "epoch" of the wanted length."""
        n_rows = n * self.batch_size
        if self.held.shape[0] != n_rows:
            self.held = _core.Rows.from_array(np.resize(self.rows, (n_rows, self.rows.shape[1])))

    def run(self, n: int) -> None:
        """n minibatches in one call."""
        done = self.engine.train(
            self.held, None, self.settings, self.seed, self.step, self.n_threads
        )
        self.step = done["step"]
        if done["n_updates"] != n or not done["finite"]:
            raise RuntimeError(f"{done['n_updates']} of {n} updates, finite: {done['finite']}")


class Fast(Engine):
    """precision="fast": it learns from bfloat16 products. What p(h|v) is afterwards is not rounded."""

    precision: ClassVar[str] = "fast"

    def __init__(self, n_threads: int) -> None:
        super().__init__(n_threads)
        row = np.zeros((1, 1), np.float32)
        nothing = {"weights": row, "hidden_bias": row[0], "visible_bias": row[0]}
        try:
            self.check({**nothing, "log_variance": row[0]}, row, learn_sigma=False, seed=0)
        except NotImplementedError as error:
            raise ImportError(str(error)) from None


_LEARNED = ("weights", "hidden_bias", "visible_bias", "log_variance")
