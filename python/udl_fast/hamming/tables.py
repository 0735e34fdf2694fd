"""When an index builds tables of buckets, and whether they are there for a search."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import perf_counter
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ..locks import open_in_children
from ..progress import progress_of_share
from .index_file import IndexType
from .store import Snapshot

_MAX_CODES = 2**30  # positions of codes in tables leave two bits of 32 free
_LEAST_SECONDS = (
    0.05  # of scans, before which no thought is given to tables: prices take 10 ms to measure
)
_FEWEST_PAIRED = 1 << 13  # codes whose pairs take as long as measuring prices
_NO_DISTANCE = 2147483647


def checked_index_type(index_type: str) -> IndexType:
    for known in get_args(IndexType):
        if index_type == known:
            return known  # type: ignore[no-any-return]
    raise ValueError(
        f"HammingIndex: index_type must be 'auto', 'scan' or 'mih', got {index_type!r}"
    )


class ScanRecord:
    """The scans since tables were last built or let go of.

    Tables give a query to one thread. A call of fewer queries than threads counts as one query, another as
    those that one thread has to answer.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.next_thought = _LEAST_SECONDS
        self._least = {False: float("inf"), True: float("inf")}  # a query; few or many in a call
        self._queries: dict[tuple[int, bool], float] = {}

    def add(self, radius: int, seconds: float, n_queries: int, n_threads: int) -> None:
        """A call whose queries needed all codes within `radius` took so many seconds."""
        queries, many = n_queries / min(n_queries, n_threads), n_queries > 1
        kind = radius, many
        self._queries[kind] = self._queries.get(kind, 0.0) + queries
        self._least[many] = min(self._least[many], seconds / queries)
        self.seconds += seconds

    def saved(self, price: Callable[[int], float]) -> float:
        """Seconds that tables would have saved, where a query within a radius costs price(radius). Scans are
        taken to cost what the fastest did: on a busy machine some take many times as long."""
        return sum(
            queries * max(0.0, self._least[many] - price(radius))
            for (radius, many), queries in list(self._queries.items())  # others add meanwhile
        )


