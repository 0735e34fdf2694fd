"""An index on a device finds what the same index finds on the CPU, in the same order."""

import numpy as np
import pytest

from tests.cuda.hamming_devices import driver, hamming_ptx, interpreter, on_device
from tests.support.codes import assert_equal, index_of, random_codes
from udl_fast import HammingIndex, pack_bits

__all__ = ["driver", "hamming_ptx", "interpreter"]  # fixtures


def special_queries(codes, seed=1):
    """A random query, a code, its complement, all zeros and all ones."""
    n_bytes = codes.shape[1]
    made = np.array([[0] * n_bytes, [255] * n_bytes], np.uint8)
    return np.concatenate([random_codes(1, n_bytes, seed), codes[:1], ~codes[:1], made])


def check_nearest(index, other, queries, ks, **which):
    for k in ks:
        assert_equal(other.search(queries, k, **which), index.search(queries, k, **which))


def check_all(index, other, queries, **which):
    """What does not ask for a number of neighbours."""
    width = index.n_bits
    for radius, inclusive in ((0, False), (1, False), (width // 2, True), (width, True)):
        assert_equal(
            other.range_search(queries, radius, inclusive=inclusive, **which),
            index.range_search(queries, radius, inclusive=inclusive, **which),
        )
    assert_equal(
        [other.distance_histogram(queries, **which)], [index.distance_histogram(queries, **which)]
    )


@pytest.mark.parametrize("n_bytes", [1, 3, 8, 32, 33, 130])
@pytest.mark.parametrize("values", [2, 256], ids="{}values".format)
def test_few_codes(driver, n_bytes, values):
    codes = random_codes(150, n_bytes, 0, values)
    codes[3], codes[7], codes[149] = 0, 255, 255
    index = index_of(codes)
    other, queries = on_device(index, driver), special_queries(codes)
    check_nearest(index, other, queries, (1, 10, 150, 155))
    check_all(index, other, queries)
    for radius in (0, 1, index.n_bits // 4):
        assert_equal(
            other.pairs_within(radius, inclusive=True), index.pairs_within(radius, inclusive=True)
        )


@pytest.mark.parametrize("n_bits", [1, 13, 65])
def test_widths_that_fill_no_byte(driver, n_bits):
    bits = np.random.default_rng(n_bits).random((70, n_bits)) < 0.5
    codes = pack_bits(bits)
    index = index_of(codes)
    other = on_device(index, driver)
    check_nearest(index, other, codes[:4], (1, 75))
    check_all(index, other, codes[:4])


@pytest.mark.parametrize("n_bytes", [1, 8, 32, 33])
def test_nearest_of_many_codes_by_a_sample_and_by_counting(driver, n_bytes):
    """More than fit a list: a sample gives limits; many neighbours, or many at a limit, are counted."""
    codes = random_codes(2500, n_bytes)
    index = index_of(codes)
    other, queries = on_device(index, driver), special_queries(codes)
    check_nearest(index, other, queries, (1, 10, 2500))
    check_all(index, other, queries[:2])
    if driver is not None:
        listed = {"udl_hamming_collect", "udl_hamming_rank"}
        assert listed <= set(driver.launches)
        assert "udl_hamming_place" in driver.launches


@pytest.mark.parametrize("n_bytes", [2, 32, 33])
def test_few_queries_among_many_codes(driver, n_bytes):
    """Scanned, and selected by one kernel: codes of two bytes have more ties than a list holds."""
    codes = random_codes(4500, n_bytes)
    index = index_of(codes)
    other, queries = on_device(index, driver), special_queries(codes)
    check_nearest(index, other, queries[:1], (1, 300))
    check_nearest(index, other, queries[2:5], (5,), mask=np.arange(4500) % 9 != 2)
    if driver is not None:
        assert "udl_hamming_select" in driver.launches
        assert "udl_hamming_collect" not in driver.launches


@pytest.mark.parametrize(("n_bytes", "n_queries"), [(17, 33), (32, 40), (32, 260)])
def test_many_queries_by_products_of_bits(driver, n_bytes, n_queries):
    codes = random_codes(2200, n_bytes)
    codes[7:2000:9] = codes[3]
    index = index_of(codes[:2100])
    other = on_device(index, driver)
    queries = random_codes(n_queries, n_bytes, 1)
    queries[:5] = special_queries(codes)
    check_nearest(index, other, queries, (1,))
    for changed in (index, other):
        changed.add(codes[2100:])
    check_nearest(index, other, queries[:33], (9,), mask=np.arange(2200) % 40 != 3)
    if driver is not None:
        assert f"udl_hamming_filter_{16 if n_queries <= 256 else 64}" in driver.launches
        assert "udl_hamming_collect" not in driver.launches


@pytest.mark.parametrize("weight", [10, 11])
def test_products_of_bits_lose_no_code_at_the_limit(driver, weight):
    """A fifth of the codes, and of the sample, lie exactly at the limit of a query: were they lost,
    counting would find them."""
    generator = np.random.default_rng(weight)
    bits = np.zeros((2200, 256), bool)
    for row in bits:
        row[generator.permutation(256)[:weight]] = True
    codes = pack_bits(bits)
    codes[4::10] = ~codes[4::10]
    far = ~np.isin(np.arange(2200) % 10, (0, 4))
    codes[far] = 15
    index = index_of(codes)
    other = on_device(index, driver)
    queries = np.repeat(np.array([[0] * 32, [255] * 32], np.uint8), 18, axis=0)
    check_nearest(index, other, queries, (1, 20))
    if driver is not None:
        assert "udl_hamming_filter_16" in driver.launches
        assert "udl_hamming_place" not in driver.launches


def test_massive_ties(driver):
    """Lists overflow, so all is counted; ties are taken by id, from the first chunk and the next ones."""
    codes = np.zeros((2500, 8), np.uint8)
    codes[5::9] = 255
    index = index_of(codes)
    other = on_device(index, driver)
    queries = np.array([[0] * 8, [255] * 8, [15] * 8], np.uint8)
    check_nearest(index, other, queries, (1, 20, 2300))
    check_nearest(index, other, queries[[0, 1, 2, 1]], (1, 300))  # too many for a selecting kernel
    assert_equal(other.range_search(queries, 1), index.range_search(queries, 1))


@pytest.mark.parametrize(("n", "values"), [(60, 3), (2400, 256)])
def test_filters(driver, n, values):
    codes = random_codes(n, 8, 2, values)
    index = index_of(codes)
    other, queries = on_device(index, driver), codes[:3]
    generator = np.random.default_rng(3)
    for which in (
        {"mask": np.arange(n) % 15 != 1},
        {"mask": np.arange(n) == n - 1},
        {"mask": np.zeros(n, bool)},
        {"ids": range(5, n // 2, 9), "mask": generator.random(n) < 0.9},
    ):
        check_nearest(index, other, queries, (1, 12), **which)
        check_all(index, other, queries, **which)


def test_ids_in_any_order(driver):
    """Ties go to the smaller id wherever its code is stored; filters and pairs mean the same codes."""
    generator = np.random.default_rng(4)
    codes = random_codes(140, 2, 4, 2)
    ids = generator.permutation(1000)[:140]
    index = index_of(codes, ids)
    other, queries = on_device(index, driver), codes[:3]
    for first in (2000, 500):
        check_nearest(index, other, queries, (1, 30, 200))
        check_nearest(index, other, queries, (5,), mask=generator.random(index.ntotal) < 0.5)
        check_nearest(index, other, queries, (5,), ids=ids[20:90])
        check_all(index, other, queries)
        assert_equal(other.pairs_within(2), index.pairs_within(2))
        for changed in (index, other):
            changed.remove_ids(np.append(ids[:50], range(500, 520)))
            changed.add_with_ids(codes[:20], np.arange(first + 19, first - 1, -1))


def test_the_copy_follows_what_is_added_and_removed(driver):
    codes = random_codes(200, 8, 5, 3)
    index = index_of(codes[:100])
    other, queries = on_device(index, driver), codes[:2]
    check_nearest(index, other, queries, (4,))
    assert other.device_nbytes > 0
    held = other._plan._copy.codes
    for changed in (index, other):
        changed.add(codes[100:])
    check_nearest(index, other, queries, (4, 300))
    assert other._plan._copy.codes is held
    for changed in (index, other):
        changed.remove_ids(range(10, 60))
    check_nearest(index, other, queries, (4, 300))
    assert other._plan._copy.codes is not held
    other.reset()
    assert other.device_nbytes == 0
    assert other.search(queries, 1)[1].tolist() == [[-1], [-1]]


def test_ids_added_behind_extend_a_copy_in_order_of_ids(driver):
    codes = random_codes(60, 8, 6, 3)
    index = index_of(codes[:20], np.arange(20)[::-1] * 2)
    other = on_device(index, driver)
    check_nearest(index, other, codes[:2], (5,))
    held = other._plan._copy.codes
    for n, first in ((40, 100), (60, 60)):
        for changed in (index, other):
            changed.add_with_ids(codes[n - 20 : n], np.arange(first + 20, first, -1))
        check_nearest(index, other, codes[:2], (5, 60))
        assert (other._plan._copy.codes is held) == (first == 100)


def test_an_empty_index(driver):
    index = HammingIndex(16)
    other = on_device(index, driver)
    queries = random_codes(3, 2)
    check_nearest(index, other, queries, (1, 4))
    check_nearest(index, other, queries[:0], (1,))
    check_all(index, other, queries)
    assert_equal(other.pairs_within(3), index.pairs_within(3))
