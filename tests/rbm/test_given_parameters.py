"""RBMs whose weights and biases are given: scikit-learn's idiom, and `from_parameters`."""

import copy

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV

from tests.support.models import assert_same
from udl_fast import RBM, BernoulliRBM

W = np.array([[0.7, -0.4, 0.2], [-0.3, 0.6, -0.2]])
VISIBLE_BIAS, HIDDEN_BIAS = np.array([0.1, -0.2, 0.3]), np.array([0.2, -0.3])
V = [[1, 0, 1]]
MEANS = [[0.7503, 0.3100]]  # the logistic function of [1.1, -0.8]
X = (np.random.default_rng(0).random((60, 3)) < 0.4).astype(np.uint8)


@pytest.fixture(params=[RBM, BernoulliRBM])
def model_class(request):
    return request.param


def assigned(model_class, **parameters):
    model = model_class(n_components=2, **parameters)
    model.components_ = W
    model.intercept_hidden_ = HIDDEN_BIAS
    model.intercept_visible_ = VISIBLE_BIAS
    return model


def test_assigned_weights_make_a_model(model_class):
    np.testing.assert_allclose(assigned(model_class).transform(V), MEANS, atol=5e-5)


def test_from_parameters_is_the_same(model_class):
    model = model_class.from_parameters(W, VISIBLE_BIAS, HIDDEN_BIAS, random_state=0, batch_size=7)
    assert type(model) is model_class
    assert (model.n_components, model.batch_size) == (2, 7)
    assert_same(model, assigned(model_class, random_state=0, batch_size=7))
    np.testing.assert_allclose(model.transform(V), MEANS, atol=5e-5)
    np.testing.assert_allclose(model.components_, W, rtol=1e-7)
    energy = -0.4 - np.log1p(np.exp([1.1, -0.8])).sum()
    assert model.free_energy(V)[0] == pytest.approx(energy, rel=1e-6)
    assert model.gibbs(X).shape == (60, 3)
    assert model.log_likelihood(X).shape == (60,)


@pytest.mark.parametrize("precision", ["fixed", "fast", "float64"])
@pytest.mark.parametrize("algorithm", ["cd", "pcd"])
def test_training_goes_on_from_given_parameters(model_class, precision, algorithm):
    options = {"precision": precision, "algorithm": algorithm, "random_state": 0}
    model = model_class.from_parameters(W * 2, VISIBLE_BIAS, HIDDEN_BIAS, **options)
    again = copy.deepcopy(model).set_params(warm_start=True, shuffle=False, n_iter=1)
    assert_same(model.partial_fit(X), again.fit(X))
    assert np.abs(model.components_ - W * 2).max() < 0.3


def test_dtypes_are_those_of_the_weights():
    for dtype in (np.float32, np.float64):
        model = RBM.from_parameters(W.astype(dtype), VISIBLE_BIAS, HIDDEN_BIAS)
        assert model.components_.dtype == model.transform(X).dtype == dtype


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((W[0], VISIBLE_BIAS, HIDDEN_BIAS), r"weights has shape \(3,\), expected \(n_hidden, n_"),
        ((W, VISIBLE_BIAS[:2], HIDDEN_BIAS), r"visible_bias has shape \(2,\), expected \(3,\)"),
        ((W, VISIBLE_BIAS, HIDDEN_BIAS[:1]), r"hidden_bias has shape \(1,\), expected \(2,\)"),
        ((W, HIDDEN_BIAS, VISIBLE_BIAS), r"hidden_bias has shape \(3,\), expected \(2,\)"),
        ((W * np.nan, VISIBLE_BIAS, HIDDEN_BIAS), "weights holds NaN or infinity"),
        ((W * 1e39, VISIBLE_BIAS, HIDDEN_BIAS), "weights holds values up to 7e.38 in size, beyond"),
        ((W[:0], VISIBLE_BIAS, HIDDEN_BIAS[:0]), "n_components must be >= 1, got 0"),
    ],
)
def test_arrays_that_make_no_model_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        RBM.from_parameters(*arguments)


def test_parameters_are_checked():
    with pytest.raises(ValueError, match="n_components is 3, but weights has shape"):
        RBM.from_parameters(W, VISIBLE_BIAS, HIDDEN_BIAS, n_components=3)
    with pytest.raises(ValueError, match="batch_size must be >= 1"):
        RBM.from_parameters(W, VISIBLE_BIAS, HIDDEN_BIAS, batch_size=0)
    with pytest.raises(TypeError, match="nonsense"):
        RBM.from_parameters(W, VISIBLE_BIAS, HIDDEN_BIAS, nonsense=0)


def test_values_beyond_float32_are_refused_where_it_computes_in_float32():
    model = assigned(RBM)
    with pytest.raises(ValueError, match=r"components_ holds values up to 7e.38 in size, beyond"):
        model.components_ = W * 1e39
    np.testing.assert_allclose(model.transform(V), MEANS, atol=5e-5)
    RBM.from_parameters(W * 1e39, VISIBLE_BIAS, HIDDEN_BIAS, precision="float64").transform(V)


def test_what_is_still_missing_is_said():
    model = RBM(2)
    model.components_ = W
    with pytest.raises(NotFittedError, match="it lacks intercept_hidden_, intercept_visible_"):
        model.transform(V)
    with pytest.raises(AttributeError, match="has no h_samples_ before fit"):
        model.h_samples_ = np.zeros((2, 2), dtype=bool)


def test_scikit_learns_generator():
    """`random_state_` is there after partial_fit and gibbs, and draws something else each time."""
    model = BernoulliRBM(2, random_state=0)
    assert not hasattr(model, "random_state_")
    model.partial_fit(X)
    first = model._sample_hiddens(X, model.random_state_)
    assert (model._sample_hiddens(X, model.random_state_) != first).any()
    again = BernoulliRBM(2, random_state=0).partial_fit(X)
    np.testing.assert_array_equal(again._sample_hiddens(X, again.random_state_), first)
    np.testing.assert_array_equal(again.gibbs(X), model.gibbs(X))
    model.random_state_ = np.random.RandomState(3)
    assert model.random_state_.randint(1000) == np.random.RandomState(3).randint(1000)


def test_a_grid_search_needs_no_classifier(digits):
    """The score is the mean of the exact pseudo-likelihood."""
    grid = {"learning_rate": [0.0, 0.1], "n_components": [2, 16]}
    search = GridSearchCV(RBM(n_iter=10, batch_size=10, random_state=0), grid, cv=2).fit(
        digits[:500]
    )
    assert search.best_params_ == {"learning_rate": 0.1, "n_components": 16}
    best = search.best_estimator_
    assert best.score(digits) == best.pseudo_likelihood(digits, exact=True).mean()


def test_a_model_that_lacks_arrays_is_not_trained_in_silence(model_class):
    model = model_class(n_components=2, n_iter=1)
    model.components_ = W
    for learn in (model.partial_fit, model.set_params(warm_start=True).fit):
        with pytest.raises(NotFittedError, match=r"it lacks intercept_"):
            learn(X)
    np.testing.assert_array_equal(model.components_, W)
    with pytest.warns(UserWarning, match=r"fit starts anew.*components_"):
        model.set_params(warm_start=False).fit(X)