class HashPlan:
    """The tables of one index.

    "auto" adds up the time that scans take, and builds tables once these would have saved as much of it as
    building costs: the sum is never more than about twice the best of both ways.
    Tables never change a result, so losing a race between threads costs time only.
    """

    lock: threading.RLock
    index_type: IndexType
    device = "cpu"
    device_nbytes = 0

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
        self._scans = ScanRecord()

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
        if tables is not None:
            distances, found, hashed = _core.hamming_hash_search(
                tables, rows, queries, k, n_threads, ids, allowed
            )
            self._note_added(codes, tables, hashed, n_threads)
            return distances, found
        start = perf_counter()
        distances, found = _core.hamming_search(
            rows, queries, k, n_threads, ids, ascending, allowed
        )
        if self.index_type == "auto" and len(queries):
            # One query stands for those of its call: counting the radii of all would cost more than they tell.
            radius = int(distances[len(queries) // 2, -1])
            self._note_scan(codes, radius, perf_counter() - start, len(queries), n_threads)
        return distances, found

    def within(
        self, codes: Snapshot, queries: NDArray[np.uint8], largest: int, n_threads: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
        """Limits, distances and ids of all codes at a distance <= largest of each query."""
        rows, ids, ascending, _, allowed = codes
        tables = self._tables_for(codes, n_threads)
        if tables is not None:
            limits, distances, found, hashed = _core.hamming_hash_range(
                tables, rows, queries, largest, n_threads, ids, ascending, allowed
            )
            self._note_added(codes, tables, hashed, n_threads)
            return limits, distances, found
        start = perf_counter()
        limits, distances, found = _core.hamming_range(
            rows, queries, largest, n_threads, ids, ascending, allowed
        )
        if self.index_type == "auto" and largest >= 0 and len(queries):
            self._note_scan(codes, largest, perf_counter() - start, len(queries), n_threads)
        return limits, distances, found

    def pairs(
        self, codes: Snapshot, largest: int, n_threads: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
        """Ids and distances of all pairs of codes at a distance <= largest."""
        rows, ids, ascending, _, _ = codes
        if self._pairs_pay(codes, n_threads, largest):
            self.build(codes, n_threads)
        tables = self._tables_for(codes, n_threads)
        with progress_of_share("pairs_within") as watch:
            if tables is None:
                return _core.hamming_pairs(rows, largest, n_threads, ids, ascending, watch)
            first, second, distances, _ = _core.hamming_hash_pairs(
                tables, rows, largest, n_threads, ids, ascending, watch=watch
            )
            return first, second, distances

    def histogram(
        self, codes: Snapshot, queries: NDArray[np.uint8], n_threads: int
    ) -> NDArray[np.int64]:
        """Numbers of codes at each distance of each query."""
        return _core.hamming_histogram(codes.rows, queries, n_threads, codes.allowed)

    def build(self, codes: Snapshot, n_threads: int) -> _core.HammingTables | None:
        """Tables of all these codes."""
        if not 0 < len(codes.rows) < _MAX_CODES:
            return None
        with self.lock:
            tables = self._valid(codes)
            if tables is None or tables.n_codes < len(codes.rows):
                tables = _core.HammingTables(codes.rows, 0, n_threads)
                self._built, self._scans = (tables, codes.generation), ScanRecord()
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
        if self.index_type != "auto" or not _FEWEST_PAIRED <= n_codes < _MAX_CODES:
            return False
        n_tables = _core.hamming_default_tables(n_codes, self._n_bits)
        scan = 0.5 * _core.hamming_scan_seconds(n_codes, n_words, n_codes, n_threads)
        hashed = _core.hamming_hash_seconds(n_codes, self._n_bits, n_tables, max(largest, 0))
        return scan - hashed > _core.hamming_build_seconds(1, n_tables)

    def _note_scan(
        self, codes: Snapshot, radius: int, seconds: float, n_queries: int, n_threads: int
    ) -> None:
        """Queries that needed all codes within `radius` were scanned, for want of tables."""
        n_codes, scans = len(codes.rows), self._scans
        if radius == _NO_DISTANCE or not 0 < n_codes < _MAX_CODES:
            return
        scans.add(radius, seconds, n_queries, n_threads)
        if scans.seconds < scans.next_thought:
            return
        n_tables = _core.hamming_default_tables(n_codes, self._n_bits)
        saved = scans.saved(
            lambda r: _core.hamming_hash_seconds(n_codes, self._n_bits, n_tables, r)
        )
        price = _core.hamming_build_seconds(n_codes, n_tables)
        if saved > price:
            self.build(codes, n_threads)
        else:
            scans.next_thought = 1.25 * scans.seconds

    def _note_added(
        self, codes: Snapshot, tables: _core.HammingTables, hashed: int, n_threads: int
    ) -> None:
        """`hashed` queries were answered from tables, and codes added since these were built were scanned."""
        n_codes, n_words = len(codes.rows), -(-self._n_bits // 64)
        added = n_codes - tables.n_codes
        if self.index_type != "auto" or not added or not hashed:
            return
        self._scans.seconds += hashed * _core.hamming_scan_seconds(added, n_words, 1, 1)
        n_tables = _core.hamming_default_tables(n_codes, self._n_bits)
        if self._scans.seconds > _core.hamming_build_seconds(n_codes, n_tables):
            self.build(codes, n_threads)

    def _valid(self, codes: Snapshot) -> _core.HammingTables | None:
        """The tables, unless codes were removed since or the snapshot is older than they are."""
        built = self._built
        if built is None or built[1] != codes.generation:
            return None
        tables = built[0]
        return tables if tables.n_codes <= len(codes.rows) else None
