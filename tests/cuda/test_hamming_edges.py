"""Searches on a device where chunks, lists and ties end: results of the CPU's index."""

import numpy as np

from tests.cuda.hamming_devices import hamming_ptx, interpreter, on_device
from tests.support.codes import assert_equal, index_of, random_codes
from tests.support.cuda import cuda_module
from udl_fast import HammingIndex

__all__ = ["hamming_ptx", "interpreter"]  # fixtures

CHUNK = 1024  # codes that a warp compares (csrc/kernels/cuda: kHammingChunk)
LIST_ROOM = 2048  # candidates that are ranked on the device (kHammingListRoom)
LONGEST_LISTED = 512  # neighbours that lists are made for (csrc/runtime/cuda/hamming/nearest.cpp)


def test_more_chunks_than_a_warp_has_lanes(interpreter):
    """Their counts are added up 32 at a time. The query's own code is in the last, the ties are in all of them."""
    n = 33 * CHUNK + 5
    codes = np.full((n, 1), 0b1111, np.uint8)
    ties = np.arange(0, n, CHUNK // 2)
    codes[ties] = 0b0001
    codes[n - 1] = 0
    made = cuda_module().HammingCodes(8, 0, interpreter)
    made.append(codes)
    # All but one of the ties; and some codes behind them.
    for k in (len(ties), LONGEST_LISTED + 100):
        found = made.search(codes[n - 1 :], k, n, way="counting")
        assert_equal(found, index_of(codes).search(codes[n - 1 :], k))


def test_codes_that_are_left_out_are_no_ties(interpreter):
    """All at distance 0, every other one allowed: what a chunk has before it is counted without the others."""
    codes = np.zeros((2 * CHUNK + 7, 1), np.uint8)
    index = HammingIndex(8)
    index.add(codes)
    allowed = np.arange(len(codes)) % 2 == 1
    k = CHUNK // 2 + 200  # ends in the second chunk
    found = on_device(index, interpreter).search(codes[:1], k, mask=allowed)
    assert_equal(found, index.search(codes[:1], k, mask=allowed))


def test_a_list_that_is_just_full_is_ranked(interpreter):
    codes = random_codes(LIST_ROOM, 1)
    assert_equal(
        on_device(index_of(codes), interpreter).search(codes[:1], 5),
        index_of(codes).search(codes[:1], 5),
    )
    assert "udl_hamming_place" not in interpreter.launches


def test_a_limit_is_within_it(interpreter):
    """Every code is listed, the query's complement too: nothing has to be counted."""
    codes = np.array([[0], [255], [1]], np.uint8)
    assert_equal(
        on_device(index_of(codes), interpreter).search(codes[:1], 3),
        index_of(codes).search(codes[:1], 3),
    )
    assert "udl_hamming_collect" in interpreter.launches
    assert "udl_hamming_place" not in interpreter.launches
