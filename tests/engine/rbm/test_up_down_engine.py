"""The up-down algorithm of packed-bit engines: against an oracle and against enumerated expectations."""

from itertools import pairwise

import numpy as np
import pytest

from tests.oracle import philox
from tests.oracle import up_down as oracle
from tests.support.engines import PACKED, SEED, SETTINGS, random_model, rng, states
from tests.support.interruption import assert_ends_soon
from udl_fast import _core

SIZES = (70, 37, 21, 19)  # units from the rows to the top, none of whole tiles


def random_net(sizes, precision="fixed", spread=0.3):
    """Engines (recognition, generative, top) and the oracle's net of the same parameters."""
    below = [*pairwise(sizes[:-1])]
    up = [random_model(n, m, spread, precision) for n, m in below]
    down = [random_model(m, n, spread, precision) for n, m in below]
    top = random_model(*sizes[-2:], spread, precision)
    engines = [engine for engine, _ in up], [engine for engine, _ in down], top[0]
    return engines, oracle.Net([o for _, o in up], [o for _, o in down], top[1])


def train(engines, data, options, n_threads=1, step=3, poll=None):
    settings = {**SETTINGS, **options}
    rows = _core.Rows.from_array(data)
    result = _core.train_up_down(*engines, rows, None, None, settings, SEED, step, n_threads, poll)
    return result, settings


def every_engine(engines):
    recognition, generative, top = engines
    return [*recognition, *generative, top]


DATA = {
    "bits": states(23, 70),
    "grey": (rng(5).integers(0, 9, (23, 70)) / 8).astype(np.float32),
}


@pytest.mark.parametrize("data", DATA.values(), ids=DATA)
@pytest.mark.parametrize("precision", PACKED)
@pytest.mark.parametrize("options", [{"k": 3}, {"momentum": 0.5, "weight_decay": 1e-3}], ids=str)
def test_learning_is_that_of_the_oracle(options, precision, data):
    engines, net = random_net(SIZES, precision)
    result, settings = train(engines, data, options, n_threads=2)
    step = net.train(data, settings, SEED, 3)
    assert (result["step"], result["n_updates"], result["n_rows"]) == (step, 3, 23)
    bound = 2e-6 if data.dtype == bool else 2e-5  # sums of floats move a fixed-point probability
    for engine, expected in zip(every_engine(engines), net.layers(), strict=True):
        np.testing.assert_allclose(engine.weights(), expected.weights, atol=bound)
        np.testing.assert_allclose(engine.hidden_bias(), expected.hidden_bias, atol=bound)
        np.testing.assert_allclose(engine.visible_bias(), expected.visible_bias, atol=bound)


@pytest.mark.parametrize("data", DATA.values(), ids=DATA)
def test_bits_do_not_depend_on_targets_or_threads(data):
    found = set()
    for target in _core.available_targets():
        _core.set_target(target)
        for n_threads in (1, 2, 3):
            engines, _ = random_net(SIZES)
            train(engines, data, {"k": 2, "momentum": 0.5}, n_threads)
            found.add(b"".join(e.weights().tobytes() for e in every_engine(engines)))
    _core.set_target("")
    assert len(found) == 1


def test_grey_rows_may_be_binarised_at_each_presentation():
    """The same as bits that the draws of the stream of data make of them."""
    drawn, given = random_net(SIZES)[0], random_net(SIZES)[0]
    u = philox.uniforms(philox.draws(SEED, "data", philox.VISIBLE_LAYER, 5, 0, 23, 70))
    options = {"batch_size": 23, "data_step": 5}
    train(drawn, DATA["grey"], {**options, "binarize_sample": True})
    train(given, u < DATA["grey"], options)
    for a, b in zip(every_engine(drawn), every_engine(given), strict=True):
        np.testing.assert_array_equal(a.weights(), b.weights())


def test_a_pass_cut_between_minibatches_is_the_same():
    whole, parts = random_net(SIZES)[0], random_net(SIZES)[0]
    data = DATA["bits"]
    train(whole, data, {"k": 2})
    step = train(parts, data[:10], {"k": 2})[0]["step"]
    train(parts, data[10:], {"k": 2}, step=step)
    for a, b in zip(every_engine(whole), every_engine(parts), strict=True):
        np.testing.assert_array_equal(a.weights(), b.weights())


