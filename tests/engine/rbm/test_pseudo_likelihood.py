"""The exact pseudo-likelihood: against all states of small models, and against the slow form of large ones."""

import itertools

import numpy as np
import pytest

from tests.support.engines import random_model, rng, states
from tests.support.interruption import assert_ends_soon
from udl_fast import _core
from udl_fast.evaluation import exact_pseudo_likelihood

SHAPES = [(1, 1), (3, 5), (16, 16), (17, 33), (70, 130), (784, 100)]
# What docs/numerics.md promises: 2e-6 of the value, and 2e-7 a unit where terms are near zero.
RELATIVE, ABSOLUTE = 2e-6, 2e-7


def rows_of(kind, n_rows, n_units):
    if kind == "bits":
        return states(n_rows, n_units)
    return rng(n_rows, n_units).random((n_rows, n_units)).astype(np.float32)


def slow_form(engine, v):
    """From free energies in float64 of every row with every unit flipped."""
    double = _core.RbmEngine(engine.n_visible, engine.n_hidden, "float64")
    double.set_parameters(engine.weights(), engine.hidden_bias(), engine.visible_bias())
    return exact_pseudo_likelihood(
        lambda flipped: double.free_energy(_core.Rows.from_array(flipped), 2), v.astype(float)
    )


def scores(engine, v, n_threads=2):
    return engine.pseudo_likelihood(_core.Rows.from_array(v), n_threads)


@pytest.mark.parametrize("precision", ["fixed", "fast", "float64"])
def test_conditionals_of_an_enumerated_model(precision):
    """Probabilities of all states of both layers, and nothing else."""
    weights, c, b = rng(1).normal(size=(3, 5)), rng(2).normal(size=3), rng(3).normal(size=5)
    engine = _core.RbmEngine(5, 3, precision)
    engine.set_parameters(weights, c, b)
    v, h = (np.array(list(itertools.product((0, 1), repeat=n)), np.uint8) for n in (5, 3))
    probability = np.exp(v @ b + (h @ c)[:, None] + h @ weights @ v.T).sum(axis=0)
    number = v @ (1 << np.arange(5)[::-1])
    expected = np.zeros(len(v))
    for i in range(5):
        both = probability + probability[number ^ (16 >> i)]
        expected += np.log(probability / both)
    tolerance = {"fixed": 1e-6, "fast": 2e-3, "float64": 1e-13}[precision]
    np.testing.assert_allclose(scores(engine, v), expected, rtol=tolerance)


@pytest.mark.parametrize("spread", [0.01, 0.3, 3.0, 25.0, 1000.0])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ["bits", "grey"])
def test_products_agree_with_the_slow_form(kind, shape, spread):
    engine, _ = random_model(*shape, spread)
    v = rows_of(kind, 3, shape[0])
    expected = slow_form(engine, v)
    np.testing.assert_allclose(
        scores(engine, v), expected, rtol=RELATIVE, atol=ABSOLUTE * shape[0] * max(1, spread)
    )


def test_units_beyond_doubt_neither_overflow_nor_vanish():
    """Inputs of hundreds and weights that take them back: q or h underflow, their product does not."""
    engine = _core.RbmEngine(3, 2, "fixed")
    weights = np.array([[90.0, -20.0, 0.0], [-700.0, 30.0, 31.0]], np.float32)
    engine.set_parameters(weights, np.float32([-90.0, 650.0]), np.float32([0.5, -300.0, 0.0]))
    v = np.array(list(itertools.product((0, 1), repeat=3)), np.uint8)
    found = scores(engine, v)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, slow_form(engine, v), rtol=RELATIVE, atol=1e-5)


def test_fast_uses_the_weights_of_its_sums():
    """So that P(v_i | all others) is that of the model whose energies these are."""
    engine, _ = random_model(70, 130, 1.0, "fast")
    v = states(5, 70)
    of_sums = exact_pseudo_likelihood(
        lambda flipped: engine.free_energy(_core.Rows.from_array(flipped.astype(bool)), 2),
        v.astype(np.float32),
    )
    np.testing.assert_allclose(scores(engine, v), of_sums, rtol=1e-5)


@pytest.mark.parametrize("precision", ["fixed", "fast", "float64"])
@pytest.mark.parametrize("spread", [0.3, 25.0])
def test_the_same_bits_for_all_threads_targets_and_blocks(precision, spread):
    engine, _ = random_model(70, 130, spread, precision)
    before = _core.current_target()
    n_rows = 300  # more than share a table
    v = {kind: rows_of(kind, n_rows, 70) for kind in ("bits", "grey")}
    expected = {kind: scores(engine, v[kind], 1) for kind in v}
    try:
        for target, n_threads in itertools.product(_core.available_targets(), (1, 2, 5)):
            _core.set_target(target)
            np.testing.assert_array_equal(scores(engine, v["bits"], n_threads), expected["bits"])
            if target == before:
                np.testing.assert_array_equal(
                    scores(engine, v["grey"], n_threads), expected["grey"]
                )
    finally:
        _core.set_target(before)
    for kind in v:
        np.testing.assert_array_equal(scores(engine, v[kind][7:9]), expected[kind][7:9])


@pytest.mark.parametrize("precision", ["fixed", "float64"])
def test_ctrl_c_ends_it(precision):
    engine, _ = random_model(2000, 500, 0.1, precision)
    rows = _core.Rows.from_array(np.zeros((40_000, 2000), np.uint8))
    assert_ends_soon(lambda: engine.pseudo_likelihood(rows, 2))
