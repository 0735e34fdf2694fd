"""Values that are neither states nor probabilities: warned of in the caller's line, or refused."""

import contextlib
import inspect
import re
import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from udl_fast import RBM, BernoulliRBM, load
from udl_fast.callbacks import History

BITS = (np.random.default_rng(0).random((60, 12)) < 0.4).astype(np.uint8)
GREY = (BITS * 200).astype(np.uint8)
HIDDEN = np.full((3, 5), 200.0)
USES = {  # of visible values, by methods of a fitted model
    "fit": lambda model, X: model.fit(X),
    "partial_fit": lambda model, X: model.partial_fit(X),
    "partial_fit of chunks": lambda model, X: model.partial_fit(iter([X])),
    "fit_transform": lambda model, X: model.fit_transform(X),
    "transform": lambda model, X: model.transform(X),
    "mean_hidden": lambda model, X: model.mean_hidden(X),
    "reconstruct": lambda model, X: model.reconstruct(X),
    "free_energy": lambda model, X: model.free_energy(X),
    "score_samples": lambda model, X: model.score_samples(X),
    "pseudo_likelihood": lambda model, X: model.pseudo_likelihood(X),
    "score": lambda model, X: model.score(X),
    "gibbs": lambda model, X: model.gibbs(X),
    "sample_hidden": lambda model, X: model.sample_hidden(X),
    "sample": lambda model, X: model.sample(len(X.toarray() if sparse.issparse(X) else X), 1, X),
    "validation": lambda model, X: model.set_params(callbacks=[History(validation=X)]).fit(BITS),
    "pipeline": lambda model, X: make_pipeline(model).fit(X),
    "grid search": lambda model, X: GridSearchCV(model, {"k": [1]}, cv=2).fit(X),
}
USES_OF_HIDDEN = {
    "mean_visible": lambda model, h: model.mean_visible(h),
    "inverse_transform": lambda model, h: model.inverse_transform(h),
    "sample_visible": lambda model, h: model.sample_visible(h),
}


@pytest.fixture
def model():
    return RBM(5, n_iter=2, random_state=0).fit(BITS)


