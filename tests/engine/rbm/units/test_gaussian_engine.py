"""Gaussian visible units of the packed-bit engine against the NumPy oracle, on every CPU target."""

import numpy as np
import pytest

from tests.oracle import rbm as binary
from tests.support.engines import SEED, rng, states
from tests.support.gaussian import (
    LEARNING,
    SETTINGS,
    gaussian_data,
    learn,
    random_gaussian,
    rows_of,
)
from tests.support.interruption import assert_ends_soon
from udl_fast import _core

SHAPES = [(1, 1, 1), (17, 5, 4), (65, 37, 33), (130, 66, 300)]


@pytest.mark.parametrize(("n_visible", "n_hidden", "n_rows"), SHAPES)
def test_visible_half_step(target, n_threads, n_visible, n_hidden, n_rows):
    """To the bit: sums of hidden bits are exact, and each unit takes its draw."""
    engine, model = random_gaussian(n_visible, n_hidden)
    h, weights = states(n_rows, n_hidden), engine.weights()
    mean = binary.preactivation(h, weights, engine.visible_bias())
    np.testing.assert_array_equal(engine.mean_visible(rows_of(h), n_threads), mean)
    where = (SEED, "gibbs", 2**33 + 5, 11)
    found = engine.sample_visible(rows_of(h), *where, n_threads).to_array("float32")
    sigma = _core.exp_negative(np.float32(-0.5) * engine.state()["log_variance"])
    bits = _core.draws(SEED, "gibbs", 0, 2**33 + 5, 11, n_rows, n_visible)
    np.testing.assert_array_equal(found, mean + sigma * _core.normal_from_bits(bits))
    np.testing.assert_allclose(sigma, np.exp(model.z / 2), rtol=2e-7)


@pytest.mark.parametrize("kind", ["values", "bits", "sparse"])
@pytest.mark.parametrize(("n_visible", "n_hidden", "n_rows"), SHAPES)
def test_hidden_half_step_and_free_energy(target, n_threads, n_visible, n_hidden, n_rows, kind):
    engine, model = random_gaussian(n_visible, n_hidden)
    v = gaussian_data(n_rows, n_visible)
    if kind != "values":
        v = (v > 0.5).astype(np.float32)
    rows = rows_of(v)
    if kind == "sparse":
        from scipy import sparse

        x = sparse.csr_matrix(2.5 * v)
        rows, v = _core.Rows.from_csr(x.indptr, x.indices, x.data, n_visible), 2.5 * v
    p = model.mean_hidden(v)
    np.testing.assert_allclose(engine.mean_hidden(rows, n_threads), p, atol=2e-6)
    found = engine.sample_hidden(rows, SEED, "gibbs", 3, 0, n_threads).to_array("bool")
    u = binary.uniforms(_core.draws(SEED, "gibbs", 1, 3, 0, *p.shape))
    far = np.abs(u - p) > 2e-6
    np.testing.assert_array_equal(found[far], (u < p)[far])
    energy = model.free_energy(v)
    # Terms of some 60 nats cancel, whose softplus is rounded in float32.
    np.testing.assert_allclose(engine.free_energy(rows, n_threads), energy, rtol=2e-6, atol=5e-5)


@pytest.mark.parametrize("n_steps", [1, 4])
def test_gibbs_chains_stay_at_the_model_distribution(n_steps):
    """They start exactly there; means, variances and hidden states within 5 standard errors."""
    engine, model = random_gaussian(4, 3, spread=0.8)
    n = 40_000
    v, _ = model.exact_states(n, rng(9))
    start = rows_of(v.astype(np.float32))
    found, h = engine.gibbs(start, n_steps, SEED, "gibbs", 0, 0, 2)
    found, h = found.to_array("float64"), h.to_array("bool")
    _, log_p = model.log_hidden()
    p = np.exp(log_p - np.logaddexp.reduce(log_p))
    frequencies = np.bincount(h @ (1 << np.arange(3)[::-1]), minlength=8) / n
    assert (np.abs(frequencies - p) < 5 * np.sqrt(p * (1 - p) / n)).all()
    assert_moments(found, *model.moments())


def assert_moments(found, mean, variance):
    """Within 5 standard errors."""
    n = len(found)
    assert (np.abs(found.mean(axis=0) - mean) < 5 * np.sqrt(variance / n)).all()
    squares = (found - mean) ** 2
    error = squares.std(axis=0) / np.sqrt(n)
    assert (np.abs(squares.mean(axis=0) - variance) < 5 * error).all()


@pytest.mark.parametrize("rows", ["one", "each"])
def test_units_are_held_at_real_values(rows):
    """The others follow the model given these, and means of the last step have them too."""
    engine, model = random_gaussian(20, 3, spread=0.6)
    n, held = 40_000, rng(5).random(20) < 0.5
    held[:16] = True  # a whole tile is held
    values = np.where(held, rng(6).normal(0, 1, 20), 0).astype(np.float32)
    shape = (1 if rows == "one" else n, 20)
    clamp = tuple(rows_of(np.broadcast_to(a, shape).copy()) for a in (held, values))
    start = rows_of(np.zeros((n, 20), np.float32))
    found, _ = engine.gibbs(start, 20, SEED, "gibbs", 0, 0, 2, clamp)
    found = found.to_array("float32")
    assert (found[:, held] == values[held]).all()
    mean, variance = model.moments(held, values)
    assert_moments(found[:, ~held].astype(float), mean[~held], variance[~held])
    means = engine.gibbs_means(start, 20, SEED, "gibbs", 0, 0, 2, clamp)
    assert (means[:, held] == values[held]).all()
    sigma = np.exp(model.z[~held] / 2)
    noise = (found - means)[:, ~held] / sigma
    assert np.abs(noise.std(axis=0) - 1).max() < 5 / np.sqrt(2 * n)


