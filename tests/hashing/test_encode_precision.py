"""Codes by nets of integers: nearly those of the model."""

import pickle

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits

import udl_fast as udl
from udl_fast import presets

from .models import COUNTS, GREY, hasher


@pytest.mark.parametrize("code", ["rounding", "noise"])
@pytest.mark.parametrize(("precision", "share"), [("int16", 2e-3), ("int8", 0.02)])
def test_codes_by_integers_are_nearly_those_of_the_model(tmp_path, code, precision, share):
    X = (load_digits().data / 16).astype(np.float32)
    rbm = presets.science2006(n_iter=5)
    model = hasher(code=code, hidden_layer_sizes=(40, 20), rbm=rbm, n_iter=20).fit(X)
    exact, medians = model.encode(X), model.encode(X, "median")
    model.set_params(encode_precision=precision)
    codes = model.encode(X)
    assert np.unpackbits(codes ^ exact).mean() < share
    assert np.unpackbits(model.encode(X, "median") ^ medians).mean() < share
    near = model.thresholds_
    model.set_params(encode_precision="model").encode(X, "median")
    assert 0 < np.abs(near - model.thresholds_).max() < share / 2
    model.set_params(encode_precision=precision).save(tmp_path / "model")
    for again in (udl.load(tmp_path / "model"), pickle.loads(pickle.dumps(model))):
        assert again.encode_precision == precision
        np.testing.assert_array_equal(again.encode(X), codes)
    distances, numbers = model.index(X).search(X[:9], 1)
    assert (distances == 0).all()
    np.testing.assert_array_equal(codes[numbers[:, 0]], codes[:9])


@pytest.mark.parametrize(("precision", "share"), [("int16", 5e-3), ("int8", 0.02)])
def test_words_by_integers(precision, share):
    model = hasher(visible="replicated_softmax", pretrain=False).fit(COUNTS)
    exact = model.encode(COUNTS)
    codes = model.set_params(encode_precision=precision).encode(sparse.csr_array(COUNTS))
    assert np.unpackbits(codes ^ exact).mean() < share


def test_what_integers_are_not_for():
    with pytest.raises(ValueError, match="must be 'model' or 'int16' or 'int8', got 'int4'"):
        hasher(encode_precision="int4").fit(GREY)
    model = hasher(precision="float64").fit(GREY)
    for precision in ("int16", "int8"):
        with pytest.raises(ValueError, match="'float32' or 'fast', got precision='float64'"):
            hasher(encode_precision=precision, precision="float64").fit(GREY)
        with pytest.raises(NotImplementedError, match=f"{precision}' rounds a net of"):
            model.set_params(encode_precision=precision).encode(GREY)
    with pytest.raises(ValueError, match="encode_precision must be"):
        model.set_params(encode_precision="half").encode(GREY)
