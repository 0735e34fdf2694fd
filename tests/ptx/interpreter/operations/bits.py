"""Logic, shifts, and operations on fields of bits."""

import numpy as np

from ..kinds import UNITS, bits_of
from .arithmetic import array, binary, unary
from .context import Context, Operation, operation

LOGIC = {"and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor}
REVERSED = np.array([int(f"{i:08b}"[::-1], 2) for i in range(256)], np.uint8)
COUNTS = np.array([i.bit_count() for i in range(256)], np.uint8)
WORD, LONG = np.dtype(np.uint32), np.dtype(np.uint64)


@operation("and", "or", "xor")
def logic(c: Context) -> Operation:
    """Bit by bit, or of predicates."""
    c.only()
    return binary(c, LOGIC[c.instruction.name], c.type)


@operation("not")
def invert(c: Context) -> Operation:
    """All bits turned."""
    c.only()
    return unary(c, np.invert, c.type)


@operation("cnot")
def is_zero(c: Context) -> Operation:
    """1 where the operand is 0, else 0."""
    a = c.source(1)
    return c.put(c.target(0), lambda: array(a) == 0)


@operation("shl", "shr")
def shift(c: Context) -> Operation:
    """A shift by at most the width: larger amounts count as that."""
    c.only()
    dtype = c.type
    function = np.left_shift if c.instruction.name == "shl" else np.right_shift
    frame, d, a, n = c.frame, c.target(0), c.source(1), c.source(2, WORD)
    width = bits_of(dtype)
    if n.ndim == 0:
        amount = dtype.type(min(int(n), width))

        def run() -> None:
            function(a, amount, out=d, where=frame.where)

    else:

        def run() -> None:
            function(a, np.minimum(n, width).astype(dtype), out=d, where=frame.where)

    return run


@operation("shf")
def funnel(c: Context) -> Operation:
    """A shift of two words put together, of which one word is kept."""
    c.only("l", "r", "wrap", "clamp")
    low, high, n = c.source(1), c.source(2), c.source(3, WORD)
    left, wrap = c.instruction.has("l"), c.instruction.has("wrap")

    def compute() -> np.ndarray:
        both = array(low).astype(LONG) | array(high).astype(LONG) << np.uint64(32)
        amount = (array(n) & 31 if wrap else np.minimum(array(n), 32)).astype(LONG)
        return (both << amount) >> np.uint64(32) if left else both >> amount

    return c.put(c.target(0, WORD), compute)


@operation("lop3")
def any_logic(c: Context) -> Operation:
    """Any function of three bits, given as the table of its eight values."""
    c.only()
    operands = [c.source(i, WORD) for i in (1, 2, 3)]
    table = int(c.operands[4], 0)

    def compute() -> np.ndarray:
        result = np.zeros(c.frame.n_lanes, np.uint32)
        for row in range(8):
            if table >> row & 1:
                term = np.uint32(0xFFFFFFFF)
                for i, x in enumerate(operands):
                    term = term & (x if row >> (2 - i) & 1 else ~x)
                result |= term
        return result

    return c.put(c.target(0, WORD), compute)


@operation("prmt")
def permute(c: Context) -> Operation:
    """Four bytes of eight; a selector of 8 or more repeats the sign of its byte."""
    if c.parts != ("prmt", "b32"):
        raise c.unknown()
    a, b, selector = c.source(1), c.source(2), c.source(3)
    n = c.frame.n_lanes

    def pool() -> np.ndarray:
        words = np.empty((n, 2), np.uint32)
        words[:, 0], words[:, 1] = a, b
        return words.view(np.uint8)

    def constant() -> np.ndarray:
        eight, out = pool(), np.empty((n, 4), np.uint8)
        for i in range(4):
            choice = int(selector) >> 4 * i & 15
            byte = eight[:, choice & 7]
            out[:, i] = byte if choice < 8 else np.where(byte > 127, 255, 0)
        return out.view(np.uint32)[:, 0]

    def variable() -> np.ndarray:
        choice = (selector[:, None] >> np.arange(0, 16, 4, dtype=np.uint32)) & np.uint32(15)
        byte = np.take_along_axis(pool(), (choice & 7).astype(np.int64), axis=1)
        signs = np.where(byte > 127, 255, 0)
        return np.where(choice < 8, byte, signs).astype(np.uint8).view(np.uint32)[:, 0]

    return c.put(c.target(0), variable if selector.ndim else constant)


@operation("bfe")
def extract(c: Context) -> Operation:
    """A field of bits; a signed one is filled with its top bit."""
    c.only()
    dtype = c.type
    a, start, length = c.source(1), c.source(2, WORD), c.source(3, WORD)
    width = bits_of(dtype)

    def compute() -> np.ndarray:
        x = array(a).view(UNITS[dtype.itemsize]).astype(LONG)
        first = (array(start) & 255).astype(LONG)
        asked = (array(length) & 255).astype(LONG)
        mask = ones(np.minimum(asked, width - np.minimum(first, width)))
        field = (x >> first) & mask
        if dtype.kind == "i":
            top = np.minimum(first + np.maximum(asked, 1) - 1, width - 1)
            negative = ((x >> top) & np.uint64(1)).astype(bool) & (asked > 0)
            field = np.where(negative, field | ~mask, field)
        return field

    return c.put(c.target(0), compute)


def ones(count: np.ndarray) -> np.ndarray:
    """``count`` ones, up to 64 of them."""
    return (np.uint64(1) << count.astype(LONG)) - np.uint64(1)


@operation("bfi")
def insert(c: Context) -> Operation:
    """The low bits of one operand in place of a field of another."""
    c.only()
    dtype = c.type
    a, b, start, length = c.source(1), c.source(2), c.source(3, WORD), c.source(4, WORD)
    width = bits_of(dtype)

    def compute() -> np.ndarray:
        first = (array(start) & 255).astype(LONG)
        count = np.minimum(array(length) & 255, width)
        mask = (ones(count) << first).astype(dtype)
        moved = (array(a).astype(LONG) << first).astype(dtype)
        return (array(b) & ~mask) | (moved & mask)

    return c.put(c.target(0), compute)


@operation("popc")
def count_ones(c: Context) -> Operation:
    """Bits that are 1."""
    a = c.source(1)
    return c.put(c.target(0, WORD), lambda: bit_count(array(a)))


def bit_count(x: np.ndarray) -> np.ndarray:
    """Bits that are 1 in each element."""
    if hasattr(np, "bitwise_count"):
        return np.bitwise_count(x)
    return COUNTS[x[..., None].view(np.uint8)].sum(axis=-1)


def bit_length(x: np.ndarray) -> np.ndarray:
    """Bits up to the highest 1; exact, since a half of 64 bits is a whole number of a double."""
    if x.dtype.itemsize < 8:
        return np.frexp(x.astype(np.float64))[1]
    high, low = x >> np.uint64(32), x & np.uint64(0xFFFFFFFF)
    upper = np.frexp(high.astype(np.float64))[1] + 32
    return np.where(high != 0, upper, np.frexp(low.astype(np.float64))[1])


@operation("clz")
def leading_zeros(c: Context) -> Operation:
    """Zeros above the highest 1."""
    a, width = c.source(1), bits_of(c.type)
    return c.put(c.target(0, WORD), lambda: width - bit_length(array(a)))


@operation("bfind")
def find_highest(c: Context) -> Operation:
    """Place of the highest 1 (of negative numbers, 0), all ones where there is none."""
    c.only("shiftamt")
    a, dtype = c.source(1), c.type
    width, as_shift = bits_of(dtype), c.instruction.has("shiftamt")

    def compute() -> np.ndarray:
        x = array(a)
        x = np.where(x < 0, ~x, x).view(UNITS[dtype.itemsize]) if dtype.kind == "i" else x
        place = bit_length(x) - 1
        found = np.where(place < 0, -1, width - 1 - place) if as_shift else place
        return found.astype(np.int32).view(np.uint32)

    return c.put(c.target(0, WORD), compute)


@operation("brev")
def reverse(c: Context) -> Operation:
    """Bits in the opposite order."""
    a = c.source(1)
    return c.put(c.target(0), lambda: REVERSED[array(a).view(np.uint8)].view(c.type).byteswap())


@operation("bmsk")
def mask(c: Context) -> Operation:
    """A field of ones: from a place, of a length."""
    c.only("clamp")
    if not c.instruction.has("clamp"):
        raise c.unknown()
    start, length = c.source(1), c.source(2)

    def compute() -> np.ndarray:
        first = np.minimum(array(start), 32).astype(LONG)
        count = np.minimum(array(length), 32).astype(LONG)
        return ones(count) << first

    return c.put(c.target(0), compute)
