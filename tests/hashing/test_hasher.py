"""The semantic hasher: bits from rows of every kind, decoded and searched."""

import copy
import pickle

import numpy as np
import pytest

import udl_fast as udl
from udl_fast import RBM, DeepAutoencoder, SemanticHasher, presets

from .models import COUNTS, GREY, REAL, hasher


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("rounding", {"code_activation": "binary"}),
        ("noise", {"code_activation": "logistic", "code_noise": 4.0}),
    ],
)
def test_it_is_a_deep_autoencoder_with_a_code_of_bits(code, arguments):
    model = hasher(code=code).fit(GREY)
    same = DeepAutoencoder(**{**hasher_arguments(model), **arguments}).fit(GREY)
    for ours, theirs in zip(model.coefs_, same.coefs_, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(model.encode(GREY), same.encode(GREY))


def hasher_arguments(model):
    names = ("hidden_layer_sizes", "rbm", "n_iter", "batch_size", "random_state", "learning_rate")
    return {name: getattr(model, name) for name in names}


@pytest.mark.parametrize(
    ("rows", "asked", "kind"),
    [
        (GREY, "auto", "bernoulli"),
        (REAL, "auto", "gaussian"),
        (GREY, "gaussian", "gaussian"),
        (COUNTS, "replicated_softmax", "replicated_softmax"),
    ],
)
@pytest.mark.parametrize("pretrain", [True, False])
def test_rows_of_every_kind_get_bits(tmp_path, rows, asked, kind, pretrain):
    model = hasher(visible=asked, pretrain=pretrain).fit(rows)
    assert model.visible_ == kind
    if pretrain:
        assert [layer.visible for layer in model.layers_] == [kind, "bernoulli"]
    codes = model.encode(rows)
    assert codes.shape == (60, 2)
    np.testing.assert_array_equal(udl.pack_bits(model.transform(rows)), codes)
    np.testing.assert_array_equal(model.decode(codes), model.reconstruct(rows))
    model.save(tmp_path / "model")
    for again in (
        udl.load(tmp_path / "model"),
        pickle.loads(pickle.dumps(model)),
        copy.deepcopy(model),
    ):
        assert again.visible_ == kind
        np.testing.assert_array_equal(again.encode(rows), codes)


def test_auto_follows_the_template():
    template = RBM(visible="gaussian", batch_size=20, n_iter=1, learning_rate=0.01)
    assert hasher(rbm=template).fit(GREY).visible_ == "gaussian"
    layers = [template, RBM(batch_size=20, n_iter=1)]
    assert hasher(rbm=layers).fit(GREY).visible_ == "gaussian"
    model = hasher().fit(REAL)
    assert model.fit(GREY).visible_ == "bernoulli"  # what rows are is learned anew


def test_bytes_are_told_to_be_scaled():
    with pytest.warns(UserWarning, match=r"whole numbers from 0 to 255.*grey levels: X / 255"):
        hasher(rbm=RBM(visible="bernoulli", learning_rate=1e-9), n_iter=0).fit(
            np.round(255 * (GREY - GREY.min()) / np.ptp(GREY)).astype(np.uint8)
        )


def test_words_decode_to_shares():
    model = hasher(visible="replicated_softmax", code="noise").fit(COUNTS)
    np.testing.assert_allclose(model.decode(model.encode(COUNTS)).sum(axis=1), 1, rtol=1e-5)


def test_search_finds_the_nearest_codes():
    model = hasher().fit(GREY)
    with pytest.raises(AttributeError, match=r"has no index_ yet; call index\(X\)"):
        model.search(GREY)
    assert model.index(GREY) is model
    distances, numbers = model.search(GREY[:7], k=3)
    expected = udl.hamming_knn(model.encode(GREY[:7]), model.encode(GREY), 3)
    np.testing.assert_array_equal(distances, expected[0])
    np.testing.assert_array_equal(numbers, expected[1])
    model.index(GREY, "median")
    by_medians = model.encode(GREY, model.thresholds_)
    np.testing.assert_array_equal(model.index_.reconstruct_n(), by_medians)
    np.testing.assert_array_equal(
        model.search(GREY[:7], 3)[1], udl.hamming_knn(by_medians[:7], by_medians, 3)[1]
    )
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.search(GREY[:7], 3)[1], model.search(GREY[:7], 3)[1])
    with pytest.raises(AttributeError, match="codes of the model before it learned on"):
        again.partial_fit(GREY).search(GREY)
    with pytest.raises(ValueError, match="X has 5 features"):
        model.search(GREY[:, :5])
    assert not hasattr(model.fit(GREY), "index_")


