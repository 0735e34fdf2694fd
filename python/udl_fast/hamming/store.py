"""The codes of an index in memory: rows, ids, growth, and which of them a filter lets through."""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..locks import open_in_children
from .codes import MAX_ID, id_array, next_id_after, refuse_masked
from .id_lists import hold_twice, positions_in, positions_in_ascending
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


class _Held(NamedTuple):
    """All that a store holds. A change makes another one and puts it in its place in one assignment, so that
    neither a signal nor a fork nor another thread meets a store that is half changed."""

    rows: NDArray[
        np.uint8
    ]  # and room behind the first `n_codes`, which belongs to the next `_Held`
    ids: NDArray[np.int64] | None  # as many and as much room; None: positions
    n_codes: int
    next_id: int
    ascending: bool
    generation: int


class CodeStore:
    """Codes of one width in the order in which they came.

    Readers may take snapshots while one thread changes the store; `lock` is held meanwhile.
    """

    lock: threading.RLock

    def __init__(self, contents: Contents) -> None:
        open_in_children(self)
        self.n_bits = contents.n_bits
        self._held = _taken_over(contents, generation=1)

    @classmethod
    def empty(cls, n_bits: int) -> CodeStore:
        return cls(no_contents(n_bits))

    @property
    def count(self) -> int:
        return self._held.n_codes

    @property
    def next_id(self) -> int:
        return self._held.next_id

    @property
    def has_ids(self) -> bool:
        return self._held.ids is not None

    def replace(self, contents: Contents) -> None:
        """Take over arrays as they are; those of a file may be read-only."""
        with self.lock:
            self._held = _taken_over(contents, self._held.generation + 1)

    def contents(self) -> Contents:
        held = self._held
        ids = None if held.ids is None else held.ids[: held.n_codes]
        return Contents(self.n_bits, held.rows[: held.n_codes], ids, held.next_id)

    def snapshot(
        self, ids: ArrayLike | range | None, mask: ArrayLike | None, function: str
    ) -> Snapshot:
        """What a search needs; `ids` and `mask` choose the codes to be searched."""
        with self.lock:
            contents, held = self.contents(), self._held
            allowed = self._allowed(ids, mask, function)
            return Snapshot(contents.rows, contents.ids, held.ascending, held.generation, allowed)

    def ids(self) -> NDArray[np.int64]:
        contents = self.contents()
        return np.arange(len(contents.rows)) if contents.ids is None else np.array(contents.ids)

    def codes(self, positions: NDArray[np.int64]) -> NDArray[np.uint8]:
        return np.take(np.asarray(self._held.rows), positions, axis=0)

    def append(self, rows: NDArray[np.uint8], ids: NDArray[np.int64] | None, next_id: int) -> None:
        with self.lock:
            self._held = _appended(self._held, rows, ids, next_id)

    def take_all(self, other: CodeStore, function: str) -> None:
        """Move all codes of another store here. They keep their ids where either store was given ids."""
        first, second = sorted((self, other), key=id)  # one order of locks for any two stores
        with first.lock, second.lock:
            moved = other.contents()
            if self.has_ids or other.has_ids:
                ids = other.ids()
                check_new_ids(self, ids, len(ids), function)
                next_id = max(self.next_id, next_id_after(ids))
                merged = _appended(self._held, moved.rows, ids, next_id) if len(ids) else self._held
                merged = _skipped(merged, moved.next_id)
            else:
                check_next_ids(self, len(moved.rows), function)
                merged = _appended(self._held, moved.rows, None, self.next_id + len(moved.rows))
            emptied = _taken_over(no_contents(self.n_bits), other._held.generation + 1)
            # Between these two nothing is called, so that Python hands out no signal.
            self._held, other._held = merged, emptied

    def positions(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where codes of these ids are stored; -1 for ids that are not."""
        held, stored = self._held, self.contents().ids
        if stored is None:
            return np.where((ids >= 0) & (ids < held.n_codes), ids, -1)
        return (positions_in_ascending if held.ascending else positions_in)(stored, ids)

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
            refuse_masked(mask, f"{function}: mask")
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


def no_contents(n_bits: int) -> Contents:
    return Contents(n_bits, np.empty((0, n_bits // 8), np.uint8), None, 0)


def _taken_over(contents: Contents, generation: int) -> _Held:
    ids = contents.ids
    ascending = ids is None or bool((ids[1:] > ids[:-1]).all())
    held = _Held(contents.rows, ids, len(contents.rows), 0, ascending, generation)
    return _skipped(held, contents.next_id)


def _skipped(held: _Held, next_id: int) -> _Held:
    """The same where no id below `next_id` is given again. Codes without ids of their own have their positions
    as ids, and the next code's position is its id: once they differ, ids are kept."""
    next_id = max(held.next_id, next_id)
    ids = held.ids
    if ids is None and next_id != held.n_codes:
        ids = np.arange(held.n_codes, dtype=np.int64)
    return held._replace(ids=ids, next_id=next_id)


def _appended(
    held: _Held, rows: NDArray[np.uint8], ids: NDArray[np.int64] | None, next_id: int
) -> _Held:
    """With more codes, written into the room behind those of `held`, which do not change."""
    stored = held.ids
    if ids is None and stored is not None:
        ids = np.arange(held.next_id, next_id, dtype=np.int64)
    elif ids is not None and stored is None:
        stored = np.arange(held.n_codes, dtype=np.int64)
    end, ascending = held.n_codes + len(rows), held.ascending
    if ids is not None:
        assert stored is not None
        last = int(stored[held.n_codes - 1]) if held.n_codes else -1
        stored = _grown(stored, held.n_codes, end)
        stored[held.n_codes : end] = ids
        ascending = bool(
            ascending and (not len(ids) or ids[0] > last) and (ids[1:] > ids[:-1]).all()
        )
    grown = _grown(held.rows, held.n_codes, end)
    grown[held.n_codes : end] = rows
    return _Held(grown, stored, end, next_id, ascending, held.generation)


def _id_bounds(ids: range) -> tuple[int, int, int]:
    """First, last and step of the ids of a range that are from 0 to 2^63 - 1; first > last if there are none."""
    if not ids:
        return 0, -1, 1
    ascending = ids if ids.step > 0 else ids[::-1]
    first, last, step = ascending.start, min(ascending[-1], MAX_ID), ascending.step
    first += max(0, -(first // step)) * step
    return first, last, min(step, MAX_ID)


def check_next_ids(store: CodeStore, n_codes: int, function: str) -> None:
    """Raise ValueError if there are no next ids for so many codes."""
    if n_codes > MAX_ID - store.next_id:
        raise ValueError(
            f"{function}: ids from {store.next_id} for {n_codes} codes exceed 2^63 - 1"
        )


def check_new_ids(store: CodeStore, ids: NDArray[np.int64], n_codes: int, function: str) -> None:
    """Raise ValueError if codes cannot be added under these ids."""
    if len(ids) != n_codes:
        raise ValueError(f"{function}: {len(ids)} ids for {n_codes} codes")
    if not len(ids):
        return
    if ids.min() < 0:
        raise ValueError(f"{function}: ids must be from 0 to 2^63 - 1, got {ids.min()}")
    if hold_twice(ids):
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
