"""Hamming search by this package: the index as it decides itself, or always a scan, or always tables."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

import udl_fast
from udl_fast import HammingIndex, _core


class Scan:
    """Compares queries with all codes."""

    index_type: Literal["scan", "mih"] = "scan"

    def __init__(self, n_threads: int) -> None:
        self.n_threads = n_threads

    def versions(self) -> dict[str, str]:
        """What computes."""
        return {"udl-fast": udl_fast.__version__, "target": _core.current_target()}

    def prepare(
        self,
        codes: NDArray[np.uint8],
        queries: NDArray[np.uint8],
        per_call: int,
        k: int | None,
        radius: int | None,
    ) -> None:
        """Index the codes.

        A call takes `per_call` queries: their `k` nearest, or all at a distance below `radius`.
        """
        self.index = HammingIndex(8 * codes.shape[1], index_type=self.index_type)
        self.index.add(codes)
        if self.index_type == "mih":
            self.index.build_tables(n_jobs=self.n_threads)
        self.queries, self.per_call, self.k, self.radius = queries, per_call, k, radius

    def call(self, queries: NDArray[np.uint8]) -> tuple[NDArray[Any], ...]:
        """One search."""
        if self.radius is None:
            assert self.k is not None
            return self.index.search(queries, self.k, n_jobs=self.n_threads)
        return self.index.range_search(queries, self.radius, n_jobs=self.n_threads)

    def answers(self, n: int) -> tuple[NDArray[Any], ...]:
        """(D, I) of the first n queries, or (lims, D, I)."""
        return self.call(self.queries[:n])

    def run(self, n: int) -> None:
        """n calls, each with the next queries."""
        places = len(self.queries) // self.per_call
        for i in range(n):
            first = i % places * self.per_call
            self.call(self.queries[first : first + self.per_call])


class Tables(Scan):
    """Looks up buckets where that is cheaper."""

    index_type = "mih"
