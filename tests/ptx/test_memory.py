"""Spaces of memory, widths of accesses, atomics, and what the host does with device memory."""

import numpy as np
import pytest

from .calls import Unwritten, call
from .interpreter.errors import AccessError
from .interpreter.memory.device import BASE, GUARD, DeviceMemory, OutOfMemoryError

SOURCE = r"""
#include <cstdint>
__constant__ int powers[5] = {1, 10, 100, 1000, -10000};
__device__ unsigned long long counter;
struct Arguments { const uint8_t* bytes; int64_t values[3]; int pick; float scale; double* out; };
extern "C" __global__ void structure(const __grid_constant__ Arguments a) {
  const int i = threadIdx.x;
  a.out[i] = double(a.values[(a.pick + i) % 3]) * a.scale + a.bytes[i] + powers[i % 5];
}
/// Rotates four-element vectors by way of shared memory, in every width.
extern "C" __global__ void widths(const uint4* a, uint4* out, const short2* b, short2* out2,
                                  const signed char* c, long long* out3) {
  extern __shared__ __align__(16) uint4 dynamic[];
  __shared__ short2 fixed[64];
  const int t = threadIdx.x, n = blockDim.x;
  dynamic[t] = a[t];
  fixed[t] = b[t];
  __syncthreads();
  out[t] = dynamic[(t + 1) % n];
  out2[t] = fixed[(t + 5) % n];
  out3[t] = c[t] * 3ll;
}
extern "C" __global__ void own(const int* a, int* out, int n) {
  int list[24];
  for (int k = 0; k < 24; ++k) list[k] = a[k] * threadIdx.x;
  for (int k = 0; k < n; ++k) { const int j = (k * 7 + threadIdx.x) % 24; list[j] ^= list[(j + 11) % 24]; }
  int sum = 0;
  for (int k = 0; k < 24; ++k) sum = sum * 3 + list[k];
  out[threadIdx.x] = sum;
}
/// Addresses that may lie in either space.
extern "C" __global__ void generic(const int* a, int* out) {
  __shared__ int part[64];
  part[threadIdx.x] = a[threadIdx.x] * 100;
  __syncthreads();
  const int* p = threadIdx.x % 2 ? part + 63 - threadIdx.x : a + threadIdx.x;
  asm volatile("ld.s32 %0, [%1];" : "=r"(out[threadIdx.x]) : "l"(p));
}
extern "C" __global__ void atomics(const int* a, int* s, unsigned* u, unsigned long long* l, float* f,
                                   int* slots, int* list) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, x = a[i];
  atomicAdd(s, x); atomicMin(s + 1, x); atomicMax(s + 2, x);
  atomicAnd(u, unsigned(x)); atomicOr(u + 1, unsigned(x)); atomicXor(u + 2, unsigned(x));
  atomicMax(u + 3, unsigned(x)); atomicInc(u + 4, 6u); atomicCAS(u + 5, 7u, 9u);
  atomicAdd(l, (unsigned long long)x); atomicMax(l + 1, (unsigned long long)i);
  atomicAdd(f, 1.0f);
  if (x > 0) list[atomicAdd(slots + x % 3, 1) + 1024 * (x % 3)] = i;
  if (i == 40) u[6] = 1;
}
extern "C" __global__ void bins(const int* a, int* out) {
  __shared__ int count[8];
  if (threadIdx.x < 8) count[threadIdx.x] = 0;
  __syncthreads();
  atomicAdd(count + (a[threadIdx.x] & 7), 1);
  __syncthreads();
  if (threadIdx.x < 8) out[threadIdx.x] = count[threadIdx.x];
}
extern "C" __global__ void count() { atomicAdd(&counter, 1ull); }
extern "C" __global__ void counted(unsigned long long* out) { *out = counter; }
/// The last block adds what the others left: ordered by fences and a ticket.
extern "C" __global__ void last(const int* a, int* parts, unsigned* ticket, int* out) {
  parts[blockIdx.x] = a[blockIdx.x] * 2;
  __threadfence();
  if (atomicAdd(ticket, 1u) != gridDim.x - 1) return;
  __threadfence();
  int sum = 0;
  for (int k = 0; k < gridDim.x; ++k) sum += parts[k];
  *out = sum;
}
"""


