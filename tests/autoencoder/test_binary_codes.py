"""Deep autoencoders with binary codes, and noise in the inputs of codes."""

import numpy as np
import pytest

import udl_fast as udl
from tests.support.models import Recorder, assert_same_state
from tests.support.threads_asked import threads_of_rows
from udl_fast import RBM, DeepAutoencoder
from udl_fast.callbacks import Checkpoint

GREY = np.random.default_rng(0).random((60, 12)).astype(np.float32)


def binary(**options):
    return DeepAutoencoder(
        **{
            "hidden_layer_sizes": (7, 5),
            "code_activation": "binary",
            "rbm": RBM(batch_size=20, n_iter=2, learning_rate=0.05),
            "n_iter": 2,
            "batch_size": 20,
            "random_state": 0,
            **options,
        }
    )


def logistic(x):
    return 1 / (1 + np.exp(-x))


def test_the_gradient_passes_as_if_codes_were_not_rounded():
    """One step downhill on all rows, against NumPy."""
    options = {
        "hidden_layer_sizes": (5,),
        "pretrain": False,
        "output_activation": "linear",
        "precision": "float64",
        "solver": "sgd",
        "momentum": 0.0,
        "learning_rate": 0.1,
        "batch_size": 60,
    }
    X = GREY.astype(np.float64)
    start, after = (binary(**options, n_iter=n).fit(X) for n in (0, 1))
    (w, v), (b, c) = start.coefs_, start.intercepts_
    means = logistic(X @ w + b)
    bits = np.round(means)
    errors = (bits @ v + c - X) / len(X)
    of_code = errors @ v.T * means * (1 - means)
    for found, at, gradient in zip(
        [*after.coefs_, *after.intercepts_],
        [w, v, b, c],
        [X.T @ of_code, bits.T @ errors, of_code.sum(axis=0), errors.sum(axis=0)],
        strict=True,
    ):
        assert np.abs(gradient).max() > 1e-4
        np.testing.assert_allclose(found, at - 0.1 * gradient, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("pretrain", [True, False])
def test_codes_are_bits(pretrain):
    model = binary(pretrain=pretrain).fit(GREY)
    code = model.transform(GREY)
    assert code.dtype == np.float32
    assert set(np.unique(code)) == {0, 1}
    np.testing.assert_array_equal(model.encode(GREY), udl.pack_bits(code == 1))
    found = model.reconstruct(GREY)
    np.testing.assert_array_equal(found, model.inverse_transform(code))
    errors = np.square(found - GREY, dtype=np.float64).sum(axis=1)
    np.testing.assert_allclose(model.reconstruction_error(GREY), errors, rtol=1e-6)
    # Of the sample, which is all of these rows.
    assert model.history_["reconstruction_score"][-1] == pytest.approx(-errors.mean(), rel=1e-6)
    assert model.history_["mean_activation"][-1] == pytest.approx(code.mean(), rel=1e-6)
    assert all(layer.hidden == "bernoulli" for layer in model.layers_)


@pytest.mark.parametrize("n_done", [1, 3, 5])
def test_a_training_with_noise_goes_on_to_the_bit(tmp_path, n_done):
    whole = binary(code_noise=2.0).fit(GREY)
    model = binary(code_noise=2.0, callbacks=[Checkpoint(tmp_path), Recorder(fail_after=n_done)])
    with pytest.raises(RuntimeError, match="disk full"):
        model.fit(GREY)
    again = udl.load(Checkpoint.latest(tmp_path))
    assert (again.code_activation, again.code_noise) == ("binary", 2.0)
    assert set(np.unique(again.transform(GREY))) <= {0, 1}
    assert_same_state(again.resume(GREY), whole)
    np.testing.assert_array_equal(again.reconstruct(GREY), whole.reconstruct(GREY))


def test_noise_is_the_same_for_any_number_of_threads():
    one = binary(code_noise=2.0, n_jobs=1).fit(GREY)
    for n_jobs in (2, 3):
        assert_same_state(binary(code_noise=2.0, n_jobs=n_jobs).fit(GREY), one)
    quiet = binary(n_jobs=1).fit(GREY)
    assert not np.array_equal(quiet.coefs_[0], one.coefs_[0])


def test_noise_drives_codes_apart():
    """Logistic units say what they have to say in spite of it, near 0 or 1."""
    X = udl.datasets.load_digits().data[:500]
    options = {"code_activation": "logistic", "pretrain": False, "n_iter": 40}
    options["learning_rate"] = 0.01
    quiet, noisy = (
        binary(**options, hidden_layer_sizes=(8,), code_noise=noise).fit(X).transform(X)
        for noise in (0.0, 4.0)
    )
    assert np.abs(noisy - 0.5).mean() > np.abs(quiet - 0.5).mean() + 0.05


def test_onnx_graphs_round(tmp_path):
    onnx = pytest.importorskip("onnx")
    from onnx.reference import ReferenceEvaluator

    model = binary().fit(GREY)
    for part, name, expected in (
        ("encoder", "X", model.transform(GREY)),
        ("both", "X", model.reconstruct(GREY)),
    ):
        model.to_onnx(tmp_path / "net.onnx", part=part)
        (found,) = ReferenceEvaluator(onnx.load(tmp_path / "net.onnx")).run(None, {name: GREY})
        np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("solver", ["lbfgs", "cg"])
def test_solvers_that_search_along_lines_are_refused(solver):
    with pytest.raises(ValueError, match=r"code_activation='binary' needs solver='adam' or 'sgd'"):
        binary(solver=solver).fit(GREY)
    assert binary(solver=solver, code_activation="logistic", code_noise=1.0).fit(GREY).n_iter_ == 6


def test_whether_codes_are_rounded_is_of_the_fitted_net(tmp_path):
    model = binary().fit(GREY).set_params(code_activation="logistic")
    for use in (lambda: model.transform(GREY), lambda: model.save(tmp_path / "model")):
        with pytest.raises(ValueError, match="output_activation, loss or precision are others"):
            use()
    # Layers are the same for both: until there is a net of them, either may follow.
    layers = binary(callbacks=[lambda model, info: model.n_iter_ == 4]).fit(GREY)
    bits = layers.transform(GREY)
    means = layers.set_params(code_activation="logistic").transform(GREY)
    np.testing.assert_array_equal(bits, np.round(means))
    assert not np.array_equal(bits, means)


def test_a_belief_net_may_get_a_binary_code():
    rbm = RBM(batch_size=20, n_iter=2, learning_rate=0.05)
    net = udl.DBN((7, 5), rbm=rbm, random_state=0).fit(GREY)
    model = DeepAutoencoder.from_dbn(net, code_activation="binary", n_iter=2, batch_size=20)
    np.testing.assert_array_equal(model.transform(GREY), np.round(net.transform(GREY)))
    assert set(np.unique(model.resume(GREY).transform(GREY))) == {0, 1}
    with pytest.raises(ValueError, match="its place in the net needs 'gaussian'"):
        DeepAutoencoder.from_dbn(net, code_activation="linear")


def test_linear_codes_have_no_bits():
    model = binary(code_activation="linear").fit(GREY)
    with pytest.raises(ValueError, match="code units must be logistic or binary, got 'linear'"):
        model.encode(GREY)


def test_rows_are_made_on_as_many_threads_as_n_jobs_says():
    model = binary(n_jobs=1).fit(GREY)
    with threads_of_rows() as asked:
        model.encode(GREY)
        model.reconstruction_error(GREY)
    assert asked == {1}
