"""The fixed-point scale of the weights: a function of the weights alone, under which no sum overflows."""

import numpy as np
import pytest

from tests.oracle import rbm as oracle
from tests.support.engines import PACKED, learn, rng, states
from udl_fast import _core


@pytest.mark.parametrize(
    "weights",
    [
        np.zeros((3, 4)),
        rng(0).normal(0, 0.01, (65, 785)),
        rng(1).standard_t(1.5, (130, 63)),
        np.full((16, 785), 3.0),
        -np.full((785, 16), 1e-3),
        np.full((1, 1), 1e30),
        np.full((2, 2), 1e-30),
        rng(4).normal(0, 0.01, (1100, 300)),
        rng(5).standard_t(1.2, (70, 2100)),
        rng(2).normal(0, 1, (3, 3)) * 2.0 ** rng(3).integers(-40, 40, (3, 3)),
    ],
)
@pytest.mark.parametrize("narrow", [False, True])
def test_scale_exponent_is_the_oracles(weights, narrow):
    weights = weights.astype(np.float32)
    found = _core.weight_scale_exponent(weights, narrow)
    assert found == oracle.scale_exponent(weights, narrow)


def at_the_limit(n_visible, n_hidden, limit, less):
    """Integers of which one row, or column, sums to `limit - less` at scale 1: half-norms known at other
    scales leave that in doubt."""
    n = max(n_visible, n_hidden)
    line = np.full(n, limit // n)
    line[: limit - line.sum()] += 1
    line[-1] -= less
    weights = rng(n).integers(-2, 3, (n_hidden, n_visible))
    if n_visible >= n_hidden:
        weights[n_hidden // 2] = line
    else:
        weights[:, n_visible // 2] = -line
    return weights.astype(np.float32)


@pytest.mark.parametrize("less", [-40, 0, 1, 2, 40, 5000])
@pytest.mark.parametrize(
    ("precision", "n_visible", "n_hidden"),
    [("fixed", 1000, 20), ("fixed", 20, 1000), ("fast", 64, 16), ("fast", 16, 64)],
)
def test_doubts_are_settled_by_the_weights(n_threads, precision, n_visible, n_hidden, less):
    """Also where only norms in units of 2^9 are known, as after an update."""
    narrow = precision == "fast"
    weights = at_the_limit(n_visible, n_hidden, 2**15 - 1 if narrow else 2**31, less)
    right = oracle.scale_exponent(weights, narrow)
    assert right == (0 if less > 0 else 1)
    assert _core.weight_scale_exponent(weights, narrow) == right
    engine = _core.RbmEngine(n_visible, n_hidden, precision)
    engine.set_parameters(weights, np.zeros(n_hidden), np.zeros(n_visible))
    data = states(3, n_visible)
    learn(engine, data, {"learning_rate": 0.0}, n_threads)
    # At another scale the odd integers would be rounded.
    sums = data.astype(np.int64) @ oracle.quantise(weights.T, right)
    x = sums.astype(np.float32) * np.float32(2.0**right)
    expected = oracle.probability(x, _core.exp_negative)
    found = engine.mean_hidden(_core.Rows.from_array(data), 1)
    np.testing.assert_array_equal(found, expected)


def test_norms_of_very_many_units_do_not_wrap(target):
    """2^18 units, whose weights grow from 1 to 2048 in one update: sums of tracked norms beyond 2^31."""
    n = 2**18
    data = np.ones((1, n), bool)
    for n_visible, n_hidden in ((n, 1), (1, n)):
        engine = _core.RbmEngine(n_visible, n_hidden, "fixed")
        # The data are all on, their reconstruction is off, and hidden units are on given either.
        engine.set_parameters(
            np.ones((n_hidden, n_visible)), np.full(n_hidden, 100.0), np.full(n_visible, -3.0 * n)
        )
        learn(engine, data[:, :n_visible], {"learning_rate": 2047.0}, 2)
        np.testing.assert_allclose(engine.weights(), 2048, rtol=1e-4)
        fresh = _core.RbmEngine(n_visible, n_hidden, "fixed")
        some = np.arange(n_visible)[None] < 256
        fresh.set_parameters(engine.weights(), engine.hidden_bias(), engine.visible_bias())
        rows = _core.Rows.from_array(some)
        np.testing.assert_array_equal(engine.mean_hidden(rows, 1), fresh.mean_hidden(rows, 1))


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("largest", "exponent"),
    [(1.0, -22), (1 - 2.0**-24, -22), (1 - 2.0**-23, -23), (0.5, -23), (2.0**60, 38)],
)
def test_integers_fit_three_signed_bytes(sign, largest, exponent):
    """A weight that would round to 2^23, which is one too many, takes the next scale."""
    weights = np.array([[sign * largest, 2.0**-24]], np.float32)
    assert _core.weight_scale_exponent(weights, False) == exponent
    on = _core.Rows.from_array(np.array([[True, False]]))
    (found,) = _core.active_sums(weights, on, True, False)[0]
    assert abs(found) < 2**23
    assert found == sign * round(largest * 2.0**-exponent)


@pytest.mark.parametrize("precision", PACKED)
@pytest.mark.parametrize("sign", [1, -1])
def test_sums_at_the_limit_do_not_overflow(target, sign, precision):
    """All weights equal and all units on: the largest sum the scale allows."""
    for n_visible, n_hidden in ((785, 3), (3, 785), (300, 300)):
        weights = np.full((n_hidden, n_visible), sign * 1.0, np.float32)
        engine = _core.RbmEngine(n_visible, n_hidden, precision)
        engine.set_parameters(weights, np.full(n_hidden, -sign * n_visible), np.zeros(n_visible))
        ones = _core.Rows.from_array(np.ones((5, n_visible), bool))
        np.testing.assert_allclose(engine.mean_hidden(ones, 1), 0.5, atol=1e-6)


@pytest.mark.parametrize("precision", PACKED)
@pytest.mark.parametrize("learning_rate", [0.01, 1.0, 30.0])
@pytest.mark.parametrize(
    ("n_visible", "n_hidden", "start"),
    [
        (150, 137, 0.0),
        (150, 137, 1.0),
        (300, 280, 1.69),
        (40, 400, 1.27),
        (400, 40, 1.27),
        (40, 400, -1.27),
    ],
)
def test_scale_stays_right_while_weights_grow(
    n_threads, n_visible, n_hidden, start, learning_rate, precision
):
    """Samples after training are the oracle's with a scale computed from the weights alone.

    Of random weights the largest decides; of equal ones the sums over more than 256 units, which start
    within a hundredth of the limit. Biases keep both layers about half on.
    """
    g = rng(n_visible, n_hidden)
    weights = (start + g.normal(0, 0.01, (n_hidden, n_visible))).astype(np.float32)
    engine = _core.RbmEngine(n_visible, n_hidden, precision)
    engine.set_parameters(
        weights,
        np.full(n_hidden, -0.3 * start * n_visible),
        np.full(n_visible, -0.5 * start * n_hidden),
    )
    data = states(60, n_visible)
    for _ in range(5):
        learn(engine, data, {"learning_rate": learning_rate, "momentum": 0.5}, n_threads)
        expected = oracle.Rbm(
            engine.weights(),
            engine.hidden_bias(),
            engine.visible_bias(),
            _core.exp_negative,
            precision == "fast",
        )
        np.testing.assert_array_equal(
            engine.mean_hidden(_core.Rows.from_array(data), 2), expected.mean_hidden(data)
        )
