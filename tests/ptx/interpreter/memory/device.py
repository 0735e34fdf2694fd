"""Device memory: an arena at fake addresses, with a note for each byte whether it is allocated and written."""

from bisect import bisect_right, insort

import numpy as np

from ..errors import AccessError, Fault, PtxError, first
from ..kinds import UNITS

BASE = 0x7F00_0000_0000  # of the arena: no shared or local address lies there
GUARD = 512  # bytes between allocations that belong to nobody
ALIGN = 256  # what cudaMalloc promises
FREE, ALLOCATED, WRITTEN = 0, 1, 2
WRITTEN_UNITS = {
    size: np.full(size, WRITTEN, np.uint8).view(unit)[0] for size, unit in UNITS.items()
}


class OutOfMemoryError(PtxError, MemoryError):
    """An allocation does not fit."""


class DeviceMemory:
    """Allocations and their bytes.

    Parameters
    ----------
    capacity : int
        Bytes that there are, guards between allocations included. They cost nothing until used.
    """

    def __init__(self, capacity: int = 1 << 28) -> None:
        self.capacity = -(-capacity // ALIGN) * ALIGN
        self.bytes = np.zeros(self.capacity, np.uint8)
        self.state = np.zeros(self.capacity, np.uint8)
        self._data = {size: self.bytes.view(unit) for size, unit in UNITS.items()}
        self._states = {size: self.state.view(unit) for size, unit in UNITS.items()}
        self._sizes: dict[int, int] = {}  # offset of an allocation -> bytes
        self._offsets: list[int] = []  # in order
        self._next = ALIGN

    # ---- the host's side ----
    def allocate(self, n_bytes: int) -> int:
        """Address of ``n_bytes`` new bytes, none of them written."""
        room = -(-(n_bytes + GUARD) // ALIGN) * ALIGN
        at = self._find(room)
        if at is None:
            held = sum(self._sizes.values())
            raise OutOfMemoryError(
                f"{n_bytes} bytes wanted, {held} of {self.capacity} are allocated"
            )
        insort(self._offsets, at)
        self._sizes[at] = n_bytes
        self._next = at + room
        self.state[at : at + n_bytes] = ALLOCATED
        return BASE + at

    def _find(self, room: int) -> int | None:
        """First gap that is large enough, after the latest allocation and then from the start."""
        if self._next + room <= self.capacity and self._free(self._next, room):
            return self._next
        at = ALIGN
        for offset in self._offsets:
            if at + room <= offset:
                return at
            at = offset + -(-(self._sizes[offset] + GUARD) // ALIGN) * ALIGN
        return at if at + room <= self.capacity else None

    def _free(self, at: int, room: int) -> bool:
        i = bisect_right(self._offsets, at)
        return i == len(self._offsets) or at + room <= self._offsets[i]

    def free(self, address: int) -> None:
        """Give an allocation back; what it held is unwritten for whoever gets the bytes next."""
        at = address - BASE
        if at not in self._sizes:
            raise AccessError(f"free: no allocation begins at {address:#x}")
        self.state[at : at + self._sizes.pop(at)] = FREE
        self._offsets.remove(at)

    def holds(self, address: int) -> bool:
        """Whether an address lies in an allocation."""
        at = address - BASE
        i = bisect_right(self._offsets, at) - 1
        return i >= 0 and at < self._offsets[i] + self._sizes[self._offsets[i]]

    def span(self, address: int, n_bytes: int, what: str, *, read: bool = False) -> slice:
        """Offsets of a piece of one allocation, for a copy or fill by the host."""
        at = address - BASE
        i = bisect_right(self._offsets, at) - 1
        start = self._offsets[i] if i >= 0 else 0
        if i < 0 or n_bytes < 0 or at + n_bytes > start + self._sizes[start]:
            raise AccessError(f"{what}: {n_bytes} bytes at {address:#x} are in no allocation")
        piece = slice(at, at + n_bytes)
        if read and (self.state[piece] != WRITTEN).any():
            at = first(self.state[piece] != WRITTEN)
            raise AccessError(f"{what}: nobody wrote the byte at {address + at:#x}")
        return piece

    def write(self, address: int, data: bytes | np.ndarray) -> None:
        """Copy from the host."""
        raw = np.frombuffer(data, np.uint8) if isinstance(data, bytes) else _raw(data)
        piece = self.span(address, raw.size, "copy to the device")
        self.bytes[piece] = raw
        self.state[piece] = WRITTEN

    def read(self, address: int, n_bytes: int) -> np.ndarray:
        """Copy to the host, as bytes; those that nobody wrote are 0xA5."""
        piece = self.span(address, n_bytes, "copy to the host")
        return np.where(self.state[piece] == WRITTEN, self.bytes[piece], np.uint8(0xA5))

    def move(self, to: int, source: int, n_bytes: int) -> None:
        """Copy within the device; unwritten bytes stay unwritten."""
        a = self.span(to, n_bytes, "copy within the device")
        b = self.span(source, n_bytes, "copy within the device")
        self.bytes[a], self.state[a] = self.bytes[b].copy(), self.state[b].copy()

    def fill(self, address: int, value: int, n_bytes: int) -> None:
        """Set bytes, as cudaMemset does."""
        piece = self.span(address, n_bytes, "fill")
        self.bytes[piece], self.state[piece] = value, WRITTEN

    # ---- the kernels' side ----
    def place(self, address: np.ndarray, size: int, *, read: bool) -> np.ndarray:
        """Indices, in units of ``size`` bytes, of addresses; a Fault where one may not be used."""
        at = address - np.uint64(BASE)
        if at.max() > self.capacity - size:
            wrong = first(at > self.capacity - size)
            raise Fault(AccessError, "no device memory is there", wrong)
        if np.bitwise_or.reduce(at) & np.uint64(size - 1):
            wrong = first(at & np.uint64(size - 1) != 0)
            raise Fault(AccessError, f"not aligned to {size} bytes", wrong)
        index = (at // np.uint64(size)).view(np.int64)
        state = self._states[size].take(index)
        if not (state == WRITTEN_UNITS[size]).all():
            cells = state.view(np.uint8).reshape(len(index), size)
            if (cells == FREE).any():
                raise Fault(AccessError, "outside every allocation", first(cells == FREE))
            if read:
                wrong = first(cells != WRITTEN)
                raise Fault(AccessError, "bytes that nobody wrote", wrong)
        return index

    def load(self, index: np.ndarray, size: int) -> np.ndarray:
        """Units at indices from ``place``."""
        return self._data[size].take(index)

    def store(self, index: np.ndarray, values: np.ndarray, size: int) -> None:
        """Write units; of two lanes with one index the later wins."""
        self._data[size][index] = values
        self._states[size][index] = WRITTEN_UNITS[size]

    def units(self, size: int) -> np.ndarray:
        """All memory in units of ``size`` bytes, for atomics."""
        return self._data[size]


def _raw(data: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(data).reshape(-1).view(np.uint8)
