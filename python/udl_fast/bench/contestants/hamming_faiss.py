"""Hamming search by FAISS: the exact IndexBinaryFlat, and the approximate hash indexes for small radii."""

from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

_KEY_BITS = 21  # of a hash: about log2 of 2 million codes
_FLIPS = 1  # bits of a key that are flipped in a look-up


class Flat:
    """Exact."""

    def __init__(self, n_threads: int) -> None:
        faiss.omp_set_num_threads(n_threads)

    def versions(self) -> dict[str, str]:
        """What computes; the level is that of the kernels which FAISS chose for this processor."""
        config = getattr(faiss, "SIMDConfig", None)
        level = faiss.get_compile_options() if config is None else config.get_level_name()
        return {"faiss": faiss.__version__, "level": level.strip()}

    def make(self, n_bits: int) -> Any:
        """An empty index."""
        return faiss.IndexBinaryFlat(n_bits)

    def prepare(
        self,
        codes: NDArray[np.uint8],
        queries: NDArray[np.uint8],
        per_call: int,
        k: int | None,
        radius: int | None,
    ) -> None:
        """Index the codes; as the contestant of this package."""
        self.index = self.make(8 * codes.shape[1])
        self.index.add(codes)
        self.queries, self.per_call, self.k, self.radius = queries, per_call, k, radius

    def call(self, queries: NDArray[np.uint8]) -> tuple[NDArray[Any], ...]:
        """One search."""
        found = (
            self.index.search(queries, self.k)
            if self.radius is None
            else self.index.range_search(queries, self.radius)
        )
        return tuple(found)

    def answers(self, n: int) -> tuple[NDArray[Any], ...]:
        """(D, I) of the first n queries, or (lims, D, I)."""
        return self.call(self.queries[:n])

    def run(self, n: int) -> None:
        """n calls, each with the next queries."""
        places = len(self.queries) // self.per_call
        for i in range(n):
            first = i % places * self.per_call
            self.call(self.queries[first : first + self.per_call])


class Hash(Flat):
    """One table whose key is the first bits."""

    def make(self, n_bits: int) -> Any:
        index = faiss.IndexBinaryHash(n_bits, min(_KEY_BITS, n_bits))
        index.nflip = _FLIPS
        return index


class MultiHash(Flat):
    """One table for each part of the code."""

    def make(self, n_bits: int) -> Any:
        n_tables = max(1, n_bits // _KEY_BITS)
        index = faiss.IndexBinaryMultiHash(n_bits, n_tables, n_bits // n_tables)
        index.nflip = _FLIPS
        return index
