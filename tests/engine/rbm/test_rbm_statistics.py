"""Samplers and learning of small models against their enumerated distributions, at 5 sigma."""

import numpy as np
import pytest
from scipy.special import expit, logsumexp

from tests.oracle import rbm as oracle
from tests.support.engines import SETTINGS, random_model
from udl_fast import RBM, _core
from udl_fast.evaluation import LogPartition

SEED = 20260101
N = 40000


@pytest.fixture
def model():
    g = np.random.default_rng(5)
    weights = g.normal(0, 1.0, (3, 4)).astype(np.float32)
    hidden, visible = g.normal(0, 0.5, 3).astype(np.float32), g.normal(0, 0.5, 4).astype(np.float32)
    engine = _core.RbmEngine(4, 3, "fixed")
    engine.set_parameters(weights, hidden, visible)
    return engine, weights.astype(float), hidden.astype(float), visible.astype(float)


def state_numbers(states):
    return states @ (1 << np.arange(states.shape[-1]))


def assert_distributed(states, probabilities):
    """Counts of every state within 5 sigma of the multinomial's."""
    n = len(states)
    counts = np.bincount(state_numbers(states.astype(int)), minlength=len(probabilities))
    sigma = np.sqrt(n * probabilities * (1 - probabilities))
    assert (np.abs(counts - n * probabilities) <= 5 * sigma + 1e-9).all()


def exact_sample(weights, hidden, visible, n=N):
    p = oracle.visible_distribution(weights, hidden, visible)
    chosen = np.random.default_rng(1).choice(len(p), size=n, p=p)
    return oracle.all_states(weights.shape[1])[chosen], p


def test_half_steps_have_the_conditional_distributions(target, model):
    engine, weights, hidden, visible = model
    v = np.array([True, False, True, True])
    rows = _core.Rows.from_array(np.tile(v, (N, 1)))
    drawn = engine.sample_hidden(rows, SEED, "gibbs", 0, 0, 2).to_array("bool")
    assert_distributed(drawn, oracle.hidden_conditional(weights, hidden, 4)[state_numbers(v)])
    h = np.array([True, False, True])
    rows = _core.Rows.from_array(np.tile(h, (N, 1)))
    drawn = engine.sample_visible(rows, SEED, "gibbs", 0, 0, 2).to_array("bool")
    assert_distributed(drawn, oracle.visible_conditional(weights, visible, 3)[state_numbers(h)])


@pytest.mark.parametrize("n_steps", [1, 4, 16])
def test_gibbs_leaves_the_model_distribution_unchanged(target, model, n_steps):
    engine, *parameters = model
    start, p = exact_sample(*parameters)
    rows = _core.Rows.from_array(start)
    after = engine.gibbs(rows, n_steps, SEED, "gibbs", 0, 0, 2)[0].to_array("bool")
    assert_distributed(after, p)


def test_gibbs_forgets_its_start(model):
    engine, *parameters = model
    rows = _core.Rows.from_array(np.zeros((N, 4), bool))
    after = engine.gibbs(rows, 200, SEED, "gibbs", 0, 0, 2)[0].to_array("bool")
    assert_distributed(after, oracle.visible_distribution(*parameters))


def settings(**options):
    return {**SETTINGS, **options}


@pytest.mark.parametrize("n_steps", [1, 3])
def test_persistent_chains_stay_distributed(model, n_steps):
    """Without learning, hidden chains that start exactly keep p(h)."""
    engine, weights, hidden, visible = model
    start, _ = exact_sample(weights.T, visible, hidden)
    engine.set_chains(start)
    rows = _core.Rows.from_array(np.zeros((10, 4), bool))
    options = settings(algorithm="pcd", learning_rate=0.0, k=n_steps)
    engine.train(rows, None, options, SEED, 0, 2)
    assert_distributed(engine.chains(), oracle.visible_distribution(weights.T, visible, hidden))


@pytest.mark.parametrize("k", [1, 3])
def test_cd_update_has_the_enumerated_expectation(model, k):
    """The mean update over many rows, and the spread of single rows for its standard error."""
    engine, weights, hidden, visible = model
    data = np.random.default_rng(2).random((N, 4)) < [0.2, 0.5, 0.8, 0.5]
    p = np.bincount(state_numbers(data), minlength=16) / N
    expected = oracle.cd_gradient(weights, hidden, visible, p, k)
    rate = 1.0
    options = settings(k=k, learning_rate=rate, batch_size=N)
    engine.train(_core.Rows.from_array(data), None, options, SEED, 0, 2)
    found = (
        engine.weights() - weights,
        engine.hidden_bias() - hidden,
        engine.visible_bias() - visible,
    )
    for a, b in zip(found, expected, strict=True):
        # A row's contribution lies in [-1, 1]: its standard deviation is at most 1.
        assert np.abs(a / rate - b).max() < 5 / np.sqrt(N)


def test_exact_gradient_is_the_derivative_of_the_likelihood():
    """Central differences of the float64 log likelihood against the enumerated gradient."""
    g = np.random.default_rng(3)
    parameters = [g.normal(0, 0.7, (3, 4)), g.normal(0, 0.5, 3), g.normal(0, 0.5, 4)]
    data = oracle.all_states(4)[[3, 5, 5, 12, 9]]
    distribution = np.bincount(state_numbers(data), minlength=16) / len(data)
    expected = oracle.exact_gradient(*parameters, distribution)
    engine = _core.RbmEngine(4, 3, "float64")

    def likelihood():
        engine.set_parameters(*parameters)
        free = engine.free_energy(_core.Rows.from_array(data), 1).mean()
        return -free - engine.log_partition_exact(1)

    for parameter, gradient in zip(parameters, expected, strict=True):
        for index in np.ndindex(parameter.shape):
            value = parameter[index]
            parameter[index] = value + 1e-5
            above = likelihood()
            parameter[index] = value - 1e-5
            below = likelihood()
            parameter[index] = value
            assert abs((above - below) / 2e-5 - gradient[index]) < 1e-8


