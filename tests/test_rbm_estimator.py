"""The RBM estimator: scikit-learn's contract, and the pitfalls of other implementations."""

import copy
import itertools
import os
import pickle
import signal
import threading
import time

import joblib
import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from udl_fast import RBM, BernoulliRBM, LogPartition, datasets
from udl_fast.evaluation.pseudo_likelihood import flipped_units


@pytest.fixture(scope="module")
def digits():
    return datasets.load_digits(binary=0.5, dtype=np.uint8).data


@pytest.fixture(scope="module")
def fitted(digits):
    return RBM(24, n_iter=3, random_state=0).fit(digits)


def parameters(model):
    return [model.components_, model.intercept_hidden_, model.intercept_visible_]


def assert_same(first, second):
    for a, b in zip(parameters(first), parameters(second), strict=True):
        np.testing.assert_array_equal(a, b)


@parametrize_with_checks(
    [
        RBM(n_components=4, batch_size=10, n_iter=2),
        RBM(n_components=4, batch_size=10, n_iter=2, algorithm="pcd"),
        RBM(n_components=4, batch_size=10, n_iter=2, precision="float64"),
        BernoulliRBM(n_components=4, n_iter=2),
    ]
)
@pytest.mark.filterwarnings("ignore:.*Bernoulli units expect values:UserWarning")
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


def test_score_samples_is_deterministic_and_row_wise(fitted, digits):
    scores = fitted.score_samples(digits)
    np.testing.assert_array_equal(scores, fitted.score_samples(digits))
    order = np.random.default_rng(0).permutation(len(digits))
    np.testing.assert_allclose(scores[order], fitted.score_samples(digits[order]), rtol=1e-12)
    np.testing.assert_allclose(scores[7:9], fitted.score_samples(digits[7:9]), rtol=1e-12)


def test_flipped_units_are_uniform():
    rows = (np.random.default_rng(0).random((60000, 20)) < 0.3).astype(np.float32)
    rows = np.unique(rows, axis=0)
    counts = np.bincount(flipped_units(rows), minlength=20)
    expected = len(rows) / 20
    assert (np.abs(counts - expected) < 5 * np.sqrt(expected)).all()


def test_flipped_units_depend_on_values_alone():
    rows = (np.random.default_rng(1).random((50, 9)) < 0.4).astype(np.float32)
    expected = flipped_units(rows)
    for same in (
        rows.astype(np.float64),
        rows.astype(np.uint8),
        np.asfortranarray(rows),
        rows * -1.0 * -1.0,
    ):
        np.testing.assert_array_equal(flipped_units(same), expected)
    np.testing.assert_array_equal(
        flipped_units(np.where(rows == 0, np.float32(-0.0), rows)), expected
    )


def test_scores_do_not_depend_on_the_blocks_they_are_computed_in(fitted, digits, monkeypatch):
    grey = datasets.load_digits().data[:90]
    for X in (digits[:90], grey, sparse.csr_array(grey)):
        whole = [fitted.pseudo_likelihood(X, exact=exact) for exact in (False, True)]
        with monkeypatch.context() as patch:
            patch.setattr("udl_fast._inference._SCORE_BLOCK_VALUES", 7 * 64)
            for exact in (False, True):
                np.testing.assert_array_equal(fitted.pseudo_likelihood(X, exact), whole[exact])


def test_estimated_and_exact_pseudo_likelihood_agree(fitted, digits):
    """One flip a row estimates the sum over all flips: equal in the mean within 5 sigma."""
    estimate, exact = fitted.pseudo_likelihood(digits), fitted.pseudo_likelihood(digits, exact=True)
    error = (estimate - exact).std() / np.sqrt(len(digits))
    assert abs(estimate.mean() - exact.mean()) < 5 * error