def test_begun_with_a_belief_net():
    net = udl.DBN((7, 11), rbm=RBM(batch_size=20, n_iter=2), random_state=0).fit(GREY)
    model = SemanticHasher.from_dbn(net, n_iter=2)
    assert (model.visible, model.visible_) == ("bernoulli", "bernoulli")
    np.testing.assert_array_equal(model.transform(GREY), np.round(net.transform(GREY)))
    assert set(np.unique(model.resume(GREY).transform(GREY))) == {0, 1}
    linear = udl.DBN((7, 11), rbm=RBM(hidden="gaussian", n_iter=1), random_state=0).fit(GREY)
    with pytest.raises(ValueError, match="end at hidden ones of 'bernoulli', got 'bernoulli' and"):
        SemanticHasher.from_dbn(linear)


def test_what_cannot_be_is_named():
    with pytest.raises(ValueError, match="'binary' needs solver='adam' or 'sgd'"):
        hasher(solver="lbfgs").fit(GREY)
    assert hasher(solver="lbfgs", code="noise").fit(GREY).n_iter_ == 6
    with pytest.raises(ValueError, match="visible must be 'auto' or 'bernoulli' or"):
        hasher(visible="words").fit(GREY)
    with pytest.raises(
        ValueError, match="rbm has visible='gaussian', but layers are of 'bernoulli'"
    ):
        hasher(visible="bernoulli", rbm=RBM(visible="gaussian")).fit(GREY)
    with pytest.warns(UserWarning, match="code_noise has no effect with code='rounding'"):
        hasher(code_noise=1.0).fit(GREY)
    model = hasher().fit(GREY)
    with pytest.raises(TypeError, match="decode: codes has dtype float64, expected packed uint8"):
        model.decode(np.zeros((1, 2)))
    with pytest.raises(ValueError, match=r"decode: codes has shape .1, 3., expected .n, 2."):
        model.decode(np.zeros((1, 3), np.uint8))


def test_codes_learn_what_rows_are_about():
    """Digits: neighbours by 32 bits are of the same class far more often than by chance, in both ways."""
    X, y = udl.datasets.load_digits(return_X_y=True)
    rbm = presets.science2006(n_iter=5)
    for code in ("rounding", "noise"):
        model = SemanticHasher((64, 32), code=code, rbm=rbm, n_iter=10, random_state=0)
        model.fit(X[:1500])
        _, numbers = model.index(X[:1500]).search(X[1500:], k=5)
        assert (y[:1500][numbers] == y[1500:, None]).mean() > 0.4
        assert len(model.diagnose(X).dead) <= 2


def test_one_number_and_an_array_of_it_are_the_same_threshold():
    model = hasher().fit(GREY)
    for threshold in (0.2, 0.7):
        expected = model.encode(GREY, np.full(model.n_bits, threshold))
        np.testing.assert_array_equal(model.encode(GREY, threshold), expected)
    assert (model.encode(GREY, 0.2) != model.encode(GREY, 0.7)).any()


def test_rows_that_are_not_scaled_are_worth_a_warning():
    model = hasher().fit(GREY)
    with pytest.warns(UserWarning, match=r"grey levels: X / 255"):
        model.encode(np.round(255 * GREY))


@pytest.mark.parametrize("pretrain", [False, True])
def test_rows_of_counts_are_counts(pretrain):
    model = hasher(visible="replicated_softmax", pretrain=pretrain)
    for wrong in (-COUNTS, COUNTS / 2):
        with pytest.raises(ValueError, match="expects counts, integers of at least 0"):
            model.fit(wrong)
    model.fit(COUNTS)
    with pytest.raises(ValueError, match="expects counts, integers of at least 0"):
        model.encode(COUNTS / 2)


def test_search_goes_on_with_the_thresholds_of_the_index():
    model = hasher().fit(GREY)
    thresholds = np.full(model.n_bits, 0.5)
    model.index(GREY, thresholds)
    thresholds[:] = 2
    assert (model.search(GREY, k=1)[0] == 0).all()
