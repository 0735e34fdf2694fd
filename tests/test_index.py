"""HammingIndex against brute force, against itself under symmetries, and on damaged files."""

import copy
import os
import pickle
import struct
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracle import hamming as oracle

from udl_fast import HammingIndex, _core, hamming_distances, hamming_knn
from udl_fast.runtime import forced_target

NO_DISTANCE = 2147483647


def index_of(codes, ids=None):
    index = HammingIndex(8 * codes.shape[1])
    if ids is None:
        index.add(codes)
    else:
        index.add_with_ids(codes, ids)
    return index


def random_codes(n, n_bytes=4, seed=0, values=256):
    """Few values make many codes equal."""
    return np.random.default_rng(seed).integers(0, values, (n, n_bytes), dtype=np.uint8)


def assert_equal(found, expected):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


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


def test_added_in_pieces_equals_added_at_once():
    codes = random_codes(300, 9)
    index = HammingIndex(72)
    for first in range(0, 300, 7):
        index.add(codes[first : first + 7])
    assert_equal(index.search(codes, 5), index_of(codes).search(codes, 5))


def test_adding_codes_one_by_one_seldom_moves_those_there():
    index = HammingIndex(64)
    places = set()
    for code in random_codes(1000, 8):
        index.add(code[None])
        places.add(index._store._rows.ctypes.data)
    assert len(places) < 20


def test_stored_codes_and_input_are_independent():
    codes = random_codes(4, 8)
    before = codes.copy()
    index = index_of(codes)
    codes[:] = 0
    np.testing.assert_array_equal(index.reconstruct(3), before[3])
    index.reconstruct(3)[:] = 0
    np.testing.assert_array_equal(index.reconstruct(3), before[3])


def test_input_of_any_layout():
    codes = random_codes(40, 16)
    expected = index_of(codes).search(codes, 3)
    frozen = codes.copy()
    frozen.setflags(write=False)
    wide = np.zeros((80, 33), np.uint8)
    wide[::2, 1:17] = codes
    unaligned = np.frombuffer(b"x" + codes.tobytes(), np.uint8)[1:].reshape(codes.shape)
    for form in (
        frozen,
        np.asfortranarray(codes),
        wide[::2, 1:17],
        unaligned,
        pickle.loads(pickle.dumps(codes, 5)),
    ):
        assert_equal(index_of(form).search(form, 3), expected)


def test_removed_ids_are_not_given_again():
    codes = random_codes(10)
    index = index_of(codes)
    assert index.remove_ids([9, 2, 2, 77, -1]) == 2
    np.testing.assert_array_equal(index.ids, [0, 1, 3, 4, 5, 6, 7, 8])
    with pytest.raises(IndexError, match="no code has id 9"):
        index.reconstruct(9)
    np.testing.assert_array_equal(index.reconstruct(8), codes[8])
    index.add(codes[:1])
    np.testing.assert_array_equal(index.ids, [0, 1, 3, 4, 5, 6, 7, 8, 10])
    assert_equal(index.search(codes[:1], 2), ([[0, 0]], [[0, 10]]))
    assert index.remove_ids([]) == 0
    index.reset()
    index.add(codes)
    np.testing.assert_array_equal(index.ids, np.arange(10))


def test_ids_up_to_the_largest():
    index = index_of(random_codes(2), [2**63 - 1, 5])
    np.testing.assert_array_equal(index.reconstruct(2**63 - 1), random_codes(2)[0])
    np.testing.assert_array_equal(index.search(random_codes(1), 2)[1], [[2**63 - 1, 5]])
    index.add_with_ids(random_codes(1, seed=7), [2**63 - 2])
    with pytest.raises(ValueError, match="exceed"):
        index.add(random_codes(1))
    for wanted in (-1, 2**63, 6):
        with pytest.raises(IndexError):
            index.reconstruct(wanted)


