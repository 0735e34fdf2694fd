"""precision="fast" with Gaussian visible units: bfloat16 products where it learns, all else as in "fixed"."""

import numpy as np
import pytest

from tests.oracle.bfloat16 import UNIT, RoundedGaussianRbm
from tests.support.engines import SEED, rng, states
from tests.support.gaussian import (
    LEARNING,
    SETTINGS,
    gaussian_data,
    learn,
    random_gaussian,
    rows_of,
)
from udl_fast import _core, runtime

LEARNED = ("weights", "hidden_bias", "visible_bias", "log_variance")


@pytest.fixture(autouse=True, scope="module")
def _on_a_processor_with_such_products():
    try:
        engine, _ = random_gaussian(1, 1, precision="fast")
        learn(engine, gaussian_data(1, 1), {}, 1)
    except NotImplementedError as refusal:
        pytest.skip(str(refusal))


@pytest.mark.parametrize("options", LEARNING.values(), ids=LEARNING)
@pytest.mark.parametrize(
    ("n_visible", "n_hidden", "n_rows"), [(1, 1, 3), (17, 5, 33), (65, 37, 21), (48, 16, 40)]
)
def test_learning(options, n_visible, n_hidden, n_rows):
    """What is rounded is what the oracle rounds. The last minibatches have 3, 1 and 10 rows."""
    engine, expected = random_gaussian(
        n_visible, n_hidden, precision="fast", oracle=RoundedGaussianRbm
    )
    data = gaussian_data(n_rows, n_visible)
    settings, expected.chains = learn(engine, data, options, 2)
    expected.train(data.astype(np.float64), settings, SEED, 3)
    state = engine.state()
    for name, b in zip(LEARNED, expected.parameters(), strict=True):
        np.testing.assert_allclose(state[name], b, atol=2e-5, rtol=1e-5, err_msg=name)


@pytest.mark.parametrize("hidden", ["bernoulli", "gaussian", "relu"])
@pytest.mark.parametrize(
    ("n_visible", "n_hidden", "n_rows", "n_chains"), [(130, 66, 37, 51), (33, 17, 100, 1)]
)
def test_gradients_within_eight_bits_of_float64(hidden, n_visible, n_hidden, n_rows, n_chains):
    """Each factor is off by 2^-8 at most, and a mean follows its input no faster than one to one (a
    probability a quarter of that). Chains that are given see the same states in both engines."""
    fast, model = random_gaussian(n_visible, n_hidden, precision="fast", hidden=hidden)
    double, _ = random_gaussian(n_visible, n_hidden, precision="float64", hidden=hidden)
    data = gaussian_data(n_rows, n_visible)
    h = states(n_chains, n_hidden, 0.5)
    chains = h if hidden == "bernoulli" else h.astype(np.float32)
    rate = 1e-4
    settings = {**SETTINGS, "algorithm": "pcd", "batch_size": n_rows, "learning_rate": rate}
    settings["momentum"] = 0.5  # the velocity is what was learned
    for engine in (fast, double):
        engine.set_chains(chains)
        engine.train(rows_of(data), None, settings, SEED, 3, 2)
    bound = np.zeros((n_hidden, n_visible))
    start, _ = random_gaussian(n_visible, n_hidden, precision="float64", hidden=hidden)
    v = start.sample_visible(rows_of(chains), SEED, "pcd", 3, 0, 2).to_array("float64")
    for states_of_phase in (data.astype(np.float64), v):
        mean = np.abs(start.mean_hidden(rows_of(states_of_phase), 2))
        scaled = np.abs(states_of_phase * np.exp(-model.z))
        factors = (1 + UNIT) ** 2
        slope = 0.25 if hidden == "bernoulli" else 1
        off = slope * (factors - 1) * scaled @ np.abs(model.weights).T
        bound += (factors * (mean + off) - mean).T @ scaled / len(scaled)
    found, exact = (e.state()["weight_velocity"] / rate for e in (fast, double))
    error = np.abs(found - exact)
    bound *= np.exp(model.z)
    assert (error <= bound + 1e-4).all()
    assert error.max() > bound.max() / 200  # it is rounded


