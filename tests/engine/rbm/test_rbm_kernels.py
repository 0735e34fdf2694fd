"""Sums, half steps and Gibbs sampling of the engine against the NumPy oracle, on every CPU target.

Samples and sums are exact: any difference fails.
"""

import numpy as np
import pytest

from tests.oracle import rbm as oracle
from tests.oracle.philox import draws
from tests.support.engines import PACKED, SEED, SETTINGS, random_model, rng, states
from udl_fast import _core

# (visible, hidden, rows): every size next to a group of 4, a tile of 16 and a word of 64.
SHAPES = [
    (1, 1, 1), (7, 1, 4), (1, 7, 10), (63, 65, 37), (65, 63, 100), (7, 499, 130), (499, 7, 5),
    (785, 65, 37), (65, 785, 300), (130, 64, 513),
]  # fmt: skip


@pytest.mark.parametrize("density", [0.0, 0.03, 0.5, 1.0])
@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("by_lists", [False, True])
@pytest.mark.parametrize(("n_visible", "n_hidden", "n_rows"), SHAPES)
def test_sums_of_active_weights_by_each_kernel(
    target, n_visible, n_hidden, n_rows, by_lists, narrow, density
):
    """Tables and lists give the int64 sums, of weights and of integers that are kept, so the engine may
    choose between them freely."""
    weights = rng(n_visible, n_hidden).normal(0, 0.3, (n_hidden, n_visible)).astype(np.float32)
    integers = oracle.quantise(weights, oracle.scale_exponent(weights, narrow))
    for to_hidden, matrix in ((True, integers.T), (False, integers)):
        on = states(n_rows, len(matrix), density)
        rows = _core.Rows.from_array(on)
        expected = on.astype(np.int64) @ matrix.astype(np.int64)
        for kept in (False, True):
            found = _core.active_sums(weights, rows, to_hidden, by_lists, narrow, kept)
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("precision", PACKED)
@pytest.mark.parametrize(("n_visible", "n_hidden", "n_rows"), SHAPES)
def test_half_steps(target, n_threads, n_visible, n_hidden, n_rows, precision):
    engine, expected = random_model(n_visible, n_hidden, precision=precision)
    v, h = states(n_rows, n_visible), states(n_rows, n_hidden)
    visible, hidden = _core.Rows.from_array(v), _core.Rows.from_array(h)
    equal = np.testing.assert_array_equal
    equal(engine.mean_hidden(visible, n_threads), expected.mean_hidden(v))
    equal(engine.mean_visible(hidden, n_threads), expected.mean_visible(h))
    where = (SEED, "gibbs", 2**33 + 5, 11)
    drawn = engine.sample_hidden(visible, *where, n_threads).to_array("bool")
    equal(drawn, expected.sample_hidden(v, *where))
    drawn = engine.sample_visible(hidden, *where, n_threads).to_array("bool")
    equal(drawn, expected.sample_visible(h, *where))
    np.testing.assert_allclose(
        engine.free_energy(visible, n_threads), expected.free_energy(v), rtol=1e-6, atol=1e-6
    )


def test_draws_next_to_a_probability_and_of_u_0(target):
    """Units are decided roughly first: draws that are near, and u = 0 where e^-x overflows, must be
    decided as the oracle does. Chain 927881 draws u = 0 for hidden unit 1 in step 5."""
    near = np.linspace(-9, 9, 128, dtype=np.float32)
    chain, few = 927881, np.float32([-1e4, -88.73, -88.6, -88.38, -88.1, -88, -87, -60, 0, 100])
    assert draws(SEED, "gibbs", 1, 5, chain, 1, 2)[0, 1] >> 8 == 0
    cases = [(near, 2000, 0), *((np.full(2, x), 3, chain - 1) for x in few)]
    for biases, n_rows, first_chain in cases:
        weights, visible = np.zeros((len(biases), 1), np.float32), np.zeros(1, np.float32)
        engine = _core.RbmEngine(1, len(biases), "fixed")
        engine.set_parameters(weights, biases, visible)
        expected = oracle.Rbm(weights, biases, visible, _core.exp_negative, False)
        v, where = np.zeros((n_rows, 1)), (SEED, "gibbs", 5, first_chain)
        found = engine.sample_hidden(_core.Rows.from_array(v), *where, 1).to_array("bool")
        np.testing.assert_array_equal(found, expected.sample_hidden(v, *where))


