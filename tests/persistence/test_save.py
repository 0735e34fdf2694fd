"""What `save` writes can be loaded; what cannot is refused by its name before anything is written."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import udl_fast
from udl_fast import RBM, registry

X = (np.random.default_rng(0).random((60, 12)) < 0.4).astype(np.uint8)


@pytest.fixture
def model():
    return RBM(5, n_iter=2, random_state=0).fit(X)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


# ---- parameters changed after fit ----


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch_size", 0),
        ("batch_size", 2**64),
        ("k", 2**70),
        ("n_jobs", 0),
        ("n_jobs", 1000),
        ("verbose", None),
        ("algorithm", "pt-1"),
        ("visible", "gaussian"),
        ("binarize", np.True_),
        ("learning_rate", Decimal("0.1")),
        ("learning_rate", [0.1]),
        ("random_state", -1),
        ("n_components", 9),
    ],
)
def test_parameters_that_load_would_refuse_are_named(model, path, name, value):
    model.save(path)
    before = path.read_bytes()
    model.set_params(**{name: value})
    with pytest.raises((ValueError, TypeError), match=rf"^RBM\.save: .*\b{name}\b"):
        model.save(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("learning_rate", Fraction(1, 4), 0.25),
        ("learning_rate", np.float32(0.5), 0.5),
        ("n_iter", np.int64(3), 3),
        ("warm_start", np.True_, True),
        ("random_state", True, 1),
        ("random_state", np.random.RandomState(0), None),
    ],
)
def test_numbers_of_other_kinds_become_those_of_python(model, path, name, value, expected):
    model.set_params(**{name: value}).save(path)
    found = udl_fast.load(path).get_params()[name]
    assert found == expected
    assert type(found) is type(expected)


# ---- history ----


@pytest.mark.parametrize("value", [object(), "text", [1], 10**400, 1j])
def test_entries_of_the_history_that_are_no_numbers_are_named(model, path, value):
    model.history_["mine"] = [0.5, value]
    with pytest.raises((ValueError, TypeError), match=r"^RBM\.save: history.*mine"):
        model.save(path)
    assert not path.exists()


@pytest.mark.parametrize("history", ["text", {3: [1, 1]}, {"mine": 3}, {"a": [1], "b": [1, 2]}])
def test_histories_that_are_no_lists_by_name_are_refused(model, path, history):
    model.history_ = history
    with pytest.raises((ValueError, TypeError), match="history"):
        model.save(path)
    assert not path.exists()


def test_numbers_in_the_history_are_kept(model, path):
    model.history_ = {
        "mine": [Fraction(1, 4), np.float32(0.5), np.int64(4), True, float("nan"), None],
        "text": [1, 2.5, 3, 4, 5, 6],
    }
    model.save(path)
    assert udl_fast.load(path).history_["mine"] == [0.25, 0.5, 4, 1, None, None]


# ---- counters and arrays ----


@pytest.mark.parametrize(("name", "value"), [("n_iter_", -1), ("_sampling_steps", 2**48)])
def test_counters_out_of_range_are_named(model, path, name, value):
    setattr(model, name, value)
    with pytest.raises(ValueError, match=name):
        model.save(path)
    assert not path.exists()


# ---- subclasses ----


class Mine(RBM):
    """A model that no registry knows."""


def test_a_subclass_is_refused_until_it_is_registered(path, monkeypatch):
    model = Mine(5, n_iter=1, random_state=0).fit(X)
    with pytest.raises(ValueError, match=r"no model 'Mine'.*registry\.register\('Mine', "):
        model.save(path)
    assert not path.exists()
    monkeypatch.setattr(registry, "_ENTRIES", dict(registry._ENTRIES))
    registry.register("Mine", Mine.__module__, "mine")
    model.save(path)
    same = udl_fast.load(path)
    assert type(same) is Mine
    np.testing.assert_array_equal(same.transform(X), model.transform(X))


def test_a_subclass_of_the_same_name_is_refused(path):
    """It would be loaded as the base class, which may compute something else."""
    namesake = type("RBM", (RBM,), {"__module__": "elsewhere"})
    with pytest.raises(ValueError, match=r"a model of udl_fast\.rbm, not of elsewhere"):
        namesake(5, n_iter=1).fit(X).save(path)
    assert not path.exists()
