"""Gaussian and rectified hidden units of the packed-bit engine: against the float64 engine, whose energies are
those of enumerations, on every CPU target."""

import itertools

import numpy as np
import pytest

from tests.support.engines import SEED, rng
from udl_fast import _core

from .real_hidden import HIDDEN, PAIRS, ROWS, data_of, make, rows_of

SHAPES = [(1, 1, 1), (17, 5, 4), (130, 66, 37)]
ROUNDING = 2.0**-24  # of one operation of float32


def errors_of_inputs(engine, v):
    """What float32 may add to the inputs of hidden units: n products added one by one to partial sums, or integers
    that are off by half a unit of the largest weight's last place."""
    state = engine.state()
    if "log_variance" in state:
        v = v * np.exp(-state["log_variance"])
    weights = np.abs(state["weights"])
    sizes = np.abs(v) @ weights.T + np.count_nonzero(v, axis=1)[:, None] * weights.max()
    n = engine.n_visible + 4
    return ROUNDING * (n * sizes + 4 * np.abs(state["hidden_bias"]))


# ---- half steps and scores ----


@pytest.mark.parametrize("kind", ROWS)
@pytest.mark.parametrize(("visible", "hidden"), PAIRS)
@pytest.mark.parametrize(("n_visible", "n_hidden", "n_rows"), SHAPES)
def test_hidden_half_step_and_scores(
    target, n_threads, visible, hidden, n_visible, n_hidden, n_rows, kind
):
    packed, double = make(visible, hidden, n_visible, n_hidden)
    v = data_of(visible, kind, n_rows, n_visible)
    rows, error = rows_of(v, kind), errors_of_inputs(double, v)
    mean = double.mean_hidden(rows, 1)
    found = packed.mean_hidden(rows, n_threads)
    # A mean moves by no more than its input does.
    assert (np.abs(found - mean) <= error + 1e-6 * np.abs(mean)).all()
    where = (SEED, "gibbs", 3, 11)
    drawn = packed.sample_hidden(rows, *where, n_threads)
    states = double.sample_hidden(rows, *where, 1).to_array("float64")
    assert drawn.kind == "dense"
    assert (np.abs(drawn.to_array("float64") - states) <= error + 2e-6 * (1 + np.abs(mean))).all()
    energy = double.free_energy(rows, 1)
    # Its derivative is the mean; the unit's own part and that of the visible layer are rounded, too.
    terms = ((1 + np.abs(mean)) * (error + 2e-7 * (1 + np.abs(mean)))).sum(axis=1)
    assert (np.abs(packed.free_energy(rows, n_threads) - energy) <= terms + 4e-7 * n_visible).all()
    if visible != "gaussian":
        expected = double.pseudo_likelihood(rows, 1)
        found = packed.pseudo_likelihood(rows, n_threads)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-6 * n_visible)


@pytest.mark.parametrize(("visible", "hidden"), PAIRS)
@pytest.mark.parametrize(("n_visible", "n_hidden", "n_rows"), SHAPES)
def test_visible_half_step(target, n_threads, visible, hidden, n_visible, n_hidden, n_rows):
    packed, double = make(visible, hidden, n_visible, n_hidden)
    h = rows_of(rng(n_rows, n_hidden).normal(0, 1.5, (n_rows, n_hidden)).astype(np.float32))
    mean = double.mean_visible(h, 1)
    np.testing.assert_allclose(packed.mean_visible(h, n_threads), mean, rtol=3e-6, atol=3e-6)
    where = (SEED, "gibbs", 2**33 + 5, 11)
    found = packed.sample_visible(h, *where, n_threads).to_array("float64")
    states = double.sample_visible(h, *where, 1).to_array("float64")
    if visible == "gaussian":
        np.testing.assert_allclose(found, states, rtol=5e-6, atol=5e-6)
    else:  # a draw may lie between what both take for a probability
        assert (found == states).all(axis=1).mean() > 1 - 1e-5 * n_visible


def test_rectified_units(target):
    """Means, what they add to minus the free energy, and draws, over all inputs there are."""
    size = np.concatenate([np.linspace(0, 12, 4801), np.logspace(1, 17, 200)])
    x = np.concatenate([-size[::-1], size]).astype(np.float32)
    packed, double = (
        _core.RbmEngine(1, len(x), precision, "bernoulli", "relu")
        for precision in ("fixed", "float64")
    )
    single = _core.RbmEngine(1, 1, "fixed", "bernoulli", "relu")
    for engine in (packed, double):
        engine.set_parameters(
            *(np.asarray(a, engine.weights().dtype) for a in (np.zeros((len(x), 1)), x, [0]))
        )
    rows = rows_of(np.zeros((40, 1), np.float32))
    mean = double.mean_hidden(rows, 1)
    np.testing.assert_allclose(packed.mean_hidden(rows, 1), mean, rtol=1e-6)
    found, exact = (
        e.sample_hidden(rows, SEED, "gibbs", 0, 0, 1).to_array("float64") for e in (packed, double)
    )
    assert (found >= 0).all()
    # The spread of a unit is 1, or below 0 about its mean.
    assert (np.abs(found - exact) <= 2e-6 * np.minimum(1, mean) + 2e-7 * exact).all()
    for value in (-1e17, -37.5, -2.0, -0.01, 0.0, 0.01, 3.0, 1000.0):
        state = np.zeros((1, 1)), np.array([value], np.float32), np.zeros(1)
        single.set_parameters(*(a.astype(np.float32) for a in state))
        reference = _core.RbmEngine(1, 1, "float64", "bernoulli", "relu")
        reference.set_parameters(*(a.astype(np.float64) for a in state))
        one = rows_of(np.zeros((1, 1), np.float32))
        assert single.free_energy(one, 1) == pytest.approx(
            reference.free_energy(one, 1), rel=3e-7, abs=3e-7
        )


