"""When an index builds tables of buckets, and whether they are there for a search."""

from __future__ import annotations

import threading
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from .. import _core
from .index_file import IndexType
from .locks import open_in_children
from .store import Snapshot

_MAX_CODES = 2**30  # positions of codes in tables leave two bits of 32 free
_BUILD_SECONDS = 3e-8  # a code in a table
_NO_DISTANCE = 2147483647


def checked_index_type(index_type: str) -> IndexType:
    for known in get_args(IndexType):
        if index_type == known:
            return known  # type: ignore[no-any-return]
    raise ValueError(
        f"HammingIndex: index_type must be 'auto', 'scan' or 'mih', got {index_type!r}"
    )


class HashPlan:
    """The tables of one index.

    "auto" adds up what searches would have gained from tables, and builds them once that has become
    as much as building costs: the sum is never more than about twice the best of both ways.
    Tables never change a result, so losing a race between threads costs time only.
    """

    lock: threading.RLock
    index_type: IndexType

    def __init__(self, index_type: IndexType, n_bits: int) -> None:
        open_in_children(self)
        self.index_type = index_type
        self._n_bits = n_bits
        self.drop()

    def set_index_type(self, index_type: IndexType) -> None:
        """Searches that begin from now on follow it; "scan" lets go of the tables."""
        self.index_type = index_type
        if index_type == "scan":
            self.drop()

    def drop(self) -> None:
        # Tables and the generation of codes they are of: one attribute, read once, while others may replace it.
        self._built: tuple[_core.HammingTables, int] | None = None
        self._regret = 0.0

    @property
    def nbytes(self) -> int:
        built = self._built
        return 0 if built is None else built[0].nbytes

    def nearest(
        self, codes: Snapshot, queries: NDArray[np.uint8], k: int, n_threads: int
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Distances and ids of the k nearest codes of each query."""
        rows, ids, ascending, _, allowed = codes
        tables = self._tables_for(codes, n_threads)
        hashed = None
        if tables is None:
            distances, found = _core.hamming_search(
                rows, queries, k, n_threads, ids, ascending, allowed
            )
        else:
            distances, found, hashed = _core.hamming_hash_search(
                tables, rows, queries, k, n_threads, ids, allowed
            )
        if self.index_type != "auto":
            return distances, found
        radii, counts = np.unique(distances[:, -1], return_counts=True)
        real = radii != _NO_DISTANCE
        self._note(codes, n_threads, radii[real], counts[real], hashed)
        return distances, found

    def within(
        self, codes: Snapshot, queries: NDArray[np.uint8], largest: int, n_threads: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
        """Limits, distances and ids of all codes at a distance <= largest of each query."""
        rows, ids, ascending, _, allowed = codes
        tables = self._tables_for(codes, n_threads)
        hashed = None
        if tables is None:
            limits, distances, found = _core.hamming_range(
                rows, queries, largest, n_threads, ids, ascending, allowed
            )
        else:
            limits, distances, found, hashed = _core.hamming_hash_range(
                tables, rows, queries, largest, n_threads, ids, ascending, allowed
            )
        if self.index_type == "auto" and largest >= 0:
            radii, counts = np.array([largest]), np.array([len(queries)])
            self._note(codes, n_threads, radii, counts, hashed)
        return limits, distances, found

    def pairs(
        self, codes: Snapshot, largest: int, n_threads: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
        """Ids and distances of all pairs of codes at a distance <= largest."""
        rows, ids, ascending, _, _ = codes
        if self._pairs_pay(codes, n_threads, largest):
            self.build(codes, n_threads)
        tables = self._tables_for(codes, n_threads)
        if tables is None:
            return _core.hamming_pairs(rows, largest, n_threads, ids, ascending)
        first, second, distances, _ = _core.hamming_hash_pairs(
            tables, rows, largest, n_threads, ids, ascending
        )
        return first, second, distances

    def build(self, codes: Snapshot, n_threads: int) -> _core.HammingTables | None:
        """Tables of all these codes."""
        if not 0 < len(codes.rows) < _MAX_CODES:
            return None
        with self.lock:
            tables = self._valid(codes)
            if tables is None or tables.n_codes < len(codes.rows):
                tables = _core.HammingTables(codes.rows, 0, n_threads)
                self._built, self._regret = (tables, codes.generation), 0.0
            return tables

    def _tables_for(self, codes: Snapshot, n_threads: int) -> _core.HammingTables | None:
        """Tables for a search of these codes; those of "mih" are built here if need be."""
        if self.index_type == "scan" or not 0 < len(codes.rows) < _MAX_CODES:
            return None
        tables = self._valid(codes)
        if self.index_type == "mih" and (
            tables is None or len(codes.rows) > tables.n_codes + tables.n_codes // 8
        ):
            return self.build(codes, n_threads)
        return tables

    def _pairs_pay(self, codes: Snapshot, n_threads: int, largest: int) -> bool:
        """Whether comparing all codes with each other alone is worth building tables."""
        n_codes, n_words = len(codes.rows), -(-self._n_bits // 64)
        if self.index_type != "auto" or not 0 < n_codes < _MAX_CODES:
            return False
        n_tables = _core.hamming_default_tables(n_codes, self._n_bits)
        scan = 0.5 * _core.hamming_scan_seconds(n_codes, n_words, n_codes, n_threads)
        hashed = _core.hamming_hash_seconds(n_codes, self._n_bits, n_tables, max(largest, 0))
        return scan - hashed > _BUILD_SECONDS * n_tables

    def _note(
        self,
        codes: Snapshot,
        n_threads: int,
        radii: NDArray[np.signedinteger],
        counts: NDArray[np.signedinteger],
        hashed: int | None,
    ) -> None:
        """A search has ended: `counts` queries needed all codes within `radii`, and `hashed` queries were
        answered from tables (None: there were none)."""
        n_codes, n_words = len(codes.rows), -(-self._n_bits // 64)
        n_queries = int(counts.sum())
        if not 0 < n_codes < _MAX_CODES or not n_queries:
            return
        n_tables = _core.hamming_default_tables(n_codes, self._n_bits)
        tables = self._valid(codes)
        if hashed is None:
            scan = _core.hamming_scan_seconds(n_codes, n_words, n_queries, n_threads)
            for radius, count in zip(radii.tolist(), counts.tolist(), strict=True):
                price = _core.hamming_hash_seconds(n_codes, self._n_bits, n_tables, radius)
                self._regret += max(0.0, scan - price) * count
        elif tables is not None and n_codes > tables.n_codes:
            # Codes added since the tables were built were scanned for every query.
            added = n_codes - tables.n_codes
            self._regret += hashed * _core.hamming_scan_seconds(added, n_words, 1, 1)
        if self._regret > _BUILD_SECONDS * n_codes * n_tables:
            self.build(codes, n_threads)

    def _valid(self, codes: Snapshot) -> _core.HammingTables | None:
        """The tables, unless codes were removed since or the snapshot is older than they are."""
        built = self._built
        if built is None or built[1] != codes.generation:
            return None
        tables = built[0]
        return tables if tables.n_codes <= len(codes.rows) else None
