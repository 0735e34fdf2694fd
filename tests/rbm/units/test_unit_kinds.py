"""RBMs of every kind of units as users meet them: fit, samples, files, errors, and what is learned untuned."""

import copy
import pickle
import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone

from udl_fast import RBM, load
from udl_fast.callbacks import History
from udl_fast.exceptions import LearningWarning

RNG = np.random.default_rng(0)
N = 120
COMMON = {"n_components": 4, "batch_size": 10, "n_iter": 3, "random_state": 0}
FLOAT64 = {**COMMON, "precision": "float64"}
GROUPS = [3, 2, 4]


def one_hot(choices, sizes=tuple(GROUPS)):
    return np.concatenate(
        [np.eye(n)[column] for n, column in zip(sizes, choices.T, strict=True)], axis=1
    )


DATA = {
    "bernoulli": (RNG.random((N, 9)) < 0.4).astype(float),
    "gaussian": RNG.normal(2.0, 1.5, (N, 9)),
    "softmax": one_hot(np.stack([RNG.integers(0, n, N) for n in GROUPS], axis=1)),
    "replicated_softmax": RNG.poisson(1.5, (N, 9)).astype(float),
}
KINDS = {
    "gaussian": {"visible": "gaussian"},
    "packed gaussian": {"visible": "gaussian", "precision": "fixed"},
    "softmax": {"visible": "softmax", "visible_groups": GROUPS},
    "packed softmax": {"visible": "softmax", "visible_groups": GROUPS, "precision": "fixed"},
    "replicated_softmax": {"visible": "replicated_softmax"},
    "packed replicated_softmax": {"visible": "replicated_softmax", "precision": "fixed"},
    "hidden gaussian": {"hidden": "gaussian"},
    "hidden relu": {"hidden": "relu"},
    "both real": {"visible": "gaussian", "hidden": "relu"},
    "packed hidden gaussian": {"hidden": "gaussian", "precision": "fixed"},
    "packed both real": {"visible": "gaussian", "hidden": "relu", "precision": "fixed"},
}


def data_of(kind):
    return DATA[KINDS[kind].get("visible", "bernoulli")]


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def model(kind):
    return RBM(**{**FLOAT64, **KINDS[kind]}).fit(data_of(kind))


# ---- what users see ----


def test_samples_are_bools_or_floats(model, kind):
    X = data_of(kind)
    real_visible = KINDS[kind].get("visible") in ("gaussian", "replicated_softmax")
    v = model.gibbs(X[:5], 2)
    assert v.dtype == (np.float64 if real_visible else np.bool_)
    assert v.shape == (5, 9)
    h = model.sample_hidden(X[:5])
    assert h.dtype == (np.float64 if "hidden" in KINDS[kind] else np.bool_)
    assert model.sample_visible(h).dtype == v.dtype
    assert model.sample(3, 2, X[:3]).dtype == v.dtype
    if KINDS[kind].get("visible") == "replicated_softmax":
        np.testing.assert_array_equal(v.sum(axis=1), X[:5].sum(axis=1))
        with pytest.raises(ValueError, match="sample needs start"):
            model.sample(3, 2)
    else:
        assert model.sample(3, 2).shape == (3, 9)


def test_there_are_measurements_and_a_score(model, kind):
    history = model.history_
    name = "pseudo_likelihood" if KINDS[kind].get("visible") in (None, "softmax") else None
    assert model.measurements[0].name == (name or "reconstruction_likelihood")
    assert np.isfinite(history[model.measurements[0].name]).all()
    assert {found.name for found in model.measurements} >= set(history) - {"epoch", "seconds"}
    assert model.score(data_of(kind)) == pytest.approx(model.score(np.tile(data_of(kind), (2, 1))))


def test_copies_go_on_bit_for_bit(model, kind, tmp_path):
    X = data_of(kind)
    model.save(tmp_path / "model")
    for again in (
        load(tmp_path / "model"),
        pickle.loads(pickle.dumps(model)),
        copy.deepcopy(model),
        clone(model).fit(X),
    ):
        before = copy.deepcopy(model)
        for name, array in again.partial_fit(X)._state().arrays.items():
            np.testing.assert_array_equal(array, before.partial_fit(X)._state().arrays[name])
            before = copy.deepcopy(model)


@pytest.mark.parametrize("algorithm", ["cd", "pcd"])
def test_training_resumes_bit_for_bit(kind, algorithm, tmp_path):
    if (KINDS[kind].get("visible"), algorithm) == ("replicated_softmax", "pcd"):
        pytest.skip("chains have no length")
    options = {**FLOAT64, **KINDS[kind], "algorithm": algorithm, "momentum": 0.5, "n_iter": 4}
    X = data_of(kind)
    whole = RBM(**options).fit(X)
    half = RBM(**options, callbacks=[lambda model, info: info["epoch"] == 2]).fit(X)
    half.save(tmp_path / "half")
    again = load(tmp_path / "half").resume(X)
    for name, array in whole._state().arrays.items():
        np.testing.assert_array_equal(array, again._state().arrays[name])