@pytest.fixture(scope="module")
def device(device_of):
    return device_of(SOURCE)


def test_a_structure_by_value(device):
    rng = np.random.default_rng(0)
    data, out = rng.integers(0, 256, 32).astype(np.uint8), np.zeros(32)
    bytes_at, out_at = device.allocate(32), device.allocate(out.nbytes)
    device.copy_to_device(bytes_at, data.tobytes())
    arguments = np.array(
        [(bytes_at, [5, -(2**40), 7], 4, 0.5, out_at)],
        np.dtype([("a", "u8"), ("v", "i8", 3), ("p", "i4"), ("s", "f4"), ("o", "u8")]),
    )
    device.launch("structure", (1, 1, 1), (32, 1, 1), 0, arguments.tobytes())
    i = np.arange(32)
    wanted = np.array([5, -(2**40), 7])[(4 + i) % 3] * 0.5 + data
    wanted += np.array([1, 10, 100, 1000, -10000])[i % 5]
    np.testing.assert_array_equal(np.frombuffer(device.copy_to_host(out_at, out.nbytes)), wanted)
    with pytest.raises(Exception, match="47 bytes of arguments, expected 48"):
        device.launch("structure", (1, 1, 1), (32, 1, 1), 0, arguments.tobytes()[:-1])


def test_widths_of_accesses(device):
    rng = np.random.default_rng(1)
    a = rng.integers(0, 2**32, (64, 4), dtype=np.uint32)
    b = rng.integers(-(2**15), 2**15, (64, 2)).astype(np.int16)
    c = rng.integers(-128, 128, 64).astype(np.int8)
    out = call(
        device,
        "widths",
        a,
        np.zeros_like(a),
        b,
        np.zeros_like(b),
        c,
        np.zeros(64, np.int64),
        threads=64,
        shared=64 * 16,
    )
    np.testing.assert_array_equal(out[1], np.roll(a, -1, axis=0))
    np.testing.assert_array_equal(out[3], np.roll(b, -5, axis=0))
    np.testing.assert_array_equal(out[5], c.astype(np.int64) * 3)


def test_memory_of_a_thread_of_its_own(device):
    a = np.random.default_rng(2).integers(-99, 99, 24).astype(np.int32)
    found = call(device, "own", a, np.zeros(64, np.int32), np.int32(40), threads=64)[1]
    for t in range(64):
        values = a * np.int32(t)
        for k in range(40):
            j = (k * 7 + t) % 24
            values[j] ^= values[(j + 11) % 24]
        total = 0
        for v in values.tolist():
            total = total * 3 + v
        assert int(found[t]) % 2**32 == total % 2**32


def test_addresses_of_either_space(device):
    a = np.arange(64, dtype=np.int32)
    found = call(device, "generic", a, np.zeros(64, np.int32), threads=64)[1]
    np.testing.assert_array_equal(found, np.where(a % 2, (63 - a) * 100, a))


