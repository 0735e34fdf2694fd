"""Normal draws and the units that take them: against SciPy's inverse, the same bits on every CPU target."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtri

from tests.support.engines import SEED, rng
from udl_fast import _core

MEDIAN = 2**31


def all_magnitudes():
    """Draws at every power of two from the middle and from both ends, and between them."""
    steps = np.unique(np.round(2.0 ** np.arange(0, 31, 1 / 64)).astype(np.int64))
    steps = np.concatenate([[0], steps, rng(1).integers(0, MEDIAN, 200_000)])
    steps = steps[steps < MEDIAN]
    return np.unique(
        np.concatenate([MEDIAN + steps, MEDIAN - 1 - steps, steps, 2**32 - 1 - steps])
    ).astype(np.uint32)


def inverse_normal(bits):
    """In float64, from the nearer end of the probabilities."""
    r = bits.astype(np.int64)
    upper = r >= MEDIAN
    nearer = np.where(upper, 2**32 - 1 - r, r)
    found = ndtri((nearer + 0.5) * 2.0**-32)
    return np.where(upper, -found, found)


def test_normal_draws_are_the_inverse_of_the_normal_distribution():
    bits = all_magnitudes()
    found = _core.normal_from_bits(bits).astype(np.float64)
    exact = inverse_normal(bits)
    assert np.abs(found / exact - 1).max() < 3e-7  # docs/numerics.md
    assert 6.3 < found.max() < 6.4


def test_normal_draws_are_odd():
    bits = all_magnitudes()
    mirrored = _core.normal_from_bits(~bits)
    np.testing.assert_array_equal(mirrored, -_core.normal_from_bits(bits))


@pytest.mark.parametrize("shape", [(1, 1), (5, 17), (20_000, 40)])
def test_gaussian_units(target, shape):
    """Each unit takes its own draw by the scalar form: the lanes of every target give its bits."""
    x = rng(*shape).normal(0, 3, shape).astype(np.float32)
    deviation, factors = (rng(3).random((2, shape[1])) + 0.5).astype(np.float32)
    where = (SEED, "gibbs", 0, 7)
    means, samples = _core.activate_gaussian(x, deviation, factors, *where)
    normal = _core.normal_from_bits(_core.draws(*where, 0, *shape))
    np.testing.assert_array_equal(means, x)
    np.testing.assert_array_equal(samples, (x + deviation * normal) * factors)


def test_draws_of_gaussian_units_are_normal():
    zero, one = np.zeros((50_000, 16), np.float32), np.ones(16, np.float32)
    _, samples = _core.activate_gaussian(zero, one, one, 5, "gibbs", 0, 0)
    for unit in range(16):
        assert stats.kstest(samples[:, unit], "norm").pvalue > 1e-6, unit
    correlations = np.corrcoef(samples.T) - np.eye(16)
    assert np.abs(correlations).max() < 5 / np.sqrt(len(samples))
