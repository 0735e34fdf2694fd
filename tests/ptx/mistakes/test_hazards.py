"""Memory that warps, threads or blocks use with nothing that orders them: planted, and refused."""

import numpy as np
import pytest

from ..calls import call
from ..interpreter.errors import HazardError
from .planted import Launcher, filled, ints, source_of

SHARED = "__shared__ int part[64]; const int t = threadIdx.x;"
TURN = (
    SHARED
    + "part[t] = a[t]; {0} out[t] = part[(t + 32) % 64]; {1} part[t] = out[t]; out[t] = part[t];"
)
READERS = SHARED + (
    "if (t < 8) part[t] = t; __syncthreads(); out[t] = part[3];"
    "{0} if (t == 0) part[3] = 5; __syncthreads(); out[t] += part[3];"
)
ATOMIC = SHARED + "part[t] = 0; __syncthreads(); atomicAdd(part + 3, 1); {0} out[t] = part[3];"
LAST = """
  int* ticket = out + 9;
  out[blockIdx.x] = a[blockIdx.x];
  {0}
  if (atomicAdd(ticket, 1) != gridDim.x - 1) return;
  {1}
  for (int k = 0; k + 1 < gridDim.x; ++k) out[gridDim.x - 1] += out[k];
"""
WARP_ATOMIC = SHARED + "part[t] = 0; {0} atomicAdd(part + t % 8, 1); {1} out[t] = part[t % 8];"
SYNC, FENCE, MEET = "__syncthreads();", "__threadfence();", "__syncwarp();"


BODIES = {
    "turned": filled(TURN, SYNC, SYNC),
    "no_first_barrier": filled(TURN, "", SYNC),
    "no_second_barrier": filled(TURN, SYNC, ""),
    "warp_barrier": filled(TURN, "__syncwarp();", SYNC),
    "within_warp": SHARED + "part[t] = a[t]; __syncwarp(); out[t] = part[t ^ 1];",
    "within_warp_ignored": SHARED + "part[t] = a[t]; out[t] = part[t ^ 1];",
    "within_warp_over": SHARED
    + (
        "part[t] = a[t]; __syncwarp(); out[t] = part[t ^ 1]; part[t] = t; __syncwarp(); out[t] += part[t ^ 2];"
    ),
    "two_writers": SHARED + "part[t % 32] = t; __syncthreads(); out[t] = part[t % 32];",
    "late_writer": SHARED
    + "part[t] = t; if (t < 32) part[63 - t] = 1; __syncthreads(); out[t] = part[t];",
    "readers": filled(READERS, SYNC),
    "readers_ignored": filled(READERS, ""),
    "bytes_of_words": (
        "__shared__ unsigned char part[64]; const int t = threadIdx.x;"
        "part[t % 32 * 2 + t / 32] = t; __syncthreads(); out[t] = part[t];"
    ),
    "atomic": filled(ATOMIC, SYNC),
    "atomic_ignored": filled(ATOMIC, ""),
    "warp_atomic": filled(WARP_ATOMIC, MEET, MEET),
    "warp_atomic_too_early": filled(WARP_ATOMIC, "", MEET),
    "warp_atomic_ignored": filled(WARP_ATOMIC, MEET, ""),
    "own_atomic": SHARED + "part[t] = 0; atomicAdd(part + t, 3); out[t] = part[t];",
    "blocks_meet": "out[(blockIdx.x * 31 + threadIdx.x) % 64] = a[threadIdx.x];",
    "blocks_apart": "out[(blockIdx.x * 32 + threadIdx.x) % 64] = a[threadIdx.x];",
    "blocks_look": "out[blockIdx.x] = a[0] + out[blockIdx.x ^ 1];",
    "ticket": filled(LAST, FENCE, FENCE),
    "ticket_no_release": filled(LAST, "", FENCE),
    "ticket_no_acquire": filled(LAST, FENCE, ""),
}


@pytest.fixture(scope="module")
def launch(device_of):
    return Launcher(device_of(source_of(BODIES, "cstdint")))