def test_exact_pseudo_likelihood_is_the_sum_of_conditionals():
    model = RBM(3, n_iter=1, random_state=0).fit(np.eye(4, dtype=np.uint8))
    model.components_ = np.random.default_rng(1).normal(size=(3, 4))
    v = np.array([[1, 0, 1, 0]], dtype=np.uint8)
    expected = 0.0
    for i in range(4):
        flipped = v.copy()
        flipped[0, i] ^= 1
        expected += -np.logaddexp(0, model.free_energy(v)[0] - model.free_energy(flipped)[0])
    np.testing.assert_allclose(model.pseudo_likelihood(v, exact=True), expected, rtol=1e-12)


def test_log_partition_is_a_named_tuple(fitted):
    small = RBM(5, n_iter=1, random_state=0).fit(np.eye(6, dtype=np.uint8))
    result = small.log_partition()
    assert isinstance(result, LogPartition)
    assert result.std_error == 0
    states = (np.arange(64)[:, None] >> np.arange(6)) & 1
    np.testing.assert_allclose(
        np.exp(small.log_likelihood(states.astype(np.uint8))).sum(), 1, rtol=1e-6
    )
    with pytest.raises(NotImplementedError, match="ais"):
        small.log_partition("ais")
    with pytest.raises(ValueError, match="at most 30 units"):
        RBM(31, n_iter=0).fit(np.zeros((1, 31), np.uint8)).log_partition()


def test_gibbs_calls_differ_and_repeat_with_the_seed(digits):
    first, second = (RBM(8, n_iter=1, random_state=5).fit(digits) for _ in range(2))
    a = first.gibbs(digits[:20], 3)
    assert a.dtype == np.bool_
    assert (a != first.gibbs(digits[:20], 3)).any()
    np.testing.assert_array_equal(a, second.gibbs(digits[:20], 3))
    assert first.gibbs(digits[0]).shape == (64,)


def test_sample_starts_where_it_is_told(fitted, digits):
    assert fitted.sample(5, n_steps=2).shape == (5, 64)
    assert fitted.sample(3, n_steps=1, start=digits[:3]).dtype == np.bool_
    with pytest.raises(ValueError, match="start has 3 rows, expected n_samples = 2"):
        fitted.sample(2, start=digits[:3])


def test_reconstruction_is_mean_field(fitted, digits):
    hidden = fitted.transform(digits[:9])
    np.testing.assert_array_equal(fitted.reconstruct(digits[:9]), fitted.inverse_transform(hidden))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(digits, dtype):
    model = RBM(6, n_iter=1).fit(digits.astype(dtype))
    assert model.components_.dtype == model.transform(digits.astype(dtype)).dtype == dtype


def test_other_dtypes_give_float32_and_a_float64_engine_loses_nothing(digits):
    assert RBM(6, n_iter=1).fit(digits).transform(digits).dtype == np.float32
    exact = RBM(6, n_iter=1, precision="float64", random_state=0).fit(digits)
    assert exact.components_.dtype == exact.transform(digits).dtype == np.float64
    assert (exact.components_ != exact.components_.astype(np.float32)).any()


def test_one_row_may_have_one_dimension(fitted, digits):
    v, h = digits[0], np.ones(24)
    np.testing.assert_array_equal(fitted.mean_hidden(v), fitted.mean_hidden(v[None])[0])
    np.testing.assert_array_equal(fitted.mean_visible(h), fitted.mean_visible(h[None])[0])
    assert fitted.free_energy(v) == fitted.free_energy(v[None])[0]
    assert fitted.sample_hidden(v).shape == (24,)
    assert fitted.sample_visible(h).shape == fitted.gibbs(v).shape == (64,)


def test_states_need_no_feature_names(digits):
    """Chains carry no column names; scikit-learn would warn about arrays without them."""
    model = RBM(5, n_iter=1).fit(digits)
    model.feature_names_in_ = np.array([f"pixel{i}" for i in range(64)], dtype=object)
    v = model.sample(3, n_steps=2)
    for method in (model.gibbs, model.sample_hidden, model.mean_hidden, model.free_energy):
        method(v)
    with pytest.warns(UserWarning, match="feature names"):
        model.transform(v)


