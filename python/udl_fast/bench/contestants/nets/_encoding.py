"""What contestants that encode rows share: the net, the rows, and how many are encoded at a time.

Hidden units are logistic, the code is linear. Rows are a float32 array and so are codes; conversions between
are part of what is timed.
"""

import numpy as np
from numpy.typing import NDArray

from ._steps import Layers


class Encoding:
    """Codes of all rows. A class loads layers and encodes."""

    def __init__(self, n_threads: int) -> None:
        self.n_threads = n_threads

    def prepare(self, layers: Layers, rows: NDArray[np.float32]) -> None:
        """Load the layers up to the code, and rows."""
        self.rows = rows
        self.codes = np.zeros((len(rows), len(layers[-1][1])), np.float32)
        self.load(layers)

    def check(
        self, layers: Layers, rows: NDArray[np.float32], chunk_size: int
    ) -> NDArray[np.float32]:
        """Codes of the rows, so many at a time."""
        self.prepare(layers, rows)
        self.run(1, chunk_size)
        return self.codes

    def run(self, n: int, chunk_size: int) -> None:
        """All rows, n times."""
        for _ in range(n):
            for first in range(0, len(self.rows), chunk_size):
                chunk = slice(first, first + chunk_size)
                self.codes[chunk] = self.encode(self.rows[chunk])

    def load(self, layers: Layers) -> None:
        """Have these layers."""
        raise NotImplementedError

    def encode(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Codes of these rows."""
        raise NotImplementedError
