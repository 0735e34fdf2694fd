"""Autoencoders: what they compute, what they learn, and what goes wrong."""

import numpy as np
import pytest
from safetensors.numpy import save_file
from sklearn.decomposition import PCA

import udl_fast as udl
from udl_fast import Autoencoder, DenoisingAutoencoder, SparseAutoencoder


@pytest.fixture(scope="module")
def digits():
    return udl.datasets.load_digits(dtype=np.float64).data[:600]


def logistic(x):
    return 1 / (1 + np.exp(-x))


# ---- what a fitted one computes ----


@pytest.mark.parametrize("tied", [False, True])
def test_codes_and_reconstructions_are_those_of_the_weights(digits, tied):
    model = Autoencoder(8, n_iter=2, precision="float64", tied_weights=tied, random_state=0)
    model.fit(digits)
    (w, v), (b, c) = model.coefs_, model.intercepts_
    code = logistic(digits @ w + b)
    found = logistic(code @ v + c)
    np.testing.assert_allclose(model.transform(digits), code, atol=1e-12)
    np.testing.assert_allclose(model.inverse_transform(code), found, atol=1e-12)
    np.testing.assert_allclose(model.reconstruct(digits), found, atol=1e-12)
    errors = ((found - digits) ** 2).sum(axis=1)
    np.testing.assert_allclose(model.reconstruction_error(digits), errors, rtol=1e-12)
    assert model.score(digits) == pytest.approx(-errors.mean())
    np.testing.assert_array_equal(model.components_, w.T)
    np.testing.assert_array_equal(model.encode(digits), udl.pack_bits(code > 0.5))
    assert not w.flags.writeable
    assert hasattr(model, "decoder_weights_") != tied
    if tied:
        np.testing.assert_array_equal(v, w.T)


def test_real_codes_have_no_bits(digits):
    model = Autoencoder(4, activation="tanh", n_iter=1, random_state=0).fit(digits)
    with pytest.raises(
        ValueError, match=r"encode: code units must be logistic or binary, got 'tanh'"
    ):
        model.encode(digits)
    with pytest.raises(ValueError, match="H has 3 columns, expected 4"):
        model.inverse_transform(np.zeros((2, 3)))


def test_outputs_begin_at_the_means(digits):
    model = Autoencoder(4, output_activation="linear", n_iter=0, random_state=0).fit(digits)
    np.testing.assert_allclose(model.intercept_visible_, digits.mean(axis=0), rtol=1e-5, atol=1e-7)


# ---- what they learn ----


def test_a_linear_one_finds_the_space_of_pca(digits):
    pca = PCA(8).fit(digits)
    rest = digits - pca.inverse_transform(pca.transform(digits))
    expected = (rest**2).sum(axis=1).mean()
    model = Autoencoder(
        8,
        activation="linear",
        output_activation="linear",
        solver="lbfgs",
        n_iter=150,
        precision="float64",
        random_state=0,
    ).fit(digits)
    assert expected * (1 - 1e-9) < -model.score(digits) < expected * 1.01


def test_sparse_units_are_as_rarely_on_as_wanted(digits):
    model = SparseAutoencoder(16, sparsity_target=0.05, n_iter=150, random_state=0).fit(digits)
    means = model.transform(digits).mean(axis=0)
    assert np.abs(means - 0.05).max() < 0.02
    assert Autoencoder(16, random_state=0).fit(digits).transform(digits).mean() > 0.3


def test_denoising_ones_undo_corruption(digits):
    kept = np.random.default_rng(0).random(digits.shape) > 0.3
    options = {"solver": "adam", "learning_rate": 0.01, "n_iter": 60, "random_state": 0}
    errors = [
        ((model.fit(digits).reconstruct(digits * kept) - digits) ** 2).sum(axis=1).mean()
        for model in (DenoisingAutoencoder(32, **options), Autoencoder(32, **options))
    ]
    assert errors[0] < 0.8 * errors[1]


def test_counts_are_reconstructed_as_shares():
    counts = np.random.default_rng(0).poisson([0.2, 1, 5, 9], (200, 4)).astype(np.float64)
    model = Autoencoder(3, output_activation="softmax", learning_rate=0.02, n_iter=60).fit(counts)
    shares = model.reconstruct(counts)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(
        shares.mean(axis=0), counts.mean(axis=0) / counts.mean(axis=0).sum(), atol=0.03
    )


# ---- what goes wrong ----


def test_losses_that_are_no_numbers_keep_the_model(digits):
    model = Autoencoder(
        4,
        output_activation="linear",
        activation="linear",
        solver="sgd",
        learning_rate=1e3,
        random_state=0,
    )
    with pytest.raises(
        FloatingPointError, match=r"stopped being finite .* lower learning_rate \(1000\)"
    ):
        model.fit(digits)
    model.set_params(learning_rate=1e-3, n_iter=2).fit(digits)
    before = model.components_
    with pytest.raises(FloatingPointError):
        model.set_params(learning_rate=1e3).partial_fit(digits)
    np.testing.assert_array_equal(model.components_, before)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"loss": "cross_entropy", "output_activation": "tanh"},
            "needs output_activation='logistic'",
        ),
        ({"loss": "squared", "output_activation": "softmax"}, "needs loss='multinomial'"),
        ({"activation": "softmax"}, "activation must be 'logistic' or"),
        ({"momentum": 1.0}, "momentum must be between 0 and"),
    ],
)
def test_wrong_arguments_are_named(digits, changes, message):
    with pytest.raises(ValueError, match=message):
        Autoencoder(4, **changes).fit(digits)


