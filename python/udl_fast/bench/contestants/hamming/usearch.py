"""Hamming search by usearch: its exact search over an array. It takes 16 bytes for each pair."""

from typing import Any

import numpy as np
import usearch
from numpy.typing import NDArray
from usearch.index import MetricKind, search

from ._searches import Searches


class Exact(Searches):
    """Compares queries with all codes; ties in any order."""

    def versions(self) -> dict[str, str]:
        """What computes."""
        return {"usearch": usearch.__version__}

    def load(self, codes: NDArray[np.uint8]) -> None:
        if self.k is None:
            raise ValueError("usearch has no exact search by radius")
        self.codes = codes

    def call(self, queries: NDArray[np.uint8]) -> tuple[NDArray[Any], ...]:
        assert self.k is not None
        found = search(
            self.codes, queries, self.k, MetricKind.Hamming, exact=True, threads=self.n_threads
        )
        shape = (len(queries), self.k)
        return np.reshape(found.distances, shape), np.reshape(found.keys, shape)
