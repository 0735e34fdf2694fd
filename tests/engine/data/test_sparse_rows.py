"""Sparse rows give the bits of the same rows held dense, in every form, and cost what is stored."""

import numpy as np
import pytest
from scipy import sparse

from tests.support.engines import LEARNING, SEED, SETTINGS, random_model, rng, states
from udl_fast import _core
from udl_fast.evaluation import flipped_once

N_ROWS, N_VISIBLE, N_HIDDEN = 37, 1300, 37


def wide(kind):
    """Rows of which about one value in 80 is stored; the first is empty, the last is full."""
    on = states(N_ROWS, N_VISIBLE, 0.0125)
    on[0], on[-1] = False, kind == "grey"
    if kind == "ones":
        return on.astype(np.float64)
    return on * rng(3).random(on.shape)


def as_sparse(values):
    rows = sparse.csr_array(values)
    return _core.Rows.from_csr(rows.indptr, rows.indices, rows.data, rows.shape[1])


def both(kind):
    values = wide(kind)
    return as_sparse(values), _core.Rows.from_array(values)


def assert_same_rows(a, b):
    assert (a.kind == "bits") == (b.kind == "bits")
    np.testing.assert_array_equal(a.to_array("float64"), b.to_array("float64"))


def test_bits_are_held_in_the_form_of_fewer_bytes():
    few, many = (states(50, 640, density) for density in (0.01, 0.3))
    assert as_sparse(few.astype(np.uint8)).nbytes == 51 * 8 + 4 * few.sum() < 50 * 80
    assert as_sparse(many.astype(np.uint8)).nbytes == 50 * 80
    for on in (few, many):
        rows = as_sparse(on.astype(np.uint8))
        assert rows.kind == "bits"
        np.testing.assert_array_equal(rows.to_array("bool"), on)
        np.testing.assert_array_equal(rows.to_packed(), np.packbits(on, axis=1, bitorder="little"))
    grey = as_sparse(few * 0.5)
    assert (grey.kind, grey.nbytes) == ("csr", 51 * 8 + 12 * few.sum())


@pytest.mark.parametrize("kind", ["ones", "grey"])
def test_what_is_asked_of_rows(kind):
    given, dense = both(kind)
    assert given.value_range() == dense.value_range()
    np.testing.assert_array_equal(given.column_means(), dense.column_means())
    numbers = np.array([5, 0, 36, 5])
    assert_same_rows(given.select(numbers), dense.select(numbers))
    np.testing.assert_array_equal(given.select(numbers).to_array("float64"), wide(kind)[numbers])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["ones", "grey"])
def test_one_unit_is_flipped_in_each_row(kind, dtype):
    values = wide(kind)
    values[3] = 1.0  # whichever unit it is, 1 becomes 0
    name = np.dtype(dtype).name
    for rows in (as_sparse(values), _core.Rows.from_array(values)):
        flipped = rows.flipped_once(2, 30, name)
        np.testing.assert_array_equal(
            flipped.to_array(name), flipped_once(values[2:32].astype(dtype))
        )
        assert flipped.kind == rows.kind


@pytest.mark.parametrize("precision", ["fixed", "fast", "float64"])
@pytest.mark.parametrize("kind", ["ones", "grey"])
def test_inference_has_the_bits_of_dense_rows(target, n_threads, kind, precision):
    engine, _ = random_model(N_VISIBLE, N_HIDDEN, precision=precision)
    given, dense = both(kind)
    where = (SEED, "gibbs", 5, 0, n_threads)
    for name in ("mean_hidden", "free_energy", "pseudo_likelihood"):
        method = getattr(engine, name)
        np.testing.assert_array_equal(method(given, n_threads), method(dense, 2), err_msg=name)
    assert_same_rows(engine.sample_hidden(given, *where), engine.sample_hidden(dense, *where))
    for a, b in zip(engine.gibbs(given, 2, *where), engine.gibbs(dense, 2, *where), strict=True):
        assert_same_rows(a, b)


def test_rows_of_nothing():
    engine, _ = random_model(N_VISIBLE, N_HIDDEN)
    rows = as_sparse(np.zeros((3, N_VISIBLE)))
    assert (rows.kind, rows.nbytes, rows.value_range()) == ("bits", 4 * 8, (0, 0))
    zeros = _core.Rows.from_array(np.zeros((3, N_VISIBLE)))
    np.testing.assert_array_equal(engine.mean_hidden(rows, 2), engine.mean_hidden(zeros, 2))
    np.testing.assert_array_equal(engine.free_energy(rows, 2), engine.free_energy(zeros, 2))
    np.testing.assert_array_equal(
        rows.flipped_once(0, 3, "float32").to_array("uint8").sum(axis=1), 1
    )


@pytest.mark.parametrize("kind", ["ones", "grey"])
def test_sparse_hidden_states_too(kind):
    engine, _ = random_model(N_HIDDEN, N_VISIBLE)
    given, dense = both(kind)
    where = (SEED, "gibbs", 5, 0, 2)
    np.testing.assert_array_equal(engine.mean_visible(given, 2), engine.mean_visible(dense, 2))
    assert_same_rows(engine.sample_visible(given, *where), engine.sample_visible(dense, *where))


def learned(rows, options, n_threads, precision):
    settings = {**SETTINGS, "batch_size": 15, **options}
    chains = settings.pop("chains", 15)
    engine, _ = random_model(N_VISIBLE, N_HIDDEN, precision=precision)
    if settings["algorithm"] == "pcd":
        engine.set_chains(states(chains, N_HIDDEN, 0.5))
    order = rng(1).permutation(N_ROWS).astype(np.uint32)
    engine.train(rows, order, settings, SEED, 3, n_threads)
    return engine.state()


def assert_learn_the_same(kind, options, n_threads, precision="fixed"):
    given, dense = both(kind)
    expected = learned(dense, options, 1, precision)
    for name, array in learned(given, options, n_threads, precision).items():
        np.testing.assert_array_equal(array, expected[name], err_msg=name)


CASES = [
    pytest.param(kind, options, id=f"{kind}-{name}")
    for name, options in LEARNING.items()
    for kind in ("ones", "grey")
    if kind == "ones" or options.get("statistics") != "sampled"  # which needs bits
]


@pytest.mark.parametrize(("kind", "options"), CASES)
def test_learning_has_the_bits_of_dense_rows(target, kind, options):
    """Minibatches of 15 rows and one of 7, in a shuffled order."""
    assert_learn_the_same(kind, options, 2)


@pytest.mark.parametrize("precision", ["fixed", "fast", "float64"])
@pytest.mark.parametrize("kind", ["ones", "grey"])
def test_learning_on_any_number_of_threads(n_threads, kind, precision):
    assert_learn_the_same(kind, {"momentum": 0.5}, n_threads, precision)


@pytest.mark.parametrize("options", [{}, {"statistics": "sampled"}, {"algorithm": "pcd"}])
def test_states_drawn_from_sparse_probabilities(target, options):
    """The draws of values that are not stored are not made: none of them could be on."""
    assert_learn_the_same("grey", {"binarize_sample": True, "data_step": 6, **options}, 2)
