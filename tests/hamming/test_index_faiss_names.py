"""What users of FAISS's binary indexes try first: names, ids, selections and errors."""

import copy

import numpy as np
import pytest

from udl_fast import HammingIndex

CODES = np.random.default_rng(0).integers(0, 256, (10, 4), dtype=np.uint8)


@pytest.fixture
def index():
    index = HammingIndex(32)
    index.add(CODES)
    return index


@pytest.fixture
def with_ids():
    index = HammingIndex(32)
    index.add_with_ids(CODES, np.arange(10)[::-1] * 7)
    return index


def test_attributes(index):
    assert (index.d, index.n_bits, index.code_size, index.ntotal) == (32, 32, 4, 10)
    assert index.is_trained is True
    assert index.metric_type == 1
    assert bool(HammingIndex(8)) is True
    for name in ("d", "n_bits", "code_size", "metric_type", "ntotal", "is_trained"):
        with pytest.raises(AttributeError):
            setattr(index, name, 8)


def test_distances_and_ids_have_faiss_types(index):
    distances, ids = index.search(CODES[:2], 3)
    assert (distances.dtype, ids.dtype, distances.shape) == (np.int32, np.int64, (2, 3))
    lims, distances, ids = index.range_search(CODES[:2], 1)
    assert (lims.dtype, distances.dtype, ids.dtype) == (np.int64, np.int32, np.int64)
    np.testing.assert_array_equal(ids, [0, 1])


def test_assign_gives_the_ids_of_search(index):
    np.testing.assert_array_equal(index.assign(CODES), np.arange(10)[:, None])
    np.testing.assert_array_equal(index.assign(CODES, 4), index.search(CODES, 4)[1])
    chosen = index.assign(CODES, 2, ids=[3, 4], mask=np.ones(10, bool), n_jobs=1)
    np.testing.assert_array_equal(np.sort(chosen, axis=1), np.tile([3, 4], (10, 1)))


def test_reconstruct_n(index, with_ids):
    np.testing.assert_array_equal(index.reconstruct_n(), CODES)
    np.testing.assert_array_equal(index.reconstruct_n(3, 4), CODES[3:7])
    np.testing.assert_array_equal(index.reconstruct_n(8), CODES[8:])
    assert index.reconstruct_n(10).shape == index.reconstruct_n(3, 0).shape == (0, 4)
    np.testing.assert_array_equal(with_ids.reconstruct_n(63, 1), CODES[:1])
    for first, n in ((0, 11), (9, 2), (-1, 2), (11, -1), (0, -2), (2**63 - 1, 2), (2**70, 0)):
        with pytest.raises(IndexError, match="reconstruct_n"):
            index.reconstruct_n(first, n)
    with pytest.raises(IndexError, match="no code has id 1;"):
        with_ids.reconstruct_n(0, 2)
    with pytest.raises(TypeError, match="first must be an integer"):
        index.reconstruct_n(0.0)


def test_reconstruct_batch(with_ids):
    np.testing.assert_array_equal(with_ids.reconstruct_batch([63, 0, 63]), CODES[[0, 9, 0]])
    assert with_ids.reconstruct_batch([]).shape == (0, 4)
    assert HammingIndex(32).reconstruct_batch([]).shape == (0, 4)
    for ids in ([0, 1], [-7], [2**63 - 1]):
        with pytest.raises(IndexError, match=f"no code has id {ids[-1]}"):
            with_ids.reconstruct_batch(ids)
    with pytest.raises(TypeError, match="integers"):
        with_ids.reconstruct_batch([0.5])


def test_what_is_reconstructed_belongs_to_the_caller(index):
    index.reconstruct_n()[:] = 0
    index.reconstruct_batch([0])[:] = 0
    np.testing.assert_array_equal(index.reconstruct_n(), CODES)


RANGES = [
    range(2, 5),
    range(0),
    range(-3, 2),
    range(8, 10**15),
    range(0, 10, 3),
    range(-5, 70, 2),
    range(9, -1, -1),
    range(63, -10, -7),
    range(5, 2),
    range(-9, -2),
    range(-(2**70), 2**70),
    range(-(2**70), 2**70, 2),
    range(3, 2**70, 2**65),
    range(2**63 - 1, 2**64),
    range(2**63, 2**64),
]


@pytest.mark.parametrize("ids", RANGES)
@pytest.mark.parametrize("name", ["index", "with_ids"])
def test_ranges_of_any_length_select_and_remove(ids, name, request):
    index = request.getfixturevalue(name)
    wanted = np.array([id in ids for id in index.ids.tolist()])
    expected = index.search(CODES[:1], 10, mask=wanted)
    found = index.search(CODES[:1], 10, ids=ids)
    np.testing.assert_array_equal(found[1], expected[1])
    kept = index.ids[~wanted]
    assert index.remove_ids(ids) == wanted.sum()
    np.testing.assert_array_equal(index.ids, kept)


def test_the_largest_id_is_found_and_removed():
    index = HammingIndex(32)
    index.add_with_ids(CODES[:2], [2**63 - 1, 3])
    for ids in (range(2**63 - 1, 2**63), [2**63 - 1], np.array([2**63 - 1], np.uint64)):
        np.testing.assert_array_equal(index.assign(CODES[:1], 2, ids=ids), [[2**63 - 1, -1]])
    assert copy.deepcopy(index).remove_ids(range(4, 2**63)) == 1


@pytest.mark.parametrize("way", ["save", "faiss", "pickle"])
def test_the_largest_id_comes_back_from_files(way, tmp_path):
    index = HammingIndex(32)
    index.add_with_ids(CODES[:3], [2**63 - 1, 3, 2**63 - 2])
    path = tmp_path / "index"
    if way == "save":
        index.save(path)
        again = HammingIndex.load(path)
    elif way == "faiss":
        index.write_faiss(path)
        again = HammingIndex.read_faiss(path)
    else:
        again = copy.deepcopy(index)
    np.testing.assert_array_equal(again.ids, index.ids)
    with pytest.raises(ValueError, match="exceed 2\\^63 - 1"):
        again.add(CODES[:1])
    again.remove_ids([2**63 - 1])
    again.add_with_ids(CODES[:1], [2**63 - 1])


@pytest.mark.parametrize("k", [0, -1])
def test_k_must_be_positive(index, k):
    for search in (index.search, index.assign):
        with pytest.raises(ValueError, match="k must be >= 1"):
            search(CODES, k)


def test_k_above_ntotal_is_padded(index):
    distances, ids = index.search(CODES[:1], 12)
    np.testing.assert_array_equal(distances[0, 10:], 2147483647)
    np.testing.assert_array_equal(ids[0, 10:], -1)


@pytest.mark.parametrize(
    "codes", [CODES.astype(np.float32), CODES.view(np.uint32), CODES.view(np.int8)]
)
def test_only_packed_bytes(index, codes):
    for call in (index.add, lambda x: index.search(x, 1), lambda x: index.range_search(x, 1)):
        with pytest.raises(TypeError, match="expected packed uint8"):
            call(codes)
    with pytest.raises(TypeError, match="expected packed uint8"):
        index.add_with_ids(codes, np.arange(10))
