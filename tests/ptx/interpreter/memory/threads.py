"""Shared memory that threads of one warp use: they go on by themselves unless ``__syncwarp`` orders them."""

import numpy as np

from ..errors import Fault, HazardError, first
from .notes import read_notes, write_notes

LANES, SEVERAL = 64, 63  # a note is the thread's latest meeting times LANES, plus its lane

Lanes = np.ndarray | slice


class ThreadOrder:
    """For each byte the threads that wrote, read and atomically changed it, and when their warp had met last.

    Other warps' bytes are none of its business: between warps a barrier is needed, after which all have
    met anew.

    Parameters
    ----------
    n_bytes : int
        Shared memory of the batch.
    n_lanes : int
        Its threads.
    """

    def __init__(self, n_bytes: int, n_lanes: int) -> None:
        self._writer, self._reader, self._changer = np.zeros((3, n_bytes), np.int32)
        self._has_atomics = False
        self._lane = np.arange(n_lanes, dtype=np.int32) % 32
        self._meeting = 1
        self._own = self._lane + np.int32(LANES)

    def meet(self, lanes: Lanes = slice(None)) -> None:
        """Threads wait for each other."""
        self._meeting += 1
        self._own[lanes] = self._lane[lanes] + np.int32(LANES * self._meeting)

    def read(self, lanes: Lanes, index: np.ndarray, size: int) -> None:
        """Threads read units of ``size`` bytes."""
        own = self._own[lanes][:, None]
        self._check(self._writer, own, index, size, "read", "wrote")
        self._check_atomics(own, index, size, "read")
        self._join(self._reader, own, index, size)

    def write(self, lanes: Lanes, index: np.ndarray, size: int) -> None:
        """Threads write; of several that do so at once one wins, which is allowed."""
        own = self._own[lanes][:, None]
        self._check(self._writer, own, index, size, "written", "wrote")
        self._check(self._reader, own, index, size, "written", "read")
        self._check_atomics(own, index, size, "written")
        write_notes(self._writer, index, size, np.broadcast_to(own, (len(index), size)))

    def change(self, lanes: Lanes, index: np.ndarray, size: int) -> None:
        """Threads change units atomically, which others may do at once."""
        own = self._own[lanes][:, None]
        self._check(self._writer, own, index, size, "changed by an atomic", "wrote")
        self._check(self._reader, own, index, size, "changed by an atomic", "read")
        self._join(self._changer, own, index, size)
        self._has_atomics = True

    def _join(self, notes: np.ndarray, own: np.ndarray, index: np.ndarray, size: int) -> None:
        """Each byte's note is the thread that uses it now, or several."""
        found = read_notes(notes, index, size)
        several = own | SEVERAL
        if ((found == own) | (found == several)).all():
            return
        new = np.where(found >> 6 == own >> 6, np.where(found == own, own, several), own)
        write_notes(notes, index, size, new)
        differs = (read_notes(notes, index, size) != new).any(axis=1)
        if differs.any():
            shared = np.broadcast_to(several, new.shape)[differs]
            write_notes(notes, index[differs], size, shared)

    def _check_atomics(self, own: np.ndarray, index: np.ndarray, size: int, what: str) -> None:
        if self._has_atomics:
            self._check(self._changer, own, index, size, what, "changed")

    def _check(
        self, notes: np.ndarray, own: np.ndarray, index: np.ndarray, size: int, what: str, verb: str
    ) -> None:
        found = read_notes(notes, index, size)
        wrong = (found >> 6 == own >> 6) & (found != own)
        if wrong.any():
            lane = int(found[wrong][0]) % LANES
            who = "several threads" if lane == SEVERAL else f"thread {lane}"
            text = f"{what} after {who} of the warp {verb} it, without __syncwarp between"
            raise Fault(HazardError, text, first(wrong))