def warned(use, model, X):
    """(file, line) of the warnings, and the line of `use`."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        use(model, X)
    here = (__file__, inspect.getsourcelines(use)[1])
    return [
        (w.filename, w.lineno) for w in found if "Bernoulli units expect" in str(w.message)
    ], here


@pytest.mark.parametrize("X", [GREY, GREY.astype(np.float32), GREY.astype(float), -GREY * 0.5])
@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_grey_levels_are_warned_of_in_the_callers_line(model, use, X):
    places, here = warned(use, model, X)
    assert set(places) == {here}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_grey_levels_of_sparse_rows(model, use):
    places, here = warned(use, model, sparse.csr_array(GREY.astype(float)))
    assert set(places) == {here}


@pytest.mark.parametrize("use", USES_OF_HIDDEN.values(), ids=USES_OF_HIDDEN)
def test_hidden_values_are_warned_of_in_the_callers_line(model, use):
    places, here = warned(use, model, HIDDEN)
    assert places == [here]


@pytest.mark.parametrize("model_class", [RBM, BernoulliRBM])
def test_a_warning_says_what_to_do(model_class):
    message = r"X holds values from 0 to 200, .* Scale X \(grey levels: X / 255\) or set binarize"
    with pytest.warns(UserWarning, match=f"{model_class.__name__}: {message}"):
        model_class(2, n_iter=1).fit(GREY)


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_threshold_makes_states_of_them(use):
    model = RBM(5, n_iter=1, random_state=0, binarize=127).fit(GREY)
    validation_is_grey = use is not USES["validation"]
    assert warned(use, model, GREY if validation_is_grey else BITS * 255)[0] == []


# ---- no state, no probability ----


@pytest.mark.parametrize("X", [GREY, BITS * 0.5, sparse.csr_array(BITS * 0.5)])
def test_grey_rows_have_no_likelihood(model, X):
    with pytest.raises(ValueError, match=r"log_likelihood needs states.* got values from 0 to "):
        model.log_likelihood(X)
    with pytest.raises(ValueError, match="log_likelihood needs states"):
        model.set_params(binarize="sample").log_likelihood(X)


def test_a_threshold_makes_states_that_have_one(model):
    expected = model.log_likelihood(BITS)
    np.testing.assert_array_equal(
        model.set_params(binarize=0.2).log_likelihood(BITS * 0.5), expected
    )
    np.testing.assert_array_equal(model.log_likelihood(BITS.astype(bool)), expected)


# ---- one row among others ----


@pytest.mark.parametrize(("precision", "bound"), [("fixed", 1e-6), ("fast", 1e-3), ("float64", 0)])
def test_a_grey_row_changes_others_within_their_rounding(precision, bound):
    model = RBM(5, n_iter=20, learning_rate=0.5, precision=precision, random_state=0).fit(BITS)
    mixed = BITS.astype(float)
    mixed[0] /= 2
    for use in (model.transform, model.score_samples, model.pseudo_likelihood):
        alone, beside = use(BITS.astype(float))[1:], use(mixed)[1:]
        np.testing.assert_allclose(beside, alone, rtol=30 * bound, atol=bound)


# ---- beyond what float32 sums ----


@pytest.mark.parametrize("huge", [1e39, -1e39, 1e308, 3e38])
@pytest.mark.parametrize("precision", ["fixed", "fast"])
def test_values_that_float32_cannot_sum_are_refused_by_name(precision, huge):
    model = RBM(5, n_iter=1, precision=precision, random_state=0).fit(BITS)
    X, h = BITS.astype(float), np.zeros((2, 5))
    X[3, 4] = h[0, 1] = huge
    for matrix in (X, sparse.csr_array(X)):
        for name, use in USES.items():
            expected = "X holds values up to" if name != "grid search" else "fits failed|X holds"
            with pytest.raises(ValueError, match=expected):
                use(model, matrix)
    for use in USES_OF_HIDDEN.values():
        with pytest.raises(
            ValueError, match=f"[hH] holds values up to {abs(huge):.4g}".replace("+", ".")
        ):
            use(model, h)


@pytest.mark.filterwarnings("ignore:.*Bernoulli units expect:UserWarning")
def test_float64_sums_them():
    """One pixel of 1e39 and a weight above 0: the unit is on, and the energy is finite."""
    weights, visible_bias, hidden_bias = np.ones((1, 2)), np.zeros(2), np.zeros(1)
    X = np.array([[1e39, 0.0]])
    model = RBM.from_parameters(weights, visible_bias, hidden_bias, precision="float64")
    np.testing.assert_array_equal(model.transform(X), [[1.0]])
    np.testing.assert_allclose(model.free_energy(X), [-1e39])
    again = model.set_params(precision="fixed", n_iter=1)
    with pytest.raises(ValueError, match=re.escape("X holds values up to 1e+39")):
        again.fit(X)  # a new engine, of float32


@pytest.mark.filterwarnings("ignore:.*Bernoulli units expect:UserWarning")
def test_the_largest_values_that_are_taken_give_numbers(model):
    X = np.where(BITS[:4] > 0, 2.0**96, -(2.0**96))
    for found in (model.transform(X), model.free_energy(X), model.score_samples(X)):
        assert np.isfinite(found).all()


# ---- learning that overflows ----


@pytest.mark.parametrize("precision", ["fixed", "fast", "float64"])
@pytest.mark.parametrize("statistics", ["mean", "sampled"])
@pytest.mark.parametrize("ones", [0.0, 0.5, 1.0])
def test_biases_that_overflow_lose_nothing(tmp_path, precision, statistics, ones):
    """Weights stay finite where biases do not: rows without a pixel, or learned to perfection."""
    rng = np.random.default_rng(0)
    largest = 1.7e308 if precision == "float64" else 3e38
    for rate in (largest / 3, largest):
        for n_hidden, n_visible in ((1, 1), (1, 3), (4, 2)):
            X = (rng.random((30, n_visible)) < ones).astype(np.uint8)
            options = {"precision": precision, "statistics": statistics, "random_state": 0}
            options |= {"momentum": 1.0, "batch_size": 10, "warm_start": True}
            model = RBM(n_hidden, n_iter=0, **options).fit(X)
            model.set_params(n_iter=3, learning_rate=rate)
            with warnings.catch_warnings(), contextlib.suppress(FloatingPointError):
                warnings.simplefilter("ignore")
                model.fit(X)
            state = model._state().arrays
            assert all(np.isfinite(array).all() for array in state.values())
            model.save(tmp_path / "model")
            for name, array in load(tmp_path / "model")._state().arrays.items():
                np.testing.assert_array_equal(array, state[name])