# ---- shared memory between warps ----
def test_a_missing_barrier(launch):
    found = launch("turned", ints(64), ints(64), threads=64)[1]
    np.testing.assert_array_equal(found, np.roll(ints(64), 32))
    with pytest.raises(HazardError, match=r"ld\.shared.*read after warp 1 wrote it, without"):
        launch("no_first_barrier", ints(64), ints(64), threads=64)
    with pytest.raises(HazardError, match=r"st\.shared.*written after warp . read it, without"):
        launch("no_second_barrier", ints(64), ints(64), threads=64)


def test_a_barrier_of_a_warp_is_none_between_warps(launch):
    with pytest.raises(HazardError, match="without a barrier"):
        launch("warp_barrier", ints(64), ints(64), threads=64)


def test_threads_of_a_warp_are_ordered_by_syncwarp(launch):
    found = launch("within_warp", ints(64), ints(64), threads=64)[1]
    np.testing.assert_array_equal(found, ints(64) ^ 1)
    where = r"ld\.shared.*thread \(0, 0, 0\).*read after thread 1 of the warp wrote it, without"
    with pytest.raises(HazardError, match=where):
        launch("within_warp_ignored", ints(64), ints(64), threads=64)
    where = r"st\.shared.*written after thread 1 of the warp read it, without __syncwarp"
    with pytest.raises(HazardError, match=where):
        launch("within_warp_over", ints(64), ints(64), threads=64)


def test_two_warps_that_write_one_place(launch):
    with pytest.raises(HazardError, match=r"st\.shared.*written by two warps at once"):
        launch("two_writers", ints(1), ints(64), threads=64)
    launch("two_writers", ints(1), ints(32), threads=32)
    with pytest.raises(HazardError, match="written after warp 1 wrote it, without a barrier"):
        launch("late_writer", ints(1), ints(64), threads=64)


def test_several_readers_are_all_waited_for(launch):
    launch("readers", ints(1), ints(96), threads=96)
    with pytest.raises(HazardError, match="written after several warps read it"):
        launch("readers_ignored", ints(1), ints(96), threads=96)


def test_bytes_of_one_word_are_different_places(launch):
    launch("bytes_of_words", ints(1), ints(64), threads=64)


def test_an_atomic_beside_a_plain_access(launch):
    launch("atomic", ints(1), ints(64), threads=64)
    with pytest.raises(HazardError, match="read after another warp's atomic"):
        launch("atomic_ignored", ints(1), ints(64), threads=64)


def test_atomics_of_threads_of_one_warp(launch):
    found = launch("warp_atomic", ints(1), ints(32), threads=32)[1]
    np.testing.assert_array_equal(found, 4)
    with pytest.raises(HazardError, match=r"changed by an atomic after thread . of the warp wrote"):
        launch("warp_atomic_too_early", ints(1), ints(32), threads=32)
    with pytest.raises(HazardError, match="read after several threads of the warp changed it"):
        launch("warp_atomic_ignored", ints(1), ints(32), threads=32)
    np.testing.assert_array_equal(launch("own_atomic", ints(1), ints(32), threads=32)[1], 3)


# ---- blocks ----
def test_two_blocks_that_write_one_place(launch):
    where = r"st\.global.*block number . wrote it in the same launch"
    with pytest.raises(HazardError, match=where):
        launch("blocks_meet", ints(32), ints(64), blocks=2)
    launch("blocks_apart", ints(32), ints(64), blocks=2)


def test_a_block_that_reads_what_another_writes(launch):
    with pytest.raises(HazardError, match="in the same launch, with nothing that orders them"):
        launch("blocks_look", ints(1), ints(2), blocks=2, threads=1)


def test_a_ticket_without_a_fence(launch):
    out = np.zeros(10, np.int32)
    assert launch("ticket", ints(9), out, blocks=9, threads=1)[1][8] == 36
    for name in ("ticket_no_release", "ticket_no_acquire"):
        with pytest.raises(HazardError, match=r"ld\.global.*read though block number . wrote it"):
            launch(name, ints(9), out, blocks=9, threads=1)


def test_blocks_are_not_looked_at_where_that_is_not_asked_for(device_of):
    text = 'extern "C" __global__ void k(int* out) { *out = blockIdx.x; }'
    with pytest.raises(HazardError, match="in the same launch"):
        call(device_of(text), "k", ints(1), blocks=2, threads=1)
    assert call(device_of(text, races=False), "k", ints(1), blocks=2, threads=1)[0] == 1