# ---- chains ----


@pytest.mark.parametrize(("visible", "hidden"), PAIRS)
def test_half_steps_at_a_temperature(target, visible, hidden):
    """Hidden units, from the same draws, have 1 / beta of their variance."""
    packed, double = make(visible, hidden, 37, 21, spread=0.1)
    v = rows_of(data_of(visible, "grey", 40, 37))
    where = (SEED, "gibbs", 0, 0, 1, None, 0.3)
    (_, found), (_, exact) = (engine.gibbs(v, 1, *where) for engine in (packed, double))
    np.testing.assert_allclose(
        found.to_array("float64"), exact.to_array("float64"), rtol=3e-6, atol=6e-6
    )


@pytest.mark.parametrize("n_steps", [1, 4])
@pytest.mark.parametrize("hidden", HIDDEN)
def test_chains_that_start_in_equilibrium_stay_there(hidden, n_steps):
    """Rows drawn exactly from p(v): as often in each state after so many steps, within 5 sigma."""
    packed, double = make("bernoulli", hidden, 6, 4, spread=0.8)
    v = np.array(list(itertools.product((0.0, 1.0), repeat=6)))
    p = np.exp(-double.free_energy(rows_of(v), 1) - double.log_partition_exact(1))
    assert p.sum() == pytest.approx(1)
    n = 60_000
    start = v[rng(n_steps, 5).choice(len(v), size=n, p=p)]
    ends, _ = packed.gibbs(rows_of(start), n_steps, SEED, "gibbs", 0, 0, 2)
    counts = np.bincount(ends.to_array("bool") @ (1 << np.arange(6)[::-1]), minlength=64)
    assert (np.abs(counts - n * p) < 5 * np.sqrt(n * p * (1 - p)) + 1e-9).all()


@pytest.mark.parametrize("n_steps", [1, 4])
def test_normal_chains_stay_in_equilibrium(n_steps):
    """Both layers Gaussian: p(v, h) is normal, and its moments after so many steps are those of the inverse of its
    precision, within 5 sigma."""
    packed, _ = make("gaussian", "gaussian", 4, 3, spread=0.25)
    state = {name: array.astype(float) for name, array in packed.state().items()}
    inverse = np.exp(-state["log_variance"])
    coupling = state["weights"] * inverse  # h W v / sigma^2
    precision = np.block([[np.diag(inverse), -coupling.T], [-coupling, np.eye(3)]])
    assert np.linalg.eigvalsh(precision).min() > 0
    mean = np.linalg.solve(
        precision, np.concatenate([state["visible_bias"] * inverse, state["hidden_bias"]])
    )
    covariance, n = np.linalg.inv(precision), 60_000
    start = rng(n_steps, 6).multivariate_normal(mean[:4], covariance[:4, :4], size=n)
    v, h = packed.gibbs(rows_of(start.astype(np.float32)), n_steps, SEED, "gibbs", 0, 0, 2)
    # h is that which v was drawn from: both are a state of the joint distribution.
    found = np.concatenate([v.to_array("float64"), h.to_array("float64")], axis=1) - mean
    sigma = np.sqrt(np.diag(covariance) / n)
    assert (np.abs(found.mean(axis=0)) < 5 * sigma).all()
    products = found[:, :, None] * found[:, None]
    error = 5 * products.std(axis=0) / np.sqrt(n)
    assert (np.abs(products.mean(axis=0) - covariance) < error).all()


@pytest.mark.parametrize(("visible", "hidden"), PAIRS)
def test_many_steps_are_single_steps(visible, hidden):
    packed, _ = make(visible, hidden, 37, 21, spread=0.1)
    v = rows_of(data_of(visible, "grey", 9, 37))
    found, h = packed.gibbs(v, 3, SEED, "gibbs", 5, 2, 2)
    for s in range(3):
        v, last = packed.gibbs(v, 1, SEED, "gibbs", 5 + s, 2, 1)
    np.testing.assert_array_equal(last.to_array("float32"), h.to_array("float32"))
    np.testing.assert_array_equal(v.to_array("float32"), found.to_array("float32"))
