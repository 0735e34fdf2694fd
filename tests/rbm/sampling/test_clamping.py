"""Chains with visible units that keep their values: the conditional distribution of the others."""

import numpy as np
import pytest
from scipy import sparse

from tests.support.engines import PACKED, SEED, random_model, states
from tests.support.enumerated import N_CHAINS, assert_distributed, chosen, given, small_model
from tests.support.interruption import assert_ends_soon
from udl_fast import RBM, _core

FREE = np.array([True, False, True, True, False, False])
HELD_VALUES = np.array([0, 1, 0, 0, 0, 1])


@pytest.mark.parametrize("precision", [*PACKED, "float64"])
def test_free_units_have_their_distribution_given_the_others(precision):
    model, p = small_model(precision=precision)
    clamp = np.where(FREE, np.nan, HELD_VALUES)
    assert_distributed(model.sample(N_CHAINS, 40, clamp=clamp), *given(FREE, HELD_VALUES, p))


@pytest.mark.parametrize("n_steps", [1, 4, 16])
def test_chains_that_start_there_stay_there(target, n_steps):
    model, p = small_model()
    expected = given(FREE, HELD_VALUES, p)
    after = model.gibbs(chosen(*expected), n_steps, clamp=~FREE)
    assert_distributed(after, *expected)


def half_steps(engine, v, n_steps, mask, values):
    """Last states of both layers, half step after half step."""
    v = np.where(mask, values, v)
    for s in range(n_steps):
        where = (SEED, "gibbs", 7 + s, 3, 1)
        h = engine.sample_hidden(_core.Rows.from_array(v), *where)
        v = np.where(mask, values, engine.sample_visible(h, *where).to_array("bool"))
    return v, h


def masks(n_rows, n_visible):
    """Single units, whole tiles of sixteen, all units; the same for all rows or not."""
    some = states(n_rows, n_visible, 0.5)
    wide = np.arange(n_visible) < 40
    return {
        "units of each row": some,
        "units": some[:1],
        "tiles": wide[None],
        "tiles and units": some | wide,
        "all but tiles": ~wide[None],
        "all": np.ones((1, n_visible), bool),
        "none": np.zeros((1, n_visible), bool),
    }


@pytest.mark.parametrize("precision", [*PACKED, "float64"])
@pytest.mark.parametrize("n_rows", [1, 37])
def test_every_step_puts_them_back(target, n_threads, precision, n_rows):
    engine, _ = random_model(100, 37, precision=precision)
    v, values = states(n_rows, 100), states(n_rows, 100, 0.6)
    where = (SEED, "gibbs", 7, 3, n_threads)
    for name, mask in masks(n_rows, 100).items():
        start = _core.Rows.from_array(np.where(mask, values, v))
        held = (_core.Rows.from_array(mask), _core.Rows.from_array(values))
        expected, last = half_steps(engine, v, 3, mask, values)
        found, hidden = engine.gibbs(start, 3, *where, held)
        np.testing.assert_array_equal(found.to_array("bool"), expected, err_msg=name)
        np.testing.assert_array_equal(hidden.to_array("bool"), last.to_array("bool"), err_msg=name)
        means = engine.gibbs_means(start, 3, *where, held)
        expected = np.where(mask, values, engine.mean_visible(last, 1))
        np.testing.assert_array_equal(means, expected, err_msg=name)


def test_rows_of_every_block_have_their_own():
    """More chains than one block of rows."""
    engine, _ = random_model(20, 9)
    v, mask = states(4100, 20), states(4100, 20, 0.5)
    rows, where = _core.Rows.from_array(v), (SEED, "gibbs", 7, 3)
    found, _ = engine.gibbs(rows, 2, *where, 2, (_core.Rows.from_array(mask), rows))
    np.testing.assert_array_equal(found.to_array("bool"), half_steps(engine, v, 2, mask, v)[0])


# ---- what callers give ----

X = states(30, 12, 0.4).astype(np.uint8)
HELD = np.arange(12) < 6
KNOWN = np.where(HELD, X, np.nan)


@pytest.fixture(scope="module")
def model():
    return RBM(5, n_iter=2, random_state=0).fit(X)


@pytest.mark.parametrize("precision", ["fixed", "float64"])
def test_clamps_have_several_forms(precision):
    model = RBM(5, n_iter=2, random_state=0, precision=precision).fit(X)
    expected = model.gibbs(X, 5, clamp=HELD, random_state=1)
    np.testing.assert_array_equal(expected[:, HELD], X[:, HELD])
    assert (expected != X).any()
    elsewhere = np.where(HELD, 1 - X, X)  # v has other values: those of the clamp count
    masked = np.ma.masked_array(X, mask=np.broadcast_to(~HELD, X.shape))
    for v, clamp in [
        (sparse.csr_array(X), HELD),
        (sparse.csr_array(elsewhere), KNOWN),
        (X, np.broadcast_to(HELD, X.shape)),
        (elsewhere, KNOWN),
        (elsewhere, KNOWN.astype(np.float32)),
        (elsewhere, KNOWN.astype(np.float16).tolist()),
        (elsewhere, masked),
        (elsewhere.astype(bool), masked.astype(bool)),
    ]:
        np.testing.assert_array_equal(model.gibbs(v, 5, clamp=clamp, random_state=1), expected)


