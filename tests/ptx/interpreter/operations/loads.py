"""Loads and stores of one or several registers."""

from collections.abc import Callable

import numpy as np

from ..batch.frame import LOCAL, PARAMETERS
from ..errors import Fault
from ..kinds import TYPES, UNITS
from .arithmetic import array
from .context import Context, Operation, operation

SPACES = ("global", "shared", "local", "const", "param")
HINTS = ("weak", "volatile", "relaxed", "acquire", "release", "nc", "ca", "cg", "cs", "lu", "cv")
HINTS += ("wb", "wt", "gpu", "sys", "cta", "L1::no_allocate", "L1::evict_last", "L1::evict_first")
HINTS += ("L1::evict_normal", "L1::evict_unchanged", "L2::64B", "L2::128B", "L2::256B")
HINTS += ("L2::evict_last", "L2::evict_first", "L2::evict_normal", "entry", "unified")
WIDTHS = {"v2": 2, "v4": 4, "v8": 8}


def space_of(c: Context) -> str:
    """The space that the instruction names, else ``generic``."""
    for part in c.parts[1:]:
        base = part.partition("::")[0]
        if base in SPACES:
            return base
    return "generic"


def check_hints(c: Context) -> int:
    """Refuse modifiers that are not known; how many registers are moved."""
    for part in c.parts[1:-1]:
        known = part in HINTS or part in WIDTHS or part.partition("::")[0] in SPACES
        if not known:
            raise c.unknown(f".{part}")
    return next((WIDTHS[p] for p in c.parts if p in WIDTHS), 1)


def addresses(c: Context, operand: int) -> Callable[[np.ndarray | slice], np.ndarray]:
    """A function from lanes to their addresses, as 64 bits."""
    base, offset = c.address(operand)
    shift = np.int64(offset).view(np.uint64)
    if base.ndim == 0:
        constant = np.full(c.frame.n_lanes, array(base).astype(np.uint64) + shift)
        return lambda lanes: constant[lanes]
    if base.dtype.itemsize == 4:
        narrow = np.int32(offset).view(np.uint32)
        return lambda lanes: (base[lanes] + narrow).astype(np.uint64)
    if offset == 0:
        return lambda lanes: base[lanes]
    return lambda lanes: base[lanes] + shift


@operation("ld", "ldu")
def load(c: Context) -> Operation:
    """Read one to eight registers from memory."""
    count, space, dtype = check_hints(c), space_of(c), c.type
    if space == "param" and (base := c.address(1)[0]).ndim == 0:
        if base < LOCAL:
            return _load_argument(c, count, dtype)
        space = "local"  # what a function was given by its caller
    where, names = addresses(c, 1), c.vector(0)
    frame, read, size = c.frame, c.frame.spaces.loads[space], dtype.itemsize
    setters = [_setter(c, name, dtype) for name in names]
    unit = min(size * count, 16)

    def run() -> None:
        lanes = frame.group.index
        address = where(lanes)
        try:
            if size * count <= 16:
                units = read(lanes, address, unit)
            else:
                half = read(lanes, address, 16), read(lanes, address + np.uint64(16), 16)
                units = np.stack(half, axis=1)
        except Fault as fault:
            raise frame.error(c.instruction, fault, int(address[fault.position])) from None
        rows = units.view(UNITS[size]).reshape(-1, count)
        for i, put in enumerate(setters):
            put(lanes, rows[:, i].view(dtype) if count == 1 else rows[:, i].copy().view(dtype))

    return run


def _load_argument(c: Context, count: int, dtype: np.dtype) -> Operation:
    """Arguments at a place that is known are the same for all threads."""
    base, offset = c.address(1)
    at = int(base) - PARAMETERS + offset
    size = dtype.itemsize
    if at < 0 or at % size or at + count * size > c.frame.function.parameter_size:
        raise c.unknown("outside the parameters")
    frame = c.frame
    source = frame.parameters[at : at + count * size].view(dtype)
    views = [_held(c, name, dtype) for name in c.vector(0)]

    def run() -> None:
        for i, view in enumerate(views):
            np.copyto(view, source[i], casting="unsafe", where=frame.where)

    return run


def _held(c: Context, name: str, dtype: np.dtype) -> np.ndarray:
    """A register in the type that keeps the sign of a narrower number."""
    if name == "_":
        return np.empty(c.frame.n_lanes, dtype)
    register = c.frame.register(name)
    if dtype.kind == "f":
        return c.target(name, dtype)
    kind = "int" if dtype.kind == "i" else "uint"
    return register.view(np.dtype(f"{kind}{8 * register.dtype.itemsize}"))


def _setter(
    c: Context, name: str, dtype: np.dtype
) -> Callable[[np.ndarray | slice, np.ndarray], None]:
    view = _held(c, name, dtype)

    def put(lanes: np.ndarray | slice, values: np.ndarray) -> None:
        view[lanes] = values

    return put


@operation("st")
def store(c: Context) -> Operation:
    """Write one to eight registers to memory."""
    count, space, dtype = check_hints(c), space_of(c), c.type
    if space not in c.frame.spaces.stores:
        raise c.unknown(f".{space}")
    where, size = addresses(c, 0), dtype.itemsize
    sources = [_low_bits(c, name, UNITS[size]) for name in c.vector(1)]
    frame, write = c.frame, c.frame.spaces.stores[space]
    unit = min(size * count, 16)

    def run() -> None:
        lanes = frame.group.index
        address = where(lanes)
        rows = np.empty((len(address), count), UNITS[size])
        for i, source in enumerate(sources):
            rows[:, i] = source(lanes)
        try:
            if size * count <= 16:
                write(lanes, address, rows.view(UNITS[unit])[:, 0], unit)
            else:
                halves = rows.view(UNITS[16])
                write(lanes, address, halves[:, 0].copy(), 16)
                write(lanes, address + np.uint64(16), halves[:, 1].copy(), 16)
        except Fault as fault:
            raise frame.error(c.instruction, fault, int(address[fault.position])) from None

    return run


def _low_bits(
    c: Context, name: str, unit: np.dtype
) -> Callable[[np.ndarray | slice], np.ndarray | np.generic]:
    if c.frame.is_register(name):
        register = c.frame.register(name)
        if register.dtype.itemsize < unit.itemsize:
            raise c.unknown(f"{name} is too narrow")
        return lambda lanes: register[lanes]  # assignment keeps the low bits
    constant = c.source(name, TYPES[f"b{8 * unit.itemsize}"])
    return lambda lanes: constant
