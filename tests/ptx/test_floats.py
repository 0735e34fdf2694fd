"""Float arithmetic, comparisons and conversions, to the bit."""

from fractions import Fraction

import numpy as np
import pytest

from .calls import call, operations_source
from .interpreter.operations.floating import fused32, fused64

N = 512
F32, F64 = np.float32, np.float64


def rounded(x):
    """A fraction as the nearest float32, by way of its exact neighbours."""
    guess = F32(float(x))
    near = [np.nextafter(guess, F32(-np.inf)), guess, np.nextafter(guess, F32(np.inf))]
    best = min(near, key=lambda v: (abs(Fraction(float(v)) - x), int(v.view(np.uint32)) & 1))
    return best


ARITHMETIC = {
    "add": ("add.rn.{t} %0, %1, %2;", lambda a, b, c: a + b),
    "add_plain": ("add.{t} %0, %1, %2;", lambda a, b, c: a + b),
    "sub": ("sub.{t} %0, %1, %2;", lambda a, b, c: a - b),
    "mul": ("mul.rn.{t} %0, %1, %2;", lambda a, b, c: a * b),
    "div": ("div.rn.{t} %0, %1, %2;", lambda a, b, c: a / b),
    "rcp": ("rcp.rn.{t} %0, %1;", lambda a, b, c: 1 / a),
    "sqrt": ("sqrt.rn.{t} %0, %1;", lambda a, b, c: np.sqrt(a)),
    "neg": ("neg.{t} %0, %1;", lambda a, b, c: -a),
    "abs": ("abs.{t} %0, %1;", lambda a, b, c: np.abs(a)),
    "min": ("min.{t} %0, %1, %2;", lambda a, b, c: np.fmin(a, b)),
    "max": ("max.{t} %0, %1, %2;", lambda a, b, c: np.fmax(a, b)),
    "copysign": ("copysign.{t} %0, %1, %2;", lambda a, b, c: np.copysign(b, a)),
    "rint": ("cvt.rni.{t}.{t} %0, %1;", lambda a, b, c: np.rint(a)),
    "floor": ("cvt.rmi.{t}.{t} %0, %1;", lambda a, b, c: np.floor(a)),
    "saturate": ("cvt.sat.{t}.{t} %0, %1;", lambda a, b, c: np.where(a > 0, np.minimum(a, 1), 0)),
    "selp": (
        "{{ .reg .pred p; setp.lt.{t} p, %1, %2; selp.{t} %0, %3, %1, p; }}",
        lambda a, b, c: np.where(a < b, c, a),
    ),
}
COMPARISONS = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: (a != b) & ~np.isnan(a) & ~np.isnan(b),
    "lt": lambda a, b: a < b,
    "ge": lambda a, b: a >= b,
    "ltu": lambda a, b: ~(a >= b),
    "neu": lambda a, b: a != b,
    "equ": lambda a, b: (a == b) | np.isnan(a) | np.isnan(b),
    "num": lambda a, b: ~np.isnan(a) & ~np.isnan(b),
    "nan": lambda a, b: np.isnan(a) | np.isnan(b),
}
TO_INTEGER = {"rni": np.rint, "rzi": np.trunc, "rmi": np.floor, "rpi": np.ceil}


@pytest.fixture(scope="module")
def device(device_of):
    sources = []
    for t, c_type, letter in (("f32", "float", "f"), ("f64", "double", "d")):
        texts = {f"{n}_{t}": ptx.format(t=t) for n, (ptx, _) in ARITHMETIC.items()}
        texts[f"fma_{t}"] = f"fma.rn.{t} %0, %1, %2, %3;"
        sources.append(operations_source(texts, c_type, [c_type] * 3, letter * 4))
        compare = {
            f"{n}_{t}": f"{{ .reg .pred p; setp.{n}.{t} p, %1, %2; selp.u32 %0, 1, 0, p; }}"
            for n in COMPARISONS
        }
        sources.append(operations_source(compare, "unsigned", [c_type] * 2, "r" + letter * 2))
        for i, i_type, i_letter in (("s32", "int", "r"), ("u64", "unsigned long long", "l")):
            to = {f"{r}_{i}_{t}": f"cvt.{r}.{i}.{t} %0, %1;" for r in TO_INTEGER}
            sources.append(operations_source(to, i_type, [c_type], i_letter + letter))
            back = {f"from_{i}_{t}": f"cvt.rn.{t}.{i} %0, %1;"}
            sources.append(operations_source(back, c_type, [i_type], letter + i_letter))
    other = {"narrow": "cvt.rn.f32.f64 %0, %1;"}
    sources.append(operations_source(other, "float", ["double"], "fd"))
    return device_of("\n".join(sources))


def floats(dtype, seed=0):
    """Numbers of all sizes, with zeros, infinities, subnormals and NaN."""
    rng = np.random.default_rng(seed)
    bits = np.uint32 if dtype == F32 else np.uint64
    x = rng.integers(0, np.iinfo(bits).max, (3, N), bits).view(dtype)
    x[:, : N // 2] = rng.standard_normal((3, N // 2)) * 2.0 ** rng.integers(-40, 40, N // 2)
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, np.finfo(dtype).tiny / 4, 0.5, 1.5, -2.5]
    both = np.array(np.meshgrid(special, special)).reshape(2, -1)
    x[0, : both.shape[1]], x[1, : both.shape[1]] = both
    return np.where(np.isnan(x), dtype(np.nan), x).astype(dtype)


def same(found, wanted):
    """Equal bits, but that one NaN is as good as another."""
    wanted = np.asarray(wanted, found.dtype)
    bits = np.uint32 if found.dtype == F32 else np.uint64
    equal = found.view(bits) == wanted.view(bits)
    assert (equal | np.isnan(found) & np.isnan(wanted)).all()


