"""What contestants of the up-down benchmark share: minibatches of a net of Bernoulli units."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# (weights, hidden bias, visible bias) of the RBMs that the net begins with, from the rows on.
Layers = list[tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]]
Learned = dict[str, NDArray[Any]]


class UpDownSteps:
    """Minibatches of the up-down algorithm. A class loads layers and runs."""

    def __init__(self, n_threads: int) -> None:
        self.n_threads = n_threads

    def prepare(
        self,
        layers: Layers,
        rows: NDArray[np.uint8],
        batch_size: int,
        learning_rate: float,
        k: int,
        seed: int,
    ) -> None:
        """Load layers and rows; k Gibbs steps at the top."""
        self.rows, self.batch_size, self.seed = rows, batch_size, seed
        self.learning_rate, self.k = learning_rate, k
        self.load(layers)

    def check(self, layers: Layers, rows: NDArray[np.uint8], k: int, seed: int) -> Learned:
        """Weights and biases after one step of rate 1 on all rows: "up.0", "down.0" and so on, "top", each
        (units that are given, units they are given) with the biases behind them as a column."""
        self.prepare(layers, rows, len(rows), 1.0, k, seed)
        self.run(1)
        return self.learned()

    def load(self, layers: Layers) -> None:
        """Start at these."""
        raise NotImplementedError

    def learned(self) -> Learned:
        """As `check` gives them."""
        raise NotImplementedError

    def run(self, n: int) -> None:
        """n minibatches."""
        raise NotImplementedError
