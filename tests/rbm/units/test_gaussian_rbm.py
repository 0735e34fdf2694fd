"""RBM(visible="gaussian") in the packed-bit engine: what users see of it."""

import numpy as np
import pytest

import udl_fast as udl
from tests.support.engines import rng
from udl_fast.exceptions import LearningWarning

OPTIONS = {"visible": "gaussian", "learning_rate": 0.05, "n_iter": 20, "random_state": 0}
SIGMA = 0.3


@pytest.fixture(scope="module")
def clusters():
    """Three clusters, 900 rows of 12 features, whose spread is SIGMA."""
    g = rng(3)
    means = g.normal(0, 1, (3, 12))
    return (means[g.integers(0, 3, 900)] + SIGMA * g.normal(size=(900, 12))).astype(np.float32)


@pytest.fixture(scope="module")
def fitted(clusters):
    return udl.RBM(24, **{**OPTIONS, "n_iter": 150}).fit(clusters)


def test_sigma_goes_to_the_spread_within_clusters(fitted, clusters):
    """It starts at 1, and most features differ much more between clusters."""
    assert (fitted.sigma_ > 0.8 * SIGMA).all()
    assert fitted.sigma_.mean() < 0.7 * clusters.std(axis=0).mean()


def test_samples_are_real_numbers_like_the_rows(fitted, clusters):
    drawn = fitted.gibbs(clusters)
    assert drawn.dtype == np.float32
    assert np.abs(drawn.mean(axis=0) - clusters.mean(axis=0)).max() < 0.2
    assert np.abs(drawn.std(axis=0) / clusters.std(axis=0) - 1).max() < 0.2
    assert fitted.sample(3, n_steps=5).dtype == np.float32
    assert fitted.sample_hidden(clusters[:3]).dtype == bool
    assert fitted.sample_visible(np.ones((3, 24), bool)).dtype == np.float32


def test_units_are_held_at_real_values(fitted, clusters):
    row = np.where(np.arange(12) < 8, clusters[0], np.nan)
    found = fitted.sample(50, n_steps=20, clamp=row)
    assert (found[:, :8] == clusters[0, :8]).all()
    assert np.abs(found[:, 8:].mean(axis=0) - clusters[0, 8:]).max() < 4 * SIGMA


def fit_or_skip(model, X):
    """Where the processor has the products that the model learns from."""
    try:
        return model.fit(X)
    except NotImplementedError as refusal:
        pytest.skip(str(refusal))


@pytest.mark.parametrize("precision", ["fixed", "fast"])
@pytest.mark.parametrize("options", [{}, {"algorithm": "pcd", "momentum": 0.5}])
def test_resume_to_the_bit_on_other_threads(clusters, tmp_path, options, precision):
    options = {**OPTIONS, "precision": precision, **options}
    whole = fit_or_skip(udl.RBM(24, **options, n_jobs=1), clusters)
    half = udl.RBM(24, **{**options, "n_iter": 10}, n_jobs=2).fit(clusters)
    half.save(tmp_path / "half.safetensors")
    again = udl.load(tmp_path / "half.safetensors")
    again.set_params(warm_start=True, n_iter=10, n_jobs=3).fit(clusters)
    for name in ("components_", "intercept_hidden_", "intercept_visible_", "sigma_"):
        np.testing.assert_array_equal(getattr(again, name), getattr(whole, name), err_msg=name)


def test_fast_learns_what_fixed_learns(fitted, clusters):
    fast = fit_or_skip(udl.RBM(24, **{**OPTIONS, "n_iter": 150}, precision="fast"), clusters)
    assert (fast.sigma_ > 0.8 * SIGMA).all()
    np.testing.assert_allclose(fast.sigma_.mean(), fitted.sigma_.mean(), rtol=0.05)
    assert fast.score(clusters) == pytest.approx(fitted.score(clusters), abs=0.5)


def test_sigma_stays_where_it_is_not_learned(clusters):
    sigma = np.linspace(0.5, 1.5, 12)
    model = udl.RBM(24, **OPTIONS, sigma=sigma, learn_sigma=False).fit(clusters)
    np.testing.assert_allclose(model.sigma_, sigma, rtol=1e-6)


@pytest.mark.parametrize("precision", ["fixed", "float64"])
@pytest.mark.parametrize("means", [False, True])
def test_values_of_float64_come_back_as_they_were_given(clusters, precision, means):
    X = clusters.astype(np.float64) + 1e-9  # float32 does not have them
    model = udl.RBM(4, **{**OPTIONS, "n_iter": 2, "precision": precision}).fit(X)
    mask = np.arange(12) < 5
    known = np.where(mask, X[0], np.nan)
    found = [
        model.gibbs(X[:3], 2, clamp=mask, means=means) - X[:3],
        model.gibbs(X[0], 2, clamp=known, means=means)[None] - X[0],
        model.sample(3, 2, X[:3], clamp=mask, means=means) - X[:3],
        model.sample(3, 2, clamp=known, means=means) - X[0],
    ]
    assert all((off[:, mask] == 0).all() and (off[:, ~mask] != 0).all() for off in found)


def test_dead_units_of_data_of_another_size_name_the_scale(clusters):
    X = 300 * clusters + np.arange(12) * 100
    with pytest.warns(LearningWarning, match=r"deviations from .* standardise X, or give sigma="):
        udl.RBM(12, visible="gaussian", n_iter=6, random_state=0).fit(X)
