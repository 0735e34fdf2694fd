"""What HammingIndex takes in, refuses and gives out again: codes, ids, merges, several threads."""

import pickle
import threading

import numpy as np
import pytest

from tests.support.codes import assert_equal, index_of, random_codes
from udl_fast import HammingIndex, hamming_knn


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
        places.add(index._store._held.rows.ctypes.data)
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
    for search in (index.search, lambda query, k: hamming_knn(query, query, k)):
        with pytest.raises(ValueError, match=f"k={2**61} neighbours of 1 queries"):
            search(query, 2**61)
        with pytest.raises(MemoryError, match=f"no room for k={2**45} neighbours of 1 queries"):
            search(query, 2**45)
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


def test_masked_entries_are_refused():
    index, codes = index_of(random_codes(3)), random_codes(3)
    hidden = np.ma.masked_array(codes, codes == codes[0, 0])
    for call in (
        index.add,
        lambda x: index.search(x, 1),
        lambda x: index.range_search(x, 1),
        lambda x: hamming_knn(x, codes, 1),
        lambda x: hamming_knn(codes, x, 1),
        lambda x: index.search(codes, 1, ids=np.ma.masked_array([0, 1], [True, False])),
        lambda x: index.remove_ids(np.ma.masked_array([0, 1], [True, False])),
        lambda x: index.search(codes, 1, mask=np.ma.masked_array([True] * 3, [True, False, False])),
    ):
        with pytest.raises(ValueError, match="masked"):
            call(hidden)
    index.add(np.ma.masked_array(codes))  # nothing is masked
    assert index.ntotal == 6


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
