"""Rows: arrays of any layout and sparse matrices, as bits or as values."""

import os
import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse

from tests.support.engines import rng, states
from udl_fast import RBM, _core, pack_bits


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
        ([0, 2, 1], [0, 1], "indptr decreases at row 1"),
        ([1, 2], [0, 1], "indptr must start with 0, got 1"),
        ([0, 3], [0, 1], "indptr ends at 3, but there are 2 indices"),
        ([0, 2**62], [0, 1], "but there are 2 indices"),
    ],
)
def test_damaged_csr_is_refused(indptr, indices, message):
    with pytest.raises(ValueError, match=message):
        _core.Rows.from_csr(np.array(indptr), np.array(indices), np.ones(2), 4)


ODD_BYTES = (2, 128, 255)  # bytes that NumPy reads as true, besides 1


@pytest.mark.parametrize("byte", ODD_BYTES)
def test_every_byte_but_zero_is_true(byte):
    x = states(300, 70)
    odd = (x * np.uint8(byte)).view(bool)
    rows = _core.Rows.from_array(odd)
    np.testing.assert_array_equal(rows.to_array("uint8"), x)
    np.testing.assert_array_equal(_core.Rows.from_threshold(odd, 0.5).to_array("uint8"), x)
    np.testing.assert_array_equal(_core.Rows.from_threshold(odd, 1).to_array("uint8"), 0 * x)


@pytest.mark.parametrize("byte", ODD_BYTES)
def test_models_and_codes_take_any_byte_for_true(byte):
    x = states(60, 20)
    odd = (x * np.uint8(byte)).view(bool)
    sparse = scipy.sparse.csr_array(odd)
    sparse.data = (sparse.data * np.uint8(byte)).view(bool)
    np.testing.assert_array_equal(pack_bits(odd), pack_bits(x))
    for precision in ("fixed", "fast", "float64"):
        expected = RBM(4, n_iter=2, precision=precision, random_state=0).fit(x)
        for given in (odd, sparse):
            found = RBM(4, n_iter=2, precision=precision, random_state=0).fit(given)
            np.testing.assert_array_equal(found.components_, expected.components_)
            np.testing.assert_array_equal(found.transform(given), expected.transform(x))


@pytest.mark.skipif(sys.platform != "linux", reason="holes of files must cost nothing")
def test_rows_beyond_32_bits_are_found(tmp_path):
    """A file of holes: 16 GB in name."""
    n = 2**32 + 5
    x = np.memmap(tmp_path / "values", np.float32, "w+", shape=(n, 1))
    x[0], x[3], x[n - 2] = 0.5, 0.25, 0.75
    rows = _core.Rows.from_array(x)
    assert rows.kind == "dense"
    np.testing.assert_array_equal(rows.to_array("float32", n - 3), [[0], [0.75], [0]])
    np.testing.assert_array_equal(rows.take(np.array([3, n - 2]), "float64"), [[0.25], [0.75]])


def test_a_row_that_is_not_there_is_refused():
    rows = _core.Rows.from_array(states(4, 3))
    for index in (-1, 4, 2**32):
        with pytest.raises(ValueError, match=rf"indices\[1\] is {index}, but there are 4 rows"):
            rows.take(np.array([0, index]), "float64")
        with pytest.raises(ValueError, match=rf"indices\[1\] is {index}, but there are 4 rows"):
            rows.select(np.array([0, index]))


def test_rows_without_columns_have_no_unit_to_flip():
    for rows in (
        _core.Rows.from_array(np.ones((2, 0), bool)),
        _core.Rows.from_packed(np.ones((2, 0), np.uint8), 0),
    ):
        with pytest.raises(ValueError, match=r"Rows.flipped_once: rows have no columns"):
            rows.flipped_once(0, 2, "float32")


@pytest.mark.parametrize("n_columns", [-5, 2**31])
def test_a_number_of_columns_out_of_range_is_named(n_columns):
    packed = np.zeros((2, 0), np.uint8)
    with pytest.raises(ValueError, match=f"from_packed: n_columns must be .* got {n_columns}"):
        _core.Rows.from_packed(packed, n_columns)
    with pytest.raises(ValueError, match=f"from_csr: n_columns must be .* got {n_columns}"):
        _core.Rows.from_csr(np.zeros(1, int), np.zeros(0, int), np.zeros(0), n_columns)


PACKING = """
import os, numpy as np, udl_fast as udl
def n_threads():
    return len(os.listdir("/proc/self/task"))
X = np.ones((2000, 64), np.float32)
before = n_threads()
rbm = udl.RBM(2, n_iter=1, n_jobs=1).fit(X)
for model in (rbm, rbm.set_params(binarize=0.5)):
    model.partial_fit(X); model.transform(X); model.score_samples(X); model.gibbs(X)
assert n_threads() == before, n_threads() - before
rbm.set_params(n_jobs=3).transform(X)
assert n_threads() == before + 2
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads in /proc")
def test_packing_takes_no_more_threads_than_the_model():
    environment = {**os.environ, "UDL_FAST_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", PACKING], check=True, env=environment)