@pytest.mark.parametrize("k", [1, 3])
def test_updates_have_their_expectations(k):
    """One minibatch of many rows, more than one integer sum holds, at 5 sigma."""
    sizes, n = (4, 3, 3, 2), 20000
    engines, net = random_net(sizes, spread=1.0)
    rows = states(5, 4, 0.5)
    before = [np.column_stack([e.weights(), e.hidden_bias()]) for e in every_engine(engines)[:-1]]
    expected = oracle.expected_updates(net, rows, k)
    train(engines, np.repeat(rows, n // 5, axis=0), {"learning_rate": 1.0, "batch_size": n, "k": k})
    for engine, old, (mean, variance) in zip(
        every_engine(engines)[:-1], before, expected, strict=True
    ):
        moved = np.column_stack([engine.weights(), engine.hidden_bias()]) - old
        # Rows are there in exact shares, which only makes the spread smaller.
        assert (np.abs(moved - mean) < 5 * np.sqrt(variance / n) + 2e-5).all()
        assert np.abs(mean).max() > 0.01


def engine_of_top(visible):
    """37 units and ten labels below 19."""
    bernoulli, _ = random_model(47, 19)
    groups = [1] * 37 + [10] if visible == "softmax" else None
    engine = _core.RbmEngine(47, 19, "fixed", visible, "bernoulli", groups)
    engine.set_state(bernoulli.state())
    return engine


@pytest.mark.parametrize("visible", ["bernoulli", "softmax"])
def test_labels_are_visible_units_of_the_top_behind_the_others(visible):
    """It learns as it does alone from the states drawn below it beside the labels, in the order of the rows."""
    (recognition, generative, _), _ = random_net((70, 37, 6))
    top, alone = (engine_of_top(visible) for _ in range(2))
    data, labels = DATA["bits"], np.eye(10, dtype=bool)[np.arange(23) % 10]
    labels[4] = False  # not known
    order = rng(7).permutation(23).astype(np.uint32)
    settings = {**SETTINGS, "batch_size": 23, "k": 2}
    drawn = recognition[0].sample_hidden(_core.Rows.from_array(data[order]), SEED, "wake", 3, 0, 1)
    presented = np.hstack([drawn.to_array("bool"), labels[order]])
    alone.train(_core.Rows.from_array(presented), None, settings, SEED, 3, 1)
    rows, of_labels = _core.Rows.from_array(data), _core.Rows.from_array(labels)
    engines = recognition, generative, top
    _core.train_up_down(*engines, rows, of_labels, order, settings, SEED, 3, 2)
    np.testing.assert_array_equal(top.weights(), alone.weights())
    np.testing.assert_array_equal(top.visible_bias(), alone.visible_bias())


def test_ctrl_c_ends_it_and_a_snapshot_brings_back_what_was():
    engines, _ = random_net((300, 300, 300, 300))
    for engine in every_engine(engines):
        engine.snapshot()
    before = [engine.weights() for engine in every_engine(engines)]
    assert_ends_soon(lambda: train(engines, states(4000, 300), {"k": 3000, "batch_size": 4000}, 2))
    for engine, weights in zip(every_engine(engines), before, strict=True):
        engine.restore()
        np.testing.assert_array_equal(engine.weights(), weights)


def test_a_poll_looks_at_the_engines_and_stops_the_pass():
    engines, _ = random_net((100, 100, 100))
    seen = []

    def poll(n_rows):
        seen.append((n_rows, [engine.weights() for engine in every_engine(engines)]))
        return len(seen) == 2

    result, _ = train(engines, states(400_000, 100), {}, 2, poll=poll)
    assert result["stopped"]
    assert result["n_rows"] == seen[1][0]
    for engine, weights in zip(every_engine(engines), seen[1][1], strict=True):
        np.testing.assert_array_equal(engine.weights(), weights)


def test_weights_that_are_no_numbers_any_more_are_told():
    engines, _ = random_net(SIZES)
    result, _ = train(engines, DATA["bits"], {"learning_rate": 1e20, "weight_decay": 1.0})
    assert not result["finite"]


def test_what_does_not_fit_is_named():
    engines, _ = random_net(SIZES)
    recognition, generative, top = engines
    data = DATA["bits"]
    for broken, message in [
        ((recognition, generative[:1], top), "generative has 1 layers, expected 2"),
        (([], [], top), "no layers below the top"),
        (
            (recognition, generative[::-1], top),
            r"input of generative\[0\] has 21 units, expected 37",
        ),
        ((recognition, generative, random_model(22, 5)[0]), "top has 22 units, expected 21"),
    ]:
        with pytest.raises(ValueError, match=message):
            train(broken, data, {})
    with pytest.raises(ValueError, match="a row has 69 units, expected 70"):
        train(engines, data[:, :69], {})
    with pytest.raises(ValueError, match="learns by algorithm 'cd'"):
        train(engines, data, {"centered": True})
    plain = _core.RbmEngine(21, 19, "float64")
    with pytest.raises(NotImplementedError, match="float64"):
        train((recognition, generative, plain), data, {})
