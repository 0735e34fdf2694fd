"""Binary units beside groups in one visible layer, as users of RBM meet them: groups of one unit."""

import numpy as np
import pytest
from scipy import sparse
from scipy.special import logsumexp

from udl_fast import RBM

G = np.random.default_rng(6)
N, GROUPS = 80, [1] * 9 + [3]
LABEL = np.eye(3)[np.arange(N) % 3]
BITS = np.hstack([(G.random((N, 9)) < 0.2 + 0.5 * LABEL[:, :1]), LABEL]).astype(np.float32)
GREY = np.hstack([G.random((N, 9)), LABEL]).astype(np.float32)
COMMON = {"n_components": 4, "batch_size": 10, "n_iter": 3, "random_state": 0}
MIXED = {**COMMON, "visible": "softmax", "visible_groups": GROUPS}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"algorithm": "pcd", "centered": True},
        {"statistics": "sampled"},
        {"binarize": "sample"},
        {"binarize": 0.5},
    ],
    ids=str,
)
def test_nothing_but_groups_of_one_is_an_rbm_of_bits(options):
    X = GREY[:, :9] if "binarize" in options else BITS[:, :9]
    plain = RBM(**COMMON, **options).fit(X)
    groups = RBM(**COMMON, **options, visible="softmax", visible_groups=[1] * 9).fit(X)
    for name in ("components_", "intercept_visible_", "intercept_hidden_"):
        np.testing.assert_array_equal(getattr(groups, name), getattr(plain, name))
    assert groups.score(X) == plain.score(X)
    assert groups.log_partition().log_z == pytest.approx(plain.log_partition().log_z, rel=1e-14)
    np.testing.assert_array_equal(groups.sample(5, 9), plain.sample(5, 9))


@pytest.mark.parametrize("X", [BITS, GREY, sparse.csr_array(BITS), sparse.csr_array(GREY)])
def test_units_may_be_probabilities_beside_a_label(X):
    model = RBM(**MIXED).fit(X)
    assert np.isfinite(model.history_["pseudo_likelihood"]).all()
    drawn = model.sample(30, 5)
    assert drawn.dtype == np.bool_
    assert (drawn[:, 9:].sum(axis=1) == 1).all()
    np.testing.assert_allclose(model.reconstruct(X)[:, 9:].sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("precision", ["fixed", "float64"])
def test_log_z_is_exact_and_annealed(precision):
    """Over 2^9 states of the single units and three of the label."""
    model = RBM(**MIXED, precision=precision).fit(BITS)
    bits = (np.arange(2**9)[:, None] >> np.arange(9)) & 1
    states = np.hstack([np.repeat(bits, 3, axis=0), np.tile(np.eye(3), (2**9, 1))])
    exact = model.log_partition().log_z
    assert exact == pytest.approx(logsumexp(-model.free_energy(states)), abs=1e-4)
    assert np.exp(model.log_likelihood(states)).sum() == pytest.approx(1, abs=1e-4)
    for options in ({}, {"base_rates": BITS.mean(axis=0)}):
        found = model.log_partition("ais", betas=300, n_runs=50, **options)
        assert found.log_z == pytest.approx(exact, abs=0.05)


def test_labels_are_held_and_first_biases_are_log_odds():
    model = RBM(**{**MIXED, "n_iter": 0}).fit(BITS)
    mean = BITS[:, :9].mean(axis=0)
    np.testing.assert_allclose(model.intercept_visible_[:9], np.log(mean / (1 - mean)), rtol=1e-5)
    held = np.where(np.arange(12) < 9, np.nan, [0] * 9 + [0, 1, 0])
    assert (model.sample(20, 3, clamp=held)[:, 9:] == [0, 1, 0]).all()
    single = np.where(np.arange(12) == 4, 1, np.nan)
    assert model.sample(20, 3, clamp=single)[:, 4].all()
    with pytest.raises(ValueError, match="clamp holds a part of group 9"):
        model.sample(2, 3, clamp=np.where(np.arange(12) == 9, 1, np.nan))


@pytest.mark.parametrize("as_rows", [np.asarray, sparse.csr_array])
def test_wrong_values_of_groups_are_named(as_rows):
    wrong = GREY.copy()
    wrong[3, 9:] = [0.5, 0.5, 0]
    with pytest.raises(ValueError, match="units of groups hold values from"):
        RBM(**MIXED).fit(as_rows(wrong))
    wrong[3, 9:] = [1, 1, 0]
    with pytest.raises(ValueError, match="row 3 of X has several in group 9"):
        RBM(**MIXED).fit(as_rows(wrong))
    with pytest.raises(
        ValueError, match="binarize makes states of visible='bernoulli', or of groups of one"
    ):
        RBM(3, visible="softmax", visible_groups=[6, 6], binarize=0.5).fit(GREY)
