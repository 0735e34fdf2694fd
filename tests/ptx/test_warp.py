"""Shuffles, votes, matches and reductions of a warp; matrices spread over one; asynchronous copies."""

import numpy as np
import pytest

from .calls import call

SOURCE = r"""
#include <cstdint>
extern "C" __global__ void shuffles(const int* a, int* out) {
  const int t = threadIdx.x, x = a[t], n = blockDim.x;
  out[t] = __shfl_up_sync(~0u, x, 3);
  out[n + t] = __shfl_down_sync(~0u, x, 5, 8);
  out[2 * n + t] = __shfl_xor_sync(~0u, x, 9);
  out[3 * n + t] = __shfl_sync(~0u, x, x & 31);
  out[4 * n + t] = __shfl_sync(~0u, x, 3, 16);
  if (t % 32 < 8) out[5 * n + t] = __shfl_xor_sync(0xffu, x, 7);
  long long w = __shfl_xor_sync(~0u, (long long)x << 20, 1);
  out[6 * n + t] = int(w >> 20);
}
extern "C" __global__ void votes(const int* a, unsigned* out) {
  const int t = threadIdx.x, x = a[t], n = blockDim.x;
  out[t] = __ballot_sync(~0u, x > 3);
  out[n + t] = __any_sync(~0u, x == 9) | __all_sync(~0u, x >= 0) << 1;
  out[2 * n + t] = __match_any_sync(~0u, x & 3);
  int same;
  out[3 * n + t] = __match_all_sync(~0u, x >> 31, &same);
  out[4 * n + t] = same;
  if (x & 1) out[5 * n + t] = __ballot_sync(__activemask(), x > 3);
  else out[5 * n + t] = __activemask();
}
extern "C" __global__ void reductions(const int* a, int* out) {
  const int t = threadIdx.x, x = a[t], n = blockDim.x;
  out[t] = __reduce_add_sync(~0u, x);
  out[n + t] = __reduce_min_sync(~0u, x);
  out[2 * n + t] = __reduce_max_sync(~0u, (unsigned)x);
  out[3 * n + t] = __reduce_or_sync(~0u, (unsigned)x);
  out[4 * n + t] = __reduce_xor_sync(~0u, (unsigned)x);
  if (t % 32 >= 20) out[5 * n + t] = __reduce_add_sync(0xfff00000u, x);
}
template <class T> __device__ void store(int* out, const T& d) {
  const int g = threadIdx.x / 4, t = threadIdx.x % 4;
  for (int i = 0; i < 4; ++i) out[(g + i / 2 * 8) * 8 + 2 * t + i % 2] = d[i];
}
#define PRODUCT(NAME, SHAPE, A, B, OPERATION) \
extern "C" __global__ void NAME(const uint32_t* a, const uint32_t* b, const int* c, int* out) { \
  const int g = threadIdx.x / 4, t = threadIdx.x % 4; int d[4]; \
  for (int i = 0; i < 4; ++i) d[i] = c[(g + i / 2 * 8) * 8 + 2 * t + i % 2]; \
  asm volatile("mma.sync.aligned." SHAPE ".row.col.s32." A "." B ".s32" OPERATION \
    " {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};" \
    : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3]) : "r"(a[g * 8 + t]), "r"(a[(g + 8) * 8 + t]), \
      "r"(a[g * 8 + 4 + t]), "r"(a[(g + 8) * 8 + 4 + t]), "r"(b[g * 8 + t]), "r"(b[g * 8 + 4 + t])); \
  store(out, d); }
PRODUCT(mma_uu, "m16n8k32", "u8", "u8", "")
PRODUCT(mma_us, "m16n8k32", "u8", "s8", "")
PRODUCT(mma_ss, "m16n8k32", "s8", "s8", "")
PRODUCT(mma_and, "m16n8k256", "b1", "b1", ".and.popc")
PRODUCT(mma_xor, "m16n8k256", "b1", "b1", ".xor.popc")
extern "C" __global__ void mma_half(const uint32_t* a, const uint32_t* b, const int* c, int* out) {
  const int g = threadIdx.x / 4, t = threadIdx.x % 4; int d[4];
  for (int i = 0; i < 4; ++i) d[i] = c[(g + i / 2 * 8) * 8 + 2 * t + i % 2];
  asm volatile("mma.sync.aligned.m16n8k16.row.col.s32.s8.u8.s32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};"
    : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3])
    : "r"(a[g * 8 + t]), "r"(a[(g + 8) * 8 + t]), "r"(b[g * 8 + t]));
  store(out, d);
}
/// Row 8 i + r of 16 bytes goes to thread 4 r + t of matrix i.
extern "C" __global__ void matrices(const uint4* a, uint32_t* out) {
  __shared__ __align__(16) uint4 rows[32];
  const int t = threadIdx.x;
  rows[(t * 5) % 32] = a[t];
  __syncthreads();
  uint32_t r[4], address = uint32_t(__cvta_generic_to_shared(rows + (t * 5) % 32));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
    : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(address));
  for (int i = 0; i < 4; ++i) out[i * 32 + t] = r[i];
}
/// A ring of two stages: while one is used the next arrives.
extern "C" __global__ void ring(const int4* a, int* out, int n) {
  __shared__ __align__(16) int4 stage[2][64];
  const int t = threadIdx.x;
  auto load = [&](int i) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::
      "r"(uint32_t(__cvta_generic_to_shared(&stage[i % 2][t]))), "l"(a + i * 64 + t) : "memory");
  };
  load(0);
  asm volatile("cp.async.commit_group;");
  int sum = 0;
  for (int i = 0; i < n; ++i) {
    if (i + 1 < n) load(i + 1);
    asm volatile("cp.async.commit_group;");
    asm volatile("cp.async.wait_group 1;" ::: "memory");
    __syncthreads();
    const int4 x = stage[i % 2][(t + 17) % 64];
    sum = sum * 3 + x.x + 2 * x.y + 3 * x.z + 4 * x.w;
    __syncthreads();
  }
  out[t] = sum;
}
extern "C" __global__ void short_copy(const int* a, int* out, int n) {
  __shared__ __align__(16) int part[128];
  const int t = threadIdx.x, bytes = max(0, min(16, (n - 4 * t) * 4));
  asm volatile("cp.async.ca.shared.global [%0], [%1], 16, %2; cp.async.wait_all;" ::
    "r"(uint32_t(__cvta_generic_to_shared(part + 4 * t))), "l"(a + (bytes ? 4 * t : 0)), "r"(bytes) : "memory");
  for (int i = 0; i < 4; ++i) out[4 * t + i] = part[4 * t + i];
}
"""


