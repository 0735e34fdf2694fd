"""Rows that are no states of their kind of units, and what cannot be asked: each is named."""

import pickle
import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone

from udl_fast import RBM
from udl_fast.exceptions import LearningWarning

from .kinds import COMMON, DATA, FLOAT64, GROUPS, KINDS, RNG, data_of


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
