"""Draws of every kind of unit: their distributions, moments, and which bits they are made of."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import log_ndtr, ndtri

from udl_fast import _core

from .models import SEED, make, rows_of


def test_normal_draws_are_inverse_normals():
    """One draw r a unit: the quantile of (r + 1/2) 2^-32."""
    engine = _core.RbmEngine(3, 40, "float64", "bernoulli", "gaussian")
    rows = rows_of(np.zeros((500, 3)))
    drawn = engine.sample_hidden(rows, SEED, "gibbs", 9, 4, 2).to_array("float64")
    bits = _core.draws(SEED, "gibbs", 1, 9, 4, 500, 40)
    np.testing.assert_allclose(drawn, ndtri((bits + 0.5) / 2**32), rtol=1e-14)


@pytest.mark.parametrize("x", [-200.0, -30.0, -6.0, -2.01, -1.99, -0.5, 0.0, 1.0, 9.0])
def test_rectified_draws(x):
    """Against the distribution function of the normal number x + n, given that it is above 0."""
    engine = _core.RbmEngine(1, 50, "float64", "bernoulli", "relu")
    engine.set_parameters(np.zeros((50, 1)), np.full(50, x), np.zeros(1))
    rows = rows_of(np.zeros((400, 1)))
    drawn = engine.sample_hidden(rows, SEED, "gibbs", 0, 0, 1).to_array("float64")
    assert drawn.min() >= 0
    passed = np.exp(log_ndtr(x - drawn.ravel()) - log_ndtr(x))
    assert stats.kstest(passed, "uniform").pvalue > 1e-6
    error = 5 * drawn.std() / np.sqrt(drawn.size)
    assert drawn.mean() == pytest.approx(engine.mean_hidden(rows, 1)[0, 0], abs=error)


def test_visible_draws_have_the_moments_of_their_kind():
    n = 20_000
    engine, model = make("gaussian", "bernoulli")
    h = rows_of(np.tile([[1.0, 0.0, 1.0]], (n, 1)))
    v = engine.sample_visible(h, SEED, "gibbs", 0, 0, 1).to_array("float64")
    sigma = np.exp(model.log_variance / 2)
    mean = model.visible_bias + model.weights[0] + model.weights[2]
    assert (np.abs(v.mean(axis=0) - mean) < 5 * sigma / np.sqrt(n)).all()
    assert (np.abs(v.var(axis=0) / sigma**2 - 1) < 5 * np.sqrt(2 / n)).all()
    engine, _ = make("softmax", "bernoulli")
    drawn = engine.sample_visible(h, SEED, "gibbs", 0, 0, 1)
    assert drawn.kind == "bits"
    v, p = drawn.to_array("float64"), engine.mean_visible(h, 1)[0]
    assert (v[:, :2].sum(axis=1) == 1).all()
    assert (v[:, 2:].sum(axis=1) == 1).all()
    assert (np.abs(v.mean(axis=0) - p) < 5 * np.sqrt(p * (1 - p) / n)).all()


def test_words_are_drawn_as_often_as_rows_are_long():
    engine, model = make("replicated_softmax", "bernoulli", spread=0)
    v = np.repeat([[5.0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 200, 0]], [3000, 10, 100], axis=0)
    drawn, _ = engine.gibbs(rows_of(v), 2, SEED, "gibbs", 0, 0, 2)
    after = drawn.to_array("float64")
    np.testing.assert_array_equal(after.sum(axis=1), v.sum(axis=1))
    p = np.exp(model.visible_bias) / np.exp(model.visible_bias).sum()
    for first, end in ((0, 3000), (3010, 3110)):
        n_words = v[first:end].sum()
        share = after[first:end].sum(axis=0) / n_words
        assert (np.abs(share - p) < 5 * np.sqrt(p * (1 - p) / n_words)).all()
