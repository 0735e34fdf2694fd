"""Packed codes of every model whose code units are in [0, 1], and the thresholds that make them."""

import pickle

import numpy as np
import pytest
import sklearn
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import udl_fast
from tests.support.any_model import X
from udl_fast import RBM, DeepAutoencoder, load, pack_bits, registry
from udl_fast.estimator import binary_codes

SMALL = {
    "n_components": 11,
    "hidden_layer_sizes": (7, 11),
    "rbm": RBM(n_iter=1, batch_size=10),
    "layer": udl_fast.Autoencoder(n_iter=1),
    "code_activation": "logistic",
    "n_iter": 1,
    "random_state": 0,
}


def with_codes():
    classes = [registry.class_of(registry.find(name)) for name in registry.names()]
    return [found for found in classes if hasattr(found, "encode")]


def made(model_class, **changes):
    known = {name: value for name, value in SMALL.items() if name in model_class.rules}
    return model_class(**{**known, **changes})


@pytest.mark.parametrize("model_class", with_codes())
def test_bits_are_units_above_their_thresholds(model_class, tmp_path, monkeypatch):
    monkeypatch.setattr(binary_codes, "_BLOCK_VALUES", 12 * 7)  # 7 rows at a time
    model = made(model_class).fit(X)
    code = model._code_values(model._matrix(X))
    assert set(np.unique(code)) - {0, 1}
    np.testing.assert_array_equal(model.encode(X), pack_bits(model.transform(X) > 0.5))
    medians = np.median(code, axis=0)
    with pytest.raises(AttributeError, match="has no thresholds_ before encode"):
        _ = model.thresholds_
    np.testing.assert_array_equal(model.encode(X, "median"), pack_bits(code > medians))
    np.testing.assert_array_equal(model.thresholds_, medians)
    model.save(tmp_path / "model")
    for again in (load(tmp_path / "model"), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(again.thresholds_, medians)
        np.testing.assert_array_equal(
            again.encode(X[:9], again.thresholds_), pack_bits(code[:9] > medians)
        )
    with pytest.raises(ValueError, match="read-only"):
        model.thresholds_[0] = 1
    assert not hasattr(clone(model), "thresholds_")
    assert not hasattr(load(tmp_path / "model").partial_fit(X), "thresholds_")
    assert not hasattr(model.fit(X), "thresholds_")
    with pytest.raises(NotFittedError):
        made(model_class).encode(X)


def test_medians_of_a_rounded_code_are_of_its_probabilities():
    model = made(DeepAutoencoder, code_activation="binary").fit(X)
    probabilities = model.set_params(code_activation="binary")._code_values(X)
    bits = udl_fast.unpack_bits(model.encode(X, "median"), 11)
    np.testing.assert_array_equal(bits, probabilities > model.thresholds_)
    assert (np.abs(bits.sum(axis=0) - 45) <= 2).all()  # of 90 rows, some of which are equal
    for threshold in (0.1, 0.9):
        bits = udl_fast.unpack_bits(model.encode(X, threshold), 11)
        np.testing.assert_array_equal(bits, probabilities > np.float32(threshold))


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_unit_of_one_half_is_what_the_model_rounds_it_to(precision):
    model = made(DeepAutoencoder, code_activation="binary", precision=precision).fit(X)
    net = model._engine.net
    net.set_state({name: np.zeros_like(values) for name, values in net.state().items()})
    assert (model.transform(X) == 1).all()
    np.testing.assert_array_equal(model.encode(X), pack_bits(model.transform(X)))
    assert not model.encode(X, np.full(11, 0.5)).any()  # held against probabilities


@pytest.mark.parametrize("model_class", with_codes())
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array, lambda x: x.astype(float).tolist()])
def test_what_is_no_number_is_refused(model_class, value, form):
    """As by all methods, also where rows are checked while they are encoded."""
    model = made(model_class).fit(X)
    given = X.astype(np.float32)
    given[70, 3] = value
    with pytest.raises(ValueError, match=r"contains (NaN|infinity)") as expected:
        model.score(form(given))
    for method in ("encode", "transform", "reconstruct"):
        if not hasattr(model, method):
            continue
        with pytest.raises(ValueError, match=r"contains (NaN|infinity)") as refused:
            getattr(model, method)(form(given))
        assert str(refused.value) == str(expected.value), method
    with pytest.raises(ValueError, match="contains"):
        model.encode(form(given), "median")