def test_sparse_rows_are_the_dense_ones(model, kind):
    X = data_of(kind)
    rows, tolerance = sparse.csr_array(X), 1e-4 if model.precision == "fixed" else 1e-9
    np.testing.assert_allclose(model.free_energy(rows), model.free_energy(X), rtol=tolerance)
    np.testing.assert_allclose(model.transform(rows), model.transform(X), rtol=tolerance)
    again = clone(model).fit(rows)
    np.testing.assert_allclose(again.components_, model.components_, rtol=tolerance, atol=tolerance)


def test_sigma_is_an_attribute_of_gaussian_units(model, kind):
    if "gaussian" not in KINDS[kind].get("visible", ""):
        assert not hasattr(model, "sigma_")
        return
    assert model.sigma_.shape == (9,)
    assert (model.sigma_ != 1).all()
    with pytest.raises(ValueError, match="read-only"):
        model.sigma_[0] = 1
    with pytest.raises(ValueError, match=r"sigma_ must be from 3e-09 to 4e.08, got -1"):
        model.sigma_ = -np.ones(9)
    model.sigma_ = np.linspace(1, 2, 9)
    np.testing.assert_allclose(model.sigma_, np.linspace(1, 2, 9), rtol=1e-6)


def test_sigma_starts_where_it_is_told():
    X, first = DATA["gaussian"], np.linspace(0.5, 2, 9)
    options = {**FLOAT64, "visible": "gaussian"}
    np.testing.assert_allclose(RBM(**{**options, "n_iter": 0}, sigma=first).fit(X).sigma_, first)
    fixed = RBM(**options, sigma=1.5, learn_sigma=False).fit(X)
    np.testing.assert_allclose(fixed.sigma_, 1.5)
    given = RBM.from_parameters(
        np.zeros((2, 3)), np.zeros(3), np.zeros(2), visible="gaussian", sigma=3, precision="float64"
    )
    np.testing.assert_allclose(given.sigma_, 3)
    for beyond in (0, 1e-12, [1] * 8 + [1e12]):
        with pytest.raises(
            ValueError, match=r"RBM: sigma must be from 3e-09 to 4e.08, beyond which"
        ):
            RBM(**options, sigma=beyond).fit(X)
    with pytest.raises(ValueError, match=r"RBM: sigma must be a number or hold one for each of 9"):
        RBM(**options, sigma=[1, 2]).fit(X)


def test_the_first_biases_are_the_means_of_the_data(kind):
    """Without weights a model has the means of its rows."""
    X = data_of(kind)
    options = {**FLOAT64, **KINDS[kind], "n_iter": 0}
    model = RBM(**options).fit(X)
    model.components_ = np.zeros((4, 9))
    mean = model.mean_visible(np.zeros(4))
    expected = X.mean(axis=0)
    if KINDS[kind].get("visible") == "replicated_softmax":
        expected = expected / expected.sum()
    np.testing.assert_allclose(mean, expected, atol=0.02)


@pytest.mark.parametrize("kind", ["gaussian", "softmax", "packed softmax"], indirect=True)
def test_held_units_keep_their_values(model, kind):
    """Half of a row given the other half; means of the last step have the dtype of the data."""
    X, mask = data_of(kind), np.arange(9) < 5
    for means in (False, True):
        drawn = model.gibbs(X[:6], 3, clamp=mask, means=means)
        np.testing.assert_array_equal(drawn[:, mask], X[:6, mask])
        assert (drawn[:, ~mask] != X[:6, ~mask]).any()
    known = np.where(mask, X[0], np.nan)
    np.testing.assert_array_equal(model.sample(4, 3, clamp=known)[:, mask], X[[0] * 4][:, mask])


def test_words_cannot_be_held():
    model = RBM(**FLOAT64, visible="replicated_softmax").fit(DATA["replicated_softmax"])
    with pytest.raises(ValueError, match="clamp holds units, not words"):
        model.gibbs(DATA["replicated_softmax"][:3], clamp=np.arange(9) < 5)


# ---- wrong input ----


@pytest.mark.parametrize("kind", ["softmax", "packed softmax"], indirect=True)
def test_groups_are_held_whole(model, kind):
    """A part of a group has no distribution given the rest; two values of a group are no state."""
    X = data_of(kind)
    with pytest.raises(ValueError, match="clamp holds a part of group 1"):
        model.gibbs(X[:3], clamp=np.arange(9) < 4)
    two = np.where(np.arange(9) < 3, 1.0, np.nan)
    with pytest.raises(ValueError, match="several units of group 0 at 1"):
        model.sample(3, 2, clamp=two)


