"""Weights in halves, those of nets whose products round: no bit of a float is lost, and the upper half is the
number that products take."""

import numpy as np
import pytest

from udl_fast import _core, runtime

SIZES = [37, 21]
N_WEIGHTS = 37 * 21


def new_net():
    try:
        return _core.NetEngine(SIZES, ["linear"], "squared", "fast")
    except NotImplementedError as refusal:
        pytest.skip(str(refusal))


@pytest.fixture
def net():
    return new_net()


def floats_of(bits):
    return np.asarray(bits, np.uint32).view(np.float32)


def finite_floats(n):
    """Of all sizes and signs: subnormal ones, neighbours of those that bfloat16 holds, and ties."""
    generator = np.random.default_rng(5)
    bits = generator.integers(0, 2**32, n, dtype=np.uint32)
    special = [
        0,
        1,
        2**31,
        2**31 + 1,
        0x7FFFFF,
        0x7F7F7FFF,
        0x3F808000,
        0x3F818000,
        0x3F807FFF,
        0x3F808001,
    ]
    bits[: len(special)] = special
    return floats_of(np.where(bits >> 23 & 0xFF == 0xFF, bits & 0xBFFFFFFF, bits).astype(np.uint32))


def nearest(weights):
    """Of eight bits; of two the one with the larger magnitude. Subnormal ones count as 0."""
    bits = np.asarray(weights, np.float32).view(np.uint32) + np.uint32(0x8000)
    rounded = floats_of(bits & np.uint32(0xFFFF0000)).astype(float)
    return np.where(np.abs(rounded) < np.finfo(np.float32).tiny, 0, rounded)


def test_every_float_comes_back(net):
    parameters = np.r_[finite_floats(N_WEIGHTS), np.ones(21, np.float32)].astype(float)
    net.set_parameters(parameters)
    found = net.parameters()
    np.testing.assert_array_equal(found, parameters)
    np.testing.assert_array_equal(np.signbit(found), np.signbit(parameters))


def test_weights_of_a_new_net_are_zeros(net):
    np.testing.assert_array_equal(net.parameters(), 0)
    rows = _core.Rows.from_array(np.ones((3, 37), np.float32))
    np.testing.assert_array_equal(net.forward(rows, 1), 0)


@pytest.mark.parametrize("n_beside", [0, 20])
def test_products_take_the_nearest_number(net, n_beside):
    """One input at a time, by lists; or with so many others, whose weights are 0, that products are whole."""
    n = 37 - n_beside
    weights = np.clip(finite_floats(N_WEIGHTS), -1e30, 1e30).reshape(21, 37)
    weights[:, n:] = 0
    net.set_parameters(np.r_[weights.ravel(), np.zeros(21)].astype(float))
    x = np.eye(37, dtype=np.float32)[:n]
    x[:, n:] = 1
    np.testing.assert_array_equal(net.forward(_core.Rows.from_array(x), 2), nearest(weights).T[:n])


def test_ties_go_away_from_zero(net):
    tie = 1 + 2.0**-8
    net.set_parameters(np.r_[np.full(N_WEIGHTS, tie), np.zeros(21)])
    rows = _core.Rows.from_array(np.eye(37, dtype=np.float32)[:1])
    np.testing.assert_array_equal(net.forward(rows, 1), 1 + 2.0**-7)
    net.set_parameters(np.r_[np.full(N_WEIGHTS, -tie), np.zeros(21)])
    np.testing.assert_array_equal(net.forward(rows, 1), -1 - 2.0**-7)


@pytest.mark.parametrize("rounding", ["int16", "int8"])
def test_integers_are_made_of_whole_weights(net, rounding):
    generator = np.random.default_rng(1)
    parameters = generator.normal(0, 0.3, net.n_parameters).astype(np.float32).astype(float)
    whole = _core.NetEngine(SIZES, ["linear"], "squared", "float32")
    rows = _core.Rows.from_array(generator.random((50, 37), np.float32))
    for engine in (net, whole):
        engine.set_parameters(parameters)
    found, expected = (engine.forward(rows, 2, 0, 1, rounding) for engine in (net, whole))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_steps_are_those_of_floats(net, solver, momentum):
    """The gradient of a step of length 1, taken again from elsewhere with an optimiser."""
    generator = np.random.default_rng(2)
    rows = _core.Rows.from_array(generator.random((9, 37), np.float32))
    by_outputs = generator.normal(0, 1, (9, 21)).astype(np.float32)
    zeros = np.zeros(net.n_parameters)
    net.set_parameters(zeros)
    net.backward(rows, by_outputs, 2)
    net.update({"solver": "sgd", "learning_rate": 1.0, "momentum": 0.0}, 2)
    gradient = -net.parameters()
    start = generator.normal(0, 0.3, net.n_parameters).astype(np.float32).astype(float)
    net.set_parameters(start)
    net.backward(rows, by_outputs, 2)
    rule = {"solver": solver, "learning_rate": 0.1, "momentum": momentum, "epsilon": 1e-3}
    net.update(rule, 2)
    step = gradient if solver == "sgd" else gradient / (np.abs(gradient) + 1e-3)
    np.testing.assert_allclose(net.parameters(), start - 0.1 * step, rtol=0, atol=1e-6)


def test_a_step_on_another_target():
    """Products of bfloat16 numbers are on one target, steps in halves on all."""
    rows = _core.Rows.from_array(np.random.default_rng(4).random((9, 37), np.float32))
    found = []
    for target in _core.available_targets():
        net = new_net()
        net.set_parameters(np.full(net.n_parameters, 0.3))
        net.backward(rows, np.ones((9, 21), np.float32), 2)
        with runtime.forced_target(target):
            net.update({"solver": "adam", "learning_rate": 0.1, "momentum": 0.5}, 2)
        found.append(net.parameters())
    assert (found[0] != np.float32(0.3)).all()
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])


def test_every_nan_is_one(net):
    parameters = np.zeros(net.n_parameters, np.float32)
    parameters[:2] = floats_of([0x7FFFFFFF, 0xFFFFFFFF])
    net.set_parameters(parameters.astype(float))
    assert np.isnan(net.parameters()[:2]).all()
    assert np.isnan(net.forward(_core.Rows.from_array(np.ones((1, 37), np.float32)), 1)[0, 0])


def test_a_weight_that_is_infinite_is_noticed(net):
    """Of inputs that are always 0: no loss shows it. A float beyond the largest bfloat16 number is one."""
    x = np.random.default_rng(3).random((40, 37), np.float32) * np.float32(np.arange(37) % 5 == 0)
    rows, targets = (_core.Rows.from_array(a) for a in (x, np.zeros((40, 21), np.float32)))
    settings = {"batch_size": 10, "solver": "sgd", "learning_rate": 0.0, "momentum": 0.0}
    for weight, finite in ((3e38, True), (3.4e38, False), (np.inf, False), (np.nan, False)):
        parameters = np.zeros(net.n_parameters)
        parameters[2] = weight
        net.set_parameters(parameters)
        result = net.train(rows, None, settings, 0, 0, 2, targets=targets)
        assert (result["n_updates"], result["finite"]) == (4, finite)
