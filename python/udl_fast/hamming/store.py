"""The codes of an index in memory: rows, ids, growth, and which of them a filter lets through."""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .codes import MAX_ID, id_array
from .index_file import Contents, aligned_empty


class Snapshot(NamedTuple):
    """What is stored at one moment; later changes write behind these views or into new arrays.

    `generation` stays the same while codes are only added.
    """

    rows: NDArray[np.uint8]
    ids: NDArray[np.int64] | None
    ascending: bool
    generation: int
    allowed: NDArray[np.uint64] | None


class CodeStore:
    """Codes of one width in the order in which they came.

    Readers may take snapshots while one thread changes the store; `lock` is held meanwhile.
    """

    def __init__(self, contents: Contents) -> None:
        self.lock = threading.RLock()
        self.n_bits = contents.n_bits
        self.generation = 0
        self.replace(contents)

    @classmethod
    def empty(cls, n_bits: int) -> CodeStore:
        return cls(Contents(n_bits, np.empty((0, n_bits // 8), np.uint8), None, 0))

    def replace(self, contents: Contents) -> None:
        """Take over arrays as they are; those of a file may be read-only."""
        with self.lock:
            self._rows, self._ids = contents.rows, contents.ids
            self.count, self.next_id = len(contents.rows), contents.next_id
            self._ascending = contents.ids is None or bool(
                (contents.ids[1:] > contents.ids[:-1]).all()
            )
            self.generation += 1
            self.skip_ids(contents.next_id)

    def skip_ids(self, next_id: int) -> None:
        """Give no id below `next_id` again. Codes without ids of their own have their positions as ids, and
        the next code's position is its id: once they differ, ids are kept."""
        self.next_id = max(self.next_id, next_id)
        if self._ids is None and self.next_id != self.count:
            self._ids = np.arange(self.count, dtype=np.int64)

    def contents(self) -> Contents:
        with self.lock:
            ids = None if self._ids is None else self._ids[: self.count]
            return Contents(self.n_bits, self._rows[: self.count], ids, self.next_id)

    def snapshot(
        self, ids: ArrayLike | range | None, mask: ArrayLike | None, function: str
    ) -> Snapshot:
        """What a search needs; `ids` and `mask` choose the codes to be searched."""
        with self.lock:
            contents = self.contents()
            allowed = self._allowed(ids, mask, function)
            return Snapshot(contents.rows, contents.ids, self._ascending, self.generation, allowed)

    @property
    def has_ids(self) -> bool:
        return self._ids is not None

    def ids(self) -> NDArray[np.int64]:
        contents = self.contents()
        return np.arange(len(contents.rows)) if contents.ids is None else np.array(contents.ids)

    def codes(self, positions: NDArray[np.int64]) -> NDArray[np.uint8]:
        return np.take(np.asarray(self._rows), positions, axis=0)

    def append(self, rows: NDArray[np.uint8], ids: NDArray[np.int64] | None, next_id: int) -> None:
        if ids is None and self._ids is not None:
            ids = np.arange(self.next_id, next_id, dtype=np.int64)
        elif ids is not None and self._ids is None:
            self._ids = np.arange(self.count, dtype=np.int64)
        end = self.count + len(rows)
        grown = _grown(self._rows, self.count, end)
        if ids is not None:
            assert self._ids is not None
            last = int(self._ids[self.count - 1]) if self.count else -1
            grown_ids = _grown(self._ids, self.count, end)
            grown_ids[self.count : end] = ids
            self._ids = grown_ids
            self._ascending = bool(
                self._ascending and (not len(ids) or ids[0] > last) and (ids[1:] > ids[:-1]).all()
            )
        grown[self.count : end] = rows
        self._rows, self.count, self.next_id = grown, end, next_id

    def positions(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where codes of these ids are stored; -1 for ids that are not."""
        stored = self.contents().ids
        if stored is None:
            return np.where((ids >= 0) & (ids < self.count), ids, -1)
        if not len(stored):
            return np.full(len(ids), -1, np.int64)
        order = None if self._ascending else np.argsort(stored)
        at = np.minimum(np.searchsorted(stored, ids, sorter=order), len(stored) - 1)
        at = at if order is None else order[at]
        return np.where(stored[at] == ids, at, -1)

    def remove(self, ids: ArrayLike | range, name: str) -> int:
        """Remove codes of these ids; the others keep theirs. Returns how many there were."""
        with self.lock:
            keep = ~self._has_id(ids, name)
            removed = int(self.count - keep.sum())
            if removed:
                rows = aligned_empty((int(keep.sum()), self.n_bits // 8), np.dtype(np.uint8))
                np.compress(keep, self.contents().rows, axis=0, out=rows)
                self.replace(Contents(self.n_bits, rows, self.ids()[keep], self.next_id))
            return removed

    def _allowed(
        self, ids: ArrayLike | range | None, mask: ArrayLike | None, function: str
    ) -> NDArray[np.uint64] | None:
        """Bitmap of the positions to search, 64 to a word."""
        if ids is None and mask is None:
            return None
        chosen = np.ones(self.count, bool)
        if mask is not None:
            given = np.asarray(mask)
            if given.dtype != np.bool_:
                raise TypeError(f"{function}: mask has dtype {given.dtype}, expected bool")
            if given.shape != (self.count,):
                raise ValueError(
                    f"{function}: mask has shape {given.shape}, expected ({self.count},)"
                )
            chosen &= given
        if ids is not None:
            chosen &= self._has_id(ids, f"{function}: ids")
        bits = np.zeros(-(-self.count // 64) * 8, np.uint8)
        packed = np.packbits(chosen, bitorder="little")
        bits[: len(packed)] = packed
        return bits.view("<u8")

    def _has_id(self, ids: ArrayLike | range, name: str) -> NDArray[np.bool_]:
        """Which codes have one of these ids."""
        if isinstance(ids, range):
            return self._in_range(ids)
        chosen = np.zeros(self.count, bool)
        positions = self.positions(id_array(ids, name))
        chosen[positions[positions >= 0]] = True
        return chosen

    def _in_range(self, ids: range) -> NDArray[np.bool_]:
        """The same for a range of any length: its ids are not listed."""
        chosen = np.zeros(self.count, bool)
        first, last, step = _id_bounds(ids)
        stored = self.contents().ids
        if first > last:
            return chosen
        if stored is None:
            chosen[first : last + 1 : step] = True
            return chosen
        return np.asarray((stored >= first) & (stored <= last) & ((stored - first) % step == 0))


def _id_bounds(ids: range) -> tuple[int, int, int]:
    """First, last and step of the ids of a range that are from 0 to 2^63 - 1; first > last if there are none."""
    if not ids:
        return 0, -1, 1
    ascending = ids if ids.step > 0 else ids[::-1]
    first, last, step = ascending.start, min(ascending[-1], MAX_ID), ascending.step
    first += max(0, -(first // step)) * step
    return first, last, min(step, MAX_ID)


def check_new_ids(store: CodeStore, ids: NDArray[np.int64], n_codes: int, function: str) -> None:
    """Raise ValueError if codes cannot be added under these ids."""
    if len(ids) != n_codes:
        raise ValueError(f"{function}: {len(ids)} ids for {n_codes} codes")
    if not len(ids):
        return
    if ids.min() < 0:
        raise ValueError(f"{function}: ids must be from 0 to 2^63 - 1, got {ids.min()}")
    if len(np.unique(ids)) != len(ids):
        raise ValueError(f"{function}: ids holds an id more than once")
    found = ids[store.positions(ids) >= 0]
    if len(found):
        raise ValueError(f"{function}: id {found[0]} is in the index already")


def _grown(array: NDArray[Any], used: int, needed: int) -> NDArray[Any]:
    """`array` with room for `needed` rows: twice the room when it is full, so that adding costs O(1) a row."""
    if needed <= len(array) and array.flags.writeable:
        return array
    room = max(needed, 2 * used) if used else needed
    grown = aligned_empty((room, *array.shape[1:]), array.dtype)
    grown[:used] = array[:used]
    return grown
