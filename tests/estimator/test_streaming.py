"""Data that stay in their file: memory maps and iterators of chunks learn what arrays in memory do."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.utils import gen_batches

from tests.support.models import assert_same
from udl_fast import RBM, BernoulliRBM, _core, datasets


def mapped(tmp_path, x):
    np.save(tmp_path / "x.npy", x)
    return np.load(tmp_path / "x.npy", mmap_mode="r")


@pytest.mark.parametrize("dtype", [np.uint8, np.bool_, np.float32, np.float64])
def test_a_memory_map_is_fitted_as_an_array_is(digits, tmp_path, dtype):
    X = digits.astype(dtype)
    options = {"n_iter": 2, "random_state": 0, "algorithm": "pcd"}
    assert_same(RBM(6, **options).fit(mapped(tmp_path, X)), RBM(6, **options).fit(X))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_grey_values_of_a_memory_map_stay_in_the_file(tmp_path, dtype):
    """The engine reads them where they are: what changes in the array changes for it."""
    X = datasets.load_digits().data.astype(dtype)
    rows = _core.Rows.from_array(mapped(tmp_path, X))
    assert (rows.kind, rows.nbytes) == ("dense", 0)
    rows = _core.Rows.from_array(X)
    X[3] = 0.25
    np.testing.assert_array_equal(rows.take(np.array([3], np.uint32), "float64"), [[0.25] * 64])


def test_states_of_a_memory_map_take_a_bit_each(digits, tmp_path):
    rows = _core.Rows.from_array(mapped(tmp_path, digits))
    assert (rows.kind, rows.nbytes) == ("bits", len(digits) * 8)


def test_the_first_grey_value_may_come_late():
    """Looking at the first rows alone does not decide."""
    x = np.zeros((1000, 5), np.float32)
    x[999, 4] = 0.5
    assert _core.Rows.from_array(x).kind == "dense"
    x[0, 0] = 0.5
    assert _core.Rows.from_array(x).kind == "dense"
    assert _core.Rows.from_array(np.zeros((0, 5), np.float32)).kind == "bits"


@pytest.mark.parametrize("model_class", [RBM, BernoulliRBM])
def test_an_iterator_of_chunks_is_one_call_for_each(digits, tmp_path, model_class):
    X = mapped(tmp_path, digits)
    whole = model_class(6, random_state=0).partial_fit(X[batch] for batch in gen_batches(1797, 250))
    one_by_one = model_class(6, random_state=0)
    for batch in gen_batches(1797, 250):
        one_by_one.partial_fit(digits[batch])
    assert_same(whole, one_by_one)


def test_chunks_of_whole_minibatches_are_one_pass(digits):
    chunks = iter([digits[:800], sparse.csr_array(digits[800:].astype(np.float32))])
    assert_same(
        RBM(6, random_state=0, batch_size=50).partial_fit(digits).partial_fit(digits),
        RBM(6, random_state=0, batch_size=50).partial_fit(digits).partial_fit(chunks),
    )


def test_one_chunk_is_held_at_a_time(digits):
    """The next chunk is asked for when the one before has been learned from."""
    model = RBM(6, random_state=0)
    learned = []

    def chunks():
        for first in range(0, 1000, 100):
            learned.append(getattr(model, "n_updates_", 0))
            yield digits[first : first + 100]

    model.partial_fit(chunks())
    assert learned == list(range(10))


def test_an_empty_iterator_is_an_error(digits):
    with pytest.raises(ValueError, match="iterator that yields no chunk"):
        RBM(6).partial_fit(iter([]))


def test_a_bad_chunk_is_named_and_keeps_what_was_learned(digits):
    model = RBM(6, random_state=0)
    with pytest.raises(ValueError, match="3 features"):
        model.partial_fit(iter([digits[:100], np.zeros((5, 3))]))
    assert_same(model, RBM(6, random_state=0).partial_fit(digits[:100]))
