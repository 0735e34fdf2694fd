"""The smallest and the largest value of rows: those of NumPy, whatever the rows are held as."""

import numpy as np
import pytest
from scipy import sparse

from udl_fast import _core

RNG = np.random.default_rng(0)
SHAPES = [
    (1, 1),
    (1, 15),
    (3, 16),
    (5, 17),
    (33, 7),
    (33, 64),
    (700, 40),
]  # whole lanes, and what is left of them


def csr_rows(matrix, n_columns):
    return _core.Rows.from_csr(matrix.indptr, matrix.indices, matrix.data, n_columns, None, 1)


def held_in_all_ways(x):
    """Rows of a float64 array that float32 holds exactly."""
    yield _core.Rows.from_array(x)
    yield _core.Rows.from_array(x.astype(np.float32))
    yield csr_rows(sparse.csr_array(x), x.shape[1])


@pytest.mark.parametrize("n_threads", [1, 2, 5])
@pytest.mark.parametrize("shape", SHAPES)
def test_each_place_counts(shape, n_threads):
    x = RNG.integers(-50, 50, shape) / 4.0
    for place in RNG.permutation(x.size)[:20]:
        for extreme in (-99.5, 99.5):
            changed = x.copy()
            changed.flat[place] = extreme
            for rows in held_in_all_ways(changed):
                assert rows.value_range(n_threads) == (changed.min(), changed.max())


def test_zeros_that_are_missing_or_stored():
    stored = sparse.csr_array((np.array([0.0, -3.0, -2.0, -1.0]), [0, 1, 0, 1], [0, 2, 4]))
    assert csr_rows(stored, 2).value_range() == (-3, 0)
    stored.data[0] = -4.0
    assert csr_rows(stored, 2).value_range() == (-4, -1)
    assert csr_rows(stored, 3).value_range() == (-4, 0)


def test_bits_bytes_and_no_rows():
    assert _core.Rows.from_array(np.ones((3, 70), np.uint8)).value_range() == (1, 1)
    assert _core.Rows.from_array(np.eye(70, dtype=np.uint8)).value_range() == (0, 1)
    assert _core.Rows.from_array(np.array([[3, 255]], np.uint8)).value_range() == (3, 255)
    nothing = np.empty((0, 4), np.float32)
    assert _core.Rows.from_array(nothing).value_range(3) == (np.inf, -np.inf)


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("shape", [*SHAPES, (700, 64)])
def test_what_is_no_number_shows_wherever_it_is(shape, n_threads):
    x = RNG.normal(0, 1, shape)
    for place in RNG.permutation(x.size)[:20]:
        for value in (np.nan, np.inf, -np.inf):
            changed = x.astype(np.float32).astype(float)
            changed.flat[place] = value
            for rows in held_in_all_ways(changed):
                found = np.array(rows.value_range(n_threads))
                assert not np.isfinite(found).all()
                assert np.isnan(found).all() or not np.isnan(value)


def test_the_largest_numbers_are_numbers():
    for real in (np.float32, np.float64):
        x = np.full((70, 3), np.finfo(real).max)
        x[5] *= -1
        assert _core.Rows.from_array(x).value_range(2) == (x.min(), x.max())
