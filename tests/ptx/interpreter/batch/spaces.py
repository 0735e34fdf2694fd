"""Loads and stores of each space of memory, by lanes and addresses."""

from collections.abc import Callable

import numpy as np

from ..errors import AccessError, Fault, first
from ..kinds import UNITS
from ..memory.device import BASE as GLOBAL
from .frame import LOCAL, PARAMETERS, SHARED_WINDOW, Frame

Lanes = np.ndarray | slice
Load = Callable[[Lanes, np.ndarray, int], np.ndarray]
Store = Callable[[Lanes, np.ndarray, np.ndarray, int], None]


class Spaces:
    """Memory as a frame's threads see it."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.loads: dict[str, Load] = {
            "global": self.load_global,
            "const": self.load_global,
            "shared": frame.shared.load,
            "local": self.load_local,
            "param": self.load_parameter,
            "generic": self.load_generic,
        }
        self.stores: dict[str, Store] = {
            "global": self.store_global,
            "shared": frame.shared.store,
            "local": self.store_local,
            "param": self.store_local,
            "generic": self.store_generic,
        }

    def load_global(self, lanes: Lanes, address: np.ndarray, size: int) -> np.ndarray:
        """Read device memory."""
        memory = self.frame.memory
        index = memory.place(address, size, read=True)
        if self.frame.races is not None:
            self.frame.races.read(self.frame, lanes, index, size)
        return memory.load(index, size)

    def store_global(
        self, lanes: Lanes, address: np.ndarray, values: np.ndarray, size: int
    ) -> None:
        """Write device memory."""
        memory = self.frame.memory
        index = memory.place(address, size, read=False)
        if self.frame.races is not None:
            self.frame.races.write(self.frame, lanes, index, size)
        memory.store(index, values, size)

    def begin_atomic(
        self, space: str, lanes: np.ndarray, address: np.ndarray, size: int
    ) -> list[tuple[np.ndarray | slice, np.ndarray, np.ndarray]]:
        """Check an atomic: which of the lanes, their indices and all memory, for each space."""
        everything = [(space, slice(None), np.uint64(0))]
        pieces = self._split(address) if space == "generic" else everything
        places = []
        for name, mine, offset in pieces:
            if name == "shared":
                index, units = self.frame.shared.begin_atomic(
                    lanes[mine], address[mine] - offset, size
                )
            else:
                index = self.frame.memory.place(address[mine], size, read=True)
                units = self.frame.memory.units(size)
                if self.frame.races is not None:
                    self.frame.races.atomic(self.frame, lanes[mine], index, size)
            places.append((mine, index, units))
        return places

    def load_parameter(self, lanes: Lanes, address: np.ndarray, size: int) -> np.ndarray:
        """Read the kernel's arguments."""
        at = address.astype(np.int64) - PARAMETERS
        _check(at, size, self.frame.function.parameter_size)
        return self.frame.parameters.view(UNITS[size]).take(at // size)

    def load_local(self, lanes: Lanes, address: np.ndarray, size: int) -> np.ndarray:
        """Read a thread's own memory."""
        return self.frame.local.view(UNITS[size])[self._own(lanes, address, size)]

    def store_local(self, lanes: Lanes, address: np.ndarray, values: np.ndarray, size: int) -> None:
        """Write a thread's own memory."""
        self.frame.local.view(UNITS[size])[self._own(lanes, address, size)] = values

    def _own(self, lanes: Lanes, address: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
        at = address.astype(np.int64) - LOCAL
        _check(at, size, self.frame.local.shape[1])
        return np.arange(self.frame.n_lanes)[lanes], at // size

    def load_generic(self, lanes: Lanes, address: np.ndarray, size: int) -> np.ndarray:
        """Read where the address says, one space at a time."""
        lanes = np.arange(self.frame.n_lanes)[lanes]
        result = np.empty(len(address), UNITS[size])
        for space, mine, offset in self._split(address):
            at = address[mine] - offset
            result[mine] = self.loads[space](lanes[mine], at, size)
        return result

    def store_generic(
        self, lanes: Lanes, address: np.ndarray, values: np.ndarray, size: int
    ) -> None:
        """Write where the address says, one space at a time."""
        lanes = np.arange(self.frame.n_lanes)[lanes]
        for space, mine, offset in self._split(address):
            self.stores[space](lanes[mine], address[mine] - offset, values[mine], size)

    def _split(self, address: np.ndarray) -> list[tuple[str, np.ndarray, np.uint64]]:
        """Which addresses lie in which space, and what to take off."""
        top = address >> np.uint64(40)
        zero = np.uint64(0)
        spaces = {
            "local": (top == LOCAL >> 40, zero),
            "shared": (top == SHARED_WINDOW >> 40, np.uint64(SHARED_WINDOW)),
            "param": (top == PARAMETERS >> 40, zero),
            "global": (top >= GLOBAL >> 40, zero),
        }
        known = np.logical_or.reduce([mine for mine, _ in spaces.values()])
        if not known.all():
            raise Fault(AccessError, "no memory is there", first(~known))
        return [(name, mine, off) for name, (mine, off) in spaces.items() if mine.any()]


def _check(at: np.ndarray, size: int, n_bytes: int) -> None:
    if at.min() < 0 or at.max() > n_bytes - size:
        wrong = first((at < 0) | (at > n_bytes - size))
        raise Fault(AccessError, f"outside {n_bytes} bytes", wrong)
    if np.bitwise_or.reduce(at) & (size - 1):
        raise Fault(AccessError, f"not aligned to {size} bytes", first(at & (size - 1) != 0))