@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        ([1, 1], ValueError, "more than once"),
        ([0, 7], ValueError, "id 7 is in the index"),
        ([0, -1], ValueError, "from 0"),
        ([0, 2**63], TypeError, "fit int64"),
        ([0], ValueError, "1 ids for 2 codes"),
        ([0.0, 1.0], TypeError, "integers"),
        ([[0, 1]], ValueError, "1 dimension"),
    ],
)
def test_bad_ids_leave_the_index_as_it_was(ids, error, message):
    index = index_of(random_codes(1), [7])
    with pytest.raises(error, match=message):
        index.add_with_ids(random_codes(2), ids)
    np.testing.assert_array_equal(index.ids, [7])


@pytest.mark.parametrize("dtype", [np.int8, np.float32, np.bool_, np.uint64])
def test_only_packed_bytes_are_taken(dtype):
    index = HammingIndex(16)
    rows = np.zeros((2, 2), dtype)
    for call in (
        index.add,
        lambda x: index.search(x, 1),
        lambda x: index.range_search(x, 1),
        lambda x: hamming_knn(x, x, 1),
    ):
        with pytest.raises(TypeError, match="uint8"):
            call(rows)


@pytest.mark.parametrize("shape", [(2, 1), (2, 3), (2,), (1, 2, 2)])
def test_other_shapes_are_refused(shape):
    index = HammingIndex(16)
    for call in (index.add, lambda x: index.search(x, 1), lambda x: index.range_search(x, 1)):
        with pytest.raises(ValueError, match="shape"):
            call(np.zeros(shape, np.uint8))


def test_bad_parameters():
    index, query = index_of(random_codes(3)), random_codes(1)
    for n_bits in (0, -8, 7, 65536):
        with pytest.raises(ValueError, match="multiple of 8"):
            HammingIndex(n_bits)
    with pytest.raises(TypeError, match="n_bits"):
        HammingIndex(8.0)
    for k in (0, -1):
        with pytest.raises(ValueError, match="k must be >= 1"):
            index.search(query, k)
    with pytest.raises(ValueError, match="below 2\\^63"):
        index.search(query, 2**63)
    with pytest.raises(TypeError, match="k must be an integer"):
        index.search(query, 1.5)
    with pytest.raises(ValueError, match="radius must be >= 0"):
        index.range_search(query, -1)
    with pytest.raises(TypeError, match="bool"):
        index.search(query, 1, mask=[1, 0, 1])
    with pytest.raises(ValueError, match=r"expected \(3,\)"):
        index.search(query, 1, mask=np.ones(4, bool))
    with pytest.raises(ValueError, match="other"):
        index.merge_from(index)
    with pytest.raises(ValueError, match="32 bits"):
        index.merge_from(HammingIndex(40))
    with pytest.raises(TypeError, match="HammingIndex"):
        index.merge_from(3)


def test_a_merge_with_common_ids_changes_neither():
    first, second = index_of(random_codes(2), [1, 2]), index_of(random_codes(2), [2, 3])
    with pytest.raises(ValueError, match="id 2 is in the index"):
        first.merge_from(second)
    assert (first.ntotal, second.ntotal) == (2, 2)


def test_ids_of_an_emptied_index_are_not_given_again():
    first, emptied = index_of(random_codes(2)), index_of(random_codes(5))
    emptied.remove_ids(range(5))
    first.merge_from(emptied)
    first.add(random_codes(1))
    np.testing.assert_array_equal(first.ids, [0, 1, 5])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(first)).ids, [0, 1, 5])


def test_searches_see_whole_states_while_codes_are_added():
    codes = random_codes(4000, 8)
    index, failures = index_of(codes[:1000]), []

    def read():
        for _ in range(30):
            size = index.ntotal
            distances, ids = index.search(codes[:2], 1, n_jobs=1)
            if not (
                (distances == 0).all() and (ids[:, 0] == [0, 1]).all() and index.ntotal >= size
            ):
                failures.append((distances, ids))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for first in range(1000, 4000, 50):
        index.add(codes[first : first + 50])
    for reader in readers:
        reader.join()
    assert not failures


