"""Integer arithmetic, and the float operations that one NumPy function states."""

import numpy as np

from ..errors import AccessError, Fault, first
from ..kinds import bits_of, wider
from .context import Context, Operation, operation

PLAIN = {"add": np.add, "sub": np.subtract, "mul": np.multiply}
ROUNDING = ("rn",)  # .ftz, .sat and other roundings are not what the kernels are compiled with


def binary(c: Context, function: np.ufunc, dtype: np.dtype) -> Operation:
    """One NumPy function of two operands of one type."""
    frame, d, a, b = c.frame, c.target(0, dtype), c.source(1, dtype), c.source(2, dtype)

    def run() -> None:
        function(a, b, out=d, where=frame.where)

    return run


def unary(c: Context, function: np.ufunc, dtype: np.dtype) -> Operation:
    """One NumPy function of an operand."""
    frame, d, a = c.frame, c.target(0, dtype), c.source(1, dtype)

    def run() -> None:
        function(a, out=d, where=frame.where)

    return run


@operation("add", "sub")
def add(c: Context) -> Operation:
    """Sum or difference."""
    c.only(*(ROUNDING if c.type.kind == "f" else ()))
    return binary(c, PLAIN[c.instruction.name], c.type)


@operation("mul")
def multiply(c: Context) -> Operation:
    """Product: of floats, or the low, high or all bits of one of integers."""
    if c.type.kind == "f":
        c.only(*ROUNDING)
        return binary(c, np.multiply, c.type)
    c.only("lo", "hi", "wide")
    if c.instruction.has("lo"):
        return binary(c, np.multiply, c.type)
    a, b, dtype = c.source(1), c.source(2), c.type
    if c.instruction.has("wide"):
        return c.put(c.target(0, wider(dtype)), lambda: wide_product(a, b, dtype))
    return c.put(c.target(0), lambda: high_product(a, b, dtype))


@operation("mad")
def multiply_add(c: Context) -> Operation:
    """Product of integers and then a sum."""
    c.only("lo", "hi", "wide")
    a, b, dtype = c.source(1), c.source(2), c.type
    if dtype.kind == "f":
        raise c.unknown("floats")
    if c.instruction.has("wide"):
        d, addend = c.target(0, wider(dtype)), c.source(3, wider(dtype))
        return c.put(d, lambda: wide_product(a, b, dtype) + addend)
    addend = c.source(3)
    if c.instruction.has("hi"):
        return c.put(c.target(0), lambda: high_product(a, b, dtype) + addend)
    return c.put(c.target(0), lambda: array(np.multiply(a, b)) + addend)


def array(x: np.ndarray | np.generic) -> np.ndarray:
    """At least one dimension: scalars would warn when they wrap."""
    return np.atleast_1d(x)


def wide_product(
    a: np.ndarray | np.generic, b: np.ndarray | np.generic, dtype: np.dtype
) -> np.ndarray:
    """All bits of a product."""
    return np.multiply(array(a), b, dtype=wider(dtype))


def high_product(
    a: np.ndarray | np.generic, b: np.ndarray | np.generic, dtype: np.dtype
) -> np.ndarray:
    """The upper half of a product."""
    if dtype.itemsize < 8:
        return (wide_product(a, b, dtype) >> bits_of(dtype)).astype(dtype)
    x, y = array(a).view(np.uint64), array(b).view(np.uint64)
    half, low = np.uint64(32), np.uint64(0xFFFFFFFF)
    x0, x1, y0, y1 = x & low, x >> half, y & low, y >> half
    middle = x1 * y0 + ((x0 * y0) >> half)
    other = x0 * y1 + (middle & low)
    high = x1 * y1 + (middle >> half) + (other >> half)
    if dtype.kind == "i":  # of negative numbers the unsigned product holds 2^64 times the other
        zero = np.uint64(0)
        high = high - np.where(x >> 63 != 0, y, zero) - np.where(y >> 63 != 0, x, zero)
    return high.view(dtype)


@operation("div", "rem")
def divide(c: Context) -> Operation:
    """Quotient, of integers towards zero, and what remains of it."""
    dtype = c.type
    if dtype.kind == "f":
        if c.instruction.name == "rem":
            raise c.unknown()
        c.only(*ROUNDING)
        if not c.instruction.has("rn"):
            raise c.unknown("only division rounded to nearest is exact")
        return binary(c, np.divide, dtype)
    c.only()
    frame, d, a, b = c.frame, c.target(0), c.source(1), c.source(2)
    remainder = c.instruction.name == "rem"

    def run() -> None:
        index = frame.group.index
        x, y = (array(v[index] if v.ndim else v) for v in (a, b))
        if not y.all():
            wrong = first(y == 0) if b.ndim else 0
            raise frame.error(c.instruction, Fault(AccessError, "division by zero", wrong), None)
        rest = np.fmod(x, y)
        d[index] = rest if remainder else (x - rest) // y

    return run


@operation("neg")
def negate(c: Context) -> Operation:
    """Minus a number; of floats the sign bit is turned."""
    c.only()
    return unary(c, np.negative, c.type)


@operation("abs")
def absolute(c: Context) -> Operation:
    """Size of a number."""
    c.only()
    return unary(c, np.absolute, c.type)


@operation("min", "max")
def extreme(c: Context) -> Operation:
    """The smaller or larger; of floats, a number before a NaN and -0 before +0."""
    c.only()
    smaller = c.instruction.name == "min"
    if len(c.operands) != 3:
        raise c.unknown("three operands")
    if c.type.kind != "f":
        return binary(c, np.minimum if smaller else np.maximum, c.type)
    a, b = c.source(1), c.source(2)
    pick = np.fmin if smaller else np.fmax

    def compute() -> np.ndarray:
        result = array(pick(a, b))
        zeros = array((a == 0) & (b == 0))
        if zeros.any():
            signs = np.signbit(a) | np.signbit(b) if smaller else np.signbit(a) & np.signbit(b)
            result = np.where(zeros, np.where(signs, c.type.type(-0.0), c.type.type(0.0)), result)
        return result

    return c.put(c.target(0), compute)


@operation("sad")
def sum_of_differences(c: Context) -> Operation:
    """|a - b| + c."""
    c.only()
    a, b, addend = c.source(1), c.source(2), c.source(3)
    return c.put(c.target(0), lambda: array(np.maximum(a, b)) - array(np.minimum(a, b)) + addend)


@operation("dp4a")
def dot_product(c: Context) -> Operation:
    """Sum of the products of four bytes, and of the third operand."""
    first_type, second_type = c.kind(1), c.kind(2)
    signed = "i" in (first_type.kind, second_type.kind)
    dtype = np.dtype(np.int32 if signed else np.uint32)
    a, b = c.source(1, np.dtype(np.uint32)), c.source(2, np.dtype(np.uint32))
    addend = c.source(3, dtype)

    def bytes_of(x: np.ndarray | np.generic, kind: np.dtype) -> np.ndarray:
        signs = np.dtype(np.int8 if kind.kind == "i" else np.uint8)
        return np.ascontiguousarray(array(x)).view(signs).reshape(-1, 4).astype(np.int64)

    def compute() -> np.ndarray:
        total = (bytes_of(a, first_type) * bytes_of(b, second_type)).sum(axis=1)
        return (total + addend).astype(dtype)

    return c.put(c.target(0, dtype), compute)
