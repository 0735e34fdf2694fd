"""Conversions between types."""

from collections.abc import Callable

import numpy as np

from ..kinds import TYPES, UNITS
from .arithmetic import array
from .context import Context, Operation, operation

TO_INTEGER = {"rni": np.rint, "rzi": np.trunc, "rmi": np.floor, "rpi": np.ceil}
ROUNDINGS = ("rn", "rz", "rm", "rp", *TO_INTEGER)


@operation("cvt")
def convert(c: Context) -> Operation:
    """From the last type of the name to the one before it."""
    if any(p not in ROUNDINGS and p != "sat" and p not in TYPES for p in c.parts[1:]):
        raise c.unknown()
    to, source = c.kind(-2), c.kind(-1)
    rounding = next((p for p in c.parts if p in ROUNDINGS), None)
    change = _change(c, to, source, rounding)
    a, d = narrow(c, 1, source), c.frame.register(c.operands[0])
    # A register wider than the type holds the number with its sign.
    held = np.dtype(f"int{8 * d.dtype.itemsize}") if to.kind == "i" else d.dtype
    view = d.view(held if to.kind != "f" else to)
    if to.kind == "f" and d.dtype.itemsize != to.itemsize:
        raise c.unknown(f"{c.operands[0]} has another size")
    return c.put(view, lambda: change(a()))


def narrow(c: Context, operand: int, dtype: np.dtype) -> Callable[[], np.ndarray]:
    """An operand whose register may have more bits than the type: the low ones count."""
    text = c.operands[operand]
    if c.frame.is_register(text):
        register = c.frame.register(text)
        if register.dtype.itemsize > dtype.itemsize:
            unit = UNITS[dtype.itemsize]
            return lambda: register.astype(unit).view(dtype)
    value = c.source(operand, dtype)
    return lambda: array(value)


def _change(
    c: Context, to: np.dtype, source: np.dtype, rounding: str | None
) -> Callable[[np.ndarray], np.ndarray]:
    saturate = c.instruction.has("sat")
    if source.kind == "f" and to.kind == "f":
        return _between_floats(c, to, source, rounding, saturate)
    if source.kind == "f":
        if rounding not in TO_INTEGER:
            raise c.unknown("rounding to an integer")
        return lambda x: float_to_integer(TO_INTEGER[rounding](x), to)
    if to.kind == "f":
        if rounding != "rn" or saturate:
            raise c.unknown("rounding")
        return lambda x: x.astype(to)
    if saturate:
        limits = np.iinfo(to)
        return lambda x: _clip(x, limits.min, limits.max).astype(to)
    return lambda x: x.astype(to)


def _clip(x: np.ndarray, low: int, high: int) -> np.ndarray:
    own = np.iinfo(x.dtype)
    return np.clip(x, max(low, own.min), min(high, own.max))


def _between_floats(
    c: Context, to: np.dtype, source: np.dtype, rounding: str | None, saturate: bool
) -> Callable[[np.ndarray], np.ndarray]:
    if saturate:
        return lambda x: np.where(x > 0, np.minimum(x, 1), 0).astype(to)
    if rounding in TO_INTEGER and to == source:
        return TO_INTEGER[rounding]
    if to.itemsize < source.itemsize and rounding != "rn":
        raise c.unknown("rounding")
    if rounding not in (None, "rn"):
        raise c.unknown("rounding")
    return lambda x: x.astype(to)


def float_to_integer(x: np.ndarray, to: np.dtype) -> np.ndarray:
    """Whole numbers, the nearest there is beyond the ends of the type.

    A NaN is 0, or 1 followed by zeros where either type has 64 bits.
    """
    limits = np.iinfo(to)
    long = x.dtype.itemsize == 8 or to.itemsize == 8
    # 2^63 is a double where the largest integer is none: compare before converting.
    x = x.astype(np.float64)
    top = float(limits.max) if to.itemsize < 8 else float(limits.max + 1)
    result = np.where((x > limits.min) & (x < top), x, 0).astype(to)
    result[x >= top] = limits.max
    result[x <= limits.min] = limits.min
    if long:
        result[np.isnan(x)] = limits.min if to.kind == "i" else (limits.max >> 1) + 1
    return result