def test_many_steps_are_single_steps():
    """States between the steps lie scaled: nothing of that shows."""
    engine, _ = random_gaussian(37, 21)
    v = rows_of(gaussian_data(9, 37))
    found, h = engine.gibbs(v, 3, SEED, "gibbs", 5, 2, 2)
    for s in range(3):
        v, last = engine.gibbs(v, 1, SEED, "gibbs", 5 + s, 2, 1)
    np.testing.assert_array_equal(last.to_array("bool"), h.to_array("bool"))
    np.testing.assert_array_equal(v.to_array("float32"), found.to_array("float32"))


# ---- learning ----


@pytest.mark.parametrize("options", LEARNING.values(), ids=LEARNING)
@pytest.mark.parametrize(("n_visible", "n_hidden", "n_rows"), [(17, 5, 33), (65, 37, 21)])
def test_learning(target, n_threads, options, n_visible, n_hidden, n_rows):
    """The last minibatch is shorter; several learn with the variances that those before have left."""
    engine, expected = random_gaussian(n_visible, n_hidden)
    data = gaussian_data(n_rows, n_visible)
    settings, expected.chains = learn(engine, data, options, n_threads)
    expected.train(data.astype(np.float64), settings, SEED, 3)
    state = engine.state()
    found = (state[k] for k in ("weights", "hidden_bias", "visible_bias", "log_variance"))
    for a, b in zip(found, expected.parameters(), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-5, rtol=1e-5)


@pytest.mark.parametrize("options", LEARNING.values(), ids=LEARNING)
def test_learned_bits_do_not_depend_on_target_or_threads(options):
    found = set()
    for name in _core.available_targets():
        _core.set_target(name)
        for n_threads in (1, 2, 3):
            engine, _ = random_gaussian(200, 130)
            learn(engine, gaussian_data(64, 200), {**options, "batch_size": 30}, n_threads)
            state = engine.state()
            found.add(b"".join(np.ascontiguousarray(state[k]).tobytes() for k in sorted(state)))
    _core.set_target("")
    assert len(found) == 1


def test_what_is_carried_on_is_part_of_the_state():
    """Of velocities, chains and how far sigma is yet to move: it can be taken out and put back."""
    options = {**SETTINGS, "algorithm": "pcd", "momentum": 0.5}
    data = gaussian_data(40, 37)
    whole, _ = random_gaussian(37, 21)
    whole.set_chains(states(10, 21, 0.5))
    engine = _core.RbmEngine(37, 21, "fixed", "gaussian")
    engine.set_state(whole.state())
    for step in (0, 4, 8):
        whole.train(rows_of(data), None, options, SEED, step, 2)
        other = _core.RbmEngine(37, 21, "fixed", "gaussian")
        other.set_state(engine.state())
        other.train(rows_of(data), None, options, SEED, step, 1)
        engine = other
    assert whole.state()["log_variance_velocity"].all()
    for name, values in whole.state().items():
        np.testing.assert_array_equal(engine.state()[name], values, err_msg=name)


def test_the_mean_gradient_vanishes_at_the_model():
    """Data drawn from the model: CD-1 moves no parameter, sigma least of all, beyond its noise."""
    engine, model = random_gaussian(4, 3, spread=0.8)
    n = 200_000
    v, _ = model.exact_states(n, rng(11))
    settings = {**SETTINGS, "batch_size": n, "learning_rate": 1.0}
    before = engine.state()
    engine.train(rows_of(v.astype(np.float32)), None, settings, SEED, 0, 2)
    after = engine.state()
    for name in ("weights", "hidden_bias", "visible_bias", "log_variance"):
        moved = np.abs(after[name] - before[name]).max()
        assert moved < 0.02, name  # 5 standard errors of a mean of such products over the rows


@pytest.mark.parametrize(
    "options", [{"k": 2}, {"algorithm": "pcd", "momentum": 0.5, "learning_rate": 0.3}]
)
def test_the_float64_engine_learns_the_same(options):
    """From the same draws, minibatch after minibatch."""
    packed, _ = random_gaussian(30, 12)
    double = _core.RbmEngine(30, 12, "float64", "gaussian")
    double.set_state(packed.state())
    for engine in (packed, double):
        learn(engine, gaussian_data(60, 30), options, 2)
    expected = double.state()
    for name, values in packed.state().items():
        np.testing.assert_allclose(values, expected[name], atol=5e-5, rtol=1e-4, err_msg=name)


def test_log_partition():
    engine, model = random_gaussian(9, 6)
    assert engine.log_partition_exact(2) == pytest.approx(model.log_partition(), abs=1e-5)


def test_ctrl_c_ends_training():
    engine, _ = random_gaussian(3072, 512)
    rows = rows_of(gaussian_data(4000, 3072))
    assert_ends_soon(lambda: engine.train(rows, None, {**SETTINGS, "k": 50}, SEED, 0, 2))


def test_what_bits_alone_can_do_is_refused():
    engine, _ = random_gaussian(5, 3)
    rows = rows_of(gaussian_data(4, 5))
    for name, value in (("statistics", "sampled"), ("binarize_sample", True)):
        with pytest.raises(ValueError, match="visible='gaussian'"):
            engine.train(rows, None, {**SETTINGS, name: value}, SEED, 0, 1)
