"""Operations among the threads of a warp; the machine sees to it that those named are all here."""

from collections.abc import Callable

import numpy as np

from ..batch.group import WARP
from ..code.parse import Instruction
from ..errors import ConvergenceError, Fault, first
from .arithmetic import array
from .bits import bit_length
from .context import Context, Operation, operation

WORD = np.dtype(np.uint32)
ALL = 0xFFFFFFFF
# Place of the mask that names the threads. Others need the whole warp (None).
MEMBERS = {"shfl": 4, "vote": 2, "match": 2, "redux": 2, "elect": 1, "bar": 0, "barrier": 0}


def is_collective(instruction: Instruction) -> bool:
    """Whether a warp executes the instruction together."""
    name = instruction.name
    if name in ("bar", "barrier"):
        return instruction.has("warp")
    if name in ("vote", "match", "redux", "shfl", "elect"):
        return True
    return name in ("mma", "wmma", "ldmatrix", "stmatrix", "movmatrix", "wgmma", "setmaxnreg")


def members(c: Context) -> np.ndarray | np.generic | None:
    """The mask of threads that an instruction names, or None for the whole warp."""
    place = MEMBERS.get(c.instruction.name)
    if place is None:
        return None
    if not c.instruction.has("sync"):
        raise c.unknown("without .sync")
    mask = c.source(place, WORD)
    return None if mask.ndim == 0 and int(mask) == ALL else mask


def per_warp(x: np.ndarray | np.generic, n: int) -> np.ndarray:
    """A row for each warp."""
    return np.broadcast_to(x, n).reshape(-1, WARP)


def member_rows(c: Context) -> np.ndarray | None:
    """For each thread which of the warp's threads it names, or None for all."""
    mask = members(c)
    if mask is None:
        return None
    bits = np.ascontiguousarray(np.broadcast_to(mask, c.frame.n_lanes)).view(np.uint8)
    return np.unpackbits(bits.reshape(-1, 4), axis=1, bitorder="little").astype(bool)


def reduce_members(
    c: Context, values: np.ndarray, function: np.ufunc, neutral: object
) -> np.ndarray:
    """For each thread, a reduction over those that it names."""
    rows, named = per_warp(values, c.frame.n_lanes), member_rows(c)
    if named is None:
        return np.repeat(function.reduce(rows, axis=1, dtype=rows.dtype), WARP)
    wide = np.repeat(rows, WARP, axis=0)
    return function.reduce(np.where(named, wide, neutral), axis=1, dtype=rows.dtype)


@operation("shfl")
def shuffle(c: Context) -> Operation:
    """A register of another thread of the warp."""
    mode = c.parts[2]
    if mode not in ("up", "down", "bfly", "idx") or c.parts[-1] != "b32":
        raise c.unknown()
    names = [n.strip() for n in c.operands[0].split("|")]
    a, distance, clamp = c.source(1, WORD), c.source(2, WORD), c.source(3, WORD)
    frame = c.frame
    target = c.target(names[0], WORD)
    inside = c.target(names[1], np.dtype(bool)) if len(names) > 1 else None
    lane = (np.arange(frame.n_lanes) % WARP).astype(np.int64)
    start = np.arange(frame.n_lanes) - lane
    everyone = members(c) is None

    def sources() -> tuple[np.ndarray, np.ndarray]:
        b, limit = (array(v).astype(np.int64) for v in (distance, clamp))
        b, segment, limit = b & 31, limit >> 8 & 31, limit & 31
        last = (lane & segment) | (limit & ~segment)
        other = {
            "up": lambda: lane - b,
            "down": lambda: lane + b,
            "bfly": lambda: lane ^ b,
            "idx": lambda: (lane & segment) | (b & ~segment),
        }[mode]()
        good = other >= last if mode == "up" else other <= last
        return start + np.where(good, other, lane), good

    constant = sources() if distance.ndim == 0 and clamp.ndim == 0 else None

    def run() -> None:
        source, good = constant or sources()
        group = frame.group
        if not everyone and not group.mask[source[group.index]].all():
            wrong = first(~group.mask[source[group.index]])
            fault = Fault(ConvergenceError, "reads a thread that is not here", wrong)
            raise frame.error(c.instruction, fault, None)
        np.copyto(target, np.broadcast_to(a, frame.n_lanes)[source], where=frame.where)
        if inside is not None:
            np.copyto(inside, good, where=frame.where)

    return run


