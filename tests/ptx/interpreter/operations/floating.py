"""Float operations that need more than one NumPy function: fused multiply-add, reciprocals, roots, signs."""

from fractions import Fraction

import numpy as np

from .arithmetic import array, unary
from .context import Context, Operation, operation

SPLIT = float(2**27 + 1)  # Veltkamp: splits a double in halves of 26 bits


@operation("fma")
def fused(c: Context) -> Operation:
    """a * b + c with one rounding, to nearest."""
    if c.parts[1:] not in (("rn", "f32"), ("rn", "f64")):
        raise c.unknown()
    x, y, z = c.source(1), c.source(2), c.source(3)
    function = fused32 if c.type.itemsize == 4 else fused64
    return c.put(c.target(0), lambda: function(array(x), array(y), array(z)))


def two_sum(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A sum and what its rounding lost (Knuth)."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


def to_odd(s: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """A rounded double made odd where it is inexact, so that a second rounding does no harm."""
    bits = s.view(np.int64)
    inexact = (lost != 0) & np.isfinite(s) & np.isfinite(lost) & (bits & 1 == 0)
    away = np.where((lost > 0) == (s > 0), 1, -1)
    return np.where(inexact, bits + away, bits).view(np.float64)


def fused32(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """In float32: the product is exact in double, the sum is rounded to odd and then to nearest."""
    product = x.astype(np.float64) * y.astype(np.float64)
    total, lost = two_sum(*np.broadcast_arrays(product, z.astype(np.float64)))
    return to_odd(total, lost).astype(np.float32)


def fused64(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """In float64, after Boldo and Melquiond (2008); exactly where that could overflow."""
    x, y, z = (np.ascontiguousarray(v) for v in np.broadcast_arrays(x, y, z))
    product = x * y
    high, low = _product_error(x, y, product)
    th, tl = two_sum(z, low)
    vh, vl = two_sum(high, th)
    result = vh + to_odd(*two_sum(tl, vl))
    finite = np.isfinite(x) & np.isfinite(y) & np.isfinite(z)
    result = np.where(finite & (x != 0) & (y != 0), result, product + z)
    size = np.abs(product)
    extreme = finite & (x != 0) & (y != 0)
    extreme &= ~((size > 2.0**-900) & (size < 2.0**900) & (np.abs(z) < 2.0**900))
    extreme |= finite & (np.maximum(np.abs(x), np.abs(y)) > 2.0**900)
    for i in np.flatnonzero(extreme):
        result[i] = _exactly(float(x[i]), float(y[i]), float(z[i]))
    return result


def _product_error(
    x: np.ndarray, y: np.ndarray, product: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """A product and what its rounding lost (Dekker)."""

    def halves(v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        t = SPLIT * v
        top = t - (t - v)
        return top, v - top

    (a, b), (c, d) = halves(x), halves(y)
    return product, ((a * c - product) + a * d + b * c) + b * d


def _exactly(x: float, y: float, z: float) -> float:
    total = Fraction(x) * Fraction(y) + Fraction(z)
    if total == 0:
        return x * y + z
    try:
        return float(total)
    except OverflowError:
        return float("inf") if total > 0 else float("-inf")


@operation("rcp")
def reciprocal(c: Context) -> Operation:
    """1 / a, rounded to nearest."""
    if c.parts[1:] not in (("rn", "f32"), ("rn", "f64")):
        raise c.unknown("only what is rounded to nearest is exact")
    frame, d, a, one = c.frame, c.target(0), c.source(1), c.type.type(1)

    def run() -> None:
        np.divide(one, a, out=d, where=frame.where)

    return run


@operation("sqrt")
def root(c: Context) -> Operation:
    """A square root, rounded to nearest."""
    if c.parts[1:] not in (("rn", "f32"), ("rn", "f64")):
        raise c.unknown("only what is rounded to nearest is exact")
    return unary(c, np.sqrt, c.type)


@operation("copysign")
def copy_sign(c: Context) -> Operation:
    """The second operand with the sign of the first."""
    a, b = c.source(1), c.source(2)
    return c.put(c.target(0), lambda: array(np.copysign(b, a)))


@operation("testp")
def test_kind(c: Context) -> Operation:
    """Whether a number is finite, infinite, not a number, normal or subnormal."""
    a = c.source(1)
    tiny = np.finfo(c.type).tiny
    tests = {
        "finite": np.isfinite,
        "infinite": np.isinf,
        "number": lambda x: ~np.isnan(x),
        "notanumber": np.isnan,
        "normal": lambda x: np.isfinite(x) & (np.abs(x) >= tiny),
        "subnormal": lambda x: (np.abs(x) < tiny) & (x != 0),
    }
    if c.parts[1] not in tests:
        raise c.unknown()
    return c.put(c.target(0, np.dtype(bool)), lambda: array(tests[c.parts[1]](a)))
