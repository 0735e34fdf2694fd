"""Threads that take different ways, end early, wait for each other, and meet again."""

import numpy as np
import pytest

from .calls import call

SOURCE = r"""
#include <cstdint>
/// Nested branches, loops of different lengths, continue and break.
extern "C" __global__ void ways(const int* a, int* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  int sum = 0;
  for (int k = 0; k < a[i]; ++k) {
    if (k % 3 == 1) continue;
    if (k > 20) break;
    if (a[i] & 1) { for (int j = 0; j < k % 4; ++j) sum += j * k; } else sum += k;
  }
  out[i] = sum;
}
extern "C" __global__ void choices(const int* a, int* out) {
  const int i = threadIdx.x;
  int x = a[i];
  switch (x) {
    case 0: x = 17; break;
    case 1: x = x * 91 + i; break;
    case 2: x = i * i;  // and on
    case 3: x -= 5; break;
    case 4: x = out[i]; break;
    case 5: for (int k = 0; k < i; ++k) x += k ^ i; break;
    case 6: x = ~i; break;
    default: x = -1;
  }
  out[i] = x;
}
/// A block's sum, warp 1 of which ends before the others meet.
extern "C" __global__ void early(const int* a, int* out) {
  __shared__ int part[4];
  const int warp = threadIdx.x / 32;
  if (warp == 1) return;
  int x = a[blockIdx.x * blockDim.x + threadIdx.x];
  for (int d = 16; d > 0; d /= 2) x += __shfl_xor_sync(~0u, x, d);
  if (threadIdx.x % 32 == 0) part[warp] = x;
  __syncthreads();
  if (threadIdx.x == 0) out[blockIdx.x] = part[0] + part[2] + part[3];
}
/// Warps that diverge, and meet for a shuffle.
extern "C" __global__ void meet(const int* a, int* out) {
  const int n = a[threadIdx.x] % 5;
  int x = a[threadIdx.x];
  if (threadIdx.x % 3 == 0) { for (int k = 0; k < n; ++k) x = x * 5 + 1; } else x = x * 7;
  __syncwarp();
  out[threadIdx.x] = x + __shfl_down_sync(~0u, x, 1);
}
/// Halves of a block meet at barriers of their own.
extern "C" __global__ void halves(int* out) {
  __shared__ int part[128];
  const int t = threadIdx.x, half = t / 64;
  part[t] = t * t;
  if (half) asm volatile("bar.sync 1, 64;" ::: "memory"); else asm volatile("bar.sync 2, 64;" ::: "memory");
  out[t] = part[half * 64 + (t + 33) % 64];
}
extern "C" __global__ void places(uint32_t* out) {
  const uint32_t thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  const uint32_t block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  const uint32_t n = blockDim.x * blockDim.y * blockDim.z;
  out[block * n + thread] = threadIdx.x | threadIdx.y << 4 | threadIdx.z << 8 | blockIdx.x << 12 |
      blockIdx.y << 16 | blockIdx.z << 20 | gridDim.z << 24;
}
extern "C" __global__ void predicated(const int* a, int* out) {
  const int x = a[threadIdx.x];
  int y = -3;
  asm volatile("{ .reg .pred p, q; setp.gt.s32 p, %1, 5; setp.lt.and.s32 p|q, %1, 20, p;"
               " @p mov.b32 %0, 9; @q add.s32 %0, %1, 1; }" : "+r"(y) : "r"(x));
  out[threadIdx.x] = y;
}
"""


@pytest.fixture(scope="module")
def device(device_of):
    return device_of(SOURCE)


def ways(a):
    total = 0
    for k in range(a):
        if k % 3 == 1:
            continue
        if k > 20:
            break
        total += sum(j * k for j in range(k % 4)) if a & 1 else k
    return total


