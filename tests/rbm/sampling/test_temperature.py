"""Chains at an inverse temperature sample the model whose energies are beta times these."""

import numpy as np
import pytest

from tests.oracle import rbm as oracle
from tests.support.engines import PACKED, SEED, random_model, states
from tests.support.enumerated import (
    N_CHAINS,
    N_VISIBLE,
    assert_distributed,
    chosen,
    given,
    small_model,
)
from udl_fast import RBM, _core

EVERY = oracle.all_states(N_VISIBLE)
FREE = np.array([True, True, False, True, False, True])
X = states(30, 12, 0.4).astype(np.uint8)


@pytest.mark.parametrize("beta", [0.0, 0.3, 0.8])
@pytest.mark.parametrize("n_steps", [1, 4, 16])
@pytest.mark.parametrize("precision", ["fixed", "float64"])
def test_chains_that_start_in_its_distribution_stay_there(beta, n_steps, precision):
    model, p = small_model(beta, precision=precision)
    assert_distributed(model.gibbs(chosen(EVERY, p), n_steps, beta=beta), EVERY, p)
    expected = given(FREE, EVERY[21], p)
    after = model.gibbs(chosen(*expected), n_steps, beta=beta, clamp=~FREE)
    assert_distributed(after, *expected)


def test_chains_find_it():
    model, p = small_model(0.5)
    assert_distributed(model.sample(N_CHAINS, 40, beta=0.5), EVERY, p)


@pytest.mark.parametrize("precision", [*PACKED, "float64"])
@pytest.mark.parametrize("beta", [1.0, 0.5, 0.0])
def test_it_is_the_model_of_scaled_parameters_to_the_bit(target, n_threads, precision, beta):
    """Powers of two scale without rounding."""
    engine, _ = random_model(70, 37, precision=precision)
    scaled = _core.RbmEngine(70, 37, precision)
    scaled.set_parameters(
        *(beta * part() for part in (engine.weights, engine.hidden_bias, engine.visible_bias))
    )
    rows = _core.Rows.from_array(states(21, 70))
    held = (_core.Rows.from_array(states(21, 70, 0.5)), rows)
    where = (rows, 3, SEED, "gibbs", 7, 3)
    for clamp in (None, held):
        found = engine.gibbs(*where, n_threads, clamp, beta)
        for a, b in zip(found, scaled.gibbs(*where, 1, clamp), strict=True):
            np.testing.assert_array_equal(a.to_array("bool"), b.to_array("bool"))
        np.testing.assert_array_equal(
            engine.gibbs_means(*where, n_threads, clamp, beta), scaled.gibbs_means(*where, 1, clamp)
        )


@pytest.mark.parametrize("beta", [-0.1, 1.5, np.nan, np.inf, "hot", None, True])
def test_what_is_no_inverse_temperature_is_named(beta):
    model = RBM(5, n_iter=1, random_state=0).fit(X)
    for call in (lambda: model.gibbs(X, beta=beta), lambda: model.sample(3, beta=beta)):
        with pytest.raises((ValueError, TypeError), match="RBM: beta must be"):
            call()
    assert model._sampling_steps == 0
    if isinstance(beta, float):
        rows = _core.Rows.from_array(X)
        with pytest.raises(ValueError, match="gibbs: beta must be between 0 and 1"):
            model._engine.gibbs(rows, 1, 0, "gibbs", 0, 0, 1, None, beta)


def test_what_beta_does_not_go_with_is_named():
    model = RBM(5, n_iter=1, random_state=0).fit(X)
    with pytest.raises(ValueError, match="RBM: beta cannot be given with n_temperatures"):
        model.sample(3, beta=0.5, n_temperatures=3)
    gaussian = RBM(5, visible="gaussian", n_iter=1, random_state=0).fit(X - X.mean(axis=0))
    assert gaussian.gibbs(X, beta=0.5).shape == X.shape
    with pytest.raises(ValueError, match="RBM: beta must be above 0 with visible='gaussian'"):
        gaussian.gibbs(X, beta=0)


def test_an_end_without_a_ladder_is_warned_of():
    model = RBM.from_parameters(np.zeros((2, 3)), np.zeros(3), np.zeros(2))
    with pytest.warns(UserWarning, match=r"RBM: beta_min=0\.5 has no effect without n_temper"):
        model.sample(2, 3, beta_min=0.5)
