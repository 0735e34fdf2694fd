"""A function's instructions as straight pieces of decoded operations."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..batch.frame import Frame
from ..batch.group import Group
from ..code.parse import Function, Instruction
from ..operations import DECODERS, Context, Operation
from ..operations.warp import is_collective, members

BRANCHES = ("bra", "brx")
ENDS = ("ret", "exit")


@dataclass
class Gate:
    """A collective operation at the head of a piece: threads wait there for those they name."""

    instruction: Instruction
    members: np.ndarray | np.generic | None  # None: the whole warp


@dataclass
class Piece:
    """Operations that run one after another, and the instruction that ends them, if any does."""

    operations: list[Operation]
    gate: Gate | None
    end: Instruction | None
    next: int  # place of the instruction behind


def is_barrier(instruction: Instruction) -> bool:
    """Whether threads of a block wait for each other there."""
    return instruction.name in ("bar", "barrier") and not instruction.has("warp")


def ends_piece(instruction: Instruction) -> bool:
    """Whether where to go on depends on the instruction."""
    return instruction.name in BRANCHES + ENDS or is_barrier(instruction)


@lru_cache(maxsize=256)
def leaders(function: Function) -> set[int]:
    """Places where a piece begins."""
    places = {0, *function.labels.values()}
    for at, instruction in enumerate(function.code):
        if ends_piece(instruction):
            places.add(at + 1)
        elif is_collective(instruction):
            places.add(at)
    return places


class Pieces(dict[int, Piece]):
    """Pieces of a frame's function by their place, decoded when they are first asked for.

    A launch goes through few of the pieces of a large kernel. ``test_shipped.py`` decodes all.
    """

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self.frame = frame

    def __missing__(self, at: int) -> Piece:
        piece = self[at] = decode(self.frame, at)
        return piece


def decode(frame: Frame, start: int) -> Piece:
    """A piece of the frame's function; an UnknownOperationError where an instruction is not known."""
    function = frame.function
    code, starts = function.code, leaders(function)
    at, operations, gate = start, [], None
    if is_collective(code[at]):
        gate = Gate(code[at], members(Context(frame, code[at])))
    while at < len(code) and not ends_piece(code[at]):
        operations.append(decode_one(frame, code[at]))
        at += 1
        if at in starts:
            return Piece(operations, gate, None, at)
    end = code[at] if at < len(code) else None
    return Piece(operations, gate, end, at + 1)


def decode_one(frame: Frame, instruction: Instruction) -> Operation:
    """The closure of one instruction, with its guard."""
    decoder = DECODERS.get(instruction.name)
    if decoder is None:
        raise frame.unknown(instruction)
    run = decoder(Context(frame, instruction))
    return run if instruction.guard is None else guarded(frame, run, instruction)


def guarded(frame: Frame, run: Operation, instruction: Instruction) -> Operation:
    """Run with those threads alone for which the guard holds."""

    def some() -> None:
        outer = frame.group
        inner = Group(outer.mask & guard_of(frame, instruction))
        if inner.count:
            frame.enter(inner)
            run()
            frame.enter(outer)

    return some


def guard_of(frame: Frame, instruction: Instruction) -> np.ndarray:
    """For every thread whether it executes the instruction."""
    assert instruction.guard is not None
    name, negated = instruction.guard
    p = frame.register(name)
    return ~p if negated else p