@pytest.fixture(scope="module")
def device(device_of):
    return device_of(SOURCE)


def numbers(n=64, low=-50, high=50, seed=0):
    return np.random.default_rng(seed).integers(low, high, n).astype(np.int32)


def per_warp(x, function):
    return np.concatenate([function(row) for row in x.reshape(-1, 32)])


def test_shuffles(device):
    a = numbers()
    lane = np.arange(32)
    found = call(device, "shuffles", a, np.zeros(7 * 64, np.int32), threads=64)[1].reshape(7, 64)
    sources = [
        np.where(lane < 3, lane, lane - 3),
        np.where(lane % 8 < 3, lane + 5, lane),
        lane ^ 9,
        None,
        lane // 16 * 16 + 3,
    ]
    for row, source in zip(found, sources, strict=False):
        wanted = per_warp(a, lambda x, s=source: x[x & 31 if s is None else s])
        np.testing.assert_array_equal(row, wanted)
    small = per_warp(a, lambda x: np.where(lane < 8, x[lane ^ 7], 0))
    np.testing.assert_array_equal(found[5], small)
    np.testing.assert_array_equal(found[6], per_warp(a, lambda x: x[lane ^ 1]))


def bits(x):
    return int(sum(1 << i for i in np.flatnonzero(x)))


