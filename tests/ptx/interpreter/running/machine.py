"""Runs a batch of blocks: which threads go on, where they meet, and what is refused on the way.

Of all threads that can go on, those at the lowest place of the code do: nvcc lays code out so that
threads which took different ways meet again by that. A piece of code runs for all of them at once.
Blocks are independent, so that any number of them may run side by side.
"""

from dataclasses import dataclass

import numpy as np

from ..batch.frame import Frame
from ..batch.group import WARP, Group
from ..code.parse import Instruction
from ..errors import ConvergenceError, PtxError
from .pieces import ENDS, Gate, Piece, Pieces, guard_of, is_barrier

LIMIT = 5_000_000  # pieces of code that a batch may run


@dataclass
class Waiting:
    """Threads at a barrier."""

    mask: np.ndarray
    instruction: Instruction
    next: int
    number: int
    threads: int | None  # how many are to come; None: all of the block that have not exited


class Machine:
    """A frame with its code.

    Parameters
    ----------
    frame : Frame
        Registers and memories.
    """

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.pieces = Pieces(frame)
        self.end = len(frame.function.code)
        self.ready: dict[int, Group] = {}
        self.parked: dict[int, np.ndarray] = {}
        self.waiting: list[Waiting] = []
        self.steps = 0

    def run(self) -> None:
        """Run the blocks that the frame was started with to their end."""
        self.ready, self.parked, self.waiting, self.steps = {}, {}, [], 0
        self.go(0, Group(self.frame.live.copy()))
        while self.ready or self.release():
            at = min(self.ready)
            group: Group | None = self.ready.pop(at)
            if at >= self.end:
                self.frame.leave(group)
                continue
            piece = self.pieces[at]
            if piece.gate is not None:
                group = self.gather(at, group, piece.gate)
                if group is None:
                    continue
            self.steps += 1
            if self.steps > LIMIT:
                raise PtxError(f"{self.frame.function.name}: does not end after {LIMIT} pieces")
            self.frame.enter(group)
            for operation in piece.operations:
                operation()
            self.finish(piece, group)

    def go(self, at: int, group: Group) -> None:
        """Threads are to go on at a place."""
        if not group.count:
            return
        other = self.ready.get(at)
        self.ready[at] = group if other is None else Group(group.mask | other.mask)

    def finish(self, piece: Piece, group: Group) -> None:
        """What the last instruction of a piece decides."""
        end, frame = piece.end, self.frame
        if end is None:
            self.go(piece.next, group)
            return
        if end.guard is not None:
            some = Group(group.mask & guard_of(frame, end))
            if some.count != group.count:
                self.go(piece.next, Group(group.mask & ~some.mask) if some.count else group)
                group = some
            if not group.count:
                return
        if end.name in ENDS:
            frame.leave(group)
        elif end.name == "bra":
            self.go(frame.function.labels[end.operands[0]], group)
        elif is_barrier(end):
            self.arrive(end, piece.next, group)
        else:
            self.jump(end, group)

    def jump(self, instruction: Instruction, group: Group) -> None:
        """A branch to one of several labels."""
        function = self.frame.function
        targets = function.targets[instruction.operands[1]]
        chosen = self.frame.register(instruction.operands[0])
        for i, label in enumerate(targets):
            self.go(function.labels[label], Group(group.mask & (chosen == i)))

    # ---- warps ----
    def gather(self, at: int, group: Group, gate: Gate) -> Group | None:
        """Those threads whose company is complete; the others are parked until it is."""
        parked = self.parked.pop(at, None)
        if parked is not None:
            group = Group(group.mask | parked)
        if gate.members is None:
            if group.whole:
                return group
            complete = np.repeat(group.mask.reshape(-1, WARP).all(axis=1), WARP)
        else:
            complete = gate.members & ~group.ballot == 0
            self._check_members(group, gate)
        going, staying = group.mask & complete, group.mask & ~complete
        if staying.any():
            self.parked[at] = staying
        return Group(going) if going.any() else None

    def _check_members(self, group: Group, gate: Gate) -> None:
        """A thread has to name itself."""
        lane = self.frame.special("%laneid")
        assert lane is not None
        named = (np.broadcast_to(gate.members, len(lane)) >> lane) & 1
        if not named[group.mask].all():
            wrong = int(group.lanes[np.flatnonzero(named[group.mask] == 0)[0]])
            text = "is not among the threads it names"
            raise self.frame.refusal(ConvergenceError, gate.instruction, wrong, text)

    # ---- blocks ----
    def arrive(self, instruction: Instruction, following: int, group: Group) -> None:
        """Threads come to a barrier."""
        frame, operands = self.frame, instruction.operands
        if "sync" not in instruction.parts or not all(o.isdigit() for o in operands):
            raise frame.unknown(instruction, "other barriers than bar.sync with constants")
        threads = int(operands[1]) if len(operands) > 1 else None
        if threads is None and group.count == frame.n_live:
            self._check_aligned(instruction, group.mask)
            frame.shared.barrier()
            self.go(following, group)
            return
        self.waiting.append(Waiting(group.mask, instruction, following, int(operands[0]), threads))

    def release(self) -> bool:
        """Let go on whose barrier is complete; whether anybody does, or all have exited."""
        if not self.waiting and not self.parked:
            return False
        released = False
        for number in sorted({w.number for w in self.waiting}):
            released |= self._release(number)
        if not released:
            self._stuck()
        return True

    def _release(self, number: int) -> bool:
        here = [w for w in self.waiting if w.number == number]
        rows = np.logical_or.reduce([w.mask for w in here]).reshape(self.frame.shape.n_blocks, -1)
        expected = {w.threads for w in here}
        if len(expected) > 1:
            text = f"others wait for other numbers of threads: {sorted(map(str, expected))}"
            lane = int(np.flatnonzero(here[0].mask)[0])
            raise self.frame.refusal(ConvergenceError, here[0].instruction, lane, text)
        threads = expected.pop()
        if threads is None:
            live = self.frame.live.reshape(rows.shape)
            complete = (rows == live).all(axis=1) & rows.any(axis=1)
        else:
            came = rows.reshape(len(rows), -1, WARP).any(axis=2).sum(axis=1) * WARP
            if (came > threads).any():
                block = int(np.flatnonzero(came > threads)[0])
                lane = int(np.flatnonzero(rows[block])[0]) + block * self.frame.lanes_per_block
                text = f"{came[block]} threads came, {threads} are expected"
                raise self.frame.refusal(ConvergenceError, here[0].instruction, lane, text)
            complete = came == threads
        if not complete.any():
            return False
        going = np.repeat(complete, self.frame.lanes_per_block)
        for waiting in here:
            mask = waiting.mask & going
            self._check_aligned(waiting.instruction, mask)
            self.go(waiting.next, Group(mask))
            waiting.mask = waiting.mask & ~going
        self.waiting = [w for w in self.waiting if w.mask.any()]
        self.frame.shared.barrier(complete)
        return True

    def _check_aligned(self, instruction: Instruction, mask: np.ndarray) -> None:
        """All threads of a warp that have not exited come to one barrier instruction."""
        warps = mask.reshape(-1, WARP)
        live = self.frame.live.reshape(-1, WARP)
        wrong = warps.any(axis=1) & (warps != live).any(axis=1)
        if wrong.any():
            lane = int(np.flatnonzero(mask & np.repeat(wrong, WARP))[0])
            text = "part of a warp is at this barrier"
            raise self.frame.refusal(ConvergenceError, instruction, lane, text)

    def _stuck(self) -> None:
        """Nobody can go on."""
        frame = self.frame
        if self.parked:
            at, mask = next(iter(self.parked.items()))
            lane = int(np.flatnonzero(mask)[0])
            warp = slice(lane // WARP * WARP, lane // WARP * WARP + WARP)
            here = np.flatnonzero(mask[warp]).tolist()
            gone = np.flatnonzero(~frame.live[warp]).tolist()
            text = f"executed by part of a warp: threads {here} of it are here, {gone} have exited"
            gate = self.pieces[at].gate
            assert gate is not None
            raise frame.refusal(ConvergenceError, gate.instruction, lane, text)
        waiting = self.waiting[0]
        lane = int(np.flatnonzero(waiting.mask)[0])
        start = lane // frame.lanes_per_block * frame.lanes_per_block
        block = slice(start, start + frame.lanes_per_block)
        came = int(np.count_nonzero(waiting.mask[block]))
        live = int(np.count_nonzero(frame.live[block]))
        text = f"waits for ever: {came} threads are here, {live} have not exited"
        raise frame.refusal(ConvergenceError, waiting.instruction, lane, text)
