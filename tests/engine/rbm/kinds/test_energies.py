"""Free energies, log Z and pseudo-likelihoods are those of the energy."""

import numpy as np
import pytest
from scipy.special import log_ndtr, logsumexp

from udl_fast import _core

from .models import HIDDEN, LOG_Z, PAIRS, make, rows_of, some_rows


@pytest.mark.parametrize(("visible", "hidden"), PAIRS)
def test_free_energies_are_those_of_the_energy(visible, hidden):
    engine, model = make(visible, hidden)
    v = some_rows(model, 12)
    np.testing.assert_allclose(
        engine.free_energy(rows_of(v), 1), model.free_energy(v), rtol=1e-11, atol=1e-12
    )


@pytest.mark.parametrize("x", [-1e5, -300.0, -38.0, -8.001, -7.999, -2.001, -1.999, 0.0, 7.0, 40.0])
def test_rectified_units_far_from_zero(x):
    """log of the integral of e^(x h - h^2 / 2) over h > 0, and its derivative, to the last digits."""
    engine = _core.RbmEngine(1, 1, "float64", "bernoulli", "relu")
    engine.set_parameters(np.zeros((1, 1)), np.array([x]), np.zeros(1))
    row = rows_of(np.zeros((1, 1)))
    if x > -1000:
        expected = x * x / 2 + np.log(2 * np.pi) / 2 + log_ndtr(x)
        tolerance = 1e-15 * x * x  # of the expected value, which cancels
    else:
        expected, tolerance = -np.log(-x) - 1 / x**2, 1e-15
    assert -engine.free_energy(row, 1)[0] == pytest.approx(expected, rel=1e-12, abs=tolerance)
    mean = engine.mean_hidden(row, 1)[0, 0]
    ratio = np.exp(-x * x / 2 - np.log(2 * np.pi) / 2 - log_ndtr(x))
    expected = x + ratio if x > -10 else 1 / -x - 2 / (-x) ** 3 + 10 / (-x) ** 5
    assert mean == pytest.approx(expected, rel=1e-11 if x > -10 else 1e-6)


@pytest.mark.parametrize(("visible", "hidden"), LOG_Z)
def test_log_partition(visible, hidden):
    engine, model = make(visible, hidden)
    v, log_weights = model.visible_states()
    expected = logsumexp(log_weights - engine.free_energy(rows_of(v), 1))
    assert engine.log_partition_exact(1) == pytest.approx(expected, rel=1e-10)
    assert engine.log_partition_exact(3) == engine.log_partition_exact(1)


def test_log_partition_of_words():
    """Over all sequences of words."""
    engine, model = make("replicated_softmax", "bernoulli")
    found = engine.log_partition_exact(1, [0, 1, 2, 4])
    assert found[0] == pytest.approx(3 * np.log(2))
    for length, log_z in zip((1, 2, 4), found[1:], strict=True):
        v, _ = model.visible_states(length)
        expected = logsumexp(-engine.free_energy(rows_of(v), 1))
        assert log_z == pytest.approx(expected, rel=1e-12)


def test_log_partition_needs_bernoulli_units():
    engine, _ = make("softmax", "relu")
    with pytest.raises(ValueError, match="enumerates a layer of Bernoulli units"):
        engine.log_partition_exact(1)


@pytest.mark.parametrize("hidden", HIDDEN)
def test_pseudo_likelihood_of_groups(hidden):
    """Of groups with a value; others are left out."""
    engine, model = make("softmax", hidden)
    v, _ = model.visible_states()
    v[0, :2] = 0
    expected = np.zeros(len(v))
    for first, size in ((0, 2), (2, 3)):
        alternatives = np.repeat(v[:, None], size, axis=1)
        alternatives[:, :, first : first + size] = np.eye(size)
        energies = model.free_energy(alternatives.reshape(-1, 5)).reshape(-1, size)
        scores = -model.free_energy(v) - logsumexp(-energies, axis=1)
        expected += np.where(v[:, first : first + size].any(axis=1), scores, 0.0)
    np.testing.assert_allclose(engine.pseudo_likelihood(rows_of(v), 2), expected, rtol=1e-10)


@pytest.mark.parametrize("hidden", HIDDEN)
def test_pseudo_likelihood_of_bits(hidden):
    engine, model = make("bernoulli", hidden)
    v, _ = model.visible_states()
    expected = np.zeros(len(v))
    for i in range(4):
        flipped = v.copy()
        flipped[:, i] = 1 - v[:, i]
        expected -= np.logaddexp(0, model.free_energy(v) - model.free_energy(flipped))
    np.testing.assert_allclose(engine.pseudo_likelihood(rows_of(v), 1), expected, rtol=1e-10)


@pytest.mark.parametrize("visible", ["gaussian", "replicated_softmax"])
def test_pseudo_likelihood_is_refused_where_it_has_no_form(visible):
    engine, model = make(visible, "bernoulli")
    with pytest.raises(ValueError, match=f"no closed form for visible='{visible}'"):
        engine.pseudo_likelihood(rows_of(some_rows(model, 2)), 1)
