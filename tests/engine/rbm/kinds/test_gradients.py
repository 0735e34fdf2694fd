"""What learning moves is the slope of free energies, and of log Z."""

import numpy as np
import pytest

from tests.support.engines import SETTINGS
from udl_fast import _core

from .models import PAIRS, SEED, make, rows_of, slopes, some_rows


@pytest.mark.parametrize(("visible", "hidden"), PAIRS)
def test_a_step_is_the_gradient_of_free_energies(visible, hidden):
    """Contrastive divergence moves every parameter by the slope of the free energy at the states that its chain
    ends with, less that at the data: with a chain in equilibrium the gradient of the log-likelihood."""
    engine, model = make(visible, hidden)
    v = some_rows(model, 9)
    chain, _ = engine.gibbs(rows_of(v), 1, SEED, "cd", 5, 0, 1)
    data, ends = slopes(engine, v), slopes(engine, chain.to_array("float64"))
    before, rate = engine.state(), 1e-3
    settings = {**SETTINGS, "batch_size": 9, "learning_rate": rate}
    engine.train(rows_of(v), None, settings, SEED, 5, 1)
    for name in data:
        moved = (engine.state()[name] - before[name]) / rate
        gradient = data[name] - ends[name]
        if visible == "gaussian" and name in ("weights", "visible_bias"):
            gradient *= np.exp(model.log_variance)  # that of the model of v / sigma
        if name == "log_variance":
            moved = (
                np.expm1(rate * moved) / rate
            )  # sigma^2 moves by its factor, 1 + rate times this
        np.testing.assert_allclose(moved, gradient, rtol=0, atol=1e-6)


EXACT = [("gaussian", "bernoulli"), ("softmax", "bernoulli"), ("bernoulli", "relu")]


@pytest.mark.parametrize(("visible", "hidden"), EXACT)
def test_log_likelihoods_rise_by_the_slopes(visible, hidden):
    """d log Z is the mean of the slopes under the model: so the difference above has the likelihood's gradient as
    its mean."""
    engine, model = make(visible, hidden)
    v, log_weights = model.visible_states()
    if visible == "gaussian":  # fewer places, enough for the means of smooth functions
        keep = log_weights - model.free_energy(v) > -30
        v, log_weights = v[keep], log_weights[keep]
    weights = np.exp(
        log_weights - engine.free_energy(rows_of(v), 1) - engine.log_partition_exact(1)
    )
    hidden_mean = engine.mean_hidden(rows_of(v), 1)
    state = engine.state()
    for name in ("weights", "hidden_bias"):
        expected = weights @ hidden_mean
        if name == "weights":
            scale = np.exp(-state["log_variance"]) if visible == "gaussian" else 1.0
            expected = (hidden_mean * weights[:, None]).T @ (v * scale)
        slope = np.zeros_like(state[name])
        for at in np.ndindex(slope.shape):
            sides = []
            for step in (1e-5, -1e-5):
                moved = state[name].copy()
                moved[at] += step
                engine.set_state({**state, name: moved})
                sides.append(engine.log_partition_exact(1))
            slope[at] = (sides[0] - sides[1]) / 2e-5
        engine.set_state(state)
        np.testing.assert_allclose(slope, expected, rtol=0, atol=1e-6)


def test_large_rates_are_brought_down():
    """Where a step would overshoot what it corrects, it ends there: the mean of one row is met, not passed."""
    engine = _core.RbmEngine(1, 1, "float64", "gaussian")
    engine.set_parameters(np.zeros((1, 1)), np.array([40.0]), np.zeros(1), np.log([0.01]))
    settings = {**SETTINGS, "learning_rate": 5, "batch_size": 1, "sample_visibles": False}
    engine.train(rows_of([[3.0]]), None, {**settings, "learn_sigma": False}, SEED, 0, 1)
    np.testing.assert_allclose(engine.mean_visible(rows_of([[1.0]]), 1), [[3.0]], rtol=1e-12)