@pytest.mark.parametrize("dtype", [F32, F64])
@pytest.mark.parametrize("name", ARITHMETIC)
def test_arithmetic_rounds_to_nearest(device, name, dtype):
    a, b, c = floats(dtype)
    kernel = f"{name}_{'f32' if dtype == F32 else 'f64'}"
    found = call(device, kernel, a, b, c, np.zeros_like(a), threads=N)[-1]
    with np.errstate(all="ignore"):
        wanted = ARITHMETIC[name][1](a, b, c)
    if name in ("min", "max"):  # of -0 and +0 the first is the smaller
        zero = (a == 0) & (b == 0)
        signs = np.signbit(a) | np.signbit(b) if name == "min" else np.signbit(a) & np.signbit(b)
        wanted = np.where(zero, np.where(signs, dtype(-0.0), dtype(0.0)), wanted)
    same(found, wanted)


@pytest.mark.parametrize("dtype", [F32, F64])
@pytest.mark.parametrize("name", COMPARISONS)
def test_comparisons_know_what_is_unordered(device, name, dtype):
    a, b, _ = floats(dtype)
    kernel = f"{name}_{'f32' if dtype == F32 else 'f64'}"
    found = call(device, kernel, a, b, np.zeros(N, np.uint32), threads=N)[-1]
    np.testing.assert_array_equal(found, COMPARISONS[name](a, b))


def hard_sums(dtype):
    """a * b + c where the product's tail decides, and where everything cancels."""
    rng = np.random.default_rng(7)
    a, b, c = floats(dtype, 3)
    half = N // 2
    a[:half] = rng.standard_normal(half)
    b[:half] = rng.standard_normal(half)
    with np.errstate(all="ignore"):
        c[: half // 2] = -(a * b)[: half // 2]
    c[half // 2 : half] = 2.0 ** rng.integers(0, 60, half // 2)
    # A product just below half a unit of c: rounded twice, the sum goes to the even neighbour.
    bits = 23 if dtype == F32 else 52
    a[-2:], b[-2:] = 1 - 2.0**-bits, (1 + 2.0**-bits) * 2.0 ** -(bits + 1)
    c[-2:] = 1, 1 + 2.0**-bits
    a[half : half + 4] = dtype(1 + 2.0 ** (-12 if dtype == F32 else -27))
    b[half : half + 4] = a[half : half + 4]
    return a, b, c


@pytest.mark.parametrize("dtype", [F32, F64])
def test_fused_multiply_add_rounds_once(device, dtype):
    a, b, c = hard_sums(dtype)
    kernel = "fma_f32" if dtype == F32 else "fma_f64"
    found = call(device, kernel, a, b, c, np.zeros_like(a), threads=N)[-1]
    for x, y, z, got in zip(a, b, c, found, strict=True):
        if not np.isfinite([x, y, z]).all():
            continue
        exact = Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z))
        limit = float(np.finfo(dtype).max)
        if abs(exact) > limit:
            assert abs(got) >= limit
        elif exact:
            assert got == (rounded(exact) if dtype == F32 else float(exact)), (x, y, z)


def test_fused_multiply_add_differs_from_two_roundings():
    a, b, c = hard_sums(F32)
    with np.errstate(all="ignore"):
        assert (fused32(a, b, c) != (a * b + c))[: N // 4].any()
    a, b, c = hard_sums(F64)
    with np.errstate(all="ignore"):
        assert (fused64(a, b, c) != (a * b + c))[: N // 4].any()


@pytest.mark.parametrize("dtype", [F32, F64])
@pytest.mark.parametrize("rounding", TO_INTEGER)
@pytest.mark.parametrize("integer", ["s32", "u64"])
def test_to_integers_with_the_nearest_end_beyond_them(device, rounding, integer, dtype):
    kind = np.int32 if integer == "s32" else np.uint64
    a = floats(dtype)[0]
    a[-6:] = 2.0**31, -(2.0**31), 2.0**63, 2.0**64, 0.5, -0.5
    kernel = f"{rounding}_{integer}_{'f32' if dtype == F32 else 'f64'}"
    found = call(device, kernel, a, np.zeros(N, kind), threads=N)[-1]
    limits = np.iinfo(kind)
    nan = 0 if dtype == F32 and kind is np.int32 else 1 << (31 if kind is np.int32 else 63)
    wanted = [
        nan
        if np.isnan(x)
        else limits.max
        if x == np.inf
        else limits.min
        if x == -np.inf
        else min(max(int(TO_INTEGER[rounding](x)), limits.min), limits.max)
        for x in a
    ]
    bits = np.dtype(f"u{kind.__name__.removeprefix('u')}")
    np.testing.assert_array_equal(
        found.view(bits), np.array([w % (limits.max - limits.min + 1) for w in wanted], bits)
    )


@pytest.mark.parametrize("dtype", [F32, F64])
@pytest.mark.parametrize("integer", ["s32", "u64"])
def test_from_integers_to_the_nearest(device, integer, dtype):
    kind = np.int32 if integer == "s32" else np.uint64
    x = np.random.default_rng(0).integers(np.iinfo(kind).min, np.iinfo(kind).max, N, kind)
    x[:3] = np.iinfo(kind).max, np.iinfo(kind).min, (1 << 24) + 1
    kernel = f"from_{integer}_{'f32' if dtype == F32 else 'f64'}"
    found = call(device, kernel, x, np.zeros(N, dtype), threads=N)[-1]
    same(found, [rounded(int(v)) if dtype == F32 else float(int(v)) for v in x])


def test_double_to_single(device):
    x = floats(F64)[0]
    with np.errstate(all="ignore"):
        same(call(device, "narrow", x, np.zeros(N, F32), threads=N)[-1], x.astype(F32))
