"""Learning of the engine against the NumPy oracle, on every CPU target and thread count.

Learned weights are compared with a float64 update to the rounding of float32, and bit for bit between
targets, threads and ways to cut a pass.
"""

import numpy as np
import pytest

from tests.support.engines import LEARNING, PACKED, SEED, SETTINGS, learn, random_model, rng, states
from udl_fast import _core


@pytest.mark.parametrize("options", LEARNING.values(), ids=LEARNING)
@pytest.mark.parametrize(
    ("n_visible", "n_hidden", "n_rows", "batch_size"),
    [(65, 37, 33, 10), (7, 3, 25, 20), (130, 66, 21, 17)],
)
@pytest.mark.parametrize("precision", PACKED)
def test_learning(target, n_threads, options, n_visible, n_hidden, n_rows, batch_size, precision):
    """The last minibatch is shorter than the others."""
    engine, expected = random_model(n_visible, n_hidden, precision=precision)
    data = states(n_rows, n_visible)
    options = {**options, "batch_size": batch_size}
    result, settings, expected.chains = learn(engine, data, options, n_threads)
    step = expected.train(data, settings, SEED, 3)
    assert (result["step"], result["n_rows"]) == (step, n_rows)
    # 16-bit probabilities are exact in the oracle; what is left is float32 rounding of updates.
    bound = 2e-6 if settings["sample_visibles"] else 2e-5
    if expected.narrow and "centered" in options:
        bound = 5e-4  # it may move a probability of a row to the next of its ten bits, and biases sum that
    found = (engine.weights(), engine.hidden_bias(), engine.visible_bias())
    for a, b in zip(found, expected.parameters(), strict=True):
        np.testing.assert_allclose(a, b, atol=bound)
    if settings["algorithm"] == "pcd" and settings["sample_visibles"]:
        np.testing.assert_array_equal(engine.chains(), expected.chains)


@pytest.mark.parametrize("precision", PACKED)
@pytest.mark.parametrize("options", LEARNING.values(), ids=LEARNING)
def test_learned_bits_do_not_depend_on_target_or_threads(options, precision):
    assert len(learned_bits(options, precision, states(64, 200))) == 1


@pytest.mark.parametrize("precision", PACKED)
def test_bits_learned_from_grey_data_do_not_depend_on_target_or_threads(precision):
    """Values of few digits, whose products and sums often lie half way between two floats."""
    values = (rng(5).integers(0, 9, (64, 200)) / 8).astype(np.float32)
    assert len(learned_bits({"sample_visibles": False, "k": 2}, precision, values)) == 1


def learned_bits(options, precision, data):
    """All results over targets and threads."""
    found = set()
    for name in _core.available_targets():
        _core.set_target(name)
        for n_threads in (1, 2, 3):
            engine, _ = random_model(200, 130, precision=precision)
            learn(engine, data, {**options, "batch_size": 30}, n_threads)
            found.add(
                engine.weights().tobytes()
                + engine.hidden_bias().tobytes()
                + engine.visible_bias().tobytes()
            )
    _core.set_target("")
    return found


def probability_rounding(data, hidden_bias, visible_bias, batch_size):
    """Mean gradient of weights that hardly move, where reconstructions are all `visible_bias` says."""
    n_hidden, n_visible = len(hidden_bias), data.shape[1]
    engine, rate = _core.RbmEngine(n_visible, n_hidden, "fast"), 1e-9
    engine.set_parameters(
        np.zeros((n_hidden, n_visible)), hidden_bias, np.full(n_visible, visible_bias)
    )
    settings = {**SETTINGS, "learning_rate": rate, "batch_size": batch_size}
    counts = engine.train(_core.Rows.from_array(data), None, settings, SEED, 0, 1)
    return engine.weights().astype(float) / rate / counts["n_updates"]


def test_fast_learns_small_probabilities_from_single_rows(target):
    """p = 36 / 65536 is half of the last of ten bits: it must count in half of the minibatches."""
    n, p = 4000, 36 / 65536
    hidden_bias = np.full(20, np.log(p / (1 - p)))
    found = probability_rounding(np.ones((n, 3), bool), hidden_bias, -30.0, 1)
    spread = np.sqrt(36 / 64 * 28 / 64 / n) / 1024
    assert np.abs(found - p).max() < 5 * spread