@pytest.mark.parametrize(
    ("n_visible", "n_hidden", "n_rows"), [(65, 37, 10), (7, 130, 3), (785, 63, 5)]
)
@pytest.mark.parametrize("precision", PACKED)
def test_gibbs(target, n_threads, n_visible, n_hidden, n_rows, precision):
    engine, expected = random_model(n_visible, n_hidden, precision=precision)
    v = states(n_rows, n_visible)
    found = engine.gibbs(_core.Rows.from_array(v), 4, SEED, "gibbs", 7, 3, n_threads)
    for a, b in zip(found, expected.gibbs(v, 4, SEED, "gibbs", 7, 3), strict=True):
        np.testing.assert_array_equal(a.to_array("bool"), b)


def test_many_chains_are_worked_in_blocks():
    """More chains than one block of rows: chain numbers go on across blocks."""
    engine, expected = random_model(9, 5)
    v = states(4100, 9)
    found, _ = engine.gibbs(_core.Rows.from_array(v), 2, SEED, "gibbs", 0, 0, 2)
    np.testing.assert_array_equal(found.to_array("bool"), expected.gibbs(v, 2, SEED, "gibbs", 0)[0])


@pytest.mark.parametrize("side", ["visible", "hidden"])
def test_real_valued_states_agree_within_rounding(target, n_threads, side):
    engine, expected = random_model(130, 65)
    n = 130 if side == "visible" else 65
    values = rng(4).random((37, n)).astype(np.float32)
    weights = expected.weights.T if side == "visible" else expected.weights
    bias = expected.hidden_bias if side == "visible" else expected.visible_bias
    x = values.astype(np.float64) @ weights + bias
    mean = engine.mean_hidden if side == "visible" else engine.mean_visible
    found = mean(_core.Rows.from_array(values), n_threads)
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-x)), atol=1e-6)


# ---- e^-x ----


def test_exp_negative_is_within_one_unit_in_the_last_place():
    x = np.concatenate([np.linspace(-86.9, 86.9, 400001), np.logspace(-8, 1, 20001)]).astype(
        np.float32
    )
    exact = np.exp(-x.astype(np.float64))
    found = _core.exp_negative(x)
    unit = np.spacing(exact.astype(np.float32)).astype(np.float64)
    assert (np.abs(found - exact) / unit).max() < 1.01


def test_exp_negative_at_the_edges():
    x = np.array([0.0, -0.0, -100, -np.inf, 100, np.inf, np.nan, -88.5], np.float32)
    found = _core.exp_negative(x)
    np.testing.assert_array_equal(found[:4], [1, 1, np.inf, np.inf])
    assert (found[4:6] < 1e-37).all()
    assert (found[6:] == np.inf).all()


# ---- errors ----


def test_engine_errors_name_the_argument():
    engine, _ = random_model(5, 3)
    rows = _core.Rows.from_array(np.zeros((2, 4), bool))
    with pytest.raises(ValueError, match="mean_hidden: rows has 4 columns, the model expects 5"):
        engine.mean_hidden(rows, 1)
    with pytest.raises(ValueError, match="n_threads must be between 1 and 256, got 0"):
        engine.free_energy(_core.Rows.from_array(np.zeros((2, 5), bool)), 0)
    with pytest.raises(ValueError, match=r"weights has shape \(3, 4\), expected \(3, 5\)"):
        engine.set_parameters(np.zeros((3, 4)), np.zeros(3), np.zeros(5))
    good = _core.Rows.from_array(np.zeros((2, 5), bool))
    with pytest.raises(ValueError, match=r"order\[1\] is 9, but there are 2 rows"):
        engine.train(good, np.array([0, 9], np.uint32), SETTINGS, 0, 0, 1)
    with pytest.raises(ValueError, match=f"train: k cannot be {2**70}"):
        engine.train(good, None, {**SETTINGS, "k": 2**70}, 0, 0, 1)
    with pytest.raises(ValueError, match=f"n_hidden must be below 2\\^31, got {2**31}"):
        _core.RbmEngine(1, 2**31, "fixed")
    with pytest.raises(MemoryError):
        _core.RbmEngine(2**31 - 1, 2**31 - 1, "fixed")
    with pytest.raises(ValueError, match="settings lack 'k'"):
        engine.train(good, None, {k: v for k, v in SETTINGS.items() if k != "k"}, 0, 0, 1)
    with pytest.raises(ValueError, match="'pcd' needs chains"):
        engine.train(good, None, {**SETTINGS, "algorithm": "pcd"}, 0, 0, 1)
