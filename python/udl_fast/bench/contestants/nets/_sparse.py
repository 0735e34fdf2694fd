"""What contestants share that learn a sparse autoencoder by L-BFGS: the objective's settings, and two kinds of
work, an evaluation and a fit of so many iterations from the same start."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._steps import Layers

# As in the tutorial of Ng and others; of `SparseAutoencoder` the defaults.
TARGET, COST, WEIGHT_DECAY = 0.1, 3.0, 3e-3
N_PAIRS = 10  # steps that L-BFGS remembers


class SparseFits:
    """One hidden layer, logistic units; all rows at once. A class evaluates and fits."""

    def __init__(self, n_threads: int) -> None:
        self.n_threads = n_threads

    def prepare(self, layers: Layers, rows: NDArray[np.float32], n_iter: int) -> None:
        """Load the start, rows, and the iterations of a fit."""
        self.layers, self.rows, self.n_iter = layers, rows, n_iter
        self.load()

    def check(self) -> dict[str, Any]:
        """Value and gradient at the start, and the value after a fit."""
        value, gradient = self.evaluate()
        self.fit()
        return {"value": value, "gradient": gradient, "reached": self.reached()}

    def run(self, n: int, work: str) -> None:
        """n evaluations at the start, or n fits from it."""
        do = {"evaluation": self.evaluate, "fit": self.fit}[work]
        for _ in range(n):
            do()

    def load(self) -> None:
        """Hold rows and the start."""
        raise NotImplementedError

    def evaluate(self) -> tuple[float, NDArray[Any]]:
        """Objective at the start, and its gradient: weights and bias of layer after layer."""
        raise NotImplementedError

    def fit(self) -> None:
        """So many iterations from the start."""
        raise NotImplementedError

    def reached(self) -> float:
        """Objective where the last fit ended."""
        raise NotImplementedError
