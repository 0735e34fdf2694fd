"""What contestants of the benchmark of layers share: CD-1 with momentum and weight decay."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class GreedySteps:
    """Minibatches of one RBM. A class loads parameters and runs."""

    def __init__(self, n_threads: int) -> None:
        self.n_threads = n_threads

    def prepare(
        self,
        weights: NDArray[np.float32],
        biases: NDArray[np.float32],
        rows: NDArray[Any],
        batch_size: int,
        learning_rate: float,
        momentum: float,
        weight_decay: float,
        sample_visibles: bool,
        seed: int,
    ) -> None:
        """Load parameters and rows; biases of visible units, then of hidden ones. Rows are bits or
        probabilities, and so is what visible units come back as."""
        self.rows, self.batch_size, self.seed = rows, batch_size, seed
        self.learning_rate, self.momentum = learning_rate, momentum
        self.weight_decay, self.sample_visibles = weight_decay, sample_visibles
        self.load(weights, biases)

    def check(
        self,
        weights: NDArray[np.float32],
        biases: NDArray[np.float32],
        rows: NDArray[Any],
        sample_visibles: bool,
        seed: int,
    ) -> NDArray[Any]:
        """Parameters after one step of rate 1 on all rows: weights, visible and hidden biases."""
        self.prepare(weights, biases, rows, len(rows), 1.0, 0.9, 0.01, sample_visibles, seed)
        self.run(1)
        return self.learned()

    def load(self, weights: NDArray[np.float32], biases: NDArray[np.float32]) -> None:
        """Start at these."""
        raise NotImplementedError

    def learned(self) -> NDArray[Any]:
        """As `check` gives them."""
        raise NotImplementedError

    def run(self, n: int) -> None:
        """n minibatches."""
        raise NotImplementedError
