"""Where training starts: weights drawn in blocks of rows."""

import numpy as np
import pytest

from udl_fast import RBM
from udl_fast.rbm.training import start


@pytest.mark.parametrize("n_at_a_time", [1, 5, 12, 1 << 20])
def test_weights_are_those_of_one_draw(monkeypatch, n_at_a_time):
    """A block of an odd number keeps the second of a pair of normal numbers for the next."""
    monkeypatch.setattr(start, "_DRAWN_AT_A_TIME", n_at_a_time)
    rbm = RBM(7, n_iter=0, random_state=3, precision="float64").fit(np.eye(5, dtype=np.uint8))
    expected = np.random.RandomState(3).normal(0, 0.01, (7, 5))
    np.testing.assert_array_equal(rbm.components_, expected)


@pytest.mark.parametrize(
    "sizes",
    [{"n_components": np.int8(3)}, {"batch_size": np.uint8(200)}, {"n_iter": np.uint8(3)}],
    ids=str,
)
def test_small_integers_of_numpy(sizes):
    X = np.tile(np.eye(6, dtype=np.uint8), (50, 1))
    given = {"n_components": 3, "n_iter": 2, "random_state": 0, **sizes}
    rbm = RBM(**given).fit(X)
    plain = RBM(**{name: int(value) for name, value in given.items()}).fit(X)
    np.testing.assert_array_equal(rbm.components_, plain.components_)
