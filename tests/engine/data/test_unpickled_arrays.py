"""Arrays that crossed a process border: equal dtypes that are not the same dtype object."""

import pickle

import numpy as np
import pytest

from udl_fast import _core


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8, np.bool_])
def test_unpickled_arrays_are_taken_like_any_other(dtype):
    values = np.array([[0, 1, 1], [1, 0, 1]], dtype)
    copy = pickle.loads(pickle.dumps(values, protocol=5))
    rows = _core.Rows.from_array(copy)
    assert rows.kind == "bits"
    np.testing.assert_array_equal(rows.to_array("uint8"), values)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_unpickled_real_values_keep_their_values(dtype):
    values = np.array([[0.25, 0.5], [0.75, 1.0]], dtype)
    rows = _core.Rows.from_array(pickle.loads(pickle.dumps(values, protocol=5)))
    np.testing.assert_array_equal(rows.to_array("float64"), values)


def test_unpickled_packed_rows():
    packed = np.array([[0b101]], np.uint8)
    rows = _core.Rows.from_packed(pickle.loads(pickle.dumps(packed, protocol=5)), 3)
    np.testing.assert_array_equal(rows.to_array("uint8"), [[1, 0, 1]])
