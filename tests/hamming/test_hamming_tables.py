"""Multi-index hashing: buckets against a search of all keys, and searches through tables against brute force."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle import hamming as oracle
from udl_fast import _core


def clustered(n, n_bytes, seed, n_centers=5, flip=0.03):
    """Codes near few centres: neighbours at small distances, and buckets of many codes."""
    generator = np.random.default_rng(seed)
    centers = generator.integers(0, 256, (n_centers, n_bytes), dtype=np.uint8)
    noise = np.packbits(generator.random((n, 8 * n_bytes)) < flip, axis=1)
    return centers[generator.integers(0, n_centers, n)] ^ noise


PRICES = {"row_word": 2e-10, "tile_word": 5e-11, "query": 1e-7, "line": 5e-9, "code": 1e-8}


def priced_tables(codes):
    """What they choose depends on no clock."""
    tables = _core.HammingTables(codes, 0, 1)
    tables.set_prices(**PRICES)
    assert tables.prices == PRICES
    return tables


def tables_of(codes, n_tables=0, n_threads=1):
    return _core.HammingTables(codes, n_tables, n_threads)


def assert_equal(found, expected):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.usefixtures("target")
@pytest.mark.parametrize(
    ("n_bytes", "n_tables"), [(1, 1), (1, 3), (2, 1), (9, 3), (9, 7), (32, 12), (32, 40)]
)
def test_buckets_hold_the_codes_of_their_keys(n_bytes, n_tables):
    width = 8 * n_bytes
    codes, query = clustered(700, n_bytes, 0), clustered(1, n_bytes, 1)
    tables = tables_of(codes, n_tables)
    bits, query_bits = (np.unpackbits(x, axis=1, bitorder="little") for x in (codes, query))
    borders = [width * j // n_tables for j in range(n_tables + 1)]
    for j, (begin, end) in enumerate(itertools.pairwise(borders)):
        distances = (bits[:, begin:end] != query_bits[:, begin:end]).sum(axis=1)
        for radius in range(min(end - begin, 4) + 1):
            found = tables.positions(j, query[0], radius)
            np.testing.assert_array_equal(np.sort(found), np.flatnonzero(distances == radius))


@st.composite
def cases(draw):
    """(codes, queries, ids or None, tables, hashed): the last codes may have come after the tables."""
    n_bytes = draw(st.sampled_from([1, 2, 3, 5, 8, 9, 16, 32]))
    n = draw(st.integers(0, 120))
    seed = draw(st.integers(0, 2**32 - 1))
    codes = clustered(n, n_bytes, seed, draw(st.integers(1, 9)))
    queries = np.concatenate([codes[:2], clustered(3, n_bytes, seed + 1)])
    ids = np.random.default_rng(seed).permutation(3 * n)[:n] if draw(st.booleans()) else None
    fewest = -(-8 * n_bytes // 28)
    n_tables = draw(st.sampled_from([0, fewest, fewest + 1, 2 * fewest + 3]))
    hashed = n - draw(st.integers(0, n)) // 3
    tables = tables_of(codes[:hashed], n_tables, draw(st.integers(1, 2)))
    return codes, queries, ids, tables


def bitmap(mask):
    bits = np.zeros(-(-len(mask) // 64) * 8, np.uint8)
    packed = np.packbits(mask, bitorder="little")
    bits[: len(packed)] = packed
    return bits.view(np.uint64)


@settings(max_examples=150, deadline=None)
@given(cases(), st.integers(0, 12), st.booleans(), st.integers(1, 2))
def test_range_search_equals_brute_force(case, largest, filtered, n_threads):
    codes, queries, ids, tables = case
    mask = np.random.default_rng(len(codes)).random(len(codes)) < (0.5 if filtered else 2)
    *found, hashed = _core.hamming_hash_range(
        tables, codes, queries, largest, n_threads, ids, False,
        bitmap(mask) if filtered else None, always=True,
    )  # fmt: skip
    kept = np.flatnonzero(mask) if ids is None else ids[mask]
    assert_equal(found, oracle.range_search(queries, codes[mask], largest, True, kept))
    assert hashed == len(queries)


@settings(max_examples=150, deadline=None)
@given(cases(), st.sampled_from([1, 2, 7]), st.booleans(), st.integers(1, 2))
def test_nearest_equal_brute_force(case, k, filtered, n_threads):
    codes, queries, ids, tables = case
    width = 8 * codes.shape[1]
    near = oracle.distances(queries, codes).min(axis=1, initial=99) < 8
    queries = queries[near]  # far neighbours would need most keys, which a scan is there for
    k = min(k, len(codes) // 9 + 1)
    mask = np.random.default_rng(len(codes)).random(len(codes)) < (0.8 if filtered else 2)
    distances, found, _ = _core.hamming_hash_search(
        tables, codes, queries, k, n_threads, ids,
        bitmap(mask) if filtered else None, always=width <= 24,
    )  # fmt: skip
    kept = np.flatnonzero(mask) if ids is None else ids[mask]
    assert_equal((distances, found), oracle.search(queries, codes[mask], k, kept))


@settings(max_examples=60, deadline=None)
@given(cases(), st.integers(-1, 9), st.integers(1, 2))
def test_pairs_equal_brute_force(case, largest, n_threads):
    codes, _, ids, tables = case
    ids = np.arange(len(codes)) if ids is None else ids
    expected = sorted(
        (min(ids[i], ids[j]), max(ids[i], ids[j]), d)
        for i, row in enumerate(oracle.distances(codes, codes).tolist())
        for j, d in enumerate(row[:i])
        if d <= largest
    )
    *hashed, n = _core.hamming_hash_pairs(tables, codes, largest, n_threads, ids, always=True)
    assert list(zip(*(x.tolist() for x in hashed), strict=True)) == expected
    assert n == len(codes)
    scanned = _core.hamming_pairs(codes, largest, n_threads, ids)
    assert list(zip(*(x.tolist() for x in scanned), strict=True)) == expected


@pytest.mark.usefixtures("target")
@pytest.mark.parametrize("n_bytes", [8, 32])
def test_many_codes_with_all_ties(n_bytes):
    codes, queries = clustered(20_000, n_bytes, 0, 300, 0.01), clustered(40, n_bytes, 0, 300, 0.01)
    tables = tables_of(codes, 0, 2)
    shuffled = np.random.default_rng(0).permutation(20_000)
    for ids in (None, shuffled):
        for k in (1, 20, 60):
            *found, hashed = _core.hamming_hash_search(
                tables, codes, queries, k, 2, ids, always=True
            )
            assert_equal(found, _core.hamming_search(codes, queries, k, 1, ids))
            assert hashed == 40
        for largest in range(0, 12):
            *found, hashed = _core.hamming_hash_range(
                tables, codes, queries, largest, 2, ids, always=True
            )
            expected = _core.hamming_range(codes, queries, largest, 1, ids)
            assert_equal(found, expected)
            assert hashed == 40
    assert tables.nbytes < 8 * 20_000 * tables.n_tables + 2**16


def test_far_neighbours_are_left_to_the_scan():
    generator = np.random.default_rng(0)
    codes = generator.integers(0, 256, (50_000, 32), dtype=np.uint8)
    near, far = codes[:20].copy(), generator.integers(0, 256, (20, 32), dtype=np.uint8)
    near[:, 0] ^= 1
    tables = priced_tables(codes)
    for queries, expected in ((near, 20), (far, 0)):
        distances, ids, hashed = _core.hamming_hash_search(tables, codes, queries, 1, 2)
        assert_equal((distances, ids), _core.hamming_search(codes, queries, 1, 2))
        assert hashed == expected
    *_, hashed = _core.hamming_hash_range(tables, codes, far, 200, 2)
    assert hashed == 0


def around(centres, n, flip, seed):
    generator = np.random.default_rng(seed)
    rows = centres[generator.integers(0, len(centres), n)]
    return rows ^ np.packbits(generator.random((n, 8 * rows.shape[1])) < flip, axis=1)


def test_tables_that_do_not_answer_are_asked_seldom_and_cost_little():
    """Clusters of about 50 codes and k = 100: half of the neighbours are as far away as anything."""
    centres = np.random.default_rng(0).integers(0, 256, (600, 32), dtype=np.uint8)
    codes, queries = around(centres, 30_000, 0.05, 1), around(centres, 300, 0.05, 2)
    tables = priced_tables(codes)
    for first in range(300):
        query = queries[first : first + 1]
        distances, ids, hashed = _core.hamming_hash_search(tables, codes, query, 100, 1)
        assert hashed == 0
        if first % 50 == 0:
            assert_equal((distances, ids), _core.hamming_search(codes, query, 100, 1))
    tally = tables.tally
    assert 0 < tally["n_asked"] < 30  # 4, every second, fourth, ..., 64th
    assert tally["largest_loss"] <= 0.2
    for first in range(60):  # other queries are not passed over for it
        *_, hashed = _core.hamming_hash_search(tables, codes, queries[first : first + 1], 3, 1)
    assert tables.tally["n_asked"] == tally["n_asked"] + 60
    assert tables.tally["n_answered"] > 50
    assert tables.tally["largest_loss"] <= 1


def test_tables_are_asked_again_once_they_answer():
    generator = np.random.default_rng(0)
    codes = generator.integers(0, 256, (50_000, 32), dtype=np.uint8)
    tables = priced_tables(codes)
    far = generator.integers(0, 256, (500, 32), dtype=np.uint8)
    _core.hamming_hash_search(tables, codes, far, 1, 1)
    asked = tables.tally["n_asked"]
    assert asked < 40
    *_, hashed = _core.hamming_hash_search(tables, codes, codes[:500], 1, 1)
    assert hashed >= 500 - 64


def test_prices_are_those_of_this_machine():
    codes = np.random.default_rng(0).integers(0, 256, (100_000, 16), dtype=np.uint8)
    prices = _core.HammingTables(codes, 0, 2).prices
    assert set(prices) == {"row_word", "tile_word", "query", "line", "code"}
    assert all(1e-12 < price < 1e-4 for price in prices.values())
    assert _core.hamming_build_seconds(10**6, 10) > 10 * _core.hamming_build_seconds(10**5, 5)


def test_one_bucket_of_all_codes_is_left_to_the_scan():
    codes = np.zeros((50_000, 32), np.uint8)
    codes.view("<u4")[:, 7] = np.arange(50_000)
    tables = priced_tables(codes)
    queries = codes[:3]
    *found, hashed = _core.hamming_hash_range(tables, codes, queries, 1, 1)
    assert_equal(found, _core.hamming_range(codes, queries, 1, 1))
    assert hashed == 0


def test_prices_grow_with_radius_and_codes():
    prices = [_core.hamming_hash_seconds(10**6, 256, 12, r) for r in range(60)]
    assert all(a < b for a, b in itertools.pairwise(prices))
    assert _core.hamming_scan_seconds(10**6, 4, 1, 1) > _core.hamming_scan_seconds(10**5, 4, 1, 1)
    assert _core.hamming_scan_seconds(10**6, 4, 1, 2) < _core.hamming_scan_seconds(10**6, 4, 1, 1)


@pytest.mark.parametrize(
    ("n_codes", "n_bits", "expected"),
    [
        (2_000_000, 256, 12),
        (256, 16, 1),
        (255, 16, 2),
        (10**8, 28, 1),
        (1000, 28, 3),
        (10**8, 32, 2),
    ],
)
def test_default_number_of_tables(n_codes, n_bits, expected):
    assert _core.hamming_default_tables(n_codes, n_bits) == expected


@pytest.mark.usefixtures("target")
@pytest.mark.parametrize(("n_codes", "n_tables"), [(300, 3), (1_100_000, 1)])
def test_bits_that_no_code_has_are_no_part_of_keys(n_codes, n_tables):
    """28 bits in rows of 4 bytes are addresses where they are many; queries may have the other bits, too."""
    codes, queries = clustered(n_codes, 4, 0, flip=0.1), clustered(40, 4, 0, flip=0.2)
    codes[:, 3] &= 0x0F
    tables = tables_of(codes)
    assert tables.n_tables == n_tables
    for radius in range(7):
        *found, hashed = _core.hamming_hash_range(tables, codes, queries, radius, 1, always=True)
        assert hashed == len(queries)
        assert_equal(found, _core.hamming_range(codes, queries, radius, 1))
    *found, _ = _core.hamming_hash_search(tables, codes, queries[:5], 7, 1, always=True)
    assert_equal(found, _core.hamming_search(codes, queries[:5], 7, 1))


def test_codes_without_a_bit_have_a_table():
    codes = np.zeros((10, 4), np.uint8)
    tables = tables_of(codes)
    assert tables.n_tables == 1
    *found, _ = _core.hamming_hash_range(tables, codes, codes[:1] + 3, 3, 1, always=True)
    assert_equal(found, _core.hamming_range(codes, codes[:1] + 3, 3, 1))


def test_binding_checks():
    codes = np.full((3, 32), 255, np.uint8)
    for n_tables in (-1, 1, 9, 257):
        with pytest.raises(ValueError, match="n_tables must be between 10 and 256"):
            _core.HammingTables(codes, n_tables, 1)
    tables = _core.HammingTables(codes, 10, 1)
    with pytest.raises(ValueError, match="tables are of 3 codes of 256 bits"):
        _core.hamming_hash_search(tables, codes[:2], codes[:1], 1, 1)
    with pytest.raises(ValueError, match="tables are of 3 codes"):
        _core.hamming_hash_range(tables, codes[:, :31], codes[:1, :31], 1, 1)
    with pytest.raises(ValueError, match="no table 10"):
        tables.positions(10, codes[0], 0)
