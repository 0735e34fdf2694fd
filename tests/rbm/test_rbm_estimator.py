"""The RBM estimator: scikit-learn's contract, learning, and the pitfalls of other implementations."""

import copy
import pickle

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from tests.support.models import assert_same, parameters
from tests.support.scikit_learn_checks import scikit_learn_checks
from udl_fast import RBM, BernoulliRBM, datasets


@scikit_learn_checks(
    [
        RBM(n_components=4, batch_size=10, n_iter=2),
        RBM(n_components=4, batch_size=10, n_iter=2, algorithm="pcd"),
        RBM(n_components=4, batch_size=10, n_iter=2, precision="float64"),
        BernoulliRBM(n_components=4, n_iter=2),
        RBM(n_components=4, batch_size=10, n_iter=2, precision="float64", visible="gaussian"),
        RBM(n_components=4, batch_size=10, n_iter=2, hidden="gaussian"),
        RBM(n_components=4, batch_size=10, n_iter=2, hidden="relu"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*Bernoulli units expect values:UserWarning")
@pytest.mark.filterwarnings("ignore:.*same value in every row:UserWarning")
@pytest.mark.filterwarnings("ignore:.*hidden units are (dead|saturated)")
def test_scikit_learn_contract(estimator, check):
    check(estimator)


def test_learning_raises_the_pseudo_likelihood(digits):
    start = RBM(48, n_iter=0, random_state=0).fit(digits)
    model = RBM(48, n_iter=20, batch_size=20, random_state=0).fit(digits)
    assert model.score_samples(digits).mean() > start.score_samples(digits).mean() + 5


def test_learning_raises_the_exact_likelihood(digits):
    start = RBM(8, n_iter=0, random_state=0).fit(digits)
    model = RBM(8, n_iter=30, algorithm="pcd", batch_size=20, random_state=0).fit(digits)
    assert model.log_likelihood(digits).mean() > start.log_likelihood(digits).mean() + 2


@pytest.mark.parametrize("n_rows", [1000, 1001])
def test_short_last_minibatch_does_not_distort(digits, n_rows):
    """scikit-learn's pseudo-likelihood doubles from 1,000 to 1,001 rows; ours must not notice."""
    model = BernoulliRBM(32, batch_size=100, n_iter=30, random_state=0).fit(digits[:n_rows])
    assert model.score_samples(digits[:n_rows]).mean() > -28


@pytest.mark.parametrize("chunk", [1, 10, 100, 1000])
def test_chunks_of_any_size_learn(digits, chunk):
    model = BernoulliRBM(16, learning_rate=0.05, random_state=0)
    for _ in range(3):
        for first in range(0, 1000, chunk):
            assert model.partial_fit(digits[first : first + chunk]) is model
    features = model.transform(digits[:1000])
    assert model.score_samples(digits[:1000]).mean() > -40
    assert 0.02 < features.mean() < 0.98


def test_partial_fit_is_fit_without_shuffling(digits):
    fit = RBM(12, n_iter=2, shuffle=False, random_state=3).fit(digits)
    partial = RBM(12, shuffle=False, random_state=3)
    partial.partial_fit(digits).partial_fit(digits)
    assert_same(fit, partial)


def test_partial_fit_splits_rows_into_minibatches(digits):
    model = RBM(4, batch_size=10).partial_fit(digits[:95])
    assert model.n_updates_ == 10


@pytest.mark.parametrize(
    "options",
    [{}, {"momentum": 0.5}, {"algorithm": "pcd"}, {"sparsity_target": 0.1, "sparsity_cost": 0.1}],
)
@pytest.mark.parametrize("through", [pickle, copy, joblib])
def test_resume_is_bit_exact(digits, tmp_path, options, through):
    whole = RBM(10, n_iter=4, random_state=1, **options).fit(digits)
    half = RBM(10, n_iter=2, random_state=1, warm_start=True, **options).fit(digits)
    if through is pickle:
        half = pickle.loads(pickle.dumps(half))
    elif through is copy:
        half = copy.deepcopy(half)
    else:
        joblib.dump(half, tmp_path / "half.joblib")
        half = joblib.load(tmp_path / "half.joblib")
    half.fit(digits)
    assert_same(whole, half)
    np.testing.assert_array_equal(whole.h_samples_, half.h_samples_)
    assert half.n_iter_ == 4
    np.testing.assert_array_equal(whole.gibbs(digits[:5], 3), half.gibbs(digits[:5], 3))


def test_chains_advance_between_minibatches_and_calls(digits):
    model = RBM(10, algorithm="pcd", n_chains=7, random_state=0).partial_fit(digits[:100])
    first = model.h_samples_.copy()
    model.partial_fit(digits[:100])
    assert model.h_samples_.shape == (7, 10)
    assert (model.h_samples_ != first).any()


def test_algorithm_may_change_between_fits(digits):
    model = RBM(5, n_iter=1, warm_start=True, random_state=0).fit(digits)
    model.set_params(algorithm="pcd", n_chains=9).fit(digits)
    assert model.h_samples_.shape == (9, 5)


def test_momentum_schedule(digits):
    """Epochs from the switch on use final_momentum: the same as changing the parameter by hand."""
    scheduled = RBM(
        6, n_iter=4, momentum=0.5, final_momentum=0.9, momentum_switch_epoch=2, random_state=0
    ).fit(digits)
    by_hand = RBM(6, n_iter=2, momentum=0.5, warm_start=True, random_state=0).fit(digits)
    by_hand.set_params(momentum=0.9).fit(digits)
    assert_same(scheduled, by_hand)


def test_l1_pulls_towards_zero_and_spares_biases(digits):
    free = RBM(8, n_iter=3, random_state=0).fit(digits)
    pulled = RBM(8, n_iter=3, l1=0.05, random_state=0).fit(digits)
    assert np.abs(pulled.components_).mean() < 0.5 * np.abs(free.components_).mean()
    assert np.abs(pulled.intercept_visible_).mean() > 0.5 * np.abs(free.intercept_visible_).mean()


def test_sparsity_target_is_reached(digits):
    options = {"n_iter": 40, "learning_rate": 0.1, "random_state": 0}
    free = RBM(32, **options).fit(digits).transform(digits).mean()
    sparse_model = RBM(32, sparsity_target=0.1, sparsity_cost=2.0, **options).fit(digits)
    mean = sparse_model.transform(digits).mean()
    assert abs(mean - 0.1) < 0.03 < abs(free - 0.1)


def test_assigned_parameters_take_effect(fitted, digits):
    model = copy.deepcopy(fitted)
    weights = np.random.default_rng(0).normal(0, 0.3, model.components_.shape)
    model.components_ = weights
    model.intercept_hidden_ = np.linspace(-1, 1, 24)
    x = digits[:50] @ weights.T + np.linspace(-1, 1, 24)
    np.testing.assert_allclose(model.transform(digits[:50]), 1 / (1 + np.exp(-x)), atol=2e-6)
    model.intercept_visible_ = np.full(64, -1e4)
    assert not model.sample_visible(np.zeros((3, 24))).any()


def test_parameters_are_read_only(fitted):
    for array in (*parameters(fitted), fitted.h_samples_):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("components_", np.zeros((3, 3)), r"components_ has shape \(3, 3\), expected \(24, 64\)"),
        ("intercept_hidden_", np.full(24, np.nan), "NaN or infinity"),
        ("h_samples_", np.full((2, 24), 2), "h_samples_ must be 0 or 1"),
    ],
)
def test_wrong_parameters_are_refused(fitted, name, value, message):
    with pytest.raises(ValueError, match=message):
        setattr(copy.deepcopy(fitted), name, value)


def test_pipeline_grid_search_and_output(digits):
    target = datasets.load_digits().target
    pipe = make_pipeline(
        RBM(32, n_iter=10, batch_size=20, random_state=0), LogisticRegression(max_iter=200)
    )
    search = GridSearchCV(pipe, {"rbm__learning_rate": [0.1, 0.2]}, cv=2).fit(
        digits[:600], target[:600]
    )
    assert search.best_score_ > 0.4  # chance is 0.1
    frame_names = RBM(3, n_iter=1).fit(digits).get_feature_names_out()
    assert list(frame_names) == ["rbm0", "rbm1", "rbm2"]


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_joblib_workers_give_the_same_model(digits, backend):
    here = [RBM(6, n_iter=1, random_state=seed).fit(digits) for seed in range(4)]
    jobs = (joblib.delayed(clone(model).fit)(digits) for model in here)
    for a, b in zip(here, joblib.Parallel(n_jobs=2, backend=backend)(jobs), strict=True):
        assert_same(a, b)


def test_n_iter_zero_gives_the_initial_model(digits):
    model = RBM(5, n_iter=0, random_state=0).fit(digits)
    assert model.n_iter_ == model.n_updates_ == 0
    assert model.transform(digits[:3]).shape == (3, 5)


@pytest.mark.parametrize("precision", ["fixed", "fast", "float64"])
def test_max_norm_limits_every_hidden_unit(digits, precision):
    arguments = {"n_iter": 2, "random_state": 0, "precision": precision}
    free = RBM(8, **arguments).fit(digits)
    model = RBM(8, max_norm=0.1, **arguments).fit(digits)
    norms = np.linalg.norm(model.components_.astype(float), axis=1)
    assert np.linalg.norm(free.components_, axis=1).max() > 0.11
    assert norms.max() == pytest.approx(0.1, rel=1e-6)
