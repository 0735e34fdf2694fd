"""What RBMs of every kind of units learn untuned."""

import numpy as np
import pytest

from udl_fast import RBM
from udl_fast.callbacks import History

from .kinds import DATA, FLOAT64, one_hot


@pytest.mark.parametrize("precision", ["fixed", "float64"])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_gaussian_units_learn_untuned(scale, precision):
    """Data of two clusters, at the default rate and in any units that sigma starts at: sigma becomes that within
    the clusters, and a hidden unit tells them apart."""
    g = np.random.default_rng(1)
    which = g.integers(0, 2, 800)
    X = np.where(which[:, None] == 1, 2.0, -2.0) + g.normal(0, 0.5, (800, 6))
    model = RBM(
        3,
        visible="gaussian",
        sigma=2 * scale,
        precision=precision,
        n_iter=60,
        batch_size=50,
        random_state=0,
    ).fit(scale * X)
    np.testing.assert_allclose(model.sigma_ / scale, 0.5, rtol=0.25)
    h = model.transform(scale * X)
    assert max(abs(np.corrcoef(h[:, j], which)[0, 1]) for j in range(3)) > 0.95
    samples = model.sample(400, 50, scale * X[:400]) / scale  # chains do not leave a cluster
    assert samples.std() == pytest.approx(X.std(), rel=0.1)


@pytest.mark.filterwarnings("ignore:.*learning has not begun")  # of independent units
@pytest.mark.filterwarnings("ignore:.*hidden units are (dead|saturated)")
@pytest.mark.parametrize("hidden", ["bernoulli", "gaussian", "relu"])
@pytest.mark.parametrize("visible", ["bernoulli", "gaussian"])
@pytest.mark.parametrize("algorithm", ["cd", "pcd"])
@pytest.mark.parametrize("precision", ["fixed", "float64"])
def test_default_rates_stay_finite(visible, hidden, algorithm, precision):
    """More hidden units than features, a wrong first sigma, momentum: weights stay numbers."""
    X = DATA[visible] * (10.0 if visible == "gaussian" else 1.0)
    model = RBM(
        200,
        visible=visible,
        hidden=hidden,
        algorithm=algorithm,
        precision=precision,
        n_iter=20,
        batch_size=20,
        final_momentum=0.9,
        random_state=0,
    ).fit(X)
    assert np.abs(model.components_).max() < 1000
    assert np.isfinite(model.score(X))


@pytest.mark.parametrize(("hidden", "n_components"), [("gaussian", 2), ("relu", 6)])
def test_real_hidden_units_learn_a_code(hidden, n_components):
    """Grey rows made of two numbers each, in the packed engine: the code tells them, and rebuilds the rows."""
    g = np.random.default_rng(4)
    z = g.normal(size=(1000, 2))
    X = (1 / (1 + np.exp(-z @ g.normal(0, 1.2, (2, 20))))).astype(np.float32)
    options = {"n_iter": 40, "batch_size": 20, "learning_rate": 0.01, "final_momentum": 0.9}
    model = RBM(n_components, hidden=hidden, random_state=0, **options).fit(X)
    code = np.column_stack([model.transform(X), np.ones(len(X))])
    told = code @ np.linalg.lstsq(code, z, rcond=None)[0]
    assert ((z - told) ** 2).mean() < 0.1
    assert ((model.reconstruct(X) - X) ** 2).mean() < 0.2 * X.var(axis=0).mean()


@pytest.mark.parametrize("precision", ["fixed", "fast", "float64"])
def test_softmax_units_learn_what_goes_together(precision):
    """Two letters that are always the same one."""
    letter = np.random.default_rng(2).integers(0, 4, 600)
    X = one_hot(np.stack([letter, letter], axis=1), (4, 4))
    options = {"visible": "softmax", "visible_groups": [4, 4], "precision": precision}
    model = RBM(12, n_iter=60, batch_size=20, random_state=0, **options).fit(X)
    assert model.pseudo_likelihood(X).mean() > 2 * np.log(0.8)
    drawn = model.sample(400, 100)
    same = (drawn[:, :4] == drawn[:, 4:]).all(axis=1).mean()
    assert same > 0.7  # 1/4 without weights
    known = X.copy()
    known[:, 4:] = 0
    filled = model.mean_visible(model.transform(known))
    assert (filled[:, 4:].argmax(axis=1) == letter).mean() > 0.95


@pytest.mark.parametrize("precision", ["fixed", "float64"])
def test_replicated_softmax_units_learn_topics(precision):
    """Documents of one of two vocabularies: more likely than under one distribution of words."""
    g = np.random.default_rng(3)
    topics = np.array([[0.3] * 3 + [0.02] * 5, [0.02] * 5 + [0.3] * 3])
    topics /= topics.sum(axis=1, keepdims=True)
    which = g.integers(0, 2, 400)
    X = np.array([g.multinomial(g.integers(10, 40), topics[k]) for k in which]).astype(float)
    model = RBM(
        3,
        visible="replicated_softmax",
        precision=precision,
        n_iter=80,
        batch_size=20,
        random_state=0,
    ).fit(X)
    n_words = X.sum()
    unigram = X.sum(axis=0) / n_words
    perplexity = np.exp(-model.log_likelihood(X).sum() / n_words)
    assert perplexity < 0.8 * np.exp(-(X @ np.log(unigram)).sum() / n_words)


def test_history_on_validation_rows():
    X = DATA["gaussian"]
    model = RBM(**FLOAT64, visible="gaussian", callbacks=[History(validation=X[:30])]).fit(X)
    for name in ("validation_reconstruction_likelihood", "free_energy_gap", "mean_sigma"):
        assert np.isfinite(model.history_[name]).all()
