"""Hamming kernels of every CPU target against bits counted one by one."""

import numpy as np
import pytest
from tests.oracle import hamming as oracle

from udl_fast import _core
from udl_fast._codes import packed_words
from udl_fast.runtime import forced_target

WIDTHS = (8, 16, 24, 32, 40, 64, 72, 128, 160, 192, 256, 512, 1024, 1088, 4096)
TAILS = (0, 1, 7, 8, 9, 63, 64, 65, 131)


@pytest.fixture(params=_core.compiled_targets())
def target(request):
    if request.param not in _core.available_targets():
        pytest.skip(f"this CPU cannot run {request.param}")
    with forced_target(request.param):
        yield


def codes_of(width, n, seed=0):
    """Random codes among which lie a copy and the complement of the query, which is the last row."""
    codes = np.random.default_rng(seed + width).integers(
        0, 256, (n + 1, width // 8), dtype=np.uint8
    )
    codes[: n // 2 : 3] = codes[-1]
    codes[1 : n // 2 : 3] = ~codes[-1]
    return codes[:-1], codes[-1:]


@pytest.mark.usefixtures("target")
@pytest.mark.parametrize("width", WIDTHS)
def test_distances(width):
    for n in TAILS:
        codes, query = codes_of(width, n)
        words = [packed_words(x, width, "codes") for x in (codes, query)]
        found = _core.hamming_distances(words[0], width, words[1], 1)
        np.testing.assert_array_equal(found, oracle.distances(query, codes))


@pytest.mark.usefixtures("target")
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
def test_scan_finds_what_lies_within_the_threshold(width, packed):
    for n in TAILS:
        codes, query = codes_of(width, n)
        words = [packed_words(x, width, "codes") for x in (codes, query)]
        distances = oracle.distances(query, codes)[0]
        allowed = np.random.default_rng(n).integers(0, 2**64, -(-n // 64), dtype=np.uint64)
        chosen = np.unpackbits(allowed.view(np.uint8), bitorder="little")[:n].astype(bool)
        for threshold in (-1, 0, width // 2, width - 1, width):
            for bitmap, wanted in (
                (None, distances <= threshold),
                (allowed, (distances <= threshold) & chosen),
            ):
                positions, found = _core.hamming_scan(
                    words[0], width, words[1], threshold, packed, bitmap
                )
                np.testing.assert_array_equal(positions, np.flatnonzero(wanted))
                np.testing.assert_array_equal(found, distances[wanted])


@pytest.mark.usefixtures("target")
@pytest.mark.parametrize("packed", [False, True])
def test_scan_takes_the_largest_tile(packed):
    codes = np.zeros((2048, 1), np.uint64)
    positions, found = _core.hamming_scan(codes, 64, np.array([[255]], np.uint64), 64, packed)
    np.testing.assert_array_equal(positions, np.arange(2048))
    assert (found == 8).all()


def test_scan_refuses_a_larger_tile():
    with pytest.raises(ValueError, match="at most 2048, got 2049"):
        _core.hamming_scan(np.zeros((2049, 1), np.uint64), 64, np.zeros((1, 1), np.uint64), 0, True)


@pytest.mark.parametrize(
    ("shape", "n_bits", "message"),
    [
        ((3, 2), 64, "expected"),
        ((3,), 64, "2 dimensions"),
        ((3, 1), 0, "n_bits"),
        ((3, 1), 65537, "n_bits"),
    ],
)
def test_binding_checks_shapes(shape, n_bits, message):
    with pytest.raises(ValueError, match=message):
        _core.hamming_distances(np.zeros(shape, np.uint64), n_bits, np.zeros((1, 1), np.uint64), 1)
    with pytest.raises(ValueError, match="allowed"):
        _core.hamming_search(
            np.zeros((65, 1), np.uint64),
            64,
            np.zeros((1, 1), np.uint64),
            1,
            1,
            allowed=np.zeros(1, np.uint64),
        )
    with pytest.raises(ValueError, match="ids"):
        _core.hamming_search(
            np.zeros((65, 1), np.uint64),
            64,
            np.zeros((1, 1), np.uint64),
            1,
            1,
            ids=np.zeros(64, np.int64),
        )
