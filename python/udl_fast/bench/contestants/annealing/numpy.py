"""Annealed importance sampling in NumPy: matmul on its BLAS, one call an operation."""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._annealing import Annealing


class Float32(Annealing):
    """float32 arrays; one product up serves both log terms and the sample."""

    def versions(self) -> dict[str, str]:
        """What computes."""
        config: Any = np.show_config(mode="dicts")
        blas = config["Build Dependencies"]["blas"]
        return {"numpy": np.__version__, blas["name"]: blas["version"]}

    def load(
        self,
        weights: NDArray[np.float32],
        hidden_bias: NDArray[np.float32],
        visible_bias: NDArray[np.float32],
    ) -> None:
        self.weights, self.hidden_bias, self.visible_bias = weights, hidden_bias, visible_bias
        self.generator = np.random.default_rng(self.seed)

    def anneal(self, betas: NDArray[np.float32]) -> NDArray[np.float64]:
        log_weights = np.zeros(self.n_runs)
        bias_change = self.visible_bias - self.base_bias
        v = self._sample(np.broadcast_to(self.base_bias, (self.n_runs, len(self.base_bias))))
        for before, now in pairwise(betas):
            x = v @ self.weights.T + self.hidden_bias
            change = _softplus(now * x) - _softplus(before * x)
            log_weights += change.sum(axis=1) + (now - before) * (v @ bias_change)
            h = self._sample(now * x)
            bias = (1 - now) * self.base_bias + now * self.visible_bias
            v = self._sample(now * (h @ self.weights) + bias)
        return log_weights

    def _sample(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """0/1 states with the probabilities 1 / (1 + e^-x)."""
        uniforms = self.generator.random(x.shape, dtype=np.float32)
        found: NDArray[np.float32] = (uniforms * (1 + np.exp(-x)) < 1).astype(np.float32)
        return found


def _softplus(x: NDArray[np.float32]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
    return found
