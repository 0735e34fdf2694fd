"""Calls that change or save an index, with tables built before codes were added."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.interrupts.operation import Found, Operation, leftovers
from udl_fast import HammingIndex

N_BITS = 32
K = 3
_RNG = np.random.default_rng(0)
CODES = _RNG.integers(0, 256, (60, N_BITS // 8), dtype=np.uint8)
LATER = _RNG.integers(0, 256, (20, N_BITS // 8), dtype=np.uint8)
QUERIES = _RNG.integers(0, 256, (8, N_BITS // 8), dtype=np.uint8)


@dataclass
class Subject:
    """An index, another one to merge, and where it may save."""

    index: HammingIndex
    other: HammingIndex
    folder: Path
    kept: dict[str, Any] = field(default_factory=dict)


def contents(index: HammingIndex) -> tuple[bytes, bytes, int]:
    """What tells one state of an index from another."""
    ids = index.ids
    return ids.tobytes(), index.reconstruct_batch(ids).tobytes(), index.ntotal


def whole(subject: Subject) -> Any:
    """Both indexes: a merge changes both."""
    return contents(subject.index), contents(subject.other)


def wrong_neighbours(index: HammingIndex) -> Found:
    """Where a search differs from comparing all codes."""
    ids = index.ids
    codes = index.reconstruct_batch(ids).reshape(len(ids), N_BITS // 8)
    distances = np.bitwise_count(QUERIES[:, None] ^ codes[None]).sum(axis=2, dtype=np.int64)
    D, found = index.search(QUERIES, K)
    for row in range(len(QUERIES)):
        order = np.lexsort((ids, distances[row]))[:K]
        n = len(order)
        if (found[row, :n] != ids[order]).any() or (D[row, :n] != distances[row, order]).any():
            return ["wrong neighbours"]
    return []


def at_work(subject: Subject) -> Found:
    """What the index no longer does: it finds, saves, loads, takes more codes and gives some up."""
    found = []
    for index in (subject.index, subject.other):
        found += wrong_neighbours(index)
        if "unlocked" not in repr(index._store.lock):
            found.append("a lock is held")
        path = subject.folder / "again"
        index.save(path)
        again = HammingIndex.load(path)
        if contents(again) != contents(index):
            found.append("a saved index differs")
        for both in (index, again):
            both.add(LATER[:2])
            both.remove_ids(both.ids[1::7])
        if contents(again) != contents(index):
            found.append("it goes on otherwise than a loaded index")
        found += wrong_neighbours(index)
    return found


def _made(folder: Path, *, with_ids: bool = False) -> Subject:
    """Tables are of the first codes, and some were added since."""
    subject = Subject(HammingIndex(N_BITS, index_type="mih"), HammingIndex(N_BITS), folder)
    if with_ids:
        subject.index.add_with_ids(CODES, 2 * np.arange(len(CODES)) + 1)
        subject.other.add_with_ids(LATER, 500 - np.arange(len(LATER)))
    else:
        subject.index.add(CODES)
        subject.other.add(LATER)
    subject.index.search(QUERIES, K)
    assert subject.index.tables_nbytes
    subject.index.add(LATER[:4] ^ 1)
    return subject


def _operation(name: str, call: Callable[[Subject], Any], *, with_ids: bool = False) -> Operation:
    make = functools.partial(_made, with_ids=with_ids)

    @functools.cache
    def allowed() -> tuple[Any, ...]:
        old, new = make(Path()), make(Path())
        call(new)
        return whole(old), whole(new)

    def torn(subject: Subject) -> Found:
        found = [] if whole(subject) in allowed() else ["neither the old index nor the new one"]
        return [*found, *leftovers(subject.folder), *at_work(subject)]

    return Operation(f"HammingIndex: {name}", make, call, torn)


def _saving() -> Operation:
    def make(folder: Path) -> Subject:
        subject = _made(folder)
        subject.index.save(folder / "index")
        new = (folder / "index").read_bytes()
        subject.other.save(folder / "index")
        subject.kept = {"files": {new, (folder / "index").read_bytes()}}
        return subject

    def torn(subject: Subject) -> Found:
        found = leftovers(subject.folder)
        if (subject.folder / "index").read_bytes() not in subject.kept["files"]:
            found.append("neither the old file nor the new one")
        return [*found, *at_work(subject)]

    return Operation("HammingIndex: save", make, lambda s: s.index.save(s.folder / "index"), torn)


def operations() -> list[Operation]:
    """Of an index."""
    new_ids = np.arange(1000, 1000 + len(LATER))
    return [
        _operation("add", lambda s: s.index.add(LATER)),
        _operation("add beside ids", lambda s: s.index.add(LATER), with_ids=True),
        _operation("add_with_ids", lambda s: s.index.add_with_ids(LATER, new_ids)),
        _operation("remove_ids", lambda s: s.index.remove_ids(np.arange(0, 50, 3))),
        _operation("remove_ids of a range", lambda s: s.index.remove_ids(range(5, 40))),
        _operation("reset", lambda s: s.index.reset()),
        _operation("merge_from", lambda s: s.index.merge_from(s.other)),
        _operation("merge_from with ids", lambda s: s.index.merge_from(s.other), with_ids=True),
        _operation("search", lambda s: s.index.search(QUERIES, K)),
        _saving(),
    ]