def test_sample_starts_at_the_values(model):
    expected = model.gibbs(X, 5, clamp=HELD, random_state=1)
    for start, clamp in [(X, HELD), (X, KNOWN), (np.where(HELD, 1 - X, X), KNOWN)]:
        found = model.sample(30, 5, start, clamp=clamp, random_state=1)
        np.testing.assert_array_equal(found, expected)
    one = model.sample(8, 5, clamp=KNOWN[0])
    assert one.dtype == np.bool_
    np.testing.assert_array_equal(one[:, HELD], np.tile(X[0, HELD], (8, 1)))


def test_one_row_may_have_one_dimension(model):
    found = model.gibbs(X[0], 3, clamp=HELD)
    assert found.shape == (12,)
    np.testing.assert_array_equal(found[HELD], X[0, HELD])


def test_a_threshold_makes_states_of_held_values():
    grey = np.random.default_rng(0).random((30, 12)) * 200
    model = RBM(5, n_iter=1, binarize=100, random_state=0).fit(grey)
    expected = model.gibbs(grey > 100, 4, clamp=HELD, random_state=1)
    known = np.where(HELD, grey, np.nan)
    for v, clamp in [(grey, HELD), (grey, known), (grey > 100, known)]:
        np.testing.assert_array_equal(model.gibbs(v, 4, clamp=clamp, random_state=1), expected)


def test_free_units_may_start_at_probabilities(model):
    v = np.where(HELD, X, 0.5)
    found = model.gibbs(v, 1, clamp=HELD, random_state=1)
    np.testing.assert_array_equal(found, model.gibbs(v, 1, clamp=KNOWN, random_state=1))
    np.testing.assert_array_equal(found[:, HELD], X[:, HELD])


@pytest.mark.parametrize(
    ("clamp", "error", "message"),
    [
        (HELD[:7], ValueError, r"clamp has shape \(7,\), expected \(12,\) or \(30, 12\)"),
        (KNOWN[:3], ValueError, r"clamp has shape \(3, 12\), expected"),
        (KNOWN[None], ValueError, r"clamp has shape \(1, 30, 12\), expected"),
        (X, TypeError, "clamp must be a mask of bools, or values in which NaN.* got .* uint8"),
        (["a"] * 12, TypeError, "clamp must be a mask of bools"),
        (KNOWN / 2, ValueError, "clamp holds units at values from 0 to 0.5, expected 0 or 1"),
        (KNOWN + 1, ValueError, "clamp holds units at values from 0 to 2"),
        (np.where(HELD, np.inf, np.nan), ValueError, "clamp holds infinity"),
    ],
)
@pytest.mark.parametrize("call", ["gibbs", "sample"])
def test_what_is_no_clamp_is_named(model, call, clamp, error, message):
    before = model._sampling_steps
    with pytest.raises(error, match=f"RBM: {message}"):
        model.gibbs(X, clamp=clamp) if call == "gibbs" else model.sample(30, clamp=clamp)
    assert model._sampling_steps == before


def test_masks_need_values(model):
    with pytest.raises(ValueError, match=r"RBM: clamp is a mask of bools, .* give start"):
        model.sample(30, clamp=HELD)
    with pytest.raises(ValueError, match=r"clamp holds units at values from 0 to 0\.5"):
        model.gibbs(X / 2, clamp=HELD)


# ---- means ----


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
def test_means_are_those_of_the_same_chains(dtype):
    model = RBM(5, n_iter=2, random_state=0).fit(X.astype(dtype))
    means = model.gibbs(X.astype(dtype), 4, means=True)
    assert means.dtype == (np.float64 if dtype == np.float64 else np.float32)
    again = RBM(5, n_iter=2, random_state=0).fit(X.astype(dtype))
    drawn = again.gibbs(X.astype(dtype), 4)
    uniform = (_core.draws(again._seed, "gibbs", 0, 3, 0, 30, 12) >> 8) * 2.0**-24
    np.testing.assert_array_equal(drawn, uniform < means)
    fantasies = model.sample(7, 3, means=True)
    assert fantasies.dtype == model.components_.dtype
    assert ((fantasies > 0) & (fantasies < 1)).all()


def test_ctrl_c_ends_long_chains(model):
    assert_ends_soon(lambda: model.gibbs(X, 2**40, clamp=HELD))
    assert_ends_soon(lambda: model.sample(30, 2**40, clamp=KNOWN, means=True))