def test_atomics_are_done_one_by_one(device):
    n = 768
    a = np.random.default_rng(3).integers(-1000, 1000, n).astype(np.int32)
    s, u = np.array([3, 500, -500], np.int32), np.array([2**32 - 1, 0, 0, 0, 0, 7, 0], np.uint32)
    long, f = np.array([5, 0], np.uint64), np.zeros(1, np.float32)
    arrays = (a, s, u, long, f, np.zeros(3, np.int32), np.zeros(3072, np.int32))
    _, s, u, long, f, slots, found = call(device, "atomics", *arrays, blocks=6, threads=128)
    assert s.tolist() == [a.sum() + 3, a.min(), a.max()]
    x = a.view(np.uint32)
    assert u[:4].tolist() == [
        np.bitwise_and.reduce(x),
        np.bitwise_or.reduce(x),
        np.bitwise_xor.reduce(x),
        x.max(),
    ]
    assert u[4:].tolist() == [n % 7, 9, 1]
    assert long.tolist() == [(5 + int(a.sum())) % 2**64, n - 1]
    assert f[0] == n
    for k in range(3):
        wanted = np.flatnonzero((a > 0) & (a % 3 == k))
        assert slots[k] == len(wanted)
        assert sorted(found[1024 * k : 1024 * k + len(wanted)]) == wanted.tolist()


def test_shared_atomics_of_several_warps_need_no_barrier_between_them(device):
    a = np.random.default_rng(4).integers(0, 100, 96).astype(np.int32)
    found = call(device, "bins", a, np.zeros(8, np.int32), threads=96)[1]
    np.testing.assert_array_equal(found, np.bincount(a & 7, minlength=8))


def test_variables_of_the_device_last_from_launch_to_launch(device):
    before = call(device, "counted", np.zeros(1, np.uint64), threads=1)[0][0]
    for _ in range(3):
        call(device, "count", blocks=5, threads=20)
    assert call(device, "counted", np.zeros(1, np.uint64), threads=1)[0][0] == before + 300


@pytest.mark.parametrize("order", ["forward", "backward", 3])
def test_the_last_block_sees_what_all_left(device_of, order):
    device = device_of(SOURCE, order=order)
    a = np.arange(300, dtype=np.int32)
    zero = np.zeros(1, np.uint32)
    found = call(
        device, "last", a, Unwritten(1200), zero, np.zeros(1, np.int32), blocks=300, threads=1
    )
    assert found[-1][0] == 2 * a.sum()


def test_a_graph_is_what_was_asked_for_meanwhile(device):
    counter = device.allocate(8)
    packed = np.uint64(counter).tobytes()
    device.begin_capture()
    device.launch("count", (2, 1, 1), (32, 1, 1), 0, b"")
    device.launch("counted", (1, 1, 1), (1, 1, 1), 0, packed)
    graph = device.end_capture()
    start = call(device, "counted", np.zeros(1, np.uint64), threads=1)[0][0]
    for _ in range(3):
        device.replay(graph)
    assert np.frombuffer(device.copy_to_host(counter, 8), np.uint64)[0] == start + 192


def test_allocations_are_apart_and_given_again():
    memory = DeviceMemory(1 << 16)
    first = [memory.allocate(n) for n in (1, 256, 1000)]
    assert all(a % 256 == 0 for a in first)
    assert all(b - a >= n + GUARD for a, b, n in zip(first, first[1:], (1, 256), strict=False))
    memory.write(first[1], b"x" * 256)
    memory.free(first[1])
    with pytest.raises(AccessError, match=r"256 bytes at .* are in no allocation"):
        memory.write(first[1], b"x" * 256)
    with pytest.raises(AccessError, match="no allocation begins"):
        memory.free(first[1])
    with pytest.raises(OutOfMemoryError, match="70000 bytes wanted"):
        memory.allocate(70000)
    again = [memory.allocate(3000) for _ in range(17)]
    for address in again:
        memory.free(address)
    assert memory.allocate(60000) > BASE


def test_bytes_nobody_wrote_stay_so_when_they_are_moved():
    memory = DeviceMemory(1 << 16)
    a, b = memory.allocate(64), memory.allocate(64)
    memory.write(a, bytes(range(32)))
    memory.move(b, a + 16, 32)
    found = memory.read(b, 64)
    assert found.tolist() == [*range(16, 32), *[0xA5] * 48]
    memory.fill(b + 60, 7, 4)
    assert memory.read(b + 59, 5).tolist() == [0xA5, 7, 7, 7, 7]
