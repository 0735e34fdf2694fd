"""Mistakes about who has to be there, and what has to have arrived: warps, barriers, copies."""

import numpy as np
import pytest

from ..calls import call
from ..interpreter.errors import ConvergenceError, HazardError
from .planted import filled, ints, source_of

SHUFFLE = "int x = a[threadIdx.x]; if (threadIdx.x < {0}) x = __shfl_xor_sync({1}, x, 1); out[threadIdx.x] = x;"
PRODUCT = """
  const int x = a[threadIdx.x];
  int d[4] = {};
  if (x < {0})
    asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.u8.u8.s32 {%0,%1,%2,%3}, {%4,%4,%4,%4},"
                 " {%4,%4}, {%0,%1,%2,%3};" : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3]) : "r"(x));
  out[threadIdx.x] = d[0];
"""
RING = """
  __shared__ __align__(16) int4 stage[2][64];
  const int t = threadIdx.x;
  auto load = [&](int i) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::
      "r"(uint32_t(__cvta_generic_to_shared(&stage[i % 2][t]))), "l"(a + (i * 64 + t) * 4) : "memory");
    asm volatile("cp.async.commit_group;");
  };
  load(0); load(1);
  int sum = 0;
  for (int i = 0; i < 2; ++i) {
    if (i) asm volatile("cp.async.wait_group {1};" ::: "memory");
    else asm volatile("cp.async.wait_group {0};" ::: "memory");
    {2}
    sum += stage[i][(t + 40) % 64].x;
  }
  {3}
  out[t] = sum;
"""
BARRIER = 'asm volatile("bar.sync 1, {0};" ::: "memory"); out[threadIdx.x] = 0;'
SYNC = "__syncthreads();"


BODIES = {
    "shuffle": filled(SHUFFLE, "20", "0xfffffu"),
    "shuffle_part": filled(SHUFFLE, "20", "~0u"),
    "shuffle_unnamed": filled(SHUFFLE, "20", "0x7ffffu"),
    "shuffle_from_absent": filled(SHUFFLE, "19", "0x7ffffu"),
    "product": filled(PRODUCT, "33"),
    "product_part": filled(PRODUCT, "31"),
    "ring": filled(RING, "1", "0", SYNC, ""),
    "ring_first": filled(RING, "2", "0", SYNC, ""),
    "ring_last": filled(RING, "1", "1", SYNC, ""),
    "ring_alone": filled(RING, "1", "0", "", ""),
    "ring_over": filled(RING, "1", "0", SYNC, "load(3);"),
    "barrier_64": filled(BARRIER, "64"),
    "barrier_96": filled(BARRIER, "96"),
    "barrier_32": filled(BARRIER, "32"),
    "barrier_part": f"if (threadIdx.x % 32 < a[1] * 8) {SYNC} out[threadIdx.x] = 0; {SYNC}",
    "barrier_and_warp": f"if (a[threadIdx.x] < 40) {SYNC} else __syncwarp(); out[threadIdx.x] = 0;",
    "barrier_by_warp": f"if (threadIdx.x < 32) {SYNC} else {{ out[40] = 0; {SYNC} }} out[1] = 0;",
}


@pytest.fixture(scope="module")
def launch(device_of):
    """Call one of the kernels with arrays a and out, the latter of 64 threads' or fewer."""
    device = device_of(source_of(BODIES, "cstdint"))
    return lambda name, n, threads: call(device, name, ints(n), ints(threads), threads=threads)


def test_part_of_a_warp_in_a_shuffle(launch):
    launch("shuffle", 32, 32)
    where = r"shfl\.sync.*thread \(0, 0, 0\).*by part of a warp: threads \[0, 1, 2.* 19\] of it"
    with pytest.raises(ConvergenceError, match=where):
        launch("shuffle_part", 32, 32)
    where = r"thread \(19, 0, 0\).*is not among the threads it names"
    with pytest.raises(ConvergenceError, match=where):
        launch("shuffle_unnamed", 32, 32)


def test_a_shuffle_from_a_thread_that_is_not_here(launch):
    where = r"thread \(18, 0, 0\).*reads a thread that is not here"
    with pytest.raises(ConvergenceError, match=where):
        launch("shuffle_from_absent", 32, 32)


def test_part_of_a_warp_in_a_product(launch):
    launch("product", 32, 32)
    with pytest.raises(ConvergenceError, match=r"mma\.sync.*executed by part of a warp"):
        launch("product_part", 32, 32)


def test_a_wrong_count_of_copies_waited_for(launch):
    found = launch("ring", 512, 64)[1]
    place = (ints(64) + 40) % 64 * 4
    np.testing.assert_array_equal(found, 2 * place + 256)
    for name in ("ring_first", "ring_last"):
        with pytest.raises(HazardError, match=r"ld\.shared.*a cp\.async to it is not waited for"):
            launch(name, 512, 64)


def test_copies_of_other_warps_need_a_barrier(launch):
    with pytest.raises(HazardError, match=r"ld\.shared.*without a barrier"):
        launch("ring_alone", 512, 64)


def test_a_copy_over_what_others_still_read(launch):
    with pytest.raises(HazardError, match=r"cp\.async.*written after warp . read it"):
        launch("ring_over", 1024, 64)


def test_a_barrier_with_a_wrong_number_of_threads(launch):
    launch("barrier_64", 1, 64)
    where = r"bar\.sync 1, 96.*waits for ever: 64 threads are here, 64 have not exited"
    with pytest.raises(ConvergenceError, match=where):
        launch("barrier_96", 1, 64)
    with pytest.raises(ConvergenceError, match="64 threads came, 32 are expected"):
        launch("barrier_32", 1, 64)


def test_a_barrier_that_part_of_a_warp_reaches(launch):
    with pytest.raises(ConvergenceError, match=r"bar.*part of a warp is at this barrier"):
        launch("barrier_part", 64, 64)
    with pytest.raises(ConvergenceError, match=r"bar\.warp\.sync.*executed by part of a warp"):
        launch("barrier_and_warp", 64, 64)


def test_warps_may_meet_at_different_instructions(launch):
    launch("barrier_by_warp", 64, 64)
