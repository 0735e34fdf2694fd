"""RBMs of every kind of units as users meet them: fit, samples, files, sigma, held units."""

import copy
import pickle

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone

from udl_fast import RBM, load

from .kinds import DATA, FLOAT64, KINDS, data_of


def test_samples_are_bools_or_floats(model, kind):
    X = data_of(kind)
    real_visible = KINDS[kind].get("visible") in ("gaussian", "replicated_softmax")
    v = model.gibbs(X[:5], 2)
    assert v.dtype == (np.float64 if real_visible else np.bool_)
    assert v.shape == (5, 9)
    h = model.sample_hidden(X[:5])
    assert h.dtype == (np.float64 if "hidden" in KINDS[kind] else np.bool_)
    assert model.sample_visible(h).dtype == v.dtype
    assert model.sample(3, 2, X[:3]).dtype == v.dtype
    if KINDS[kind].get("visible") == "replicated_softmax":
        np.testing.assert_array_equal(v.sum(axis=1), X[:5].sum(axis=1))
        with pytest.raises(ValueError, match="sample needs start"):
            model.sample(3, 2)
    else:
        assert model.sample(3, 2).shape == (3, 9)


def test_there_are_measurements_and_a_score(model, kind):
    history = model.history_
    name = "pseudo_likelihood" if KINDS[kind].get("visible") in (None, "softmax") else None
    assert model.measurements[0].name == (name or "reconstruction_likelihood")
    assert np.isfinite(history[model.measurements[0].name]).all()
    assert {found.name for found in model.measurements} >= set(history) - {"epoch", "seconds"}
    assert model.score(data_of(kind)) == pytest.approx(model.score(np.tile(data_of(kind), (2, 1))))


def test_copies_go_on_bit_for_bit(model, kind, tmp_path):
    X = data_of(kind)
    model.save(tmp_path / "model")
    for again in (
        load(tmp_path / "model"),
        pickle.loads(pickle.dumps(model)),
        copy.deepcopy(model),
        clone(model).fit(X),
    ):
        before = copy.deepcopy(model)
        for name, array in again.partial_fit(X)._state().arrays.items():
            np.testing.assert_array_equal(array, before.partial_fit(X)._state().arrays[name])
            before = copy.deepcopy(model)


@pytest.mark.parametrize("algorithm", ["cd", "pcd"])
def test_training_resumes_bit_for_bit(kind, algorithm, tmp_path):
    if (KINDS[kind].get("visible"), algorithm) == ("replicated_softmax", "pcd"):
        pytest.skip("chains have no length")
    options = {**FLOAT64, **KINDS[kind], "algorithm": algorithm, "momentum": 0.5, "n_iter": 4}
    X = data_of(kind)
    whole = RBM(**options).fit(X)
    half = RBM(**options, callbacks=[lambda model, info: info["epoch"] == 2]).fit(X)
    half.save(tmp_path / "half")
    again = load(tmp_path / "half").resume(X)
    for name, array in whole._state().arrays.items():
        np.testing.assert_array_equal(array, again._state().arrays[name])


def test_sparse_rows_are_the_dense_ones(model, kind):
    X = data_of(kind)
    rows, tolerance = sparse.csr_array(X), 1e-4 if model.precision == "fixed" else 1e-9
    np.testing.assert_allclose(model.free_energy(rows), model.free_energy(X), rtol=tolerance)
    np.testing.assert_allclose(model.transform(rows), model.transform(X), rtol=tolerance)
    again = clone(model).fit(rows)
    np.testing.assert_allclose(again.components_, model.components_, rtol=tolerance, atol=tolerance)


def test_sigma_is_an_attribute_of_gaussian_units(model, kind):
    if "gaussian" not in KINDS[kind].get("visible", ""):
        assert not hasattr(model, "sigma_")
        return
    assert model.sigma_.shape == (9,)
    assert (model.sigma_ != 1).all()
    with pytest.raises(ValueError, match="read-only"):
        model.sigma_[0] = 1
    with pytest.raises(ValueError, match=r"sigma_ must be from 3e-09 to 4e.08, got -1"):
        model.sigma_ = -np.ones(9)
    model.sigma_ = np.linspace(1, 2, 9)
    np.testing.assert_allclose(model.sigma_, np.linspace(1, 2, 9), rtol=1e-6)


def test_sigma_starts_where_it_is_told():
    X, first = DATA["gaussian"], np.linspace(0.5, 2, 9)
    options = {**FLOAT64, "visible": "gaussian"}
    np.testing.assert_allclose(RBM(**{**options, "n_iter": 0}, sigma=first).fit(X).sigma_, first)
    fixed = RBM(**options, sigma=1.5, learn_sigma=False).fit(X)
    np.testing.assert_allclose(fixed.sigma_, 1.5)
    given = RBM.from_parameters(
        np.zeros((2, 3)), np.zeros(3), np.zeros(2), visible="gaussian", sigma=3, precision="float64"
    )
    np.testing.assert_allclose(given.sigma_, 3)
    for beyond in (0, 1e-12, [1] * 8 + [1e12]):
        with pytest.raises(
            ValueError, match=r"RBM: sigma must be from 3e-09 to 4e.08, beyond which"
        ):
            RBM(**options, sigma=beyond).fit(X)
    with pytest.raises(ValueError, match=r"RBM: sigma must be a number or hold one for each of 9"):
        RBM(**options, sigma=[1, 2]).fit(X)


def test_the_first_biases_are_the_means_of_the_data(kind):
    """Without weights a model has the means of its rows."""
    X = data_of(kind)
    options = {**FLOAT64, **KINDS[kind], "n_iter": 0}
    model = RBM(**options).fit(X)
    model.components_ = np.zeros((4, 9))
    mean = model.mean_visible(np.zeros(4))
    expected = X.mean(axis=0)
    if KINDS[kind].get("visible") == "replicated_softmax":
        expected = expected / expected.sum()
    np.testing.assert_allclose(mean, expected, atol=0.02)


@pytest.mark.parametrize("kind", ["gaussian", "softmax", "packed softmax"], indirect=True)
def test_held_units_keep_their_values(model, kind):
    """Half of a row given the other half; means of the last step have the dtype of the data."""
    X, mask = data_of(kind), np.arange(9) < 5
    for means in (False, True):
        drawn = model.gibbs(X[:6], 3, clamp=mask, means=means)
        np.testing.assert_array_equal(drawn[:, mask], X[:6, mask])
        assert (drawn[:, ~mask] != X[:6, ~mask]).any()
    known = np.where(mask, X[0], np.nan)
    np.testing.assert_array_equal(model.sample(4, 3, clamp=known)[:, mask], X[[0] * 4][:, mask])


def test_words_cannot_be_held():
    model = RBM(**FLOAT64, visible="replicated_softmax").fit(DATA["replicated_softmax"])
    with pytest.raises(ValueError, match="clamp holds units, not words"):
        model.gibbs(DATA["replicated_softmax"][:3], clamp=np.arange(9) < 5)
