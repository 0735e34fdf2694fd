"""What contestants of the Hamming benchmark share: queries that are asked again and again."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Searches:
    """Calls that take `per_call` queries: their `k` nearest, or all at a distance below `radius`.

    A class indexes the codes and answers one call.
    """

    def __init__(self, n_threads: int) -> None:
        self.n_threads = n_threads

    def prepare(
        self,
        codes: NDArray[np.uint8],
        queries: NDArray[np.uint8],
        per_call: int,
        k: int | None,
        radius: int | None,
    ) -> None:
        """Index the codes, keep the queries."""
        self.queries, self.per_call, self.k, self.radius = queries, per_call, k, radius
        self.load(codes)

    def answers(self, n: int) -> tuple[NDArray[Any], ...]:
        """(D, I) of the first n queries, or (lims, D, I)."""
        return self.call(self.queries[:n])

    def run(self, n: int) -> None:
        """n calls, each with the next queries."""
        places = len(self.queries) // self.per_call
        for i in range(n):
            first = i % places * self.per_call
            self.call(self.queries[first : first + self.per_call])

    def load(self, codes: NDArray[np.uint8]) -> None:
        """Index the codes."""
        raise NotImplementedError

    def call(self, queries: NDArray[np.uint8]) -> tuple[NDArray[Any], ...]:
        """One search."""
        raise NotImplementedError