@pytest.fixture(params=["positions", "ids", "empty"])
def saved(request, tmp_path):
    """An index and its file; 9 bytes leave part of a word unused."""
    codes = random_codes(100, 9)
    ids = np.random.default_rng(0).permutation(500)[:100]
    index = {"positions": index_of(codes), "ids": index_of(codes, ids), "empty": HammingIndex(72)}[
        request.param
    ]
    path = tmp_path / "codes.udl"
    index.save(path)
    return index, path


@pytest.mark.parametrize("way", ["load", "mmap", "pickle", "copy"])
def test_round_trips(saved, way):
    index, path = saved
    other = {
        "load": lambda: HammingIndex.load(path),
        "mmap": lambda: HammingIndex.load(path, mmap=True),
        "pickle": lambda: pickle.loads(pickle.dumps(index)),
        "copy": lambda: copy.deepcopy(index),
    }[way]()
    queries = random_codes(5, 9, 1)
    assert repr(other) == repr(index)
    assert type(other.ids) is np.ndarray
    assert_equal(other.search(queries, 7), index.search(queries, 7))
    other.add(queries)
    assert index.ntotal == other.ntotal - 5
    index.add(queries)
    np.testing.assert_array_equal(other.ids, index.ids)
    assert_equal(other.search(queries, 7), index.search(queries, 7))


def test_a_mapped_index_holds_no_copy_of_the_codes(saved):
    index, path = saved
    mapped = HammingIndex.load(path, mmap=True)
    assert isinstance(mapped._store._rows, np.memmap) == bool(index.ntotal)
    assert not mapped._store._rows.flags.writeable or not index.ntotal


def test_saving_replaces_in_one_step(saved, monkeypatch):
    index, path = saved
    before = path.read_bytes()
    index.add(random_codes(3, 9, 5))

    def fail(descriptor):
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", fail)
        with pytest.raises(OSError, match="disk full"):
            index.save(path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    index.save(path)
    assert HammingIndex.load(path).ntotal == index.ntotal


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_saving_keeps_permissions(tmp_path):
    path = tmp_path / "codes.udl"
    HammingIndex(8).save(path)
    ordinary = tmp_path / "ordinary"
    ordinary.touch()
    assert path.stat().st_mode == ordinary.stat().st_mode
    path.chmod(0o600)
    HammingIndex(8).save(path)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mmap", [False, True])
def test_truncated_files_are_refused(saved, mmap):
    _, path = saved
    whole = path.read_bytes()
    for size in {0, 7, 63, len(whole) - 8, len(whole) - 1, len(whole) + 1}:
        path.write_bytes(whole[:size].ljust(size, b"\0"))
        with pytest.raises(ValueError, match="HammingIndex"):
            HammingIndex.load(path, mmap=mmap)


@pytest.mark.parametrize(
    ("offset", "form", "value", "message"),
    [
        (0, "8s", b"IBxF\0\0\0\0", "not a HammingIndex file"),
        (8, "<I", 1, "version 1"),
        (12, "<I", 0, "n_bits=0"),
        (12, "<I", 71, "n_bits=71"),
        (12, "<I", 2**32 - 8, "impossible"),
        (12, "<I", 136, "truncated or damaged"),
        (16, "<q", -1, "count=-1"),
        (16, "<q", 2**63 - 1, "truncated or damaged"),
        (16, "<q", 2**60, "truncated or damaged"),
        (24, "<q", -5, "next_id=-5"),
        (24, "<q", 3, "has ids"),
        (32, "<I", 6, "flags=6"),
        (64, "<q", 3, "an id more than once"),
        (64, "<q", -1, "ids from -1"),
    ],
)
@pytest.mark.parametrize("mmap", [False, True])
def test_damaged_files_are_refused(tmp_path, offset, form, value, message, mmap):
    path = tmp_path / "codes.udl"
    index_of(random_codes(10, 9), np.arange(10)[::-1]).save(path)
    damaged = bytearray(path.read_bytes())
    struct.pack_into(form, damaged, offset, value)
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match=message):
        HammingIndex.load(path, mmap=mmap)