@operation("vote")
def vote(c: Context) -> Operation:
    """Whether a predicate holds for all or any of the threads, or for which."""
    mode, text = c.parts[2], c.operands[1]
    negated, name = text.startswith("!"), text.lstrip("!").strip()
    p, frame = c.source(name, np.dtype(bool)), c.frame
    dtype = WORD if mode == "ballot" else np.dtype(bool)

    def value() -> np.ndarray:
        return np.broadcast_to(array(~p if negated else p), frame.n_lanes)

    def ballot() -> np.ndarray:
        bits = np.packbits(
            per_warp(value() & frame.group.mask, frame.n_lanes), axis=1, bitorder="little"
        )
        found = np.repeat(bits.view(np.uint32)[:, 0], WARP)
        mask = members(c)
        return found if mask is None else found & mask

    computed: dict[str, Callable[[], np.ndarray]] = {
        "all": lambda: reduce_members(c, value(), np.logical_and, True),
        "any": lambda: reduce_members(c, value(), np.logical_or, False),
        "uni": lambda: (
            reduce_members(c, value(), np.logical_and, True)
            | ~reduce_members(c, value(), np.logical_or, False)
        ),
        "ballot": ballot,
    }
    if mode not in computed:
        raise c.unknown()
    return c.put(c.target(0, dtype), computed[mode])


@operation("redux")
def reduce(c: Context) -> Operation:
    """A reduction over the threads."""
    functions = {
        "add": (np.add, 0),
        "min": (np.minimum, None),
        "max": (np.maximum, None),
        "and": (np.bitwise_and, ALL),
        "or": (np.bitwise_or, 0),
        "xor": (np.bitwise_xor, 0),
    }
    if c.parts[2] not in functions or len(c.parts) != 4 or c.type.kind == "f":
        raise c.unknown()
    function, neutral = functions[c.parts[2]]
    if neutral is None:
        limits = np.iinfo(c.type)
        neutral = limits.max if c.parts[2] == "min" else limits.min
    a, neutral = c.source(1), np.array(neutral, c.type if c.type.kind == "i" else np.uint32)
    return c.put(c.target(0), lambda: reduce_members(c, array(a), function, neutral))


@operation("match")
def match(c: Context) -> Operation:
    """Which threads have the same value, or whether all have."""
    a, frame = c.source(1), c.frame
    names = [n.strip() for n in c.operands[0].split("|")]
    target = c.target(names[0], WORD)
    agreed = c.target(names[1], np.dtype(bool)) if len(names) > 1 else None

    def run() -> None:
        rows = per_warp(a, frame.n_lanes)
        same = (rows[:, :, None] == rows[:, None, :]).reshape(-1, WARP)
        named = member_rows(c)
        here = np.repeat(frame.group.mask.reshape(-1, WARP), WARP, axis=0)
        named = here if named is None else named & here
        same &= named
        found = np.packbits(same, axis=1, bitorder="little").view(np.uint32)[:, 0]
        if c.instruction.has("all"):
            all_same = (same == named).all(axis=1)
            found = np.where(all_same, found, np.uint32(0))
            if agreed is not None:
                np.copyto(agreed, all_same, where=frame.where)
        np.copyto(target, found, where=frame.where)

    return run


@operation("activemask")
def active_mask(c: Context) -> Operation:
    """The warp's threads that are here."""
    return c.put(c.target(0), lambda: c.frame.group.ballot)


@operation("elect")
def elect(c: Context) -> Operation:
    """The first of the threads, which alone gets a true predicate."""
    lane, p = (n.strip() for n in c.operands[0].split("|"))
    frame, chosen = c.frame, c.target(p, np.dtype(bool))
    target = c.target(lane, WORD)

    def run() -> None:
        mask = members(c)
        named = frame.group.ballot if mask is None else frame.group.ballot & mask
        lowest = bit_length(named & (~named + np.uint32(1))) - 1
        np.copyto(target, lowest, where=frame.where)
        own = frame.special("%laneid")
        np.copyto(chosen, own == lowest, where=frame.where)

    return run
