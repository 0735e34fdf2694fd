"""Scores and samples of a fitted RBM."""

import numpy as np
import pytest
from scipy import sparse

from udl_fast import RBM, LogPartition, datasets
from udl_fast.evaluation.pseudo_likelihood import flipped_units


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
            patch.setattr("udl_fast.rbm.likelihood.scores._FLIPPED_BYTES", 7 * 64)
            for exact in (False, True):
                np.testing.assert_array_equal(fitted.pseudo_likelihood(X, exact), whole[exact])


def test_estimated_and_exact_pseudo_likelihood_agree(fitted, digits):
    """One flip a row estimates the sum over all flips: equal in the mean within 5 sigma."""
    estimate, exact = fitted.score_samples(digits), fitted.pseudo_likelihood(digits)
    np.testing.assert_array_equal(fitted.pseudo_likelihood(digits, exact=False), estimate)
    error = (estimate - exact).std() / np.sqrt(len(digits))
    assert abs(estimate.mean() - exact.mean()) < 5 * error


def test_log_partition_is_a_named_tuple(fitted):
    small = RBM(5, n_iter=1, random_state=0).fit(np.eye(6, dtype=np.uint8))
    result = small.log_partition()
    assert isinstance(result, LogPartition)
    assert result.std_error == 0
    states = (np.arange(64)[:, None] >> np.arange(6)) & 1
    np.testing.assert_allclose(
        np.exp(small.log_likelihood(states.astype(np.uint8))).sum(), 1, rtol=1e-6
    )
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


def test_there_are_as_many_chains_as_rows_to_start_from():
    rbm = RBM(3, n_iter=1, random_state=0).fit(np.eye(4))
    assert rbm.sample(start=np.eye(4), n_steps=1).shape == (4, 4)
    assert rbm.sample(start=np.eye(4), n_steps=1, n_temperatures=2).shape == (4, 4)
    assert rbm.sample(n_steps=1).shape == (1, 4)


def test_reconstruction_is_mean_field(fitted, digits):
    hidden = fitted.transform(digits[:9])
    np.testing.assert_array_equal(fitted.reconstruct(digits[:9]), fitted.inverse_transform(hidden))


def test_single_softmax_units_have_a_likelihood_as_states_alone():
    X = np.tile([1, 0, 1, 0, 0.0], (60, 1))
    X[:30, 0] = 0
    groups = {"visible": "softmax", "visible_groups": [1, 1, 3]}
    rbm = RBM(4, **groups, n_iter=1, random_state=0).fit(X)
    assert (rbm.log_likelihood(X) < 0).all()
    grey = np.where(np.arange(5) == 0, 0.5, X)
    with pytest.raises(ValueError, match="log_likelihood needs states, all of them 0 or 1"):
        rbm.log_likelihood(grey)
    with pytest.raises(ValueError, match="log_partition needs states, all of them 0 or 1"):
        rbm.log_partition("reverse_ais", start=grey, betas=10)


def test_held_values_fit_float32():
    X = np.random.default_rng(0).normal(size=(50, 3))
    rbm = RBM(2, visible="gaussian", n_iter=1, learning_rate=0.01, random_state=0).fit(X)
    with pytest.raises(ValueError, match=r"RBM: clamp holds values up to 1e.300 in size"):
        rbm.sample(2, n_steps=1, clamp=[np.nan, 1e300, np.nan])
