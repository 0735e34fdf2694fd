"""What contestants of the RBM benchmark share: the check of one step, and what they are given."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Steps:
    """Minibatches of learning, or Gibbs steps. A class loads parameters and runs."""

    def __init__(self, n_threads: int) -> None:
        self.n_threads = n_threads

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
        self.rows, self.batch_size = rows, batch_size
        self.learning_rate, self.seed = learning_rate, seed
        self.algorithm, self.k = algorithm, k
        self.load(weights, hidden_bias, visible_bias)

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
        mean_hidden = self.mean_hidden()
        self.run(1)
        return {"mean_hidden": mean_hidden, **self.parameters()}

    def load(
        self,
        weights: NDArray[np.float32],
        hidden_bias: NDArray[np.float32],
        visible_bias: NDArray[np.float32],
    ) -> None:
        """Start at these parameters."""
        raise NotImplementedError

    def mean_hidden(self) -> NDArray[Any]:
        """p(h|v) of the first minibatch."""
        raise NotImplementedError

    def parameters(self) -> dict[str, NDArray[Any]]:
        """Weights and biases as they are now."""
        raise NotImplementedError

    def run(self, n: int) -> None:
        """n minibatches, or n Gibbs steps of all chains."""
        raise NotImplementedError