@pytest.mark.parametrize("batch_size", [1, 10, 33])
def test_fast_has_no_constant_offset_on_grey_data(batch_size):
    """Only the negative phase is rounded there. Both phases see ones but for a grey column."""
    data = np.ones((2000 * batch_size, 4), np.float32)
    data[:, 3] = 0.5
    hidden_bias = np.linspace(-3, 3, 40)
    found = probability_rounding(data, hidden_bias, 30.0, batch_size)[:, :3]
    # A row is off by at most one of 1024, half of the time; offsets of a minibatch are one draw.
    assert np.abs(found).max() < 5 * 0.5 / 1024 / np.sqrt(2000)


@pytest.mark.parametrize("options", [{}, {"k": 2}, {"algorithm": "pcd", "k": 2}])
def test_visible_sums_may_be_split_by_thread(options):
    """Small minibatches of a wide layer: threads sum over the hidden units they own."""
    found = set()
    for n_threads in (1, 2, 3, 5):
        engine, _ = random_model(600, 150)
        learn(engine, states(70, 600), {**options, "batch_size": 30}, n_threads)
        found.add(engine.weights().tobytes() + engine.visible_bias().tobytes())
    assert len(found) == 1


def test_order_is_the_order_of_rows():
    data = states(50, 20)
    order = rng(0).permutation(50).astype(np.uint32)
    (first, _), (second, _) = random_model(20, 9), random_model(20, 9)
    learn(first, data, {}, 2, order)
    learn(second, data[order], {}, 2)
    np.testing.assert_array_equal(first.weights(), second.weights())


@pytest.mark.parametrize("precision", PACKED)
def test_batches_too_long_for_one_int32_sum(precision):
    """More rows than kMaxRowsPerSum = 16,384: blocks of exact sums, the same gradient."""
    engine, expected = random_model(9, 5, precision=precision)
    data = states(40000, 9)
    _, settings, _ = learn(engine, data, {"batch_size": 40000}, 2)
    expected.train(data, settings, SEED, 3)
    np.testing.assert_allclose(engine.weights(), expected.weights, atol=1e-6)


def test_grey_data_learns_like_the_float64_engine(target):
    values = rng(8).random((33, 65)).astype(np.float32)
    engine, model = random_model(65, 37)
    plain = _core.RbmEngine(65, 37, "float64")
    plain.set_parameters(model.weights, model.hidden_bias, model.visible_bias)
    for each in (engine, plain):
        learn(each, values, {"momentum": 0.5}, 2)
    np.testing.assert_allclose(engine.weights(), plain.weights(), atol=2e-5)
    np.testing.assert_allclose(engine.visible_bias(), plain.visible_bias(), atol=2e-5)


@pytest.mark.parametrize("options", LEARNING.values(), ids=LEARNING)
def test_float64_engine_learns_like_the_packed_one(options):
    engine, model = random_model(65, 37)
    plain = _core.RbmEngine(65, 37, "float64")
    plain.set_parameters(model.weights, model.hidden_bias, model.visible_bias)
    for each in (engine, plain):
        learn(each, states(33, 65), options, 2)
    np.testing.assert_allclose(engine.weights(), plain.weights(), atol=2e-5)


@pytest.mark.parametrize("momenta", [(0.0, 0.9), (0.5, 0.0, 0.5), (0.0, 0.5, 0.0, 0.5)])
def test_momentum_may_start_and_stop(momenta):
    """A pass without momentum leaves no velocity behind, in both engines."""
    engine, expected = random_model(65, 37)
    plain = _core.RbmEngine(65, 37, "float64")
    plain.set_parameters(expected.weights, expected.hidden_bias, expected.visible_bias)
    data = states(10, 65)
    for step, momentum in enumerate(momenta):
        settings = {**SETTINGS, "momentum": momentum}
        for each in (engine, plain):
            each.train(_core.Rows.from_array(data), None, settings, SEED, step, 2)
        expected.train(data, settings, SEED, step)
        np.testing.assert_allclose(engine.weights(), expected.weights, atol=2e-6)
        np.testing.assert_allclose(engine.hidden_bias(), expected.hidden_bias, atol=2e-6)
    np.testing.assert_allclose(engine.weights(), plain.weights(), atol=2e-5)
    np.testing.assert_allclose(engine.visible_bias(), plain.visible_bias(), atol=2e-5)


