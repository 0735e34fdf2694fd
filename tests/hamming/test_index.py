"""HammingIndex against brute force and against itself under symmetries."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle import hamming as oracle
from tests.support.codes import assert_equal, index_of, random_codes
from udl_fast import HammingIndex, _core, hamming_distances, hamming_knn
from udl_fast.runtime import forced_target

NO_DISTANCE = 2147483647


@st.composite
def cases(draw):
    """(codes, queries, ids or None, k): widths, sizes and few distinct values, so that ties abound."""
    n_bytes = draw(st.sampled_from([1, 2, 3, 5, 8, 9, 16, 20, 32, 64]))
    n, n_queries = draw(st.integers(0, 150)), draw(st.integers(0, 12))
    values = draw(st.sampled_from([1, 2, 3, 256]))
    seed = draw(st.integers(0, 2**32 - 1))
    codes = random_codes(n, n_bytes, seed, values)
    queries = random_codes(n_queries, n_bytes, seed + 1, values)
    ids = np.random.default_rng(seed).permutation(3 * n)[:n] if draw(st.booleans()) else None
    return codes, queries, ids, draw(st.sampled_from([1, 2, 10, max(1, n), n + 5]))


@settings(max_examples=150, deadline=None)
@given(cases(), st.integers(1, 3))
def test_search_equals_brute_force(case, n_jobs):
    codes, queries, ids, k = case
    found = index_of(codes, ids).search(queries, k, n_jobs=n_jobs)
    assert [x.dtype for x in found] == [np.int32, np.int64]
    assert_equal(found, oracle.search(queries, codes, k, ids))


@settings(max_examples=80, deadline=None)
@given(cases(), st.booleans(), st.data())
def test_range_search_equals_brute_force(case, inclusive, data):
    codes, queries, ids, _ = case
    width = 8 * codes.shape[1]
    radius = data.draw(st.sampled_from([0, 1, width // 4, width // 2, width, width + 1, 10**15]))
    found = index_of(codes, ids).range_search(queries, radius, inclusive=inclusive)
    assert [x.dtype for x in found] == [np.int64, np.int32, np.int64]
    assert_equal(found, oracle.range_search(queries, codes, radius, inclusive, ids))


@settings(max_examples=60, deadline=None)
@given(cases(), st.integers(0, 2**32 - 1))
def test_filters_equal_a_physically_filtered_index(case, seed):
    codes, queries, ids, k = case
    index = index_of(codes, ids)
    mask = np.random.default_rng(seed).random(len(codes)) < 0.5
    kept = index.ids[mask]
    expected = oracle.search(queries, codes[mask], k, kept)
    assert_equal(index.search(queries, k, mask=mask), expected)
    assert_equal(index.search(queries, k, ids=np.append(kept, 10**12)), expected)
    assert_equal(
        index.range_search(queries, 12, mask=mask),
        oracle.range_search(queries, codes[mask], 12, ids=kept),
    )
    chosen = (index.ids >= 5) & (index.ids < 90)
    between = oracle.search(queries, codes[chosen], k, index.ids[chosen])
    assert_equal(index.search(queries, k, ids=range(5, 90)), between)
    both = mask & chosen
    expected = oracle.search(queries, codes[both], k, index.ids[both])
    assert_equal(index.search(queries, k, ids=range(5, 90), mask=mask), expected)


@settings(max_examples=40, deadline=None)
@given(cases(), st.integers(0, 150))
def test_shards_merged_equal_the_whole(case, cut):
    codes, queries, ids, k = case
    parts = [
        index_of(codes[:cut], None if ids is None else ids[:cut]),
        index_of(codes[cut:], None if ids is None else ids[cut:]),
    ]
    parts[0].merge_from(parts[1])
    assert (parts[0].ntotal, parts[1].ntotal) == (len(codes), 0)
    assert_equal(parts[0].search(queries, k), index_of(codes, ids).search(queries, k))


@settings(max_examples=40, deadline=None)
@given(cases(), st.integers(0, 2**32 - 1))
def test_flipped_and_permuted_bits_change_nothing(case, seed):
    codes, queries, ids, k = case
    generator = np.random.default_rng(seed)
    flips = generator.integers(0, 256, codes.shape[1], dtype=np.uint8)
    order = generator.permutation(8 * codes.shape[1])
    expected = index_of(codes, ids).search(queries, k)
    assert_equal(index_of(codes ^ flips, ids).search(queries ^ flips, k), expected)

    def permuted(x):
        return np.packbits(np.unpackbits(x, axis=1)[:, order], axis=1)

    assert_equal(index_of(permuted(codes), ids).search(permuted(queries), k), expected)


@pytest.mark.parametrize("n_bits", [8, 64, 72, 256, 4096])
def test_a_complement_differs_in_every_bit(n_bits):
    codes = random_codes(3, n_bits // 8)
    np.testing.assert_array_equal(np.diag(hamming_distances(codes, ~codes)), n_bits)
    distances, ids = index_of(codes).search(~codes, 3)
    np.testing.assert_array_equal(distances[:, -1], n_bits)
    np.testing.assert_array_equal(ids[:, -1], [0, 1, 2])


# 20,000 codes: several tiles, cuts of candidate lists, and enough work for more than one thread.
@pytest.mark.parametrize("n_queries", [1, 3, 40])
@pytest.mark.parametrize("values", [2, 256])
@pytest.mark.parametrize(("shuffled", "n_bytes"), [(False, 8), (True, 8), (False, 7), (True, 13)])
def test_threads_and_targets_give_the_same_bits(n_queries, values, shuffled, n_bytes):
    codes = random_codes(20_000, n_bytes, 1, values)
    queries = random_codes(n_queries, n_bytes, 2, values)
    ids = np.random.default_rng(3).permutation(20_000) if shuffled else np.arange(20_000)
    a, b = (np.unpackbits(x, axis=1).astype(np.float32) for x in (queries, codes))
    distances = (a @ (1 - b.T) + (1 - a) @ b.T).astype(np.int32)
    order = np.array([np.lexsort((ids, row))[:300] for row in distances])
    expected = np.take_along_axis(distances, order, 1), ids[order]
    index = index_of(codes, ids if shuffled else None)
    limits = np.concatenate([[0], np.cumsum((distances < 20).sum(axis=1))])
    by_id = np.argsort(ids)
    near = [by_id[row[by_id] < 20] for row in distances]
    for target in _core.available_targets():
        with forced_target(target):
            for n_jobs in (1, 2, 3):
                assert_equal(index.search(queries, 300, n_jobs=n_jobs), expected)
                found = index.range_search(queries, 20, n_jobs=n_jobs)
                np.testing.assert_array_equal(found[0], limits)
                np.testing.assert_array_equal(
                    found[1], np.concatenate([d[n] for d, n in zip(distances, near, strict=True)])
                )
                np.testing.assert_array_equal(found[2], ids[np.concatenate(near)])
                np.testing.assert_array_equal(
                    hamming_distances(queries, codes, n_jobs=n_jobs), distances
                )


def test_a_large_k_needs_few_queries_at_a_time():
    codes, queries = random_codes(30_000, 2), random_codes(20, 2, 1)
    distances, ids = index_of(codes).search(queries, 30_010, n_jobs=2)
    expected = hamming_distances(queries, codes)
    np.testing.assert_array_equal(ids[:, :30_000], np.argsort(expected, axis=1, kind="stable"))
    np.testing.assert_array_equal(distances[:, :30_000], np.sort(expected, axis=1))
    assert (ids[:, 30_000:] == -1).all()
    assert (distances[:, 30_000:] == NO_DISTANCE).all()


def test_empty_index_and_no_queries():
    index = HammingIndex(16)
    distances, ids = index.search(np.zeros((2, 2), np.uint8), 3)
    np.testing.assert_array_equal(distances, np.full((2, 3), NO_DISTANCE))
    np.testing.assert_array_equal(ids, np.full((2, 3), -1))
    assert_equal(index.range_search(np.zeros((2, 2), np.uint8), 99), ([0, 0, 0], [], []))
    index.add(np.zeros((5, 2), np.uint8))
    assert index.search(np.zeros((0, 2), np.uint8), 3)[0].shape == (0, 3)
    assert_equal(index.range_search(np.zeros((0, 2), np.uint8), 99), ([0], [], []))


def test_functions_without_an_index():
    codes, queries = random_codes(50, 5), random_codes(4, 5, 1)
    np.testing.assert_array_equal(
        hamming_distances(queries, codes), oracle.distances(queries, codes)
    )
    assert_equal(hamming_knn(queries, codes, 7), oracle.search(queries, codes, 7))
    assert hamming_distances(codes[:0], codes).shape == (0, 50)
    with pytest.raises(ValueError, match="hamming_distances: A has shape"):
        hamming_distances(codes[:, :3], codes)
