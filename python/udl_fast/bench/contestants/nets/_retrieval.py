"""What contestants that encode rows and search them share: the net, the rows, and queries among them.

Hidden and code units are logistic; a bit is 1 where its unit is above one half. What is timed begins with
rows of float32 and ends with the nearest codes of the queries: encoding, packing, an index, a search.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._steps import Layers


class Retrieval:
    """Codes of all rows, and the k nearest of the first ones. A class loads layers and does both."""

    def __init__(self, n_threads: int) -> None:
        self.n_threads = n_threads

    def prepare(self, layers: Layers, rows: NDArray[np.float32], n_queries: int, k: int) -> None:
        """Load the layers up to the code, and rows."""
        self.rows, self.n_queries, self.k = rows, n_queries, k
        self.load(layers)

    def check(
        self, layers: Layers, rows: NDArray[np.float32], n_queries: int, k: int, chunk_size: int
    ) -> tuple[NDArray[np.uint8], NDArray[Any], NDArray[Any]]:
        """Codes, and what is found by them: (codes, D, I)."""
        self.prepare(layers, rows, n_queries, k)
        codes = self.encode(chunk_size)
        return (codes, *self.search(codes))

    def run(self, n: int, chunk_size: int) -> None:
        """All of it, n times."""
        for _ in range(n):
            self.search(self.encode(chunk_size))

    def load(self, layers: Layers) -> None:
        """Have these layers."""
        raise NotImplementedError

    def encode(self, chunk_size: int) -> NDArray[np.uint8]:
        """Packed codes of the rows, so many at a time."""
        raise NotImplementedError

    def search(self, codes: NDArray[np.uint8]) -> tuple[NDArray[Any], NDArray[Any]]:
        """(D, I) of the first codes among all."""
        raise NotImplementedError