def test_votes_and_matches(device):
    a = numbers(96, 0, 10, 5)
    a[32:64], a[70] = 4, -7
    found = call(device, "votes", a, np.zeros(6 * 96, np.uint32), threads=96)[1].reshape(6, 3, 32)
    for w, x in enumerate(a.reshape(3, 32)):
        assert (found[0, w] == bits(x > 3)).all()
        assert (found[1, w] == (int((x == 9).any()) | int((x >= 0).all()) << 1)).all()
        assert found[2, w].tolist() == [bits((x & 3) == (v & 3)) for v in x]
        same = len(set((x >> 31).tolist())) == 1
        assert (found[3, w] == (2**32 - 1 if same else 0)).all()
        assert (found[4, w] == same).all()
        odd = x & 1 == 1
        assert found[5, w].tolist() == [bits(odd & (x > 3)) if o else bits(~odd) for o in odd]


def test_reductions(device):
    a = numbers(64, -(2**31), 2**31 - 1, 6)
    found = call(device, "reductions", a, np.zeros(6 * 64, np.int32), threads=64)[1].reshape(
        6, 2, 32
    )
    for w, x in enumerate(a.reshape(2, 32)):
        u = x.view(np.uint32)
        wanted = [
            x.sum(dtype=np.int32),
            x.min(),
            u.max().view(np.int32),
            np.bitwise_or.reduce(x),
            np.bitwise_xor.reduce(x),
        ]
        for k, value in enumerate(wanted):
            assert (found[k, w] == value).all()
        np.testing.assert_array_equal(
            found[5, w], np.where(np.arange(32) < 20, 0, x[20:].sum(dtype=np.int32))
        )


PRODUCTS = {"mma_uu": ("u1", "u1"), "mma_us": ("u1", "i1"), "mma_ss": ("i1", "i1")}


def factors(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 256, (16, 32), np.uint8), rng.integers(0, 256, (8, 32), np.uint8)
    a[0], b[0] = 255, 255
    return a, b, rng.integers(-(2**31), 2**31 - 1, (16, 8)).astype(np.int32)


@pytest.mark.parametrize("name", PRODUCTS)
def test_integer_products(device, name):
    a, b, c = factors(1)
    found = call(device, name, a.view(np.uint32), b.view(np.uint32), c, np.zeros_like(c))[-1]
    x, y = (m.view(k).astype(np.int64) for m, k in zip((a, b), PRODUCTS[name], strict=True))
    np.testing.assert_array_equal(found, (x @ y.T + c).astype(np.int32))


def test_integer_products_of_sixteen(device):
    a, b, c = factors(2)
    found = call(device, "mma_half", a.view(np.uint32), b.view(np.uint32), c, np.zeros_like(c))[-1]
    x, y = a[:, :16].view(np.int8).astype(np.int64), b[:, :16].astype(np.int64)
    np.testing.assert_array_equal(found, (x @ y.T + c).astype(np.int32))


@pytest.mark.parametrize("name", ["mma_and", "mma_xor"])
def test_products_of_bits(device, name):
    a, b, c = factors(3)
    found = call(device, name, a.view(np.uint32), b.view(np.uint32), c, np.zeros_like(c))[-1]
    x, y = np.unpackbits(a, axis=1)[:, None], np.unpackbits(b, axis=1)[None]
    both = x & y if name == "mma_and" else x ^ y
    np.testing.assert_array_equal(found, (both.sum(axis=2, dtype=np.int64) + c).astype(np.int32))


def test_matrices_from_shared_memory(device):
    a = np.random.default_rng(4).integers(0, 2**32, (32, 4), dtype=np.uint32)
    found = call(device, "matrices", a, np.zeros(128, np.uint32))[1]
    np.testing.assert_array_equal(found.reshape(4, 8, 4), a.reshape(4, 8, 4))


@pytest.mark.parametrize("n", [1, 2, 7])
def test_a_ring_of_copies(device, n):
    a = numbers(n * 256, seed=n)
    found = call(device, "ring", a, np.zeros(64, np.int32), np.int32(n), threads=64)[1]
    sums = np.zeros(64, np.int64)
    for part in a.reshape(n, 64, 4):
        sums = sums * 3 + np.roll(part @ [1, 2, 3, 4], -17)
    np.testing.assert_array_equal(found, sums.astype(np.int32))


def test_a_copy_of_fewer_bytes_is_filled_with_zeros(device):
    a = numbers(101)
    found = call(device, "short_copy", a, np.full(128, 9, np.int32), np.int32(101))[1]
    np.testing.assert_array_equal(found, np.pad(a, (0, 27)))
