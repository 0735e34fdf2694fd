"""Chains of every kind of unit that start in equilibrium stay there."""

import itertools

import numpy as np
import pytest
from scipy.special import logsumexp

from tests.support.engines import rng
from udl_fast import _core

from .models import PAIRS, SEED, at_temperature, make, packed_of, rows_of

DISCRETE = [pair for pair in PAIRS if pair[0] != "gaussian"]
N_WORDS = 3


@pytest.mark.parametrize(("n_steps", "beta"), [(1, 1.0), (4, 1.0), (16, 1.0), (4, 0.5)])
@pytest.mark.parametrize(("visible", "hidden"), DISCRETE)
def test_chains_that_start_in_equilibrium_stay_there(visible, hidden, n_steps, beta):
    """Rows drawn exactly from p(v) at this temperature, and as often in each state after so many steps."""
    engine, model = make(visible, hidden, spread=0.8)
    model = at_temperature(model, beta)
    v, _ = model.visible_states(N_WORDS)
    v, counts = np.unique(v, axis=0, return_counts=True)
    weights = counts * np.exp(-model.free_energy(v))
    p = weights / weights.sum()
    n = 10_000
    start = v[rng(n_steps, 5).choice(len(v), size=n, p=p)]
    drawn, _ = engine.gibbs(rows_of(start), n_steps, SEED, "gibbs", 0, 0, 2, None, beta)
    ends = drawn.to_array("float64")
    share = np.array([(ends == state).all(axis=1).mean() for state in v])
    assert share.sum() == pytest.approx(1)
    assert (np.abs(share - p) < 5 * np.sqrt(p * (1 - p) / n) + 1e-9).all()


def gaussian_equilibrium(model, n, g):
    """Rows of p(v): of Bernoulli hidden units a mixture of normal distributions, of Gaussian ones normal."""
    variance = np.exp(model.log_variance)
    if model.hidden == "bernoulli":
        h, _ = model.hidden_states()
        mean = model.visible_bias + h @ model.weights
        log_p = h @ model.hidden_bias + ((mean**2 - model.visible_bias**2) / 2 / variance).sum(
            axis=1
        )
        p = np.exp(log_p - logsumexp(log_p))
        mean = mean[g.choice(len(h), size=n, p=p)]
        return mean + np.sqrt(variance) * g.normal(size=mean.shape)
    u = model.weights / variance  # precision diag(1 / variance) - u'u
    precision = np.diag(1 / variance) - u.T @ u
    assert np.linalg.eigvalsh(precision).min() > 0
    mean = np.linalg.solve(precision, model.visible_bias / variance + u.T @ model.hidden_bias)
    return g.multivariate_normal(mean, np.linalg.inv(precision), size=n)


@pytest.mark.parametrize("precision", ["float64", "fixed"])
@pytest.mark.parametrize(("n_steps", "beta"), [(1, 1.0), (4, 1.0), (16, 1.0), (4, 0.4)])
@pytest.mark.parametrize("hidden", ["bernoulli", "gaussian"])
def test_gaussian_chains_stay_in_equilibrium(hidden, n_steps, beta, precision):
    """First and second moments, against those of as many rows drawn exactly."""
    engine, model = make("gaussian", hidden, spread=0.25)
    if precision == "fixed":
        if hidden != "bernoulli":
            pytest.skip("kinds of hidden units have tests of their own")
        engine = packed_of(engine)
    model = at_temperature(model, beta)
    n = 40_000
    start = gaussian_equilibrium(model, n, rng(n_steps, 6))
    other = gaussian_equilibrium(model, n, rng(n_steps, 7))
    drawn, _ = engine.gibbs(rows_of(start), n_steps, SEED, "gibbs", 0, 0, 2, None, beta)
    ends = drawn.to_array("float64")
    pairs = [np.ones(n), *ends.T]
    exact = [np.ones(n), *other.T]
    for i, j in itertools.combinations_with_replacement(range(4), 2):
        one, two = pairs[i] * pairs[j], exact[i] * exact[j]
        assert abs(one.mean() - two.mean()) <= 5 * np.hypot(one.std(), two.std()) / np.sqrt(n)


@pytest.mark.parametrize("precision", ["fixed", "float64"])
def test_normal_units_have_no_chains_at_beta_0(precision):
    engine = _core.RbmEngine(5, 3, precision, "gaussian")
    rows = _core.Rows.from_array(np.zeros((2, 5), np.float32))
    with pytest.raises(ValueError, match="beta must be above 0 for units of real values"):
        engine.gibbs(rows, 1, 0, "gibbs", 0, 0, 1, None, 0.0)
