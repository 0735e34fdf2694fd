"""HammingIndex under symmetries, in shards, through tables, and with codes that are hard on buffers."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle import hamming as oracle
from udl_fast import HammingIndex, _core, hamming_distances, hamming_histogram
from udl_fast.runtime import forced_target, show_config

TARGETS = show_config(as_dict=True)["available_targets"]
NO_DISTANCE = 2147483647


def index_of(codes, ids=None, index_type="auto"):
    index = HammingIndex(8 * codes.shape[1], index_type=index_type)
    if ids is None:
        index.add(codes)
    else:
        index.add_with_ids(codes, ids)
    return index


def random_codes(n, n_bytes, seed=0, values=256):
    """Few values make many codes equal."""
    return np.random.default_rng(seed).integers(0, values, (n, n_bytes), dtype=np.uint8)


def clustered(n, n_bytes, seed=0, flip=0.03):
    """Codes near eight centres, the same for every seed."""
    generator = np.random.default_rng(seed)
    noise = np.packbits(generator.random((n, 8 * n_bytes)) < flip, axis=1)
    return random_codes(8, n_bytes, 99)[generator.integers(0, 8, n)] ^ noise


def assert_equal(found, expected):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


@st.composite
def cases(draw):
    """(codes, queries): 40 bits, 20 bytes and others, with few values or many."""
    n_bytes = draw(st.sampled_from([1, 5, 8, 20, 32, 41]))
    values = draw(st.sampled_from([1, 2, 256]))
    seed = draw(st.integers(0, 2**32 - 1))
    n, n_queries = draw(st.integers(0, 120)), draw(st.integers(0, 12))
    return random_codes(n, n_bytes, seed, values), random_codes(
        n_queries, n_bytes, seed + 1, values
    )


# Symmetries


@settings(max_examples=40, deadline=None)
@given(cases(), st.integers(0, 2**32 - 1))
def test_the_order_of_the_codes_changes_ids_only(case, seed):
    codes, queries = case
    order = np.random.default_rng(seed).permutation(len(codes))
    plain, shuffled = index_of(codes), index_of(codes[order])
    np.testing.assert_array_equal(shuffled.search(queries, 9)[0], plain.search(queries, 9)[0])
    # Under the ids of before, nothing differs, ties included.
    assert_equal(index_of(codes[order], order).search(queries, 9), plain.search(queries, 9))
    radius = 2 * codes.shape[1]
    assert_equal(
        index_of(codes[order], order).range_search(queries, radius),
        plain.range_search(queries, radius),
    )


@settings(max_examples=25, deadline=None)
@given(cases())
def test_distances_are_a_metric(case):
    codes, queries = case
    distances = hamming_distances(codes, codes)
    np.testing.assert_array_equal(distances, distances.T)
    np.testing.assert_array_equal(np.diag(distances), 0)
    to_queries = hamming_distances(queries, codes)
    np.testing.assert_array_equal(to_queries, hamming_distances(codes, queries).T)
    for row in to_queries:
        assert (row[:, None] <= row[None, :] + distances).all()


# Shards


@settings(max_examples=40, deadline=None)
@given(cases(), st.lists(st.integers(0, 120), max_size=3), st.integers(1, 15))
def test_results_of_shards_merged_by_distance_and_id_are_those_of_the_whole(case, cuts, k):
    codes, queries = case
    borders = [0, *sorted(min(cut, len(codes)) for cut in cuts), len(codes)]
    parts = [
        index_of(codes[a:b], np.arange(a, b)).search(queries, k)
        for a, b in itertools.pairwise(borders)
    ]
    distances, ids = (np.concatenate(found, axis=1) for found in zip(*parts, strict=True))
    ids_last = np.where(ids < 0, np.iinfo(np.int64).max, ids)
    order = np.lexsort((ids_last, distances), axis=1)[:, :k]
    merged = np.take_along_axis(distances, order, 1), np.take_along_axis(ids, order, 1)
    assert_equal(merged, index_of(codes).search(queries, k))


# Histograms and pairs


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("n_bytes", [1, 5, 20, 32])
def test_histograms_count_what_range_search_finds(target, n_bytes):
    codes, queries = clustered(3000, n_bytes), clustered(30, n_bytes, 1)
    ids = np.random.default_rng(0).permutation(9000)[:3000]
    index, width = index_of(codes, ids), 8 * n_bytes
    distances = hamming_distances(queries, codes)
    mask = np.random.default_rng(1).random(3000) < 0.3
    with forced_target(target):
        for n_jobs in (1, 2, 3):
            found = index.distance_histogram(queries, n_jobs=n_jobs)
            expected = [np.bincount(row, minlength=width + 1) for row in distances]
            np.testing.assert_array_equal(found, expected)
            np.testing.assert_array_equal(hamming_histogram(queries, codes, n_jobs=n_jobs), found)
            chosen = index.distance_histogram(queries, mask=mask, ids=range(8000), n_jobs=n_jobs)
            kept = mask & (ids < 8000)
            expected = [np.bincount(row[kept], minlength=width + 1) for row in distances]
            np.testing.assert_array_equal(chosen, expected)
            for radius in (0, 1, width // 4, width, width + 1):
                limits, _, _ = index.range_search(queries, radius, n_jobs=n_jobs)
                np.testing.assert_array_equal(np.diff(limits), found[:, :radius].sum(axis=1))


@pytest.mark.parametrize("index_type", ["auto", "scan", "mih"])
@pytest.mark.parametrize("with_ids", [False, True])
def test_pairs_are_those_of_range_searches(index_type, with_ids):
    codes = clustered(700, 5)
    ids = np.random.default_rng(0).permutation(5000)[:700] if with_ids else np.arange(700)
    index = index_of(codes, ids if with_ids else None, index_type)
    for radius in (0, 1, 6, 41):
        limits, distances, found = index.range_search(codes, radius)
        first = np.repeat(ids, np.diff(limits))
        once = first < found
        expected = first[once], found[once], distances[once]
        order = np.lexsort((expected[1], expected[0]))
        for n_jobs in (1, 2):
            pairs = index.pairs_within(radius, n_jobs=n_jobs)
            assert_equal(pairs, [x[order] for x in expected])
            if radius:
                assert_equal(index.pairs_within(radius - 1, inclusive=True, n_jobs=n_jobs), pairs)


# Tables


@pytest.mark.parametrize("make", [random_codes, clustered])
@pytest.mark.parametrize("n_bytes", [2, 5, 13, 32])
def test_tables_and_scans_agree_at_every_radius(make, n_bytes):
    """40 and 104 bits are divided among tables with a remainder; radii go past three rounds of tables."""
    codes = make(4000, n_bytes)
    queries = np.concatenate([make(12, n_bytes, 1), codes[:12]])
    scan, mih = index_of(codes, index_type="scan"), index_of(codes, index_type="mih")
    mih.build_tables()
    for radius in range(min(8 * n_bytes + 2, 40)):
        expected = scan.range_search(queries, radius)
        assert_equal(mih.range_search(queries, radius), expected)
        assert_equal(mih.range_search(queries[:1], radius), scan.range_search(queries[:1], radius))
    for k in (1, 10, 100):
        assert_equal(mih.search(queries, k), scan.search(queries, k))
    assert mih.tables_nbytes > 0
    assert scan.tables_nbytes == 0


def test_tables_follow_added_and_removed_codes():
    codes, queries = clustered(3000, 8), clustered(20, 8, 1)
    index = index_of(codes[:1000], index_type="mih")
    index.search(queries, 3)
    for change in (
        lambda: index.add(codes[1000:1050]),  # few: scanned beside the tables
        lambda: index.add(codes[1050:]),
        lambda: index.remove_ids(range(0, 3000, 3)),
        lambda: index.add(codes[:10]),
        lambda: index.reset(),
        lambda: index.add(codes[:7]),
    ):
        change()
        whole = index_of(index.reconstruct_batch(index.ids), index.ids, "scan")
        assert_equal(index.search(queries, 5), whole.search(queries, 5))
        assert_equal(index.range_search(queries, 6), whole.range_search(queries, 6))


def test_tables_of_removed_codes_take_no_memory():
    for remove in (lambda index: index.remove_ids([3]), HammingIndex.reset):
        index = index_of(random_codes(100, 8), index_type="mih")
        index.build_tables()
        assert index.tables_nbytes > 0
        remove(index)
        assert index.tables_nbytes == 0


def test_auto_builds_tables_once_they_would_have_paid():
    codes, queries = clustered(60_000, 32, flip=0.01), clustered(1, 32, 1, flip=0.01)
    index, scan = index_of(codes), index_of(codes, index_type="scan")
    expected = scan.range_search(queries, 9)
    assert_equal(index.range_search(queries, 9), expected)
    assert index.tables_nbytes == 0
    for _ in range(5_000):
        assert_equal(index.range_search(queries, 9), expected)
        if index.tables_nbytes:
            break
    assert index.tables_nbytes > 0
    assert_equal(index.range_search(queries, 9), expected)


def test_auto_does_not_think_of_tables_for_few_short_scans(monkeypatch):
    """What a query costs beside its scan is a clock and a sum: prices are not even measured."""

    def fail(*arguments):
        raise AssertionError("a price was asked for")

    for name in ("hamming_hash_seconds", "hamming_scan_seconds", "hamming_build_seconds"):
        monkeypatch.setattr(_core, name, fail)
    index = index_of(random_codes(2000, 8))
    monkeypatch.setattr("udl_fast.hamming.tables.perf_counter", lambda: 0.0)
    for query in random_codes(50, 8, 1):
        index.search(query[None], 3)
        index.range_search(query[None], 9)
    index.pairs_within(3)


def test_auto_weighs_what_scans_took_against_tables(monkeypatch):
    prices = {"hamming_hash_seconds": 0.5, "hamming_build_seconds": 3.0}
    for name, price in prices.items():
        monkeypatch.setattr(_core, name, lambda *_, price=price: price)
    seconds = iter(range(10**6))  # every scan takes one
    monkeypatch.setattr("udl_fast.hamming.tables.perf_counter", lambda: next(seconds))
    index, query = index_of(random_codes(300, 8)), random_codes(1, 8, 1)
    for n in range(1, 9):
        index.search(query, 3)
        assert (index.tables_nbytes > 0) == (n >= 7)  # 7 scans lost 3.5 seconds
    prices["hamming_hash_seconds"] = 1.5
    monkeypatch.setattr(_core, "hamming_hash_seconds", lambda *_: 1.5)
    index = index_of(random_codes(300, 8))
    for _ in range(200):
        index.search(query, 3)
    assert index.tables_nbytes == 0


# Codes and results that are hard on buffers


@pytest.mark.parametrize("index_type", ["scan", "mih"])
@pytest.mark.parametrize("n_bytes", [5, 20, 32])
def test_equal_codes(index_type, n_bytes):
    n = 30_000
    index = index_of(np.zeros((n, n_bytes), np.uint8), index_type=index_type)
    queries = np.zeros((20, n_bytes), np.uint8)
    queries[1] = 255
    for chosen in (queries, queries[:2]):
        for k in (1, 10, n, n + 5):
            distances, ids = index.search(chosen, k)
            assert (ids[:, :n] == np.arange(min(k, n))).all()
            assert (ids[:, n:] == -1).all()
            assert (distances[:, n:] == NO_DISTANCE).all()
            assert (distances[0, :n] == 0).all()
            assert (distances[1, :n] == 8 * n_bytes).all()
    limits, distances, ids = index.range_search(queries, 8 * n_bytes + 1)
    np.testing.assert_array_equal(limits, np.arange(21) * n)
    np.testing.assert_array_equal(ids.reshape(20, n), np.tile(np.arange(n), (20, 1)))
    assert distances.sum() == n * 8 * n_bytes
    assert index.range_search(queries, 0)[0][-1] == 0


def test_input_is_left_as_it_was(tmp_path):
    """Also where it is a map of a file that may only be read, or words seen as bytes."""
    codes, queries = random_codes(50, 8), random_codes(9, 8, 1)
    np.save(tmp_path / "codes.npy", codes)
    mapped = np.load(tmp_path / "codes.npy", mmap_mode="r")
    words = codes.view(np.uint64)
    expected = oracle.search(queries, codes, 4)
    before = queries.copy()
    for form in (mapped, words.view(np.uint8)):
        index = index_of(form)
        assert_equal(index.search(queries, 4), expected)
        index.range_search(queries, 20)
        index.remove_ids([0])
    np.testing.assert_array_equal(queries, before)
    np.testing.assert_array_equal(codes, random_codes(50, 8))
