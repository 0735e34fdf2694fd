"""Moves, packing and unpacking of registers, changes of address spaces."""

import numpy as np

from ..batch.frame import LOCAL, SHARED_WINDOW
from ..kinds import UNITS
from .arithmetic import array
from .context import Context, Operation, operation


@operation("mov")
def move(c: Context) -> Operation:
    """A register, constant or address; braces put registers together or take them apart."""
    c.only()
    if c.operands[0].startswith("{"):
        return _unpack(c)
    if c.operands[1].startswith("{"):
        return _pack(c)
    frame, d, a = c.frame, c.target(0), c.source(1)

    def run() -> None:
        np.copyto(d, a, where=frame.where)

    return run


def _pack(c: Context) -> Operation:
    names = c.vector(1)
    piece = UNITS[c.type.itemsize // len(names)]
    parts = [c.source(name, piece) for name in names]

    def compute() -> np.ndarray:
        rows = np.empty((c.frame.n_lanes, len(parts)), piece)
        for i, part in enumerate(parts):
            rows[:, i] = part
        return rows.view(c.type)[:, 0]

    return c.put(c.target(0), compute)


def _unpack(c: Context) -> Operation:
    names = c.vector(0)
    piece = UNITS[c.type.itemsize // len(names)]
    targets = [c.target(name, piece) for name in names]
    a, frame = c.source(1), c.frame

    def run() -> None:
        rows = np.ascontiguousarray(array(a)).view(piece).reshape(-1, len(targets)).copy()
        for i, target in enumerate(targets):
            np.copyto(target, rows[:, i], where=frame.where)

    return run


@operation("cvta")
def convert_address(c: Context) -> Operation:
    """From an address of a space to a generic one, or back where ``.to`` says so."""
    space = c.parts[2] if c.instruction.has("to") else c.parts[1]
    d, a = c.target(0), c.source(1)
    if space == "shared":
        if c.instruction.has("to"):
            return c.put(d, lambda: array(a) - np.uint64(SHARED_WINDOW))
        return c.put(d, lambda: array(a) + np.uint64(SHARED_WINDOW))
    if space not in ("global", "const", "local", "param"):
        raise c.unknown(f".{space}")
    return c.put(d, lambda: array(a))


@operation("isspacep")
def is_in_space(c: Context) -> Operation:
    """Whether a generic address lies in shared or in local memory, or in neither."""
    a = c.source(1, UNITS[8])
    low, high = np.uint64(LOCAL), np.uint64(SHARED_WINDOW)
    tests = {
        "shared": lambda: (array(a) >> 40) == (high >> 40),
        "local": lambda: (array(a) >> 40) == (low >> 40),
        "global": lambda: (array(a) >> 40) >= 4,
    }
    if c.parts[1] not in tests:
        raise c.unknown(f".{c.parts[1]}")
    return c.put(c.target(0, np.dtype(bool)), tests[c.parts[1]])
