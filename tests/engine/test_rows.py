"""Rows: arrays of any layout and sparse matrices, as bits or as values."""

import numpy as np
import pytest

from tests.support.engines import rng, states
from udl_fast import _core


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8, bool])
@pytest.mark.parametrize("n_columns", [1, 63, 64, 65, 200])
def test_rows_hold_any_layout(dtype, n_columns):
    x = states(9, n_columns).astype(dtype)
    read_only = x.copy()
    read_only.setflags(write=False)
    wide = np.zeros((18, 2 * n_columns), dtype)
    wide[::2, ::2] = x
    for layout in (x, np.asfortranarray(x), read_only, wide[::2, ::2], x[::-1][::-1]):
        rows = _core.Rows.from_array(layout)
        assert rows.kind == "bits"
        np.testing.assert_array_equal(rows.to_array("bool"), x != 0)
        np.testing.assert_array_equal(
            rows.to_packed(), np.packbits(x != 0, axis=1, bitorder="little")
        )
    back = _core.Rows.from_packed(np.packbits(x != 0, axis=1, bitorder="little"), n_columns)
    np.testing.assert_array_equal(back.to_array("float32"), x)


def test_rows_keep_float_arrays_without_a_copy():
    x = rng(0).random((5, 7)).astype(np.float32)
    rows = _core.Rows.from_array(x)
    assert (rows.kind, rows.nbytes) == ("dense", 0)
    x[0, 0] = 0.125
    assert rows.to_array("float32")[0, 0] == 0.125


@pytest.mark.parametrize("values", [states(9, 70), rng(0).random((9, 70))])
def test_rows_give_a_range_of_rows(values):
    rows = _core.Rows.from_array(values)
    np.testing.assert_array_equal(rows.to_array("float64", 2, 5), values[2:7])
    np.testing.assert_array_equal(rows.to_array("float64", 6), values[6:])
    for first, count in ((-1, 1), (10, 0), (3, 7), (0, -1)):
        with pytest.raises(ValueError, match=f"9 rows, got first {first} and count {count}"):
            rows.to_array("float64", first, count)


@pytest.mark.parametrize("index_type", [np.int32, np.int64])
def test_rows_from_csr(index_type):
    indptr, indices = np.array([0, 2, 2, 3], index_type), np.array([3, 0, 1], index_type)
    rows = _core.Rows.from_csr(indptr, indices, np.ones(3, np.float32), 4)
    assert rows.kind == "bits"
    np.testing.assert_array_equal(
        rows.to_array("uint8"), [[1, 0, 0, 1], [0, 0, 0, 0], [0, 1, 0, 0]]
    )
    assert _core.Rows.from_csr(indptr, indices, np.full(3, 0.5), 4).kind == "csr"


def test_sparse_values_keep_their_precision_and_are_copied():
    """1 - 2^-30 is no bit, though float32 would round it to 1."""
    values = np.array([1 - 2.0**-30, 0.1])
    indptr, indices = np.array([0, 1, 2]), np.array([3, 0])
    rows = _core.Rows.from_csr(indptr, indices, values, 4)
    assert rows.kind == "csr"
    indices[:] = 10**6
    values[:] = 7
    expected = [[0, 0, 0, 1 - 2.0**-30], [0.1, 0, 0, 0]]
    np.testing.assert_array_equal(rows.to_array("float64"), expected)


@pytest.mark.parametrize("dtype", [">f8", ">f4"])
def test_foreign_byte_order_is_read(dtype):
    x = rng(0).random((5, 7)).astype(dtype)
    if dtype == ">f4":
        with pytest.raises(TypeError, match="expected float32"):
            _core.Rows.from_array(x)
        return
    rows = _core.Rows.from_array(x)
    np.testing.assert_array_equal(rows.to_array("float64"), x)


@pytest.mark.parametrize(
    ("indptr", "indices", "message"),
    [
        ([0, 1], [4], "row 0 has column index 4, expected 0 to 3"),
        ([0, 1], [-1], "row 0 has column index -1"),
        ([0, 2], [1, 1], "row 0 repeats column 1"),
        ([0, 2, 1], [0, 1], "indptr decreases at row 1"),
        ([1, 2], [0, 1], "indptr must start with 0, got 1"),
        ([0, 3], [0, 1], "indptr ends at 3, but there are 2 indices"),
        ([0, 2**62], [0, 1], "but there are 2 indices"),
    ],
)
def test_damaged_csr_is_refused(indptr, indices, message):
    with pytest.raises(ValueError, match=message):
        _core.Rows.from_csr(np.array(indptr), np.array(indices), np.ones(2), 4)
