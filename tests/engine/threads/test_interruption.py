"""Ctrl-C ends a call within about a second, raises KeyboardInterrupt, and leaves everything as it was."""

import sys

import numpy as np
import pytest

from tests.support.interruption import assert_ends_soon
from udl_fast import HammingIndex, _core, hamming_distances, hamming_histogram, hamming_knn

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals a process as Unix does")


def random_codes(n, n_bytes=8, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, n_bytes), dtype=np.uint8)


# Searches


@pytest.fixture(scope="module")
def codes():
    return random_codes(500_000)


INDEX_CALLS = {
    "search": lambda index, codes, n_jobs: index.search(codes, 1, n_jobs=n_jobs),
    "range_search": lambda index, codes, n_jobs: index.range_search(codes, 1, n_jobs=n_jobs),
    "pairs_within": lambda index, codes, n_jobs: index.pairs_within(1, n_jobs=n_jobs),
    "distance_histogram": lambda index, codes, n_jobs: index.distance_histogram(
        codes[:40_000], n_jobs=n_jobs
    ),
}


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("name", INDEX_CALLS)
def test_ctrl_c_ends_an_index_at_work_and_leaves_it_unchanged(name, n_jobs, codes, tmp_path):
    index = HammingIndex(64, index_type="scan")
    index.add_with_ids(codes, np.arange(len(codes))[::-1])
    index.save(tmp_path / "before")
    expected = index.search(codes[:3], 4)
    assert_ends_soon(lambda: INDEX_CALLS[name](index, codes, n_jobs))
    for found, before in zip(index.search(codes[:3], 4), expected, strict=True):
        np.testing.assert_array_equal(found, before)
    index.save(tmp_path / "after")
    assert (tmp_path / "after").read_bytes() == (tmp_path / "before").read_bytes()


def many_queries(name):
    """Much to set up, to scan and to write out."""
    few, many = random_codes(20_000), random_codes(1_000_000, seed=1)
    index = HammingIndex(64, index_type="mih" if name.endswith("tables") else "scan")
    if name.endswith("in any order"):
        index.add_with_ids(few, np.random.default_rng(0).permutation(20_000))
    else:
        index.add(few)
    if name.endswith("tables"):
        index.build_tables()
    if name.startswith("large k"):
        return lambda: index.search(many[:100_000], 1000)
    if name.startswith("search"):
        return lambda: index.search(many, 1)
    if name.startswith("range"):
        queries = np.tile(many, (8, 1))  # tables answer a million of them before Ctrl-C is pressed
        return lambda: index.range_search(queries, 5)
    if name.startswith("histogram"):
        return lambda: index.distance_histogram(many)
    if name.startswith("knn"):
        return lambda: hamming_knn(many, few, 10)
    assert name.startswith("pairs")
    return lambda: index.pairs_within(28)


@pytest.mark.parametrize(
    "name",
    [
        "large k",
        "large k in tables",
        "search",
        "search in tables",
        "range",
        "range in tables",
        "histogram",
        "knn",
        "pairs",
        "pairs in any order",
    ],
)
def test_ctrl_c_ends_work_that_has_much_to_write(name):
    assert_ends_soon(many_queries(name))


@pytest.mark.parametrize("seconds", [0.5, 1.2, 2])
def test_ctrl_c_ends_the_ordering_of_pairs(seconds, monkeypatch):
    """At some of these moments 5 * 10**7 pairs are being sorted or written out."""
    monkeypatch.setattr("tests.support.interruption.PRESSED", seconds)
    assert_ends_soon(many_queries("pairs in any order"))


def core_call(name, codes):
    """A call, with all that it needs made beforehand."""
    if name == "many tables":
        wide = np.zeros((300_000, 512), np.uint8)
        return lambda: _core.HammingTables(wide, 4096, 1)
    if name == "one large table":
        many = np.tile(codes[:, :3], (80, 1))
        return lambda: _core.HammingTables(many, 1, 1)
    if name == "distances":
        wide = np.zeros((5_000, 8191), np.uint8)
        return lambda: hamming_distances(wide, wide)
    if name == "histogram":
        return lambda: hamming_histogram(codes[:40_000], codes)
    tables = _core.HammingTables(codes, 0, 2)
    if name == "search in tables":
        return lambda: _core.hamming_hash_search(tables, codes, ~codes, 40, 2, always=True)
    if name == "range in tables":
        return lambda: _core.hamming_hash_range(tables, codes, codes, 14, 2, always=True)
    assert name == "pairs in tables"
    return lambda: _core.hamming_hash_pairs(tables, codes, 14, 2, always=True)


@pytest.mark.parametrize(
    "name",
    [
        "many tables",
        "one large table",
        "distances",
        "histogram",
        "search in tables",
        "range in tables",
        "pairs in tables",
    ],
)
def test_ctrl_c_ends_calls_among_codes(name, codes):
    assert_ends_soon(core_call(name, codes))


# Rows


def test_ctrl_c_ends_a_shuffle():
    assert_ends_soon(lambda: _core.shuffled_order(60_000_000, 0, 0))


@pytest.fixture(scope="module")
def grey():
    """Values that nobody wrote, but for one: they take no memory."""
    x = np.zeros((4_000_000, 784), np.float32)
    x[0, 0] = 0.5
    return x


ROWS_CALLS = {
    "column_means": lambda x: _core.Rows.from_array(x).column_means(),
    "value_range": lambda x: _core.Rows.from_array(x).value_range(),
    # On one thread, of fewer rows: memory for the bits is cleared first, which nothing interrupts.
    "from_threshold": lambda x: _core.Rows.from_threshold(x[:2_000_000], 0.25, 1),
    "from_array": lambda x: _core.Rows.from_array(np.broadcast_to(np.uint8(1), x.shape)),
}


@pytest.mark.skipif(sys.platform != "linux", reason="untouched memory must cost nothing")
@pytest.mark.parametrize("name", ROWS_CALLS)
def test_ctrl_c_ends_passes_over_rows(name, grey):
    assert_ends_soon(lambda: ROWS_CALLS[name](grey))