@pytest.mark.parametrize("precision", ["fixed", "float64"])
def test_rows_must_be_states(precision):
    softmax = RBM(**COMMON, precision=precision, visible="softmax", visible_groups=GROUPS)
    X = DATA["softmax"].copy()
    X[7, :3] = [1, 1, 0]
    for rows in (X, sparse.csr_array(X), X.astype(np.uint8)):
        with pytest.raises(ValueError, match="row 7 of X has several in group 0"):
            softmax.fit(rows)
    with pytest.raises(ValueError, match=r"X holds values from 0 to 0\.5"):
        softmax.fit(X / 2)
    with pytest.raises(ValueError, match="visible_groups must add up to the number of features, 9"):
        clone(softmax).set_params(visible_groups=[3, 3]).fit(DATA["softmax"])
    words = RBM(**COMMON, precision=precision, visible="replicated_softmax")
    for value, text in ((0.5, "0.5"), (-1.0, "-1")):
        X = DATA["replicated_softmax"].copy()
        X[3, 2] = value
        with pytest.raises(ValueError, match=f"expects counts.* X holds {text} in row 3, column 2"):
            words.fit(X)
    with pytest.raises(ValueError, match="algorithm='pcd' has chains without a length"):
        clone(words).set_params(algorithm="pcd").fit(DATA["replicated_softmax"])


def test_missing_values_are_groups_of_zeros():
    X = DATA["softmax"].copy()
    X[::3, :3] = 0
    model = RBM(**FLOAT64, visible="softmax", visible_groups=GROUPS).fit(X)
    v = model.gibbs(X[:4])
    np.testing.assert_array_equal(v[:, :3].sum(axis=1), 1)  # chains have all values
    with pytest.raises(ValueError, match=r"missing values .* need algorithm='cd'"):
        clone(model).set_params(algorithm="pcd").fit(X)
    full = RBM.from_parameters(
        model.components_,
        model.intercept_visible_,
        model.intercept_hidden_,
        **KINDS["softmax"],
        precision="float64",
    )
    assert full.free_energy(np.zeros(9)) == pytest.approx(
        -np.logaddexp(0, model.intercept_hidden_).sum()
    )


@pytest.mark.parametrize("kind", ["softmax", "packed softmax"], indirect=True)
def test_nan_is_no_missing_value(model, kind):
    """In the words of this model, not in those of scikit-learn's, which advises imputers."""
    X = data_of(kind).astype(float)
    X[2, :3] = np.nan
    for use in (model.fit, model.transform, model.gibbs, model.partial_fit):
        with pytest.raises(ValueError, match=r"contains NaN\. .* a missing value is a group of z"):
            use(X)
    with pytest.raises(ValueError, match="HistGradientBoosting"):
        RBM(**FLOAT64, visible="gaussian").fit(X)


def test_counts_have_no_means_to_subtract():
    for visible, is_advised in (("gaussian", True), ("replicated_softmax", False)):
        with pytest.raises(ValueError, match="centered=True is of visible='bern") as caught:
            RBM(**FLOAT64, visible=visible, centered=True).fit(DATA[visible])
        assert ("subtract means" in str(caught.value)) == is_advised


def test_features_of_one_value_are_named():
    X = DATA["gaussian"].copy()
    X[:, 4] = 2.0
    model = RBM(**FLOAT64, visible="gaussian")
    for rows in (X, sparse.csr_array(X)):
        with pytest.warns(
            UserWarning, match=r"1 of 9 features have the same value in every row \(4\)"
        ):
            model.fit(rows)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clone(model).set_params(learn_sigma=False).fit(X)


@pytest.mark.filterwarnings("ignore:.*same value in every row:UserWarning")
@pytest.mark.filterwarnings("ignore:.*hidden units are (dead|saturated)")
def test_a_sigma_that_collapses_is_named():
    X = np.tile(np.array([0.0, 1.0]), (50, 1)) * RNG.normal(size=(50, 1))
    X[:, 0] = 3.0
    model = RBM(
        2, visible="gaussian", precision="float64", n_iter=60, batch_size=10, random_state=0
    )
    with pytest.warns(LearningWarning, match="sigma collapses: .* sigma_ of feature 0 is"):
        model.fit(X)
    assert np.isfinite(model.sigma_).all()


def test_kinds_of_a_fitted_model_stay():
    model = RBM(**FLOAT64, visible="gaussian", warm_start=True).fit(DATA["gaussian"])
    for changes in ({"visible": "bernoulli"}, {"hidden": "relu"}):
        with pytest.raises(ValueError, match="but the fitted model has"):
            clone_of(model).set_params(**changes).fit(DATA["gaussian"])
    with pytest.raises(ValueError, match=r"RBM\.save: visible is 'bernoulli', but the fitted"):
        clone_of(model).set_params(visible="bernoulli").save("nowhere")


def clone_of(model):
    return pickle.loads(pickle.dumps(model))


# ---- learning ----


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