@pytest.mark.parametrize(("n_visible", "n_hidden"), [(1, 1), (4, 3), (3, 5), (12, 9), (11, 13)])
@pytest.mark.parametrize("precision", ["fixed", "fast", "float64"])
def test_log_partition_is_the_enumerated_sum(n_visible, n_hidden, precision):
    g = np.random.default_rng(n_visible)
    engine = _core.RbmEngine(n_visible, n_hidden, precision)
    engine.set_parameters(
        g.normal(0, 1, (n_hidden, n_visible)), g.normal(size=n_hidden), g.normal(size=n_visible)
    )
    weights = engine.weights().astype(float)
    if precision != "float64":
        scale = oracle.scale_exponent(weights, precision == "fast")
        weights = oracle.quantise(weights, scale) * 2.0**scale
    expected = oracle.log_partition(weights, engine.hidden_bias(), engine.visible_bias())
    for n_threads in (1, 3):
        assert abs(engine.log_partition_exact(n_threads) - expected) < 1e-9 * max(1, abs(expected))


def test_free_energy_is_minus_log_sum_over_hidden_states(model):
    engine, weights, hidden, visible = model
    v = oracle.all_states(4)
    expected = -np.logaddexp.reduce(oracle.log_joint(weights, hidden, visible), axis=1)
    np.testing.assert_allclose(engine.free_energy(_core.Rows.from_array(v), 1), expected, atol=2e-6)


@pytest.mark.parametrize("size", [1e3, 1e5])
def test_free_energy_is_stable_for_large_inputs(size):
    engine = _core.RbmEngine(1, 2, "fixed")
    engine.set_parameters(np.zeros((2, 1)), np.array([size, -size]), np.zeros(1))
    found = engine.free_energy(_core.Rows.from_array(np.zeros((1, 1), bool)), 1)
    np.testing.assert_allclose(found, -size, rtol=1e-6)


def test_probability_zero_never_fires_and_one_always_does(target):
    engine = _core.RbmEngine(1, 32, "fixed")
    bias = np.where(np.arange(32) % 2, 100.0, -100.0)
    engine.set_parameters(np.zeros((32, 1)), bias, np.zeros(1))
    rows = _core.Rows.from_array(np.zeros((200000, 1), bool))
    drawn = engine.sample_hidden(rows, SEED, "gibbs", 0, 0, 2).to_array("bool")
    np.testing.assert_array_equal(drawn, np.broadcast_to(bias > 0, drawn.shape))


def test_estimator_samples_the_enumerated_model():
    rbm = RBM(3, n_iter=0, random_state=0).fit(np.eye(4, dtype=np.uint8))
    g = np.random.default_rng(7)
    rbm.components_, rbm.intercept_hidden_ = g.normal(size=(3, 4)), g.normal(size=3)
    rbm.intercept_visible_ = g.normal(size=4)
    parameters = [
        np.asarray(a, float)
        for a in (rbm.components_, rbm.intercept_hidden_, rbm.intercept_visible_)
    ]
    drawn = rbm.sample(N, n_steps=100)
    p = oracle.visible_distribution(*parameters)
    assert_distributed(drawn, p)
    states = oracle.all_states(4)
    np.testing.assert_allclose(np.exp(rbm.log_likelihood(states)), p, rtol=1e-5)
    assert rbm.log_partition() == LogPartition(rbm.log_partition().log_z, 0.0)
    np.testing.assert_allclose(
        rbm.transform(states), expit(states @ parameters[0].T + parameters[1]), atol=1e-6
    )


def log_of_all_probabilities(engine):
    """log of the sum of P(v) over all states v; 0 where free energies and log Z belong together."""
    n = engine.n_visible
    every = np.arange(2**n)[:, None] >> np.arange(n) & 1
    energies = engine.free_energy(_core.Rows.from_array(every.astype(bool)), 2)
    return logsumexp(-energies) - engine.log_partition_exact(2)


@pytest.mark.parametrize("precision", ["fixed", "fast", "float64"])
@pytest.mark.parametrize(
    ("shape", "spread"), [((4096, 6), 0.3), ((4097, 6), 1.0), ((6, 9), 0.3), ((20, 10), 3.0)]
)
def test_probabilities_of_all_states_sum_to_one(shape, spread, precision):
    n_hidden, n_visible = shape
    engine, _ = random_model(n_visible, n_hidden, spread, precision)
    allowed = 2e-6 + 3e-9 * n_hidden  # each unit multiplies in a factor rounded to float32
    assert log_of_all_probabilities(engine) == pytest.approx(0, abs=allowed)


@pytest.mark.parametrize("precision", ["fixed", "fast", "float64"])
def test_probabilities_beside_a_huge_weight_sum_to_one(precision):
    engine = _core.RbmEngine(2, 1, precision)
    engine.set_parameters(np.array([[1e7, 0.4]]), np.zeros(1), np.zeros(2))
    assert log_of_all_probabilities(engine) == pytest.approx(0, abs=1e-6)
