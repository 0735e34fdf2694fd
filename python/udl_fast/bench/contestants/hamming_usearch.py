"""Hamming search by usearch: its exact search over an array. It takes 16 bytes for each pair."""

from typing import Any

import numpy as np
import usearch
from numpy.typing import NDArray
from usearch.index import MetricKind, search


class Exact:
    """Compares queries with all codes; ties in any order."""

    def __init__(self, n_threads: int) -> None:
        self.n_threads = n_threads

    def versions(self) -> dict[str, str]:
        """What computes."""
        return {"usearch": usearch.__version__}

    def prepare(
        self,
        codes: NDArray[np.uint8],
        queries: NDArray[np.uint8],
        per_call: int,
        k: int | None,
        radius: int | None,
    ) -> None:
        """As the contestant of this package; there is no search by radius."""
        if k is None:
            raise ValueError("usearch has no exact search by radius")
        self.codes, self.queries, self.per_call, self.k = codes, queries, per_call, k

    def call(self, queries: NDArray[np.uint8]) -> tuple[NDArray[Any], ...]:
        """One search."""
        found = search(
            self.codes, queries, self.k, MetricKind.Hamming, exact=True, threads=self.n_threads
        )
        shape = (len(queries), self.k)
        return np.reshape(found.distances, shape), np.reshape(found.keys, shape)

    def answers(self, n: int) -> tuple[NDArray[Any], ...]:
        """(D, I) of the first n queries."""
        return self.call(self.queries[:n])

    def run(self, n: int) -> None:
        """n calls, each with the next queries."""
        places = len(self.queries) // self.per_call
        for i in range(n):
            first = i % places * self.per_call
            self.call(self.queries[first : first + self.per_call])