def test_what_the_net_is_made_of_stays(digits):
    model = Autoencoder(4, n_iter=1, random_state=0, warm_start=True).fit(digits)
    model.set_params(loss="cross_entropy").fit(digits)  # what "auto" was
    for changes in ({"activation": "tanh"}, {"tied_weights": True}, {"loss": "squared"}):
        before = model.get_params()
        with pytest.raises(
            ValueError, match=f"{next(iter(changes))} is .* but the fitted model has"
        ):
            model.set_params(**changes).fit(digits)
        model.set_params(**before)


def test_values_that_outputs_cannot_reach_are_warned_of(digits):
    with pytest.warns(UserWarning, match=r"outputs reach 0 to 1 alone. Scale X \(.*16\)"):
        Autoencoder(4, n_iter=1).fit(digits * 16)
    for activation, rows, message in (
        ("tanh", digits * 16, "outputs reach -1 to 1 alone"),
        ("relu", -digits, "outputs are never below 0"),
        ("softmax", digits - 1, "outputs are never below 0"),
    ):
        with pytest.warns(UserWarning, match=message):
            Autoencoder(4, n_iter=1, output_activation=activation).fit(rows)
    Autoencoder(4, n_iter=1, output_activation="tanh").fit(digits - digits[::-1])
    with pytest.warns(UserWarning, match="nesterov=True has no effect with solver='adam'"):
        Autoencoder(4, n_iter=1, nesterov=True).fit(digits)
    with pytest.raises(ValueError, match="corruption_level must be at most 1"):
        DenoisingAutoencoder(4, corruption_level=1.5).fit(digits)


# ---- other libraries ----


@pytest.mark.parametrize("tied", [False, True])
def test_state_dicts_go_there_and_back(digits, tied):
    options = {"activation": "tanh", "tied_weights": tied, "random_state": 0}
    model = Autoencoder(5, n_iter=1, **options).fit(digits)
    found = model.to_state_dict()
    again = Autoencoder.from_state_dict(found, **options)
    np.testing.assert_array_equal(again.reconstruct(digits), model.reconstruct(digits))
    again.partial_fit(digits)
    with pytest.raises(ValueError, match=r"expected weights and biases of two layers, got \[a"):
        Autoencoder.from_state_dict({"a": found["encoder.0.weight"]})
    if tied:
        found["decoder.0.weight"] = found["decoder.0.weight"] + 1
        with pytest.raises(ValueError, match="second weights are not the first transposed"):
            Autoencoder.from_state_dict(found, **options)


def test_names_tell_the_order_of_layers(digits, tmp_path):
    """Files have their names sorted, and decoder comes before encoder."""
    model = Autoencoder(64, n_iter=1, random_state=0).fit(digits)
    whole = model.to_state_dict()
    numbered = {
        name.replace("encoder.0", "net.2").replace("decoder.0", "net.10"): array
        for name, array in whole.items()
    }
    for state in (whole, numbered):
        save_file(state, tmp_path / "state.safetensors")
        for given in (tmp_path / "state.safetensors", dict(sorted(state.items()))):
            again = Autoencoder.from_state_dict(given)
            np.testing.assert_array_equal(again.transform(digits), model.transform(digits))
    untold = {
        name.replace("encoder.0", "to").replace("decoder.0", "from"): array
        for name, array in whole.items()
    }
    again = Autoencoder.from_state_dict(untold)  # in the order of the layers
    np.testing.assert_array_equal(again.transform(digits), model.transform(digits))
    save_file(untold, tmp_path / "state.safetensors")
    with pytest.raises(ValueError, match=r"names from.weight, to.weight do not tell which layer"):
        Autoencoder.from_state_dict(tmp_path / "state.safetensors")


def test_onnx_graphs_compute_the_same(digits, tmp_path):
    onnx = pytest.importorskip("onnx")
    from onnx.reference import ReferenceEvaluator

    model = Autoencoder(5, output_activation="linear", n_iter=1, random_state=0).fit(digits)
    x, h = digits.astype(np.float32), model.transform(digits.astype(np.float32))
    for part, given, expected in (
        ("encoder", {"X": x}, h),
        ("decoder", {"H": h}, model.inverse_transform(h)),
        ("both", {"X": x}, model.reconstruct(x)),
    ):
        model.to_onnx(tmp_path / "net.onnx", part=part)
        (found,) = ReferenceEvaluator(onnx.load(tmp_path / "net.onnx")).run(None, given)
        np.testing.assert_allclose(found, expected, atol=1e-5)
    with pytest.raises(ValueError, match="part must be 'encoder' or"):
        model.to_onnx(tmp_path / "net.onnx", part="middle")
