"""Ctrl-C ends every long call of an RBM engine within about a second; training goes back to the snapshot."""

import functools
import sys

import numpy as np
import pytest

from tests.support.engines import SETTINGS, random_model, states
from tests.support.interruption import assert_ends_soon
from tests.support.models import assert_same
from udl_fast import RBM, _core

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals a process as Unix does")

PRECISIONS = ("fixed", "fast", "float64")
N_UNITS = 2048  # of both layers


@functools.cache
def engine_of(precision, n_hidden=N_UNITS):
    return random_model(N_UNITS, n_hidden, 0.01, precision)[0]


@functools.cache
def equal_rows(n):
    return _core.Rows.from_array(np.broadcast_to(states(1, N_UNITS), (n, N_UNITS)))


def many_rows(precision):
    """What takes some seconds."""
    return equal_rows(2_000 if precision == "float64" else 200_000)


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_ctrl_c_ends_a_long_chain(precision, n_threads):
    engine = engine_of(precision)
    rows = equal_rows(8)
    assert_ends_soon(lambda: engine.gibbs(rows, 2**40, 0, "gibbs", 0, 0, n_threads))


CALLS = {
    "mean_hidden": lambda engine, rows: engine.mean_hidden(rows, 1),
    "mean_visible": lambda engine, rows: engine.mean_visible(rows, 1),
    "sample_hidden": lambda engine, rows: engine.sample_hidden(rows, 0, "gibbs", 0, 0, 1),
    "sample_visible": lambda engine, rows: engine.sample_visible(rows, 0, "gibbs", 0, 0, 1),
    "gibbs": lambda engine, rows: engine.gibbs(rows, 3, 0, "gibbs", 0, 0, 1),
    "free_energy": lambda engine, rows: engine.free_energy(rows, 1),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("precision", PRECISIONS)
def test_ctrl_c_ends_calls_on_many_rows(precision, name):
    engine = engine_of(precision)
    rows = many_rows(precision)
    assert_ends_soon(lambda: CALLS[name](engine, rows))


@pytest.mark.parametrize("precision", PRECISIONS)
def test_ctrl_c_ends_an_enumeration(precision):
    engine = engine_of(precision, 28)
    assert_ends_soon(lambda: engine.log_partition_exact(2))


LONG_MINIBATCHES = {
    "many steps": {"k": 10**9},
    "many steps of persistent chains": {"k": 10**9, "algorithm": "pcd"},
    "many rows": {"batch_size": 10**9, "k": 20},
}


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("name", LONG_MINIBATCHES)
@pytest.mark.parametrize("precision", PRECISIONS)
def test_ctrl_c_ends_one_minibatch(precision, name, n_threads):
    engine = engine_of(precision)
    engine.set_chains(states(100, N_UNITS))
    rows = equal_rows(2_000 if precision == "float64" else 20_000)
    settings = {**SETTINGS, **LONG_MINIBATCHES[name]}
    engine.snapshot()
    before = engine.state()
    polls = []
    assert_ends_soon(lambda: engine.train(rows, None, settings, 0, 0, n_threads, polls.append))
    assert not polls  # nothing of Python runs between the signal and its exception
    engine.restore()
    for array, kept in zip(engine.state().values(), before.values(), strict=True):
        np.testing.assert_array_equal(array, kept)
    assert not engine.change_since_snapshot()[0]


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_model_is_what_it_was_before_an_interrupted_minibatch(precision, digits):
    model = RBM(8, n_iter=2, precision=precision, warm_start=True, random_state=0).fit(digits)
    expected = RBM(8, n_iter=2, precision=precision, random_state=0).fit(digits)
    assert_ends_soon(lambda: model.set_params(k=10**9).fit(digits))
    assert model.n_iter_ == 2
    assert_same(model, expected)
    model.set_params(k=1).fit(digits)
    assert_same(model, RBM(8, n_iter=4, precision=precision, random_state=0).fit(digits))
