"""The whole state of an engine goes out and in again, or nothing of it changes."""

import numpy as np
import pytest

from tests.support.engines import LEARNING, learn, random_model, states
from udl_fast import _core

PRECISIONS = ("fixed", "fast", "float64")


def trained(precision, learning):
    engine, _ = random_model(30, 20, precision=precision)
    learn(engine, states(25, 30), LEARNING[learning], 1)
    return engine


def same(first, second):
    return first.keys() == second.keys() and all(
        np.array_equal(first[name], second[name]) for name in first
    )


@pytest.mark.parametrize("learning", ["cd", "momentum and decay", "sparsity", "pcd"])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_an_engine_with_the_state_of_another_learns_like_it(precision, learning):
    engine = trained(precision, learning)
    other = _core.RbmEngine(30, 20, precision)
    other.set_state(engine.state())
    assert same(other.state(), engine.state())
    for each in (engine, other):
        learn(each, states(25, 30), LEARNING[learning], 1)
    assert same(other.state(), engine.state())


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"weights": np.zeros((20, 31))}, "weights"),
        ({"weights": np.full((20, 30), np.nan)}, "weights"),
        ({"visible_bias": np.full(30, np.inf)}, "visible_bias"),
        ({"hidden_velocity": np.zeros(3)}, "hidden_velocity"),
        ({"weight_velocity": np.full((20, 30), np.inf)}, "weight_velocity"),
        ({"mean_activation": np.full(20, np.nan)}, "mean_activation"),
        ({"chains": np.zeros((2, 21), bool)}, "hidden"),
        ({"chains": np.full((2, 20), 0.5)}, "binary"),
        ({"other": np.zeros(3)}, "unknown"),
        ({"hidden_bias": None}, "lacks 'hidden_bias'"),
    ],
)
def test_a_wrong_array_is_named_and_nothing_of_the_engine_changes(precision, change, text):
    engine = trained(precision, "momentum and decay")
    before = engine.state()
    arrays = {name: value + 1 for name, value in before.items() if name != "chains"}
    arrays["chains"] = before["chains"]
    arrays = {**arrays, **change}
    with pytest.raises(ValueError, match=text):
        engine.set_state({name: value for name, value in arrays.items() if value is not None})
    assert same(engine.state(), before)
