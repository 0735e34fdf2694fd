"""Arithmetic, logic, shifts and fields of integers, against Python's integers."""

import numpy as np
import pytest

from .calls import call, operations_source

N = 256


def signed(x, bits=32):
    return (int(x) & (1 << bits) - 1) - (1 << bits if int(x) >> (bits - 1) & 1 else 0)


def field(x, start, length, bits, is_signed):
    start, length = start & 255, length & 255
    sign = 0
    if is_signed and length:
        sign = x >> min(start + length - 1, bits - 1) & 1
    out = 0
    for i in range(bits):
        bit = x >> (start + i) & 1 if i < length and start + i < bits else sign
        out |= bit << i
    return out


def inserted(a, b, start, length, bits=32):
    start, length = start & 255, length & 255
    for i in range(length):
        if start + i < bits:
            b = b & ~(1 << (start + i)) | (a >> i & 1) << (start + i)
    return b


def permuted(a, b, selector):
    pool = (b << 32 | a).to_bytes(8, "little")
    out = []
    for i in range(4):
        choice = selector >> 4 * i & 15
        byte = pool[choice & 7]
        out.append(255 * (byte >> 7) if choice & 8 else byte)
    return int.from_bytes(out, "little")


def quotient(a, b):
    q = abs(a) // abs(b)
    return -q if (a < 0) != (b < 0) else q


def highest(x):
    return x.bit_length() - 1 if x else -1


