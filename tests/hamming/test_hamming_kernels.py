"""Hamming kernels of every CPU target against bits counted one by one."""

import numpy as np
import pytest

from tests.oracle import hamming as oracle
from udl_fast import _core
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
        found = _core.hamming_distances(codes, query, 1)
        np.testing.assert_array_equal(found, oracle.distances(query, codes))


@pytest.mark.usefixtures("target")
@pytest.mark.parametrize("width", WIDTHS)
def test_row_scan_finds_what_lies_within_the_threshold(width):
    for n in TAILS:
        codes, query = codes_of(width, n)
        distances = oracle.distances(query, codes)[0]
        allowed = np.random.default_rng(n).integers(0, 2**64, -(-n // 64), dtype=np.uint64)
        chosen = np.unpackbits(allowed.view(np.uint8), bitorder="little")[:n].astype(bool)
        for threshold in (-1, 0, width // 2, width - 1, width):
            for bitmap, wanted in (
                (None, distances <= threshold),
                (allowed, (distances <= threshold) & chosen),
            ):
                positions, found = _core.hamming_scan_rows(codes, query, threshold, bitmap)
                np.testing.assert_array_equal(positions, np.flatnonzero(wanted))
                np.testing.assert_array_equal(found, distances[wanted])


def test_row_scan_takes_the_largest_tile(target):
    codes = np.zeros((2048, 8), np.uint8)
    positions, found = _core.hamming_scan_rows(codes, np.array([[255] + 7 * [0]], np.uint8), 64)
    np.testing.assert_array_equal(positions, np.arange(2048))
    assert (found == 8).all()


def test_row_scan_refuses_a_larger_tile():
    with pytest.raises(ValueError, match="at most 2048, got 2049"):
        _core.hamming_scan_rows(np.zeros((2049, 8), np.uint8), np.zeros((1, 8), np.uint8), 0)


def queries_of(width, codes):
    """Sparse, dense and random queries, codes and their complements: both forms of a tile query."""
    generator = np.random.default_rng(width)
    bits = generator.random((24, width)) < np.linspace(0, 1, 24)[:, None]
    rows = np.packbits(bits, axis=1, bitorder="little")
    return np.concatenate([rows, codes[:2], ~codes[:2]])


@pytest.mark.usefixtures("target")
@pytest.mark.parametrize("width", [*WIDTHS, 80, 88, 336, 344, 1360, 1368])
def test_tile_scan_finds_what_lies_within_each_limit(width):
    for n in {0, 1, 63, 64, 65, _core.hamming_tile_codes() - 1, _core.hamming_tile_codes()}:
        if n > _core.hamming_tile_codes():
            continue
        codes, query = codes_of(width, n)
        queries = np.concatenate([queries_of(width, codes), query])
        a, b = (np.unpackbits(x, axis=1).astype(np.float32) for x in (queries, codes))
        distances = (a @ (1 - b.T) + (1 - a) @ b.T).astype(np.int32)
        for limit in (-1, 0, 1, width // 2 - 1, width // 2, width - 1, width):
            limits = np.full(len(queries), limit, np.int32)
            limits[1::3] = width // 3
            found = _core.hamming_scan_tile(codes, queries, limits)
            np.testing.assert_array_equal(found, distances <= limits[:, None])


def test_tile_scan_refuses_a_larger_tile():
    n = _core.hamming_tile_codes()
    with pytest.raises(ValueError, match=f"at most {n}, got {n + 1}"):
        _core.hamming_scan_tile(
            np.zeros((n + 1, 8), np.uint8), np.zeros((1, 8), np.uint8), np.zeros(1, np.int32)
        )


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((3, 2), "expected"),
        ((3,), "2 dimensions"),
        ((3, 0), "1 to 8192 bytes"),
        ((3, 8193), "1 to 8192 bytes"),
    ],
)
def test_binding_checks_shapes(shape, message):
    codes, query = np.zeros((65, 8), np.uint8), np.zeros((1, 8), np.uint8)
    with pytest.raises(ValueError, match=message):
        _core.hamming_distances(np.zeros(shape, np.uint8), query, 1)
    with pytest.raises(ValueError, match="allowed"):
        _core.hamming_search(codes, query, 1, 1, allowed=np.zeros(1, np.uint64))
    with pytest.raises(ValueError, match="ids"):
        _core.hamming_search(codes, query, 1, 1, ids=np.zeros(64, np.int64))


@pytest.mark.parametrize("n_queries", [1, 7, 8, 40])
@pytest.mark.parametrize("width", [8, 64, 256])
def test_a_radius_beyond_all_bits_finds_every_code(width, n_queries):
    codes, _ = codes_of(width, 100)
    queries = codes_of(width, n_queries, 1)[0]
    tables = _core.HammingTables(codes, 0, 1)
    for largest in (width, width + 1, 2**16, 2**31 - 1):
        limits, _, _ = _core.hamming_range(codes, queries, largest, 2)
        assert np.diff(limits).tolist() == [100] * n_queries
        limits, *_ = _core.hamming_hash_range(tables, codes, queries, largest, 2)
        assert np.diff(limits).tolist() == [100] * n_queries
        assert len(_core.hamming_pairs(codes, largest, 2)[0]) == 100 * 99 // 2
        assert len(_core.hamming_hash_pairs(tables, codes, largest, 2)[0]) == 100 * 99 // 2
