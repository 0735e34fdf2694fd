"""Gaussian units in both layers: one normal distribution, or none."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

import udl_fast as udl
from tests.support.engines import rng
from udl_fast.exceptions import LearningWarning

KINDS = {"visible": "gaussian", "hidden": "gaussian", "random_state": 0}


def model_of(norm, precision="float64"):
    """Whose W / sigma has this norm."""
    g = rng(8)
    weights, sigma = g.normal(size=(3, 4)), np.array([0.5, 1.0, 2.0, 1.5])
    weights *= norm / np.linalg.norm(weights / sigma, 2)
    biases = g.normal(size=4), g.normal(size=3)
    model = udl.RBM.from_parameters(weights, *biases, sigma=sigma, precision=precision, **KINDS)
    return model, weights, *biases, sigma


@pytest.mark.parametrize(("precision", "tolerance"), [("float64", 1e-9), ("fixed", 1e-3)])
def test_likelihoods_are_those_of_the_normal_distribution(precision, tolerance):
    model, weights, b, c, sigma = model_of(0.9, precision)
    inverse = np.diag(1 / sigma**2)
    covariance = np.linalg.inv(inverse - inverse @ weights.T @ weights @ inverse)
    expected = multivariate_normal(covariance @ inverse @ (b + weights.T @ c), covariance)
    X = rng(9).normal(size=(6, 4))
    np.testing.assert_allclose(model.log_likelihood(X), expected.logpdf(X), atol=tolerance)
    estimate = model.log_partition("ais", betas=2000)
    assert abs(estimate.log_z - model.log_partition().log_z) < 5 * estimate.std_error


def test_a_model_without_a_distribution_is_refused():
    model = model_of(1.05)[0]
    message = r"no log Z: its Gaussian units have no distribution: .* got -0\.10\d as its smallest"
    for method in ("exact", "ais", "reverse_ais"):
        with pytest.raises(ValueError, match=message):
            model.log_partition(method)
    with pytest.raises(ValueError, match=message):
        model.log_likelihood(np.zeros((1, 4)), method="ais")
    with pytest.warns(UserWarning, match="samples of this model mean nothing: its Gaussian units"):
        model.sample(2, 3)


def test_fit_warns_of_it_once():
    model = model_of(1.05)[0].set_params(
        warm_start=True, n_iter=3, learning_rate=1e-6, learn_sigma=False
    )
    with pytest.warns(LearningWarning, match="at the end of fit its Gaussian units") as caught:
        model.fit(rng(9).normal(size=(60, 4)))
    assert len([w for w in caught if "distribution" in str(w.message)]) == 1
