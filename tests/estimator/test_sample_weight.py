"""Rows are presented in proportion to their weights, whatever learns from them."""

import numpy as np
import pytest
from scipy import sparse

from tests.support.bernoulli_mixture import BernoulliMixture
from tests.support.models import assert_same
from udl_fast import RBM, BernoulliRBM, _core, datasets, load
from udl_fast.estimator.input.data import checked_weights
from udl_fast.estimator.training.presentation import Presentation


def presented(weights, n_epochs=1, *, shuffle=True):
    """How often each row is presented in each epoch."""
    n_rows = len(weights)
    rows = _core.Rows.from_array(np.eye(n_rows, dtype=np.uint8))
    presentation = Presentation.of(rows, checked_weights(weights, n_rows, "Owner"))
    orders = [presentation.order(7, epoch, shuffle=shuffle) for epoch in range(n_epochs)]
    return np.array([np.bincount(order, minlength=n_rows) for order in orders])


@pytest.mark.parametrize("factor", [1, 0.1, 1 / 3, 1e300, 1e-300])
@pytest.mark.parametrize("shuffle", [False, True])
def test_integer_shares_are_exact(factor, shuffle):
    counts = np.random.default_rng(4).multinomial(1000, np.full(1000, 1e-3))  # of a bootstrap
    found = presented(counts * factor, 3, shuffle=shuffle)
    np.testing.assert_array_equal(found, np.tile(counts, (3, 1)))


def test_integer_shares_are_exact_beside_others():
    found = presented([2, 0.5, 0.25, 0.25, 0, 3], 100)
    np.testing.assert_array_equal(found[:, [0, 4, 5]], np.tile([2, 0, 3], (100, 1)))
    assert found[:, 1:4].sum() == 100


def test_every_share_is_rounded_up_or_down_and_right_on_average():
    weights = np.random.default_rng(3).gamma(0.5, size=50)
    shares = weights / weights.mean()
    n_epochs = 4000
    counts = presented(weights, n_epochs)
    assert (counts.sum(axis=1) == len(weights)).all()
    assert (counts >= np.floor(shares)).all()
    assert (counts <= np.ceil(shares)).all()
    part = shares - np.floor(shares)
    error = np.abs(counts.mean(axis=0) - shares)
    assert (error <= 5 * np.sqrt(part * (1 - part) / n_epochs) + 1e-12).all()


def test_order_is_that_of_unweighted_rows_where_weights_are_equal():
    rows = _core.Rows.from_array(np.eye(9, dtype=np.uint8))
    for shuffle in (False, True):
        order = Presentation.of(rows, np.full(9, 0.3)).order(1, 2, shuffle=shuffle)
        expected = _core.shuffled_order(9, 1, 2) if shuffle else None
        np.testing.assert_array_equal(order, expected)


# ---- models ----


@pytest.fixture(scope="module")
def digits():
    return datasets.load_digits(binary=0.5, dtype=np.uint8).data[:120]


WEIGHTS = np.tile([0.0, 1.0, 2.5], 40)


@pytest.mark.parametrize("precision", ["fixed", "float64"])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_rows_of_weight_zero_do_not_count(digits, precision, form):
    arguments = {"n_iter": 2, "batch_size": 20, "precision": precision, "random_state": 0}
    one = RBM(5, **arguments).fit(form(digits), sample_weight=WEIGHTS)
    other = np.where(WEIGHTS[:, None] > 0, digits, 1 - digits)
    two = RBM(5, **arguments).fit(form(other), sample_weight=WEIGHTS)
    assert_same(one, two)
    assert (one.components_ != RBM(5, **arguments).fit(form(digits)).components_).any()


@pytest.mark.parametrize("algorithm", ["cd", "pcd"])
def test_integer_weights_are_repeated_rows(digits, algorithm):
    counts = np.tile([0, 1, 2, 1], 30)
    arguments = {"n_iter": 2, "batch_size": 20, "shuffle": False, "random_state": 0}
    weighted = BernoulliRBM(5, algorithm=algorithm, **arguments).fit(digits, sample_weight=counts)
    repeated = BernoulliRBM(5, algorithm=algorithm, **arguments)
    assert_same(weighted, repeated.fit(np.repeat(digits, counts, axis=0)))


@pytest.mark.parametrize("algorithm", ["cd", "pcd"])
def test_a_stopped_training_resumes_with_its_weights(digits, algorithm, tmp_path):
    arguments = {"algorithm": algorithm, "batch_size": 20, "random_state": 0}
    whole = RBM(5, n_iter=4, **arguments).fit(digits, sample_weight=WEIGHTS)
    part = RBM(5, n_iter=2, **arguments).fit(digits, sample_weight=WEIGHTS)
    part.save(tmp_path / "model.safetensors")
    rest = load(tmp_path / "model.safetensors").set_params(n_iter=4)
    assert_same(whole, rest.resume(digits, sample_weight=WEIGHTS))


def test_partial_fit_takes_weights(digits):
    one, two = (RBM(5, random_state=0).partial_fit(digits) for _ in range(2))
    one.partial_fit(digits, sample_weight=WEIGHTS)
    two.partial_fit(digits)
    assert (one.components_ != two.components_).any()
    with pytest.raises(ValueError, match="sample_weight needs rows whose number is known"):
        one.partial_fit(iter([digits]), sample_weight=WEIGHTS)


def test_every_model_takes_weights(digits):
    counts = np.tile([0, 1, 2, 1], 30)
    one, two = (BernoulliMixture(3, n_iter=3, batch_size=1000, random_state=0) for _ in range(2))
    one.fit(digits, sample_weight=counts)
    two.fit(np.repeat(digits, counts, axis=0))
    np.testing.assert_allclose(one.components_, two.components_, rtol=1e-12)


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        (np.ones(119), ValueError, r"RBM: sample_weight has shape \(119,\), expected \(120,\)"),
        (np.ones((120, 1)), ValueError, r"RBM: sample_weight has shape \(120, 1\)"),
        (2.0, ValueError, r"RBM: sample_weight has shape \(\)"),
        (np.zeros(120), ValueError, "RBM: sample_weight must contain at least one non-zero number"),
        (np.r_[np.ones(119), -1], ValueError, "got -1.0 for row 119"),
        (np.r_[np.nan, np.ones(119)], ValueError, "finite and at least 0, got nan for row 0"),
        (np.r_[np.inf, np.ones(119)], ValueError, "finite and at least 0, got inf for row 0"),
        (["a"] * 120, TypeError, "RBM: sample_weight must hold numbers"),
    ],
)
def test_bad_weights_are_named(digits, weights, error, message):
    model = RBM(3, n_iter=1)
    with pytest.raises(error, match=message):
        model.fit(digits, sample_weight=weights)
    assert not model.__sklearn_is_fitted__()