def test_range_of_what_is_encoded_is_looked_at():
    model = made(DeepAutoencoder).fit(X)
    with pytest.warns(UserWarning, match="X holds values from -1 to 5, but outputs reach 0 to 1"):
        model.encode(np.linspace(-1, 5, 3 * X.shape[1]).reshape(3, -1))
    with pytest.raises(ValueError, match=r"X holds values up to 1e\+30 in size"):
        model.encode(np.full(X.shape, 1e30))


def test_blocks_of_rows_that_are_read_in_place(monkeypatch):
    """Many values, but only as many rows as have room for their codes, and not where rows are copied."""
    monkeypatch.setattr(binary_codes, "_BLOCK_VALUES", 12 * 7)
    monkeypatch.setattr(binary_codes, "_VALUES_IN_PLACE", 12 * 9)
    hasher = made(udl_fast.SemanticHasher, hidden_layer_sizes=(7, 8)).fit(X)  # 84 / 8 codes: 10
    counts = made(udl_fast.SemanticHasher, visible="replicated_softmax", pretrain=False).fit(X)
    wide, narrow = np.ones((20, 12), np.float32), np.ones((20, 3), np.float32)
    assert binary_codes._rows_of_block(hasher, wide) == 9
    assert binary_codes._rows_of_block(hasher, wide.astype(float)) == 9
    assert binary_codes._rows_of_block(hasher, narrow) == 10
    for copied in (wide.astype(np.uint8), wide[:, ::-1], sparse.csr_array(wide)):
        assert binary_codes._rows_of_block(hasher, copied) == 7
    assert binary_codes._rows_of_block(hasher, wide, copies=True) == 7
    assert binary_codes._rows_of_block(counts, wide) == 7
    assert binary_codes._rows_of_block(made(RBM).fit(X), wide) == 7
    blocks = list(binary_codes._blocks(wide, np.arange(20), 9))
    assert [(first, len(block)) for first, block in blocks] == [(0, 9), (9, 9), (18, 2)]


@pytest.mark.parametrize("model_class", [RBM, DeepAutoencoder, udl_fast.DBN])
def test_what_is_no_number_is_refused_whatever_is_assumed(model_class):
    model, given = made(model_class).fit(X), X.astype(np.float32)
    given[70, 3] = np.nan
    with sklearn.config_context(assume_finite=True):
        for method in ("encode", "transform", "reconstruct"):
            if not hasattr(model, method):
                continue
            with pytest.raises(ValueError, match="NaN"):
                getattr(model, method)(given)


@pytest.mark.parametrize(
    ("threshold", "message"),
    [
        (True, r"threshold must be a number, 'median' or an array, got True"),
        (np.zeros(10), r"threshold has shape \(10,\), expected \(11,\), one for each unit of this"),
        (np.full(11, np.nan), "threshold holds NaN"),
        ("mean", "threshold must be a number, 'median' or an array, got 'mean'"),
        (float("inf"), "threshold must be finite"),
        (2, "threshold must be a number from 0 to below 1, 'median' or an array, got 2"),
        (1.0, r"threshold must be a number from 0 to below 1, 'median' or an array, got 1\.0"),
        (-0.25, r"threshold must be a number from 0 to below 1, 'median' or an array, got -0\.25"),
        ([None] * 11, "threshold must be a number, 'median' or an array of numbers"),
    ],
)
def test_thresholds_that_do_not_fit_are_refused(threshold, message):
    model = made(RBM).fit(X)
    with pytest.raises((ValueError, TypeError), match=f"RBM.encode: {message}"):
        model.encode(X, threshold)


def test_real_units_want_thresholds_of_their_own():
    model = made(RBM, hidden="gaussian").fit(X)
    with pytest.raises(ValueError, match=r"code units must be bernoulli, got 'gaussian'.*median"):
        model.encode(X)
    code = model.transform(X)
    np.testing.assert_array_equal(
        model.encode(X, "median"), pack_bits(code > np.median(code, axis=0))
    )


def test_damaged_thresholds_are_refused():
    rule = binary_codes.ThresholdsRule()
    for value in ([], {"n_updates": 1}, {"n_updates": -1, "values": [0.5]},
                  {"n_updates": 1, "values": [float("nan")]}, {"n_updates": 1, "values": [1]}):  # fmt: skip
        with pytest.raises(ValueError, match="_thresholds"):
            rule.check(value, "_thresholds")
