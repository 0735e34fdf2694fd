"""precision="float64" takes input of any form as it is, and no model takes what is no number."""

import numpy as np
import pytest
from scipy import sparse

from udl_fast import RBM, BernoulliRBM

GREY = np.random.default_rng(0).random((20, 5))  # no float32
FORMS = {
    "list": np.ndarray.tolist,
    "big-endian": lambda X: X.astype(">f8"),
    "objects": lambda X: X.astype(object),
    "long double": lambda X: X.astype(np.longdouble),
    "sparse long double": lambda X: sparse.csr_matrix(X).astype(np.longdouble),
}
METHODS = ("transform", "mean_hidden", "free_energy", "pseudo_likelihood", "score_samples")


@pytest.mark.parametrize("form", FORMS)
def test_a_float64_engine_meets_the_values_that_were_given(form):
    X, parameters = FORMS[form](GREY), {"n_iter": 2, "random_state": 0, "precision": "float64"}
    plain, model = RBM(3, **parameters).fit(GREY), RBM(3, **parameters).fit(X)
    np.testing.assert_array_equal(model.components_, plain.components_)
    for method in METHODS:
        found = getattr(model, method)(X)
        np.testing.assert_array_equal(found, getattr(plain, method)(GREY))
    hidden = plain.transform(GREY)
    np.testing.assert_array_equal(
        model.mean_visible(FORMS[form](hidden)), plain.mean_visible(hidden)
    )
    for learn in (model.partial_fit, model.set_params(warm_start=True).fit):
        learn(X)


def test_a_refit_of_another_precision_reads_input_by_its_own():
    model = RBM(3, n_iter=1, random_state=0).fit(GREY).set_params(precision="float64")
    plain = RBM(3, n_iter=1, random_state=0, precision="float64").fit(GREY)
    np.testing.assert_array_equal(model.fit(GREY.tolist()).components_, plain.components_)


def test_large_integers_keep_their_values():
    X = np.array([[0, 2**24 + 1], [1, 0]])
    with pytest.warns(UserWarning, match="from 0 to 16777217"):
        RBM(2, n_iter=0, precision="float64").fit(X)


@pytest.mark.parametrize("model_class", [RBM, BernoulliRBM])
def test_masked_entries_and_dates_are_refused_by_name(model_class):
    hidden = np.ma.masked_greater(GREY, 0.5)
    dates = np.zeros((20, 5), "datetime64[s]")
    model = model_class(3, n_iter=1).fit(np.ma.array(GREY))  # a mask of nothing hides nothing
    for call in (model.fit, model.partial_fit, model.transform, model.gibbs):
        with pytest.raises(ValueError, match=r"masked entries; fill or drop"):
            call(hidden)
        for X in (dates, dates - dates):
            with pytest.raises(TypeError, match=r"has dtype (date|time)"):
                call(X)


@pytest.mark.parametrize("precision", ["fixed", "float64"])
def test_values_of_one_place_that_add_up_to_infinity(precision):
    twice = sparse.csr_matrix(([1e308, 1e308], [0, 0], [0, 2, 2]), shape=(2, 5))
    model = RBM(3, n_iter=1, precision=precision).fit(GREY)
    for call in (model.transform, model.fit, model.free_energy):
        with pytest.raises(ValueError, match=r"(X|v) stores values several times|beyond"):
            call(twice)
