"""``cp.async``: bytes that arrive in shared memory when their thread waits for them, and not before."""

from dataclasses import dataclass

import numpy as np

from ..errors import Fault
from ..kinds import UNITS
from ..memory.shared import IN_FLIGHT
from .arithmetic import array
from .context import Context, Operation, operation
from .loads import addresses

HINTS = ("async", "ca", "cg", "shared", "shared::cta", "global")
PREFETCH = ("L2::64B", "L2::128B", "L2::256B", "L2::cache_hint")


@dataclass
class Copy:
    """Units on their way: for each the thread, its group of copies, place and value."""

    lanes: np.ndarray
    groups: np.ndarray
    index: np.ndarray
    values: np.ndarray
    size: int


class Flight:
    """Copies of a frame that nobody waited for yet."""

    def __init__(self, n_lanes: int) -> None:
        self.copies: list[Copy] = []
        self.open = np.zeros(n_lanes, np.int64)  # number of the group a thread adds to

    def reset(self) -> None:
        """New blocks."""
        self.copies.clear()
        self.open[:] = 0


def flight(c: Context) -> Flight:
    """The frame's copies in flight."""
    if c.frame.flight is None:
        c.frame.flight = Flight(c.frame.n_lanes)
        c.frame.on_start.append(c.frame.flight.reset)
    return c.frame.flight


@operation("cp")
def copy(c: Context) -> Operation:
    """Start, close a group of, or wait for copies to shared memory."""
    if c.parts[:2] != ("cp", "async"):
        raise c.unknown()
    what = c.parts[2]
    if what == "commit_group":
        return _commit(c)
    if what in ("wait_group", "wait_all"):
        return _wait(c, int(c.operands[0], 0) if what == "wait_group" else None)
    if any(p not in HINTS + PREFETCH for p in c.parts[1:]) or "L2::cache_hint" in c.parts:
        raise c.unknown()
    return _start(c)


def _start(c: Context) -> Operation:
    frame, copies = c.frame, flight(c)
    to, source, size = addresses(c, 0), addresses(c, 1), int(c.operands[2], 0)
    taken = None
    if len(c.operands) > 3:  # bytes that are read; the rest is zero
        taken = c.source(3, np.dtype(np.uint32))
    if size not in UNITS or size < 4:
        raise c.unknown(f"{size} bytes")

    def run() -> None:
        lanes = frame.group.lanes
        here, there = to(lanes), source(lanes)
        address = here
        try:
            index = frame.shared.begin_write(lanes, here, size, IN_FLIGHT)
            address = there
            if taken is None:
                values = frame.spaces.load_global(lanes, there, size)
            else:
                values = _with_zeros(c, lanes, there, size, array(taken))
        except Fault as fault:
            raise frame.error(c.instruction, fault, int(address[fault.position])) from None
        copies.copies.append(Copy(lanes, copies.open[lanes].copy(), index, values, size))

    return run


def _with_zeros(
    c: Context, lanes: np.ndarray, address: np.ndarray, size: int, taken: np.ndarray
) -> np.ndarray:
    """Units of which only the first bytes come from memory."""
    count = np.broadcast_to(taken, c.frame.n_lanes)[lanes]
    values = np.zeros((len(lanes), size), np.uint8)
    for byte in range(size):
        rows = np.flatnonzero(count > byte)
        if len(rows):
            at = address[rows] + np.uint64(byte)
            values[rows, byte] = c.frame.spaces.load_global(lanes[rows], at, 1)
    return values.view(UNITS[size])[:, 0]


def _commit(c: Context) -> Operation:
    frame, copies = c.frame, flight(c)

    def run() -> None:
        copies.open[frame.group.index] += 1

    return run


def _wait(c: Context, pending: int | None) -> Operation:
    """Land what the threads started, but for their latest ``pending`` groups (None: really all)."""
    frame, copies = c.frame, flight(c)

    def run() -> None:
        limit = copies.open - pending if pending is not None else copies.open + 1
        mask, kept = frame.group.mask, []
        for one in copies.copies:
            ready = mask[one.lanes] & (one.groups < limit[one.lanes])
            if ready.all():
                frame.shared.land(one.lanes, one.index, one.values, one.size)
                continue
            if ready.any():
                frame.shared.land(one.lanes[ready], one.index[ready], one.values[ready], one.size)
                left = ~ready
                one = Copy(
                    one.lanes[left], one.groups[left], one.index[left], one.values[left], one.size
                )
            kept.append(one)
        copies.copies[:] = kept

    return run