def test_transform_leaves_input_alone(fitted, digits):
    X = digits.astype(np.float32) / 3
    before = X.copy()
    fitted.transform(X)
    np.testing.assert_array_equal(X, before)


def test_binarize_threshold_is_thresholding(digits):
    grey = datasets.load_digits().data
    by_model = RBM(8, binarize=0.5, n_iter=2, random_state=0).fit(grey)
    by_hand = RBM(8, n_iter=2, random_state=0).fit((grey > 0.5).astype(np.uint8))
    assert_same(by_model, by_hand)
    np.testing.assert_array_equal(by_model.transform(grey[:9]), by_hand.transform(grey[:9] > 0.5))


def test_boolean_states_meet_no_threshold(digits):
    """A threshold on grey levels would turn every state 1 into 0."""
    model = RBM(8, binarize=127, n_iter=2, random_state=0).fit(digits * 255)
    states = digits[:20].astype(bool)
    np.testing.assert_array_equal(model.transform(states), model.transform(digits[:20] * 255))
    np.testing.assert_array_equal(model.free_energy(states), model.free_energy(digits[:20] * 255))


def test_threshold_on_sparse_input(digits):
    grey = datasets.load_digits().data
    dense = RBM(6, binarize=0.5, n_iter=2, random_state=0).fit(grey)
    assert_same(dense, RBM(6, binarize=0.5, n_iter=2, random_state=0).fit(sparse.csr_array(grey)))
    twice = sparse.csr_array((np.array([0.3, 0.3]), np.array([1, 1]), np.array([0, 2])), (1, 64))
    np.testing.assert_array_equal(dense.transform(twice), dense.transform(twice.toarray()))


def test_binarize_sample_draws_anew(digits):
    """Pixels of probability 1/2 in a model without weights: visible biases see their mean."""
    X = np.full((400, 3), 0.5, dtype=np.float32)
    model = RBM(2, binarize="sample", learning_rate=0.0, n_iter=1, random_state=0).fit(X)
    assert model.n_updates_ == 4
    drawn = RBM(2, binarize="sample", n_iter=2, random_state=0).fit(X)
    again = RBM(2, binarize="sample", n_iter=2, random_state=0).fit(X)
    assert_same(drawn, again)
    assert (drawn.components_ != RBM(2, n_iter=2, random_state=0).fit(X).components_).any()


def test_sparse_formats_agree(digits):
    dense = RBM(6, n_iter=2, random_state=0).fit(digits.astype(np.float32))
    for convert in (sparse.csr_array, sparse.csc_matrix, sparse.coo_array, sparse.lil_matrix):
        X = convert(digits.astype(np.float32))
        assert_same(dense, RBM(6, n_iter=2, random_state=0).fit(X))
        np.testing.assert_array_equal(
            dense.transform(X), dense.transform(digits.astype(np.float32))
        )
    grey = datasets.load_digits().data
    a, b = (RBM(6, n_iter=2, random_state=0).fit(m) for m in (grey, sparse.csr_array(grey)))
    assert_same(a, b)