@pytest.mark.parametrize("n", [1, 31, 33, 1000])
def test_branches_and_loops(device, n):
    a = np.random.default_rng(n).integers(-3, 40, n).astype(np.int32)
    out = call(device, "ways", a, np.zeros_like(a), np.int32(n), blocks=-(-n // 96), threads=96)[1]
    assert out.tolist() == [ways(x) for x in a.tolist()]


def test_a_switch(device):
    a = np.arange(64, dtype=np.int32) % 8
    out = call(device, "choices", a, np.full(64, 5, np.int32), threads=64)[1]

    def wanted(i, x):
        total = 5
        for k in range(i):
            total += k ^ i
        return [17, 91 + i, i * i - 5, -2, 5, total, ~i, -1][x]

    assert out.tolist() == [wanted(i, x) for i, x in enumerate(a.tolist())]


def test_a_warp_that_ends_early_is_not_waited_for(device):
    a = np.arange(384, dtype=np.int32)
    out = call(device, "early", a, np.zeros(3, np.int32), blocks=3, threads=128)[1]
    wanted = a.reshape(3, 4, 32)[:, [0, 2, 3]].sum(axis=(1, 2))
    np.testing.assert_array_equal(out, wanted)


def test_a_warp_meets_again(device):
    a = np.arange(64, dtype=np.int32) * 3 + 1
    out = call(device, "meet", a, np.zeros(64, np.int32), threads=64)[1]
    x = a.copy()
    for i in range(64):
        if i % 3 == 0:
            for _ in range(a[i] % 5):
                x[i] = x[i] * 5 + 1
        else:
            x[i] *= 7
    other = np.where(np.arange(64) % 32 == 31, x, np.roll(x, -1))
    np.testing.assert_array_equal(out, x + other)


def test_barriers_of_halves_of_a_block(device):
    t = np.arange(128)
    out = call(device, "halves", np.zeros(128, np.int32), threads=128)[0]
    np.testing.assert_array_equal(out, (t // 64 * 64 + (t + 33) % 64) ** 2)


def test_places_in_three_dimensions(device):
    out = call(
        device, "places", np.zeros(2 * 3 * 2 * 60, np.uint32), blocks=(2, 3, 2), threads=(5, 4, 3)
    )[0]
    block, thread = np.arange(12)[:, None], np.arange(60)[None, :]
    wanted = thread % 5 | thread // 5 % 4 << 4 | thread // 20 << 8
    wanted = wanted | block % 2 << 12 | block // 2 % 3 << 16 | block // 6 << 20 | 2 << 24
    np.testing.assert_array_equal(out.reshape(12, 60), wanted)


def test_predicates(device):
    a = np.arange(32, dtype=np.int32)
    out = call(device, "predicated", a, np.zeros(32, np.int32))[1]
    np.testing.assert_array_equal(out, np.where(a <= 5, -3, np.where(a < 20, 9, a + 1)))


CALLS = r"""
struct Pair { int first; long long second; };
__device__ __noinline__ Pair turned(const Pair& p, int n) { return {int(p.second) + n, p.first * 3ll}; }
__device__ __noinline__ int sum_to(const int* a, int n) {
  int sum = 0;
  for (int k = 0; k < n; ++k) { if (a[k] == 13) return -sum; sum += a[k]; }
  return sum;
}
__device__ __noinline__ long long both(const int* a, int n) {
  Pair p = {sum_to(a, n), n * 7ll};
  for (int k = 0; k < 3; ++k) p = turned(p, k);
  return p.first + p.second * 1000;
}
extern "C" __global__ void calls(const int* a, long long* out) {
  const int t = threadIdx.x;
  out[t] = both(a, t) + (t % 2 ? sum_to(a + 1, 2) : 5);
}
"""


def test_calls_of_functions(device_of):
    a = np.arange(40, dtype=np.int32) % 17
    found = call(device_of(CALLS), "calls", a, np.zeros(32, np.int64))[1]

    def sum_to(x, n):
        total = 0
        for v in x[:n].tolist():
            if v == 13:
                return -total
            total += v
        return total

    for t in range(32):
        p = sum_to(a, t), t * 7
        for k in range(3):
            p = p[1] + k, p[0] * 3
        assert found[t] == p[0] + p[1] * 1000 + (sum_to(a[1:], 2) if t % 2 else 5)
