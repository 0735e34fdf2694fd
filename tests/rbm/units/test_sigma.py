"""What sigma learns where data are skewed: the standard deviation, which minibatches alone would miss."""

import numpy as np
import pytest

import udl_fast as udl
from tests.support.engines import rng

INDEPENDENT = {"visible": "gaussian", "max_norm": 1e-6, "random_state": 0}


def standardised(X):
    return (X - X.mean(axis=0)) / X.std(axis=0)


def rare():
    """One row in 400 is 20 standard deviations away: most minibatches of ten have none."""
    g = rng(4)
    X = g.normal(0, 0.01, (2000, 2))
    X[::400] += 1
    return X


def lognormal():
    return np.exp(rng(5).normal(0, 1.5, (2000, 2)))


@pytest.mark.filterwarnings("ignore::udl_fast.exceptions.LearningWarning")
@pytest.mark.parametrize("data", [rare, lognormal])
@pytest.mark.parametrize("precision", ["fixed", "float64"])
@pytest.mark.parametrize(("rate", "start"), [(0.1, 0.3), (0.1, 3.0), (0.01, 1.0)])
def test_sigma_of_independent_units_is_the_deviation(data, precision, rate, start):
    """Within a few per cent: of 2,000 rows and as many draws that the model makes itself."""
    X = standardised(data())
    options = {**INDEPENDENT, "precision": precision, "learning_rate": rate, "sigma": start}
    found = udl.RBM(2, n_iter=20, **options).fit(X).sigma_
    np.testing.assert_allclose(found, 1, atol=0.05)


@pytest.mark.filterwarnings("ignore::udl_fast.exceptions.LearningWarning")
def test_large_data_have_several_windows_an_epoch():
    """From far away, in two epochs: one step an epoch would not do."""
    X = rng(6).normal(0, 1, (100_000, 2)).astype(np.float32)
    found = udl.RBM(1, n_iter=2, batch_size=100, sigma=8.0, **INDEPENDENT).fit(X).sigma_
    np.testing.assert_allclose(found, 1, atol=0.1)


@pytest.mark.parametrize("precision", ["fixed", "float64"])
def test_chunks_of_any_length_may_follow(precision):
    """What a window leaves for the next is made in it, however long that is."""
    X = standardised(rng(7).normal(0, 1, (1000, 3)))
    model = udl.RBM(2, sigma=2.0, precision=precision, **INDEPENDENT)
    for _ in range(6):
        for chunk in (X[:20], X, X[:5]):
            model.partial_fit(chunk)
    np.testing.assert_allclose(model.sigma_, 1, atol=0.25)


def test_a_sigma_that_is_assigned_stays_where_nothing_is_learned():
    """What a fit was about to do to sigma is forgotten."""
    X = rng(8).normal(0, 1, (200, 3))
    model = udl.RBM(2, sigma=3.0, n_iter=2, warm_start=True, **INDEPENDENT).fit(X)
    model.sigma_ = np.full(3, 2.0)
    model.set_params(learning_rate=1e-9).fit(X)
    np.testing.assert_allclose(model.sigma_, 2, rtol=1e-5)
