"""Attributes of every kind of model, learned or given, and what a fitted one answers."""

import pickle

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

import udl_fast
from tests.support.any_model import X
from tests.support.models import assert_same_state as assert_same
from udl_fast.estimator.attributes import attribute_names


def test_attributes_are_read_only_and_can_be_assigned(make):
    model = make().fit(X)
    with pytest.raises(ValueError, match="read-only"):
        model.components_[...] = 0
    if not model._defining:
        pytest.skip("a model whose arrays are learned alone")
    before = model._state().arrays
    values = model.components_ / 2
    with pytest.raises(ValueError, match=r"components_ has shape \(2, 3\), expected \(5, 12\)"):
        model.components_ = np.zeros((2, 3))
    with pytest.raises(ValueError, match="components_ holds NaN or infinity"):
        model.components_ = values * np.inf
    model.components_ = values
    np.testing.assert_array_equal(model.components_, values)
    after = model._state().arrays
    changed = [name for name in after if not np.array_equal(after[name], before[name])]
    assert len(changed) == 1


def test_arrays_can_be_given_instead_of_learned(make, tmp_path):
    """One by one in any order; the model is fitted with the last of them."""
    learned = make().fit(X)
    if not learned._defining:
        pytest.skip("a model whose arrays are learned alone")
    names = attribute_names(type(learned))
    for order in (learned._defining, learned._defining[::-1]):
        model = make()
        for array in order:
            with pytest.raises(NotFittedError):
                model.transform(X)
            assert not hasattr(model, names[array])
            setattr(model, names[array], getattr(learned, names[array]))
            np.testing.assert_array_equal(
                getattr(model, names[array]), getattr(learned, names[array])
            )
        np.testing.assert_array_equal(model.transform(X), learned.transform(X))
        assert model.n_features_in_ == 12
        assert model.n_iter_ == 0
        model.save(tmp_path / "model")
        assert_same(udl_fast.load(tmp_path / "model"), model)
        assert_same(pickle.loads(pickle.dumps(model)), model)
        model.partial_fit(X)


def test_given_arrays_must_fit_each_other(make):
    learned, model = make().fit(X), make()
    if not learned._defining:
        pytest.skip("a model whose arrays are learned alone")
    names = attribute_names(type(model))
    last = model._defining[-1]
    values = getattr(learned, names[last])
    for array in model._defining[:-1]:
        setattr(model, names[array], getattr(learned, names[array]))
    with pytest.raises(ValueError, match=f"{names[last]} has shape"):
        setattr(model, names[last], values[:-1])
    with pytest.raises(ValueError, match=f"{names[last]} holds NaN"):
        setattr(model, names[last], values * np.nan)
    with pytest.raises(NotFittedError, match=f"it lacks {names[last]}"):
        model.transform(X)
    again = pickle.loads(pickle.dumps(model))
    for each in (model, again):
        each.n_components = 4
        with pytest.raises(ValueError, match=r"n_components is 4, but .* set n_components=5"):
            setattr(each, names[last], values)
        each.n_components = 5
        setattr(each, names[last], values)
        each.fit(X)
        assert_same(each, learned)


def test_score_is_the_mean_of_the_first_measurement(make):
    model = make().fit(X)
    assert np.isfinite(model.score(X))
    assert model.score(X) == pytest.approx(model.score(np.vstack([X, X]), y=None))


def test_transform_gives_named_columns(make):
    model = make().fit(X)
    assert model.transform(X).shape == (90, len(model.get_feature_names_out()))


def test_set_output_takes_effect(make):
    """scikit-learn wraps only methods that stand in the class itself."""
    model = make().fit(X).set_output(transform="pandas")
    try:
        import pandas
    except ImportError:
        with pytest.raises(ImportError, match="pandas"):
            model.transform(X)
    else:
        assert isinstance(model.transform(X), pandas.DataFrame)
