"""What contestants of the benchmark of nets share: SGD with momentum on minibatches of one autoencoder.

Hidden units are logistic but those of the code, which are linear; outputs are logistic, the loss is the
cross-entropy, summed over units and averaged over rows.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

MOMENTUM = 0.9

Layers = list[tuple[NDArray[np.float32], NDArray[np.float32]]]  # weights (outputs, inputs), bias


class NetSteps:
    """Minibatches of SGD. A class loads layers and runs."""

    def __init__(self, n_threads: int) -> None:
        self.n_threads = n_threads

    def prepare(
        self,
        layers: Layers,
        code: int,
        rows: NDArray[np.float32],
        batch_size: int,
        learning_rate: float,
    ) -> None:
        """Load layers, of which number `code` is linear, and rows."""
        self.code, self.rows, self.batch_size = code, rows, batch_size
        self.learning_rate = learning_rate
        self.load(layers)

    def check(
        self, layers: Layers, code: int, rows: NDArray[np.float32], learning_rate: float
    ) -> dict[str, Any]:
        """The gradient of all rows, as layers, and the layers after two steps on them."""
        self.prepare(layers, code, rows, len(rows), learning_rate)
        gradient = self.gradient()
        self.ready(2)
        self.run(2)
        return {"gradient": gradient, "layers": self.layers()}

    def load(self, layers: Layers) -> None:
        """Start at these layers, without velocity."""
        raise NotImplementedError

    def gradient(self) -> Layers:
        """Of the first minibatch; nothing is learned."""
        raise NotImplementedError

    def layers(self) -> Layers:
        """As they are now."""
        raise NotImplementedError

    def ready(self, n: int) -> None:
        """What n minibatches need before they are timed."""

    def run(self, n: int) -> None:
        """n minibatches."""
        raise NotImplementedError
