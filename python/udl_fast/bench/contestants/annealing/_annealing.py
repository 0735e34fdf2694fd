"""What contestants of annealed importance sampling share: what they are given, and how they are checked."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Annealing:
    """Runs of annealed importance sampling, side by side. A class loads a model and anneals."""

    def __init__(self, n_threads: int) -> None:
        self.n_threads = n_threads

    def prepare(
        self,
        weights: NDArray[np.float32],
        hidden_bias: NDArray[np.float32],
        visible_bias: NDArray[np.float32],
        base_bias: NDArray[np.float32],
        n_runs: int,
        seed: int,
    ) -> None:
        """Load a model, the visible biases of the base model, and how many runs there are."""
        self.base_bias, self.n_runs, self.seed = base_bias, n_runs, seed
        self.load(weights, hidden_bias, visible_bias)

    def check(self, n_temperatures: int, **model: Any) -> NDArray[np.float64]:
        """The log weights of the runs."""
        self.prepare(**model)
        return self.anneal(np.linspace(0, 1, n_temperatures + 1, dtype=np.float32))

    def run(self, n: int) -> None:
        """n temperatures of all runs."""
        self.anneal(np.linspace(0, 1, n + 1, dtype=np.float32))

    def load(
        self,
        weights: NDArray[np.float32],
        hidden_bias: NDArray[np.float32],
        visible_bias: NDArray[np.float32],
    ) -> None:
        """Take these parameters."""
        raise NotImplementedError

    def anneal(self, betas: NDArray[np.float32]) -> NDArray[np.float64]:
        """Log weights of n_runs runs from the base model to the model."""
        raise NotImplementedError
