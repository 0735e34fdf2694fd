"""Nets in plain loops: gradients against central differences, for every kind of layer, loss, tie and penalty."""

import numpy as np
import pytest

from udl_fast import _core

SEED, STEP = 7, 3
RNG = np.random.default_rng(0)
X = _core.Rows.from_array(RNG.uniform(0.05, 0.95, (11, 6)))
CLASSES = _core.Rows.from_array(np.eye(4)[RNG.integers(0, 4, 11)])
COUNTS = _core.Rows.from_array(RNG.integers(0, 5, (11, 4)).astype(np.float64))

NETS = {
    "linear": ([6, 3, 6], ["linear", "linear"], "squared", None),
    "logistic": ([6, 5, 6], ["logistic", "logistic"], "squared", None),
    "tanh": ([6, 5, 6], ["tanh", "tanh"], "squared", None),
    "relu": ([6, 5, 6], ["relu", "linear"], "squared", None),
    "cross entropy": ([6, 5, 6], ["logistic", "logistic"], "cross_entropy", None),
    "tied": ([6, 5, 6], ["logistic", "logistic"], "cross_entropy", [-1, 0]),
    "deep": ([6, 5, 3, 5, 6], ["logistic", "linear", "logistic", "logistic"], "squared", None),
    "deep tied": (
        [6, 5, 3, 5, 6],
        ["tanh", "linear", "relu", "logistic"],
        "squared",
        [-1, -1, 1, 0],
    ),
}
OBJECTIVES = {
    "loss": {},
    "penalties": {"weight_decay": 0.03, "l1": 0.02},
    "sparsity": {"sparsity_target": 0.1, "sparsity_cost": 0.7, "weight_decay": 0.01},
    "noise": {"corruption": "gaussian", "corruption_level": 0.3, "dropout": 0.4},
    "masking": {
        "corruption": "masking",
        "corruption_level": 0.4,
        "sparsity_target": 0.3,
        "sparsity_cost": 0.5,
    },
    "code noise, and decay of the layers above": {
        "code_layer": 0,
        "code_noise": 0.5,
        "weight_decay": 0.03,
        "first_decayed_layer": 1,
    },
    "salt": {"corruption": "salt_and_pepper", "corruption_level": 0.5},
}


def random_engine(net, precision="float64", seed=1):
    engine = _core.NetEngine(net[0], net[1], net[2], precision, net[3])
    drawn = np.random.default_rng(seed).normal(0, 0.7, engine.n_parameters)
    engine.set_parameters(drawn + 0.05 * np.sign(drawn))  # away from the kink of |w|
    return engine


def assert_gradient_is_that_of_the_value(engine, objective, rows, targets=None, order=None):
    def value(flat):
        engine.set_parameters(flat)
        return engine.gradient(rows, objective, SEED, STEP, 1, order, targets)[0]

    at = engine.parameters()
    found = engine.gradient(rows, objective, SEED, STEP, 1, order, targets)[1]
    expected = np.empty_like(at)
    for i in range(len(at)):
        h = 1e-3 * np.eye(len(at))[i]
        # Of fourth order: what is left is h^4 and rounding over h.
        near, far = value(at + h) - value(at - h), value(at + 2 * h) - value(at - 2 * h)
        expected[i] = (8 * near - far) / (12 * h[i])
    engine.set_parameters(at)
    assert np.linalg.norm(found - expected) < 1e-8 * np.linalg.norm(expected)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("net", NETS)
def test_gradients_of_reconstruction(net, objective):
    assert_gradient_is_that_of_the_value(random_engine(NETS[net]), OBJECTIVES[objective], X)


@pytest.mark.parametrize("targets", [CLASSES, COUNTS], ids=["classes", "counts"])
def test_gradients_of_softmax_outputs(targets):
    net = ([6, 5, 4], ["logistic", "softmax"], "multinomial", None)
    order = np.array([3, 3, 0, 1, 2, 4, 5, 9, 7, 10, 10], dtype=np.uint32)
    assert_gradient_is_that_of_the_value(
        random_engine(net), OBJECTIVES["sparsity"], X, targets, order
    )


@pytest.mark.parametrize(
    "net", [NETS["deep tied"], ([6, 5, 4], ["tanh", "softmax"], "multinomial", None)]
)
def test_gradients_of_something_else_than_a_loss(net):
    """Of <g, outputs>, by parameters through one step of SGD and by inputs."""
    engine = random_engine(net)
    x = RNG.uniform(0.1, 0.9, (5, 6))
    by_outputs = RNG.normal(size=(5, net[0][-1]))

    def value(inputs):
        return (by_outputs * engine.forward(_core.Rows.from_array(inputs), 1)).sum()

    by_inputs = engine.backward(_core.Rows.from_array(x), by_outputs, 1)
    h = 1e-6
    for r, i in ((0, 0), (3, 5), (4, 2)):
        step = np.zeros_like(x)
        step[r, i] = h
        slope = (value(x + step) - value(x - step)) / (2 * h)
        assert by_inputs[r, i] == pytest.approx(slope, rel=1e-6, abs=1e-9)
    before, start = engine.parameters(), value(x)
    rule = {"solver": "sgd", "learning_rate": 1e-6, "momentum": 0.0}
    engine.update(rule, 1)
    gradient = (before - engine.parameters()) / 1e-6
    assert value(x) - start == pytest.approx(-1e-6 * (gradient**2).sum(), rel=1e-4)
    after = engine.parameters()
    engine.update(rule, 1)  # what backward added up is used once
    np.testing.assert_array_equal(engine.parameters(), after)
