"""This package: what `RBM.log_partition("ais")` calls."""

import numpy as np
from numpy.typing import NDArray

import udl_fast
from udl_fast import _core

from ._annealing import Annealing


class Engine(Annealing):
    """All runs and temperatures in one call."""

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

    def anneal(self, betas: NDArray[np.float32]) -> NDArray[np.float64]:
        return self.engine.anneal(
            betas, self.base_bias, None, self.n_runs, self.seed, 0, self.n_threads
        )


class FastEngine(Engine):
    """precision="fast"."""

    precision = "fast"
