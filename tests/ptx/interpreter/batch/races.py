"""Global memory that two blocks of one launch use without anything that orders them.

Blocks are ordered by what CUDA calls the last block's ticket: one block's writes, a fence, an atomic;
then another's atomic on the same address, a fence, and its accesses. What a block does behind its own
atomic is not told from what it did before. Atomics of several blocks need no order among themselves.
"""

import numpy as np

from ..errors import Fault, HazardError
from ..memory.device import DeviceMemory
from ..memory.notes import read_notes, write_notes
from .frame import Frame

Lanes = np.ndarray | slice
KINDS = {"writer": "wrote", "reader": "read", "changer": "changed by an atomic"}


class Races:
    """For each byte the block that wrote it, read it and changed it by an atomic in this launch.

    Numbers of blocks go on from launch to launch: what earlier launches noted is smaller than ``base``
    and means nobody. ``base`` itself stands for several blocks.
    """

    def __init__(self, memory: DeviceMemory) -> None:
        self.base, self.n_blocks = 1, 0
        self._notes = {kind: np.zeros(memory.capacity, np.int32) for kind in KINDS}

    def begin(self, n_blocks: int) -> None:
        """A launch begins."""
        self.base += self.n_blocks + 1
        self.n_blocks = n_blocks
        self.unfenced: set[int] = set()  # blocks that wrote since their latest fence
        self.fenced = np.zeros(n_blocks, bool)  # blocks that ever had a fence
        self.known = [1 << block for block in range(n_blocks)]  # sets of blocks, as bits
        self.heard: dict[int, int] = {}  # what a block will know after its next fence
        self.published: dict[int, int] = {}  # address -> blocks whose writes its atomics carry

    # ---- accesses ----
    def read(self, frame: Frame, lanes: Lanes, index: np.ndarray, size: int) -> None:
        """Some threads read."""
        block = self._blocks(frame, lanes)
        self._check("read", block, index, size, ("writer", "changer"))
        self._note("reader", block, index, size)

    def write(self, frame: Frame, lanes: Lanes, index: np.ndarray, size: int) -> None:
        """Some threads write."""
        block = self._blocks(frame, lanes)
        self._check("written", block, index, size, ("writer", "reader", "changer"))
        self._note("writer", block, index, size)
        self._check("written", block, index, size, ("writer",))  # two blocks in one instruction
        self.unfenced.update(np.unique(block).tolist())

    def atomic(self, frame: Frame, lanes: Lanes, index: np.ndarray, size: int) -> None:
        """Some threads do atomics."""
        block = self._blocks(frame, lanes)
        self._check("changed by an atomic", block, index, size, ("writer", "reader"))
        self._note("changer", block, index, size)
        if self.fenced.any():
            for i in np.flatnonzero(self.fenced[block]):
                self._pass_on(int(block[i]), int(index[i]) * size)

    def _pass_on(self, block: int, address: int) -> None:
        """A block meets those whose atomics came before its own."""
        before = self.published.get(address, 0)
        self.heard[block] = self.heard.get(block, 0) | before
        if block not in self.unfenced:
            self.published[address] = before | self.known[block]

    def fence(self, frame: Frame) -> None:
        """Some threads fence: what their blocks wrote, and what they heard of, counts."""
        for block in np.unique(self._blocks(frame, frame.group.index)).tolist():
            self.fenced[block] = True
            self.unfenced.discard(block)
            self.known[block] |= self.heard.get(block, 0)

    # ---- notes ----
    def _blocks(self, frame: Frame, lanes: Lanes) -> np.ndarray:
        return frame.number_of_block[frame.block_of_lane[lanes]]

    def _check(
        self, what: str, block: np.ndarray, index: np.ndarray, size: int, kinds: tuple[str, ...]
    ) -> None:
        own = (block + (self.base + 1)).astype(np.int32)
        for kind in kinds:
            rows = read_notes(self._notes[kind], index, size)
            if rows.max() < self.base:
                continue
            wrong = (rows >= self.base) & (rows != own[:, None])
            if wrong.any():
                self._judge(what, kind, block, rows, wrong)

    def _judge(
        self, what: str, kind: str, block: np.ndarray, rows: np.ndarray, wrong: np.ndarray
    ) -> None:
        """Refuse unless all that was used by other blocks is ordered before."""
        everyone = (1 << self.n_blocks) - 1
        lane, _ = np.nonzero(wrong)
        others = rows[wrong]
        pairs, where = np.unique(np.stack([block[lane], others], 1), axis=0, return_index=True)
        for (me, other), position in zip(pairs.tolist(), where, strict=True):
            number = other - self.base - 1
            needed = everyone if other == self.base else 1 << number
            if self.known[me] & needed != needed:
                who = "several blocks" if other == self.base else f"block number {number}"
                verb = KINDS[kind]
                done = f"{who} {verb} it" if kind != "changer" else f"it was {verb} of {who}"
                text = f"{what} though {done} in the same launch, with nothing that orders them"
                raise Fault(HazardError, text, int(lane[position]))

    def _note(self, kind: str, block: np.ndarray, index: np.ndarray, size: int) -> None:
        own = np.repeat((block + (self.base + 1)).astype(np.int32)[:, None], size, axis=1)
        if kind == "writer":
            write_notes(self._notes[kind], index, size, own)
            return
        found = read_notes(self._notes[kind], index, size)
        if ((found == own) | (found == self.base)).all():
            return
        new = np.where((found < self.base) | (found == own), own, np.int32(self.base))
        write_notes(self._notes[kind], index, size, new)
        differs = read_notes(self._notes[kind], index, size) != new  # two blocks in one instruction
        if differs.any():
            rows, columns = np.nonzero(differs)
            self._notes[kind][index[rows] * size + columns] = self.base