def test_all_but_learning_is_that_of_fixed():
    """To the bit: the model is that of its weights, which are float32."""
    found = []
    v, h = rows_of(gaussian_data(70, 37)), rows_of(states(70, 21))
    fast, _ = random_gaussian(37, 21, precision="fast")
    learn(fast, gaussian_data(64, 37), {}, 2)
    fixed, _ = random_gaussian(37, 21)
    fixed.set_state(fast.state())
    for engine in (fast, fixed):
        chains = engine.gibbs(v, 3, SEED, "gibbs", 0, 0, 2)
        found.append(
            [
                engine.mean_hidden(v, 2),
                engine.mean_visible(h, 2),
                engine.free_energy(v, 2),
                engine.log_partition_exact(2),
                *(rows.to_array("float32") for rows in chains),
            ]
        )
    assert fast.precision == "fast"
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("options", LEARNING.values(), ids=LEARNING)
def test_learned_bits_do_not_depend_on_threads(options):
    found = set()
    for n_threads in (1, 2, 3):
        engine, _ = random_gaussian(200, 130, precision="fast")
        learn(engine, gaussian_data(64, 200), {**options, "batch_size": 30}, n_threads)
        state = engine.state()
        found.add(b"".join(np.ascontiguousarray(state[k]).tobytes() for k in sorted(state)))
    assert len(found) == 1


def test_a_pass_is_its_minibatches():
    """But for sigma, which learns by the means of a pass."""
    options = {**SETTINGS, "algorithm": "pcd", "momentum": 0.5, "learn_sigma": False}
    data = gaussian_data(40, 37)
    whole, _ = random_gaussian(37, 21, precision="fast")
    whole.set_chains(states(10, 21, 0.5))
    whole.train(rows_of(data), None, options, SEED, 0, 2)
    engine, _ = random_gaussian(37, 21, precision="fast")
    engine.set_chains(states(10, 21, 0.5))
    for batch in range(4):
        rows = rows_of(data[10 * batch : 10 * batch + 10])
        engine.train(rows, None, options, SEED, batch, 1)
    for name, values in whole.state().items():
        np.testing.assert_array_equal(engine.state()[name], values, err_msg=name)


def test_the_mean_gradient_vanishes_at_the_model():
    """What is rounded is as often too large as too small: CD-1 stays at the model."""
    engine, model = random_gaussian(4, 3, spread=0.8, precision="fast")
    n = 200_000
    v, _ = model.exact_states(n, rng(11))
    before = engine.state()
    settings = {**SETTINGS, "batch_size": n, "learning_rate": 1.0}
    engine.train(rows_of(v.astype(np.float32)), None, settings, SEED, 0, 2)
    for name in LEARNED:
        assert np.abs(engine.state()[name] - before[name]).max() < 0.02, name


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_rows_that_are_no_numbers_end_training(value):
    engine, _ = random_gaussian(33, 5, precision="fast")
    data = gaussian_data(7, 33)
    data[3, 20] = value
    done = engine.train(rows_of(data), None, SETTINGS, SEED, 0, 2)
    assert not done["finite"]


def test_it_is_refused_where_there_are_no_such_products():
    """To learn; a model that has learned is used anywhere."""
    engine, _ = random_gaussian(5, 3, precision="fast")
    v = rows_of(gaussian_data(4, 5))
    expected = engine.mean_hidden(v, 1)
    with runtime.forced_target("baseline"):
        with pytest.raises(NotImplementedError, match=r"BF16.*use precision='fixed'"):
            learn(engine, gaussian_data(4, 5), {}, 1)
        np.testing.assert_array_equal(engine.mean_hidden(v, 1), expected)


def test_a_call_keeps_the_target_that_it_began_with():
    """Another target comes into use, between minibatches, which has no such products."""
    data = gaussian_data(300_000, 65)  # far longer than what lies between two looks
    engines = [random_gaussian(65, 37, precision="fast")[0] for _ in range(2)]
    learn(engines[0], data, {}, 2)
    polled = []

    def change_target(n_rows):
        polled.append(n_rows)
        _core.set_target("baseline")
        return False

    with runtime.forced_target(_core.current_target()):
        engines[1].train(rows_of(data), None, SETTINGS, SEED, 3, 2, change_target)
    assert polled
    for name in LEARNED:
        np.testing.assert_array_equal(engines[1].state()[name], engines[0].state()[name])
