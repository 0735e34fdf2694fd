"""Learning of every kind of unit in the float64 engine: threads, missing values, states, what is refused."""

import numpy as np
import pytest

from tests.support.engines import SETTINGS, rng
from udl_fast import _core

from .models import PAIRS, SEED, make, rows_of, some_rows


@pytest.mark.parametrize(("visible", "hidden"), PAIRS)
@pytest.mark.parametrize("algorithm", ["cd", "pcd"])
def test_threads_change_nothing(visible, hidden, algorithm):
    if (visible, algorithm) == ("replicated_softmax", "pcd"):
        pytest.skip("chains have no length")
    found = []
    for n_threads in (1, 2, 3):
        engine, model = make(visible, hidden)
        engine.set_chains(np.ones((7, engine.n_hidden)))
        options = {"algorithm": algorithm, "momentum": 0.5, "learning_rate": 0.01, "k": 2}
        rows = rows_of(some_rows(model, 50))
        engine.train(rows, None, {**SETTINGS, **options}, SEED, 0, n_threads)
        found.append(engine.state())
    for other in found[1:]:
        for name, array in found[0].items():
            np.testing.assert_array_equal(array, other[name])


def test_missing_values_teach_nothing():
    """Groups that are missing in every row keep their parameters."""
    engine, model = make("softmax", "bernoulli")
    v = some_rows(model, 30)
    v[:, 2:] = 0
    before = engine.state()
    engine.train(rows_of(v), None, {**SETTINGS, "k": 3}, SEED, 0, 1)
    after = engine.state()
    np.testing.assert_array_equal(after["weights"][:, 2:], before["weights"][:, 2:])
    np.testing.assert_array_equal(after["visible_bias"][2:], before["visible_bias"][2:])
    assert (after["weights"][:, :2] != before["weights"][:, :2]).all()


@pytest.mark.parametrize("hidden", ["gaussian", "relu"])
def test_states_and_snapshots_of_real_units(hidden):
    engine, model = make("gaussian", hidden)
    chains = rng(3).random((6, 2))
    engine.set_chains(chains)
    state = engine.state()
    np.testing.assert_array_equal(state["chains"], chains)
    engine.snapshot()
    options = {**SETTINGS, "algorithm": "pcd", "momentum": 0.9, "learning_rate": 0.01}
    engine.train(rows_of(some_rows(model, 40)), None, options, SEED, 0, 1)
    learned = engine.state()
    assert all((learned[name] != state[name]).any() for name in ("log_variance", "chains"))
    engine.restore()
    for name, array in state.items():
        np.testing.assert_array_equal(engine.state()[name], array)
    again, _ = make("gaussian", hidden)
    again.set_state(learned)
    for name, array in learned.items():
        np.testing.assert_array_equal(again.state()[name], array)


def test_engines_refuse_what_does_not_go_together():
    for arguments, message in (
        ((2, 2, "float64", "relu"), "visible units cannot be 'relu'"),
        ((2, 2, "float64", "bernoulli", "softmax"), "hidden units cannot be 'softmax'"),
        ((2, 2, "float64", "softmax"), "visible_groups must add up to n_visible = 2"),
        ((2, 2, "float64", "gaussian", "relu", [2]), "visible_groups are of visible='softmax'"),
        ((2, 2, "float64", "potts"), "visible must be one of 'bernoulli', 'gaussian'"),
    ):
        with pytest.raises(ValueError, match=message):
            _core.RbmEngine(*arguments)
    with pytest.raises(
        NotImplementedError, match="precision='fast' has no visible='bernoulli' with"
    ):
        _core.RbmEngine(2, 2, "fast", "bernoulli", "gaussian")