OPERATIONS = {
    "add": ("add.s32 %0, %1, %2;", lambda a, b, c: a + b),
    "sub": ("sub.u32 %0, %1, %2;", lambda a, b, c: a - b),
    "mul_lo": ("mul.lo.u32 %0, %1, %2;", lambda a, b, c: a * b),
    "mul_hi_u": ("mul.hi.u32 %0, %1, %2;", lambda a, b, c: a * b >> 32),
    "mul_hi_s": ("mul.hi.s32 %0, %1, %2;", lambda a, b, c: signed(a) * signed(b) >> 32),
    "mad_lo": ("mad.lo.s32 %0, %1, %2, %3;", lambda a, b, c: a * b + c),
    "mad_hi": ("mad.hi.u32 %0, %1, %2, %3;", lambda a, b, c: (a * b >> 32) + c),
    "div_u": ("div.u32 %0, %1, %3;", lambda a, b, c: a // c),
    "rem_u": ("rem.u32 %0, %1, %3;", lambda a, b, c: a % c),
    "div_s": ("div.s32 %0, %1, %3;", lambda a, b, c: quotient(signed(a), signed(c))),
    "rem_s": (
        "rem.s32 %0, %1, %3;",
        lambda a, b, c: signed(a) - quotient(signed(a), signed(c)) * signed(c),
    ),
    "neg": ("neg.s32 %0, %1;", lambda a, b, c: -a),
    "abs": ("abs.s32 %0, %1;", lambda a, b, c: abs(signed(a))),
    "min_s": ("min.s32 %0, %1, %2;", lambda a, b, c: min(signed(a), signed(b))),
    "max_u": ("max.u32 %0, %1, %2;", lambda a, b, c: max(a, b)),
    "sad": ("sad.s32 %0, %1, %2, %3;", lambda a, b, c: abs(signed(a) - signed(b)) + c),
    "and": ("and.b32 %0, %1, %2;", lambda a, b, c: a & b),
    "or": ("or.b32 %0, %1, %2;", lambda a, b, c: a | b),
    "xor": ("xor.b32 %0, %1, %2;", lambda a, b, c: a ^ b),
    "not": ("not.b32 %0, %1;", lambda a, b, c: ~a),
    "cnot": ("cnot.b32 %0, %1;", lambda a, b, c: int(a == 0)),
    "shl": ("shl.b32 %0, %1, %3;", lambda a, b, c: a << min(c, 32)),
    "shr_u": ("shr.u32 %0, %1, %3;", lambda a, b, c: a >> min(c, 32)),
    "shr_s": ("shr.s32 %0, %1, %3;", lambda a, b, c: signed(a) >> min(c, 32)),
    "shl_constant": ("shl.b32 %0, %1, 33;", lambda a, b, c: 0),
    "shf_l_wrap": (
        "shf.l.wrap.b32 %0, %1, %2, %3;",
        lambda a, b, c: (b << 32 | a) << (c & 31) >> 32,
    ),
    "shf_r_clamp": (
        "shf.r.clamp.b32 %0, %1, %2, %3;",
        lambda a, b, c: (b << 32 | a) >> min(c, 32),
    ),
    "lop3": ("lop3.b32 %0, %1, %2, %3, 0xE8;", lambda a, b, c: a & b | a & c | b & c),
    "lop3_other": ("lop3.b32 %0, %1, %2, %3, 0x1D;", lambda a, b, c: b & ~a | ~c & ~b),
    "prmt": ("prmt.b32 %0, %1, %2, %3;", permuted),
    "prmt_constant": ("prmt.b32 %0, %1, %2, 0xB170;", lambda a, b, c: permuted(a, b, 0xB170)),
    "bfe_u": ("bfe.u32 %0, %1, %2, %3;", lambda a, b, c: field(a, b, c, 32, False)),
    "bfe_s": ("bfe.s32 %0, %1, %2, %3;", lambda a, b, c: field(a, b, c, 32, True)),
    "bfi": ("bfi.b32 %0, %1, %2, %3, 7;", lambda a, b, c: inserted(a, b, c, 7)),
    "bfi_length": ("bfi.b32 %0, %1, %2, 9, %3;", lambda a, b, c: inserted(a, b, 9, c)),
    "popc": ("popc.b32 %0, %1;", lambda a, b, c: a.bit_count()),
    "clz": ("clz.b32 %0, %1;", lambda a, b, c: 32 - a.bit_length()),
    "bfind_u": ("bfind.u32 %0, %1;", lambda a, b, c: highest(a)),
    "bfind_s": (
        "bfind.s32 %0, %1;",
        lambda a, b, c: highest(~signed(a) if signed(a) < 0 else a),
    ),
    "bfind_shift": (
        "bfind.shiftamt.u32 %0, %1;",
        lambda a, b, c: 31 - highest(a) if a else -1,
    ),
    "brev": ("brev.b32 %0, %1;", lambda a, b, c: int(f"{a:032b}"[::-1], 2)),
    "bmsk": (
        "bmsk.clamp.b32 %0, %2, %3;",
        lambda a, b, c: (1 << min(c, 32)) - 1 << min(b, 32),
    ),
    "dp4a_s": (
        "dp4a.s32.s32 %0, %1, %2, %3;",
        lambda a, b, c: c + sum(signed(a >> s, 8) * signed(b >> s, 8) for s in (0, 8, 16, 24)),
    ),
    "dp4a_us": (
        "dp4a.u32.s32 %0, %1, %2, %3;",
        lambda a, b, c: c + sum((a >> s & 255) * signed(b >> s, 8) for s in (0, 8, 16, 24)),
    ),
    "slct": ("slct.b32.s32 %0, %1, %2, %3;", lambda a, b, c: a if signed(c) >= 0 else b),
    "set": ("set.lt.u32.s32 %0, %1, %2;", lambda a, b, c: -int(signed(a) < signed(b))),
    "of_16_bits": (
        "{ .reg .b16 l, h, s; mov.b32 {l, h}, %1; add.s16 s, l, h; mov.b32 %0, {s, h}; }",
        lambda a, b, c: (a + (a >> 16)) % 65536 | a >> 16 << 16,
    ),
    "mul_wide_16": (
        "{ .reg .b16 l, h; mov.b32 {l, h}, %1; mul.wide.s16 %0, l, h; }",
        lambda a, b, c: signed(a, 16) * signed(a >> 16, 16),
    ),
}
LONG = {
    "add_64": ("add.s64 %0, %1, %2;", lambda a, b, c: a + b),
    "mul_lo_64": ("mul.lo.s64 %0, %1, %2;", lambda a, b, c: a * b),
    "mul_hi_u64": ("mul.hi.u64 %0, %1, %2;", lambda a, b, c: a * b >> 64),
    "mul_hi_s64": ("mul.hi.s64 %0, %1, %2;", lambda a, b, c: signed(a, 64) * signed(b, 64) >> 64),
    "mad_lo_64": ("mad.lo.u64 %0, %1, %2, %3;", lambda a, b, c: a * b + c),
    "div_s64": ("div.s64 %0, %1, %3;", lambda a, b, c: quotient(signed(a, 64), signed(c, 64))),
    "rem_u64": ("rem.u64 %0, %1, %3;", lambda a, b, c: a % c),
    "min_s64": ("min.s64 %0, %1, %2;", lambda a, b, c: min(signed(a, 64), signed(b, 64))),
    "shr_s64": (
        "{ .reg .u32 n; cvt.u32.u64 n, %3; shr.s64 %0, %1, n; }",
        lambda a, b, c: signed(a, 64) >> min(c & 0xFFFFFFFF, 64),
    ),
    "brev_64": ("brev.b64 %0, %1;", lambda a, b, c: int(f"{a:064b}"[::-1], 2)),
    "popc_64": (
        "{ .reg .u32 n; popc.b64 n, %1; cvt.u64.u32 %0, n; }",
        lambda a, b, c: a.bit_count(),
    ),
    "clz_64": (
        "{ .reg .u32 n; clz.b64 n, %1; cvt.u64.u32 %0, n; }",
        lambda a, b, c: 64 - a.bit_length(),
    ),
    "bfe_s64": (
        "{ .reg .u32 s, n; cvt.u32.u64 s, %2; cvt.u32.u64 n, %3; bfe.s64 %0, %1, s, n; }",
        lambda a, b, c: field(a, b & 0xFFFFFFFF, c & 0xFFFFFFFF, 64, True),
    ),
    "wide": (
        "{ .reg .b32 l, h; mov.b64 {l, h}, %1; mul.wide.s32 %0, l, h; }",
        lambda a, b, c: signed(a) * signed(a >> 32),
    ),
    "mad_wide": (
        "{ .reg .b32 l, h; mov.b64 {l, h}, %1; mad.wide.u32 %0, l, h, %3; }",
        lambda a, b, c: (a & 0xFFFFFFFF) * (a >> 32) + c,
    ),
    "narrowed": (
        "{ .reg .s32 n; cvt.u32.u64 n, %1; cvt.s64.s32 %0, n; }",
        lambda a, b, c: signed(a),
    ),
    "low_byte": ("cvt.s64.s8 %0, %1;", lambda a, b, c: signed(a, 8)),
    "saturated": (
        "{ .reg .u32 n; cvt.sat.u32.s64 n, %1; cvt.u64.u32 %0, n; }",
        lambda a, b, c: min(max(signed(a, 64), 0), 0xFFFFFFFF),
    ),
}


def texts(operations):
    return {f"k_{name}": ptx for name, (ptx, _) in operations.items()}


@pytest.fixture(scope="module")
def device(device_of):
    word, long = "unsigned", "unsigned long long"
    return device_of(
        operations_source(texts(OPERATIONS), word, [word] * 3, "rrrr")
        + operations_source(texts(LONG), long, [long] * 3, "llll")
    )


def operands(bits):
    """All ones, zeros, single bits and small numbers among random ones; the third never 0."""
    rng = np.random.default_rng(bits)
    dtype = np.dtype(f"uint{bits}")
    top = np.iinfo(dtype).max
    a, b, c = rng.integers(0, top, (3, N), dtype=dtype, endpoint=True)
    c[: N // 2] = rng.integers(1, 70, N // 2)
    b[N // 4 : N // 2] = rng.integers(0, 70, N // 4)
    a[:4] = 0, top, 1 << (bits - 1), 1
    b[:8] = 0, top, 1 << (bits - 1), 0, 31, 32, 33, 255
    a[N - 66 : N - 2] = np.uint64(1) << np.arange(64, dtype=np.uint64) % np.uint64(bits)
    c[4], c[5] = top, 1
    return a, b, np.where(c == 0, 1, c).astype(dtype)


@pytest.mark.parametrize("name", [*OPERATIONS, *LONG])
def test_an_operation_on_every_kind_of_number(device, name):
    bits = 64 if name in LONG else 32
    expected = (OPERATIONS | LONG)[name][1]
    a, b, c = operands(bits)
    out = call(device, f"k_{name}", a, b, c, np.zeros_like(a), blocks=2, threads=N // 2)[-1]
    wanted = [
        expected(int(x), int(y), int(z)) % (1 << bits) for x, y, z in zip(a, b, c, strict=True)
    ]
    np.testing.assert_array_equal(out, np.array(wanted, out.dtype))
