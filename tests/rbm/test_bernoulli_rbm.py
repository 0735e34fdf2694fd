"""BernoulliRBM replaces scikit-learn's: same arguments, attributes, names and numbers."""

import inspect

import numpy as np
import pytest
import sklearn.neural_network
from scipy.special import expit
from sklearn.exceptions import NotFittedError

from udl_fast import BernoulliRBM, datasets

Theirs = sklearn.neural_network.BernoulliRBM


@pytest.fixture(scope="module")
def digits():
    return datasets.load_digits(binary=0.5, dtype=np.float64).data


@pytest.fixture(scope="module")
def pair(digits):
    """A model of each kind with the same parameters."""
    theirs = Theirs(20, n_iter=2, random_state=0).fit(digits)
    ours = BernoulliRBM(20, n_iter=0).fit(digits)
    for name in ("components_", "intercept_hidden_", "intercept_visible_"):
        setattr(ours, name, getattr(theirs, name))
    return ours, theirs


def test_constructor_takes_the_same_arguments_with_the_same_defaults():
    theirs, ours = (inspect.signature(c).parameters for c in (Theirs, BernoulliRBM))
    assert list(ours)[: len(theirs)] == list(theirs)
    for name, parameter in theirs.items():
        assert ours[name].default == parameter.default, name
        assert ours[name].kind == parameter.kind, name


def test_fitted_attributes_have_the_same_shapes_and_dtypes(digits):
    theirs, ours = (c(7, n_iter=1, random_state=0).fit(digits) for c in (Theirs, BernoulliRBM))
    for name in ("components_", "intercept_hidden_", "intercept_visible_", "h_samples_"):
        assert getattr(ours, name).shape == getattr(theirs, name).shape, name
        assert getattr(ours, name).dtype == getattr(theirs, name).dtype, name
    assert list(ours.get_feature_names_out()) == list(theirs.get_feature_names_out())


@pytest.mark.parametrize("dtype", [int, np.int8, np.uint8, bool, np.float32, np.float64])
def test_dtypes_as_scikit_learn_gives_them(digits, dtype):
    X = digits.astype(dtype)
    theirs, ours = (c(3, n_iter=1).fit(X).transform(X).dtype for c in (Theirs, BernoulliRBM))
    assert ours == theirs


def test_initial_weights_are_scikit_learns(digits):
    theirs = Theirs(9, learning_rate=1e-12, n_iter=1, random_state=4).fit(digits)
    ours = BernoulliRBM(9, n_iter=0, random_state=4).fit(digits)
    np.testing.assert_allclose(ours.components_, theirs.components_, rtol=1e-6, atol=1e-9)
    assert not ours.intercept_visible_.any()
    assert not ours.h_samples_.any()


def test_transform_and_free_energy_are_scikit_learns(pair, digits):
    ours, theirs = pair
    np.testing.assert_allclose(ours.transform(digits), theirs.transform(digits), atol=1e-6)
    np.testing.assert_allclose(ours._free_energy(digits), theirs._free_energy(digits), rtol=1e-5)
    np.testing.assert_allclose(ours._mean_hiddens(digits), theirs._mean_hiddens(digits), atol=1e-6)


def test_pseudo_likelihood_agrees_in_the_mean(pair, digits):
    ours, theirs = pair
    a, b = ours.score_samples(digits), theirs.score_samples(digits)
    assert abs(a.mean() - b.mean()) < 5 * np.hypot(a.std(), b.std()) / np.sqrt(len(digits))


def test_private_samplers_take_the_callers_generator(pair, digits):
    ours, theirs = pair
    for name, states in (("_sample_hiddens", digits), ("_sample_visibles", np.ones((5, 20)))):
        a, b = (getattr(m, name)(states, np.random.RandomState(0)) for m in (ours, theirs))
        assert a.dtype == np.bool_
        assert (a != b).mean() < 1e-4


def test_gibbs_returns_bool_and_takes_one_row(pair, digits):
    ours, theirs = pair
    assert ours.gibbs(digits).dtype == theirs.gibbs(digits).dtype == np.bool_
    assert ours.gibbs(digits[0]).shape == theirs.gibbs(digits[0]).shape == (64,)


def test_private_names_take_one_row(pair, digits):
    ours, theirs = pair
    np.testing.assert_allclose(
        ours._mean_hiddens(digits[0]), theirs._mean_hiddens(digits[0]), atol=1e-6
    )
    rng = np.random.RandomState(0)
    assert ours._sample_hiddens(digits[0], rng).shape == (20,)
    assert ours._sample_visibles(np.ones(20), rng).shape == (64,)


def test_private_fit_learns_from_one_minibatch(digits):
    """All rows at once, chains that advance, draws of the caller's generator."""
    models = [BernoulliRBM(6, n_iter=0, random_state=0).fit(digits) for _ in range(3)]
    for model, seed in zip(models, (1, 1, 2), strict=True):
        model._fit(digits[:37], np.random.RandomState(seed))
        assert model.n_updates_ == 1
        assert model.h_samples_.any()
    np.testing.assert_array_equal(models[0].components_, models[1].components_)
    assert (models[0].components_ != models[2].components_).any()


def test_verbose_line_has_scikit_learns_form(digits, capsys):
    BernoulliRBM(3, n_iter=2, verbose=1).fit(digits)
    ours = capsys.readouterr().out.splitlines()
    Theirs(3, n_iter=2, verbose=1).fit(digits)
    theirs = capsys.readouterr().out.splitlines()
    for a, b in zip(ours, theirs, strict=True):
        form = [line.split(" = ")[0] for line in (a, b)]
        assert form[0] == form[1]
        assert a.endswith("s")


def test_learns_as_well_as_scikit_learn(digits):
    """Same settings, full minibatches: the exact likelihood of both is alike over seeds."""
    settings = {"n_components": 8, "learning_rate": 0.05, "batch_size": 10, "n_iter": 10}
    X = digits[:1790]
    scores = {}
    for model_class in (Theirs, BernoulliRBM):
        values = []
        for seed in range(3):
            fitted = model_class(random_state=seed, **settings).fit(X)
            judge = BernoulliRBM(8, n_iter=0).fit(X)
            for name in ("components_", "intercept_hidden_", "intercept_visible_"):
                setattr(judge, name, getattr(fitted, name))
            values.append(judge.log_likelihood(X).mean())
        scores[model_class] = np.mean(values)
    assert scores[BernoulliRBM] > scores[Theirs] - 1.0


def test_subclass_reaching_private_names_works(digits):
    class MeanField(BernoulliRBM):
        def mean_activity(self, v):
            return self._mean_hiddens(v).mean()

    model = MeanField(4, n_iter=1).fit(digits)
    expected = expit(digits @ model.components_.T + model.intercept_hidden_).mean()
    np.testing.assert_allclose(model.mean_activity(digits), expected, atol=1e-6)


def test_random_state_is_new_after_a_new_fit(digits):
    model = BernoulliRBM(4, n_iter=1, random_state=0).fit(digits)
    first = model.random_state_
    drawn = first.randint(1 << 30)
    model.random_state_ = 3
    model.fit(digits)
    assert model.random_state_ is not first
    assert model.random_state_.randint(1 << 30) == drawn


def test_fit_of_a_minibatch_needs_a_fitted_model(digits):
    with pytest.raises(NotFittedError):
        BernoulliRBM(4)._fit(digits[:10], np.random.RandomState(0))
