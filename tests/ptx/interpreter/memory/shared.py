"""Shared memory of a batch of blocks, and who may use which byte of it between two barriers."""

import numpy as np

from ..errors import AccessError, Fault, HazardError, first
from ..kinds import UNITS
from .threads import ThreadOrder

BASE = 0x400  # shared-space address of a block's first byte: 0 is nobody's
UNWRITTEN, WRITTEN, IN_FLIGHT = 0, 1, 2
NOBODY, ATOMIC, MANY = 0, 64, 255  # users: warp + 1, ATOMIC + warp + 1, ATOMICS of several, MANY
ATOMICS = 127


class SharedMemory:
    """Bytes of all blocks, one after another, with the state and the users of each.

    Parameters
    ----------
    n_blocks : int
        Blocks of the batch.
    size : int
        Bytes of a block.
    block_of_lane, warp_of_lane : ndarray
        Block and warp within its block of every thread of the batch.
    """

    def __init__(
        self, n_blocks: int, size: int, block_of_lane: np.ndarray, warp_of_lane: np.ndarray
    ) -> None:
        self.size, self.stride = size, -(-max(size, 1) // 16) * 16
        total = n_blocks * self.stride
        self.bytes, self.state, self.writer, self.reader = (
            np.zeros(total, np.uint8) for _ in range(4)
        )
        self.start_of_lane = block_of_lane.astype(np.int64) * self.stride
        warp = (warp_of_lane + 1).astype(np.uint64) * np.uint64(0x0101010101010101)
        self._own = {size: warp.astype(UNITS[size]) for size in (1, 2, 4, 8)}
        self._views = {
            name: {size: getattr(self, name).view(unit) for size, unit in UNITS.items()}
            for name in ("bytes", "state", "writer", "reader")
        }
        self._used = False
        self.threads = ThreadOrder(total, len(block_of_lane))
        self._block_of_lane = block_of_lane

    def reset(self) -> None:
        """New blocks: nothing is written and nobody used anything."""
        self.state[:] = UNWRITTEN
        self.writer[:] = NOBODY
        self.reader[:] = NOBODY
        self._used = False
        self.threads.meet()

    def barrier(self, blocks: np.ndarray | None = None) -> None:
        """All threads of ``blocks`` (all where None) met: what was used is ordered before the rest."""
        if not self._used:
            return
        self.threads.meet(slice(None) if blocks is None else blocks[self._block_of_lane])
        if blocks is None:
            self.writer[:] = NOBODY
            self.reader[:] = NOBODY
            self._used = False
        else:
            self.writer.reshape(-1, self.stride)[blocks] = NOBODY
            self.reader.reshape(-1, self.stride)[blocks] = NOBODY

    # ---- accesses: lanes is a slice or indices of the threads, address one a thread ----
    def place(self, lanes: np.ndarray | slice, address: np.ndarray, size: int) -> np.ndarray:
        """Indices, in units of ``size`` bytes, of shared-space addresses."""
        at = address.astype(np.int64) - BASE
        if at.view(np.uint64).max() > max(self.size - size, -1):
            wrong = first((at < 0) | (at > self.size - size))
            raise Fault(AccessError, f"outside the block's {self.size} bytes", wrong)
        if np.bitwise_or.reduce(at) & (size - 1):
            wrong = first(at & (size - 1) != 0)
            raise Fault(AccessError, f"not aligned to {size} bytes", wrong)
        at += self.start_of_lane[lanes]
        return at // size if size > 1 else at

    def load(self, lanes: np.ndarray | slice, address: np.ndarray, size: int) -> np.ndarray:
        """Read; every byte must be written, by this warp or before the latest barrier."""
        index = self.place(lanes, address, size)
        state = self._views["state"][size].take(index)
        if not (state == _ALL_WRITTEN[size]).all():
            self._refuse_unwritten(state, size)
        self._check_writers(lanes, index, size, "read")
        self.threads.read(lanes, index, size)
        self._note_readers(lanes, index, size)
        return self._views["bytes"][size].take(index)

    def store(
        self, lanes: np.ndarray | slice, address: np.ndarray, values: np.ndarray, size: int
    ) -> None:
        """Write; since the latest barrier no other warp may have used the bytes."""
        index = self.begin_write(lanes, address, size, WRITTEN)
        self._views["bytes"][size][index] = values

    def begin_write(
        self, lanes: np.ndarray | slice, address: np.ndarray, size: int, state: int
    ) -> np.ndarray:
        """Check a write and note who makes it; the bytes' new state is ``state``."""
        index = self.place(lanes, address, size)
        in_flight = _cells(self._views["state"][size].take(index), size) == IN_FLIGHT
        if in_flight.any() and state != IN_FLIGHT:
            wrong = first(in_flight)
            raise Fault(HazardError, "written while a cp.async to it is in flight", wrong)
        self._check_writers(lanes, index, size, "written")
        self._check_readers(lanes, index, size)
        self.threads.write(lanes, index, size)
        own = _spread(self._own[min(size, 8)][lanes], size)
        writers = self._views["writer"][size]
        writers[index] = own
        self._used = True
        if not (mine := _cells(writers.take(index), size) == _cells(own, size)).all():
            raise Fault(HazardError, "written by two warps at once", first(~mine))
        self._views["state"][size][index] = _ALL[state][size]
        return index

    def land(
        self, lanes: np.ndarray | slice, index: np.ndarray, values: np.ndarray, size: int
    ) -> None:
        """Bytes of a cp.async arrive: they count as written now, by the thread that waited."""
        self._views["bytes"][size][index] = values
        self._views["state"][size][index] = _ALL_WRITTEN[size]
        self._views["writer"][size][index] = _spread(self._own[min(size, 8)][lanes], size)
        self.threads.write(lanes, index, size)
        self._used = True

    def begin_atomic(
        self, lanes: np.ndarray | slice, address: np.ndarray, size: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Check an atomic, which other warps' atomics may meet; indices and all memory in units."""
        index = self.place(lanes, address, size)
        state = self._views["state"][size].take(index)
        if not (state == _ALL_WRITTEN[size]).all():
            self._refuse_unwritten(state, size)
        self._check_readers(lanes, index, size)
        self.threads.change(lanes, index, size)
        own = _cells(self._own[size][lanes], size)
        found = _cells(self._views["writer"][size].take(index), size)
        wrong = (found != NOBODY) & (found != own) & (found < ATOMIC)
        if wrong.any():
            raise Fault(HazardError, self._met(found, wrong, "changed by an atomic"), first(wrong))
        several = (found > ATOMIC) & (found != own + ATOMIC)
        new = np.where(found == own, own, np.where(several, ATOMICS, own + ATOMIC)).astype(np.uint8)
        writers = self._views["writer"][size]
        writers[index] = new.view(UNITS[size]).reshape(-1)
        differs = _cells(writers.take(index), size) != new
        if differs.any():
            writers[index[differs.any(axis=1)]] = _ALL_ATOMICS[size]
        self._used = True
        return index, self._views["bytes"][size]

    # ---- checks ----
    def _refuse_unwritten(self, state: np.ndarray, size: int) -> None:
        cells = _cells(state, size)
        if (cells == IN_FLIGHT).any():
            wrong = first(cells == IN_FLIGHT)
            raise Fault(HazardError, "read while a cp.async to it is not waited for", wrong)
        raise Fault(AccessError, "shared bytes that nobody wrote", first(cells != WRITTEN))

    def _check_writers(
        self, lanes: np.ndarray | slice, index: np.ndarray, size: int, what: str
    ) -> None:
        found = self._views["writer"][size].take(index)
        if size <= 8 and not found.any():
            return
        found = _cells(found, size)
        own = _cells(_spread(self._own[min(size, 8)][lanes], size), size)
        wrong = (found != NOBODY) & (found != own) & (found != own + ATOMIC)
        if wrong.any():
            raise Fault(HazardError, self._met(found, wrong, what), first(wrong))

    def _check_readers(self, lanes: np.ndarray | slice, index: np.ndarray, size: int) -> None:
        found = self._views["reader"][size].take(index)
        if size <= 8 and not found.any():
            return
        found = _cells(found, size)
        own = _cells(_spread(self._own[min(size, 8)][lanes], size), size)
        wrong = (found != NOBODY) & (found != own)
        if wrong.any():
            who = found[wrong][0]
            warps = "several warps" if who == MANY else f"warp {who - 1}"
            text = f"written after {warps} read it, without a barrier between"
            raise Fault(HazardError, text, first(wrong))

    def _note_readers(self, lanes: np.ndarray | slice, index: np.ndarray, size: int) -> None:
        """Each byte's reader is the warp that reads it now, or several."""
        readers = self._views["reader"][size]
        own = self._own[min(size, 8)][lanes][:, None]
        found = _words(readers.take(index), size)
        many = ~found.dtype.type(0)
        noted = (found == own) | (found == many)
        if noted.all():
            return
        self._used = True
        uniform = found == (found & found.dtype.type(255)) * (many // found.dtype.type(255))
        if uniform.all():
            new = np.where(found == 0, own, np.where(noted, found, many))
        else:  # bytes of a unit have different readers
            cells, mine = _cells(found, size), _cells(np.broadcast_to(own, found.shape), size)
            new = np.where((cells == NOBODY) | (cells == mine), mine, np.uint8(MANY))
            new = new.view(found.dtype)
        readers[index] = np.ascontiguousarray(new).view(UNITS[size])[:, 0]
        differs = _words(readers.take(index), size) != new  # two warps in one instruction
        if differs.any():
            readers[index[differs.any(axis=1)]] = _ALL_MANY[size]

    @staticmethod
    def _met(found: np.ndarray, wrong: np.ndarray, what: str) -> str:
        who = int(found[wrong][0])
        if who >= ATOMIC:
            return f"{what} after another warp's atomic, without a barrier between"
        return f"{what} after warp {who - 1} wrote it, without a barrier between"


def _cells(units: np.ndarray, size: int) -> np.ndarray:
    """The bytes of each unit."""
    return np.ascontiguousarray(units).view(np.uint8).reshape(-1, size)


def _words(units: np.ndarray, size: int) -> np.ndarray:
    """Units as integers: one each, or two where a unit has sixteen bytes."""
    return units.view(UNITS[min(size, 8)]).reshape(len(units), -1)


def _spread(own: np.ndarray, size: int) -> np.ndarray:
    """A pattern of at most eight bytes in units of ``size`` bytes."""
    return own if size <= 8 else np.repeat(own, 2).view(UNITS[16])


_ALL = {
    state: {s: np.full(s, state, np.uint8).view(u)[0] for s, u in UNITS.items()}
    for state in (UNWRITTEN, WRITTEN, IN_FLIGHT)
}
_ALL_WRITTEN = _ALL[WRITTEN]
_ALL_MANY = {s: np.full(s, MANY, np.uint8).view(u)[0] for s, u in UNITS.items()}
_ALL_ATOMICS = {s: np.full(s, ATOMICS, np.uint8).view(u)[0] for s, u in UNITS.items()}
