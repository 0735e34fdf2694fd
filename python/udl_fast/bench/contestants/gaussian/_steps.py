"""What contestants of the Gaussian benchmark share: CD-1 on minibatches of real values."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

CHECK_RATE = 0.1  # below the rates that a step is bounded to

Parameters = dict[str, NDArray[np.float32]]  # weights, hidden_bias, visible_bias, log_variance


class GaussianSteps:
    """Minibatches of CD-1. A class loads parameters and runs."""

    def __init__(self, n_threads: int) -> None:
        self.n_threads = n_threads

    def prepare(
        self,
        parameters: Parameters,
        rows: NDArray[np.float32],
        batch_size: int,
        learning_rate: float,
        learn_sigma: bool,
        seed: int,
    ) -> None:
        """Load parameters and rows."""
        self.rows, self.batch_size, self.seed = rows, batch_size, seed
        self.learning_rate, self.learn_sigma = learning_rate, learn_sigma
        self.load(parameters)

    def check(
        self, parameters: Parameters, rows: NDArray[np.float32], learn_sigma: bool, seed: int
    ) -> dict[str, NDArray[Any]]:
        """p(h|v) of the rows, and the parameters after one step of CHECK_RATE on all of them."""
        self.prepare(parameters, rows, len(rows), CHECK_RATE, learn_sigma, seed)
        mean_hidden = self.mean_hidden()
        self.run(1)
        return {"mean_hidden": mean_hidden, **self.parameters()}

    def load(self, parameters: Parameters) -> None:
        """Start at these parameters."""
        raise NotImplementedError

    def mean_hidden(self) -> NDArray[Any]:
        """p(h|v) of the first minibatch."""
        raise NotImplementedError

    def parameters(self) -> dict[str, NDArray[Any]]:
        """As they are now."""
        raise NotImplementedError

    def run(self, n: int) -> None:
        """n minibatches."""
        raise NotImplementedError