def test_binarized_pixels_are_drawn_from_the_data_stream(target):
    from tests.oracle.philox import draws, uniforms

    values = rng(3).random((150, 37)).astype(np.float32)
    engine, _ = random_model(37, 8)
    learn(engine, values, {"binarize_sample": True, "data_step": 6, "batch_size": 70}, 2)
    batches = [values[:70], values[70:140], values[140:]]
    bits = [
        uniforms(draws(SEED, "data", 0, 6 + i, 0, len(batch), 37)) < batch
        for i, batch in enumerate(batches)
    ]
    same, _ = random_model(37, 8)
    learn(same, np.concatenate(bits), {"batch_size": 70}, 2)
    np.testing.assert_array_equal(engine.weights(), same.weights())


@pytest.mark.parametrize("precision", PACKED)
@pytest.mark.parametrize(
    "options",
    [{}, {"k": 3}, {"algorithm": "pcd"}, {"statistics": "sampled"}, {"momentum": 0.5, "l1": 1e-3}],
)
@pytest.mark.parametrize(
    ("n_visible", "n_hidden", "batch_size"),
    [(64, 256, 10), (400, 40, 10), (40, 400, 10), (300, 280, 10), (150, 137, 70)],
)
def test_a_pass_is_its_minibatches(options, n_visible, n_hidden, batch_size, precision):
    """What a minibatch prepares for the next assumes the scale, which the first updates change."""
    settings = {**SETTINGS, "learning_rate": 0.1, "batch_size": batch_size, **options}
    data = states(12 * batch_size, n_visible)
    start = states(batch_size, n_hidden, 0.5)
    found, scales = [], []
    for rows_a_call in (len(data), batch_size):
        engine, model = random_model(n_visible, n_hidden, 0.001, precision)
        scales.append(_core.weight_scale_exponent(model.weights, precision == "fast"))
        if settings["algorithm"] == "pcd":
            engine.set_chains(start)
        step = 0
        for first in range(0, len(data), rows_a_call):
            rows = _core.Rows.from_array(data[first : first + rows_a_call])
            step = engine.train(rows, None, settings, SEED, step, 2)["step"]
            scales.append(_core.weight_scale_exponent(engine.weights(), precision == "fast"))
        found.append((engine.weights(), engine.hidden_bias(), engine.visible_bias()))
    for whole, parts in zip(*found, strict=True):
        np.testing.assert_array_equal(whole, parts)
    assert len(set(scales)) > 1


@pytest.mark.parametrize(("batch_size", "is_same"), [(16, True), (17, False)])
def test_few_rows_are_learned_as_fixed_learns_them(batch_size, is_same):
    """Who asks afterwards meets the tables of its precision again."""
    data, seen = states(60, 70), []
    engines = {precision: random_model(70, 20, precision=precision)[0] for precision in PACKED}
    for engine in engines.values():
        learn(engine, data, {"batch_size": batch_size}, 2)
        seen.append(engine.weights())
    assert np.array_equal(*seen) == is_same
    fast = engines["fast"]
    anew = _core.RbmEngine(70, 20, "fast")
    anew.set_parameters(fast.weights(), fast.hidden_bias(), fast.visible_bias())
    rows = _core.Rows.from_array(data)
    assert fast.precision == "fast"
    np.testing.assert_array_equal(fast.mean_hidden(rows, 1), anew.mean_hidden(rows, 1))
    assert (fast.mean_hidden(rows, 1) != engines["fixed"].mean_hidden(rows, 1)).any()
