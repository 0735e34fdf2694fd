"""Hamming search by FAISS: the exact IndexBinaryFlat, and the approximate hash indexes for small radii."""

from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from ._searches import Searches

_KEY_BITS = 21  # of a hash: about log2 of 2 million codes
_FLIPS = 1  # bits of a key that are flipped in a look-up


class Flat(Searches):
    """Exact."""

    def __init__(self, n_threads: int) -> None:
        super().__init__(n_threads)
        faiss.omp_set_num_threads(n_threads)

    def versions(self) -> dict[str, str]:
        """What computes; the level is that of the kernels which FAISS chose for this processor."""
        config = getattr(faiss, "SIMDConfig", None)
        level = faiss.get_compile_options() if config is None else config.get_level_name()
        return {"faiss": faiss.__version__, "level": level.strip()}

    def make(self, n_bits: int) -> Any:
        """An empty index."""
        return faiss.IndexBinaryFlat(n_bits)

    def load(self, codes: NDArray[np.uint8]) -> None:
        self.index = self.make(8 * codes.shape[1])
        self.index.add(codes)

    def call(self, queries: NDArray[np.uint8]) -> tuple[NDArray[Any], ...]:
        found = (
            self.index.search(queries, self.k)
            if self.radius is None
            else self.index.range_search(queries, self.radius)
        )
        return tuple(found)


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
