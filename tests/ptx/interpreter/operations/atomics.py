"""Atomics on global and shared memory: threads one after another, in the order of their numbers."""

from collections.abc import Callable

import numpy as np

from ..errors import Fault
from .arithmetic import array
from .context import Context, Operation, operation
from .loads import addresses, space_of

HINTS = ("global", "shared", "shared::cta", "relaxed", "acquire", "release", "acq_rel")
HINTS += ("gpu", "sys", "cta", "noftz")
# Operations of two numbers whose order does not matter, as functions of NumPy.
COMMUTATIVE: dict[str, np.ufunc] = {
    "add": np.add,
    "min": np.minimum,
    "max": np.maximum,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
}
Step = Callable[[int, int, int], int]
OTHERS: dict[str, Step] = {
    "exch": lambda old, a, b: a,
    "cas": lambda old, a, b: b if old == a else old,
    "inc": lambda old, a, b: 0 if old >= a else old + 1,
    "dec": lambda old, a, b: a if old == 0 or old > a else old - 1,
}


@operation("atom", "red")
def atomic(c: Context) -> Operation:
    """Change memory and, for ``atom``, return what was there."""
    name = next((p for p in c.parts if p in COMMUTATIVE or p in OTHERS), None)
    dtype, space = c.type, space_of(c)
    if name is None or any(p not in (*HINTS, name) for p in c.parts[1:-1]):
        raise c.unknown()
    if space not in ("global", "shared", "generic"):
        raise c.unknown(f".{space}")
    returns = c.instruction.name == "atom"
    at = 1 if returns else 0
    where = addresses(c, at)
    a = c.source(at + 1, dtype)
    b = c.source(at + 2, dtype) if name == "cas" else a
    target = c.target(0, dtype) if returns and c.operands[0] != "_" else None
    frame = c.frame

    def run() -> None:
        group = frame.group
        address = where(group.index)
        operands = [np.broadcast_to(array(v), frame.n_lanes)[group.index] for v in (a, b)]
        try:
            places = frame.spaces.begin_atomic(space, group.lanes, address, dtype.itemsize)
        except Fault as fault:
            raise frame.error(c.instruction, fault, int(address[fault.position])) from None
        old = np.empty(len(address), dtype) if target is not None else None
        for mine, index, units in places:
            found = _change(
                name, units.view(dtype), index, [v[mine] for v in operands], old is not None
            )
            if old is not None:
                old[mine] = found
        if target is not None:
            target[group.index] = old

    return run


def _change(
    name: str, memory: np.ndarray, index: np.ndarray, operands: list[np.ndarray], returns: bool
) -> np.ndarray | None:
    """Do it for all threads; what each found, where that is asked for."""
    a, b = operands
    if name in COMMUTATIVE and not (returns and _meet(index)):
        old = memory[index] if returns else None
        COMMUTATIVE[name].at(memory, index, a)
        return old
    if name == "add" and memory.dtype.kind in "iu":
        return _sums_before(memory, index, a)
    old = np.empty(len(index), memory.dtype)
    step = COMMUTATIVE.get(name)
    for i, place in enumerate(index):
        old[i] = memory[place]
        if step is not None:
            memory[place] = step(memory[place : place + 1], a[i])[0]
        else:
            memory[place] = OTHERS[name](int(old[i]), int(a[i]), int(b[i]))
    return old


def _meet(index: np.ndarray) -> bool:
    """Whether two threads have one place."""
    ordered = np.sort(index)
    return bool((ordered[1:] == ordered[:-1]).any())


def _sums_before(memory: np.ndarray, index: np.ndarray, a: np.ndarray) -> np.ndarray:
    """Additions in order: each finds what was there and what those before it added."""
    order = np.argsort(index, kind="stable")
    places, added = index[order], a[order]
    starts = np.flatnonzero(np.r_[True, places[1:] != places[:-1]])
    total = np.cumsum(added, dtype=added.dtype)
    before = total - added
    before -= np.repeat(before[starts], np.diff(np.r_[starts, len(places)]))
    old = np.empty_like(added)
    old[order] = memory[places] + before
    np.add.at(memory, index, a)
    return old
