"""What an RBM takes: dtypes, shapes, thresholds, drawn pixels, sparse matrices."""

import numpy as np
import pytest
from scipy import sparse

from tests.support.models import assert_same
from udl_fast import RBM, _core, datasets


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


@pytest.mark.parametrize("precision", ["fixed", "fast", "float64"])
def test_binarize_sample_draws_anew(precision):
    """From a model of zeros, whose reconstructions are 1/2, one update at rate 1 moves the visible biases by the
    mean of the pixels that were drawn, less 1/2."""
    p, n_rows, n_passes = np.array([0.1, 0.3, 0.5, 0.9]), 400, 60
    X = np.tile(p, (n_rows, 1))
    model = RBM.from_parameters(
        *(np.zeros((2, 4)), np.zeros(4), np.zeros(2)),
        binarize="sample",
        sample_visibles=False,
        learning_rate=1.0,
        batch_size=n_rows,
        precision=precision,
        random_state=0,
    )
    means = []
    for _ in range(n_passes):
        model.partial_fit(X)
        means.append(model.intercept_visible_ + 0.5)
        model.components_, model.intercept_hidden_ = np.zeros((2, 4)), np.zeros(2)
        model.intercept_visible_ = np.zeros(4)
    counts = np.array(means) * n_rows
    np.testing.assert_allclose(counts, counts.round(), atol=0.02)  # of pixels that are 0 or 1
    sigma = np.sqrt(p * (1 - p) / n_rows)
    assert (np.abs(np.mean(means, axis=0) - p) < 5 * sigma / np.sqrt(n_passes)).all()
    # Each row and each pass draws for itself: means scatter as those of independent bits.
    ratio = np.std(means, axis=0) / sigma
    assert (ratio > 0.6).all()
    assert (ratio < 1.5).all()


def test_sampled_pixels_are_reproducible(digits):
    grey = datasets.load_digits().data
    drawn, again = (RBM(6, binarize="sample", n_iter=2, random_state=0).fit(grey) for _ in range(2))
    assert_same(drawn, again)
    plain = RBM(6, n_iter=2, random_state=0).fit(grey)
    assert (drawn.components_ != plain.components_).any()


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


@pytest.mark.parametrize("precision", ["fixed", "fast", "float64"])
@pytest.mark.parametrize("shuffle", [False, True])
def test_a_minibatch_of_more_rows_than_there_are_takes_all(precision, shuffle, digits):
    options = {"n_iter": 3, "precision": precision, "shuffle": shuffle, "random_state": 0}
    expected = RBM(4, batch_size=len(digits), **options).fit(digits)
    for batch_size in (2**40, 2**62 + 1, 2**63 - 1):
        found = RBM(4, batch_size=batch_size, **options).fit(digits)
        assert found.n_updates_ == 3
        assert_same(found, expected.set_params(batch_size=batch_size))


@pytest.mark.parametrize("value", [2**63, 2**64, 2**70])
@pytest.mark.parametrize(
    "name", ["batch_size", "k", "n_iter", "n_components", "n_chains", "momentum_switch_epoch"]
)
def test_an_integer_that_no_engine_takes_is_named(name, value, digits):
    with pytest.raises(ValueError, match=f"RBM: {name} must be <= [0-9]*, got {value}"):
        RBM(**{name: value}).fit(digits)
    model = RBM(4, n_iter=1).fit(digits)
    with pytest.raises(ValueError, match=f"{name} must be <= [0-9]*, got {value}"):
        model.set_params(**{name: value}).partial_fit(digits)


def test_more_gibbs_steps_than_have_numbers_are_refused(digits):
    with pytest.raises(ValueError, match=f"k = {2**47} in each of 18 minibatches is more than"):
        RBM(4, k=2**47).fit(digits)
    model = RBM(4, n_iter=1).fit(digits)
    with pytest.raises(ValueError, match=f"n_steps must be <= [0-9]*, got {2**62}"):
        model.gibbs(digits[:2], 2**62)
    rows = _core.Rows.from_array(digits[:2])
    with pytest.raises(ValueError, match=f"gibbs: n_steps must be at most {2**48 - 7}"):
        model._engine.gibbs(rows, 2**48 - 6, 0, "gibbs", 7, 0, 1)