def test_pipeline_grid_search_and_output(digits):
    target = datasets.load_digits().target
    pipe = make_pipeline(
        RBM(32, n_iter=10, batch_size=20, random_state=0), LogisticRegression(max_iter=200)
    )
    search = GridSearchCV(pipe, {"rbm__learning_rate": [0.01, 0.1]}, cv=2).fit(
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


@pytest.fixture
def interruptible():
    """Ctrl-C raises, also where the tests run in the background and so began with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_interrupt_keeps_the_last_finished_epoch():
    """A signal in the middle of training: the model equals one trained for the finished epochs."""
    X = (np.random.default_rng(0).random((20000, 300)) < 0.2).astype(np.uint8)
    model = RBM(300, n_iter=10000, random_state=0)
    timer = threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X)
    assert time.monotonic() - start < 30
    timer.join()
    assert 0 < model.n_iter_ < 10000
    assert_same(model, RBM(300, n_iter=model.n_iter_, random_state=0).fit(X))
    assert model.gibbs(X[:4]).shape == (4, 300)


def test_callbacks_see_progress_and_can_stop(digits):
    seen = []

    def callback(estimator, info):
        seen.append((info["epoch"], info["rows_done"], info["n_rows"]))
        return info["epoch"] == 3

    model = RBM(5, n_iter=50, callbacks=[callback], random_state=0).fit(digits)
    assert model.n_iter_ == 3
    assert seen[-1] == (3, 1797, 1797)
    assert_same(model, RBM(5, n_iter=3, random_state=0).fit(digits))


def test_failing_callback_leaves_a_usable_model(digits):
    def callback(estimator, info):
        if info["epoch"] == 2:
            raise RuntimeError("disk full")

    model = RBM(5, n_iter=50, callbacks=[callback], random_state=0)
    with pytest.raises(RuntimeError, match="disk full"):
        model.fit(digits)
    assert_same(model, RBM(5, n_iter=2, random_state=0).fit(digits))


def test_callbacks_read_the_parameters_of_the_moment(digits):
    """Within an epoch too, and nothing they read survives the return to an earlier state."""
    X = np.tile(digits, (400, 1))
    read = []

    def callback(estimator, info):
        read.append(estimator.components_)
        if len(read) == 3:
            raise RuntimeError("enough")

    model = RBM(64, n_iter=1, batch_size=10, callbacks=[callback], random_state=0)
    with pytest.raises(RuntimeError, match="enough"):
        model.fit(X)
    assert model.n_iter_ == 0
    assert all((a != b).any() for a, b in itertools.pairwise(read))
    assert_same(model, RBM(64, n_iter=0, random_state=0).fit(X))


def test_exploding_weights_keep_the_last_good_state(digits):
    model = RBM(8, n_iter=2, random_state=0, warm_start=True).fit(digits)
    before = [a.copy() for a in parameters(model)]
    with pytest.raises(FloatingPointError, match="lower learning_rate"):
        model.set_params(learning_rate=1e39).fit(digits)
    for a, b in zip(before, parameters(model), strict=True):
        np.testing.assert_array_equal(a, b)


def test_model_is_right_inside_callbacks_while_weights_grow(digits):
    """The scale of the weights follows them within an epoch: transform in a callback is exact."""
    X = np.kron(np.tile(digits, (20, 1)), np.ones((1, 9), np.uint8))
    errors = []

    def callback(estimator, info):
        x = X[:5] @ estimator.components_.T.astype(float) + estimator.intercept_hidden_
        with np.errstate(over="ignore"):
            errors.append(np.abs(estimator.transform(X[:5]) - 1 / (1 + np.exp(-x))).max())

    RBM(200, n_iter=2, callbacks=[callback], random_state=0).fit(X)
    assert len(errors) > 3
    assert max(errors) < 1e-4


def test_changing_a_model_while_it_trains_is_refused(digits):
    X = np.tile(digits, (60, 1))
    refused = []

    def callback(estimator, info):
        if 0 < info["rows_done"] < len(X):
            for change in (
                lambda: setattr(estimator, "h_samples_", np.ones((5000, 200), bool)),
                lambda: setattr(estimator, "intercept_hidden_", np.ones(200)),
                lambda: estimator.partial_fit(X),
            ):
                with pytest.raises(RuntimeError, match="the model is being trained"):
                    change()
                refused.append(True)
            return True

    RBM(200, algorithm="pcd", n_iter=3, callbacks=[callback], random_state=0).fit(X)
    assert refused


def test_failed_refit_leaves_the_fitted_model(digits):
    model = RBM(5, n_iter=1, random_state=0).fit(digits)
    before = model.transform(digits[:9])
    with pytest.raises((ValueError, MemoryError)):
        model.set_params(algorithm="pcd", n_chains=10**12).fit(digits)
    np.testing.assert_array_equal(model.transform(digits[:9]), before)
