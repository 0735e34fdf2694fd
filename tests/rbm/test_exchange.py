"""Models from and to other libraries compute the same."""

import sys

import numpy as np
import pytest
from safetensors.numpy import save_file
from sklearn import neural_network
from sklearn.exceptions import NotFittedError

from tests.support.models import assert_same, parameters
from udl_fast import RBM, BernoulliRBM

X = (np.random.default_rng(0).random((60, 6)) < 0.4).astype(np.float64)
GREY = np.random.default_rng(1).random((20, 6))


@pytest.fixture(params=[RBM, BernoulliRBM])
def model_class(request):
    return request.param


@pytest.fixture
def theirs():
    arguments = {"n_components": 4, "learning_rate": 0.05, "batch_size": 15, "n_iter": 3}
    return neural_network.BernoulliRBM(**arguments, random_state=0).fit(X)


# ---- scikit-learn ----


def test_a_model_of_scikit_learn_is_taken_over(model_class, theirs):
    ours = model_class.from_sklearn(theirs, n_iter=7)
    assert type(ours) is model_class
    arguments = ("n_components", "learning_rate", "batch_size", "n_iter", "algorithm")
    assert [getattr(ours, name) for name in arguments] == [4, 0.05, 15, 7, "pcd"]
    np.testing.assert_allclose(ours.transform(GREY), theirs.transform(GREY), atol=1e-6)
    np.testing.assert_allclose(ours.free_energy(X), theirs._free_energy(X), rtol=1e-6)
    np.testing.assert_array_equal(ours.h_samples_, theirs.h_samples_)
    ours.partial_fit(X)
    double = model_class.from_sklearn(theirs, precision="float64")
    np.testing.assert_allclose(double.transform(GREY), theirs.transform(GREY), rtol=1e-14)


def test_a_model_goes_to_scikit_learn(model_class, theirs):
    ours = model_class(4, algorithm="pcd", n_chains=9, n_iter=2, random_state=0).fit(X)
    found = ours.to_sklearn()
    assert type(found) is neural_network.BernoulliRBM
    np.testing.assert_allclose(found.transform(GREY), ours.transform(GREY), atol=1e-6)
    np.testing.assert_array_equal(found.h_samples_, ours.h_samples_)
    assert found.batch_size == 9
    assert found.get_feature_names_out().shape == (4,)
    found.gibbs(X)
    found.score_samples(X)
    before = ours.components_.copy()
    found.partial_fit(X)
    np.testing.assert_array_equal(ours.components_, before)
    again = model_class.from_sklearn(ours.to_sklearn())
    assert_same(again, ours)


def test_without_chains_scikit_learn_starts_its_own():
    found = RBM(4, batch_size=10, n_iter=1, random_state=0).fit(X).to_sklearn()
    np.testing.assert_array_equal(found.h_samples_, np.zeros((10, 4)))


def test_names_of_features_go_along():
    pandas = pytest.importorskip("pandas", reason="pandas makes the names")
    frame = pandas.DataFrame(X, columns=list("abcdef"))
    theirs = neural_network.BernoulliRBM(4, n_iter=1, random_state=0).fit(frame)
    ours = RBM.from_sklearn(theirs)
    assert (
        list(ours.feature_names_in_) == list(ours.to_sklearn().feature_names_in_) == list("abcdef")
    )
    np.testing.assert_allclose(ours.transform(frame), theirs.transform(frame), atol=1e-6)


def test_unfitted_models_are_refused(theirs):
    with pytest.raises(NotFittedError):
        RBM.from_sklearn(neural_network.BernoulliRBM())
    for give in ("to_sklearn", "to_state_dict"):
        with pytest.raises(NotFittedError):
            getattr(RBM(), give)()
    with pytest.raises(NotFittedError):
        RBM().to_onnx("model.onnx")


# ---- PyTorch ----


class Tensor:
    """What PyTorch's tensors have of NumPy: no array before it is detached and on the CPU."""

    def __init__(self, values, done=()):
        self.values, self.done, self.dtype = values, done, values.dtype

    def detach(self):
        return Tensor(self.values, (*self.done, "detach"))

    def cpu(self):
        return Tensor(self.values, (*self.done, "cpu"))

    def float(self):
        return Tensor(self.values.astype(np.float32), self.done)

    def numpy(self):
        assert self.done == ("detach", "cpu")
        return self.values


W = np.random.default_rng(2).normal(size=(4, 6)).astype(np.float32)
VISIBLE = np.linspace(-1, 1, 6, dtype=np.float32)
HIDDEN = np.linspace(0, 1, 4, dtype=np.float32)
STATES = {
    "nn.Parameter": {"W": W, "v_bias": VISIBLE, "h_bias": HIDDEN},
    "transposed": {"W": W.T, "vbias": VISIBLE, "hbias": HIDDEN},
    "behind a prefix": {"net.rbm.weight": W, "net.rbm.bv": VISIBLE, "net.rbm.bh": HIDDEN},
    "biases as rows": {"W": W, "v": VISIBLE[None], "h": HIDDEN[:, None], "n_batches": np.int64(3)},
    "tensors": {"W": Tensor(W), "visible_bias": Tensor(VISIBLE), "hidden_bias": Tensor(HIDDEN)},
}


@pytest.mark.parametrize("form", STATES)
def test_state_dicts_are_read(model_class, form):
    found = model_class.from_state_dict(STATES[form], random_state=0, batch_size=7)
    assert found.batch_size == 7
    assert_same(
        found, model_class.from_parameters(W, VISIBLE, HIDDEN, random_state=0, batch_size=7)
    )


def test_what_is_given_is_read_again(tmp_path):
    model = RBM(4, n_iter=2, random_state=0).fit(X.astype(np.float32))
    state = model.to_state_dict()
    save_file(state, tmp_path / "state.safetensors")
    for again in (RBM.from_state_dict(state), RBM.from_state_dict(tmp_path / "state.safetensors")):
        for a, b in zip(parameters(again), parameters(model), strict=True):
            np.testing.assert_array_equal(a, b)
    state["W"][...] = 0  # a copy
    assert model.components_.any()


def test_half_precision_becomes_float32():
    halves = {
        name: Tensor(array.astype(np.float16)) for name, array in STATES["transposed"].items()
    }
    found = RBM.from_state_dict(halves)
    np.testing.assert_array_equal(found.components_, W.astype(np.float16))
    assert found.components_.dtype == np.float32


def test_square_weights_want_to_be_told():
    square = {"W": W[:, :4], "v_bias": VISIBLE[:4], "h_bias": HIDDEN}
    with pytest.raises(
        ValueError, match=r"shape \(4, 4\) do not tell which side .* transpose=False"
    ):
        RBM.from_state_dict(square)
    np.testing.assert_array_equal(
        RBM.from_state_dict(square, transpose=True).components_, W[:, :4].T
    )
    np.testing.assert_array_equal(
        RBM.from_state_dict(square, transpose=False).components_, W[:, :4]
    )


@pytest.mark.parametrize(
    ("state", "options", "message"),
    [
        (
            {"weight": W, "bias": HIDDEN},
            {},
            r"no visible bias among \[weight \(4, 6\), bias \(4,\)\]; ",
        ),
        (
            {**STATES["nn.Parameter"], "b.W": W},
            {},
            r"2 weights among \[W \(4, 6\), .* from_parameters",
        ),
        (
            {**STATES["nn.Parameter"], "W": W[:, :5]},
            {},
            r"shape \(4, 5\), expected \(4, 6\) or \(6, 4",
        ),
        (STATES["nn.Parameter"], {"transpose": True}, r"shape \(4, 6\), expected \(6, 4\) with 6"),
        ({**STATES["nn.Parameter"], "h_bias": W}, {}, r"hidden bias has shape \(4, 6\)"),
        ("model.pt", {}, r"reads \.safetensors files, got 'model\.pt'.*torch\.load"),
    ],
)
def test_what_is_no_rbm_is_listed(state, options, message):
    with pytest.raises(ValueError, match=f"from_state_dict.*{message}"):
        RBM.from_state_dict(state, **options)


def test_modules_of_pytorch():
    torch = pytest.importorskip(
        "torch", reason="PyTorch is not installed: tensors are imitated above"
    )
    state = {
        name: torch.from_numpy(array)
        for name, array in RBM.from_parameters(W, VISIBLE, HIDDEN).to_state_dict().items()
    }
    np.testing.assert_array_equal(RBM.from_state_dict(state).components_, W)
    halves = {name: tensor.bfloat16() for name, tensor in state.items()}
    found = RBM.from_state_dict(halves).components_
    np.testing.assert_array_equal(found, halves["W"].float().numpy())


# ---- what a state_dict does not say ----


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("sigma", lambda sigma: sigma),
        ("net.Log_Var", lambda sigma: 2 * np.log(sigma)),
        ("variance", np.square),
        ("log_sigma", np.log),
    ],
)
def test_deviations_are_read_and_given(name, stored):
    sigma = np.linspace(0.5, 2, 6)
    state = {**STATES["nn.Parameter"], name: Tensor(stored(sigma)[None])}
    model = RBM.from_state_dict(state, visible="gaussian")
    np.testing.assert_allclose(model.sigma_, sigma, rtol=1e-6)
    again = RBM.from_state_dict(model.to_state_dict(), visible="gaussian")
    np.testing.assert_allclose(again.free_energy(GREY), model.free_energy(GREY), rtol=1e-5)
    given = RBM.from_state_dict(state, visible="gaussian", sigma=3)
    np.testing.assert_allclose(given.sigma_, 3)
    with pytest.raises(ValueError, match=rf"standard deviations \({name}\): give visible='gaus"):
        RBM.from_state_dict(state)
    with pytest.raises(ValueError, match=r"expected a number or one for each of 6 visible"):
        RBM.from_state_dict({**state, name: np.ones(4)}, visible="gaussian")


def test_a_number_is_of_all_units():
    state = {**STATES["nn.Parameter"], "sigma": np.float32(2)}
    np.testing.assert_allclose(RBM.from_state_dict(state, visible="gaussian").sigma_, 2)


def test_model_files_are_left_to_load(tmp_path):
    path = tmp_path / "model.safetensors"
    RBM(4, visible="gaussian", n_iter=1).fit(GREY).save(path)
    with pytest.raises(ValueError, match=r"is a model file, .* udl_fast\.load reads it"):
        RBM.from_state_dict(path)


def test_arrays_without_names_are_refused_by_name():
    with pytest.raises(TypeError, match=r"from_state_dict: state must be a mapping.* got list"):
        RBM.from_state_dict([W, VISIBLE, HIDDEN])


@pytest.mark.parametrize("give", ["to_sklearn", "to_state_dict"])
def test_a_threshold_does_not_go_along(give):
    model = RBM(4, n_iter=1, binarize=0.5, random_state=0).fit(GREY)
    with pytest.warns(UserWarning, match=rf"RBM\.{give}: binarize=0\.5 does not .* X > 0\.5 in"):
        found = getattr(model, give)()
    if give == "to_sklearn":
        np.testing.assert_allclose(found.transform(GREY > 0.5), model.transform(GREY), atol=1e-6)


# ---- ONNX ----


def run_onnx(path, values):
    """What onnxruntime makes of the graph, or where it is missing the reference of onnx."""
    try:
        import onnxruntime
    except ImportError:
        from onnx.reference import ReferenceEvaluator

        return ReferenceEvaluator(str(path)).run(None, {"X": values})[0]
    return onnxruntime.InferenceSession(str(path)).run(["H"], {"X": values})[0]


@pytest.mark.parametrize("binarize", [None, "sample", 0.3])
def test_the_graph_computes_the_features(tmp_path, binarize):
    pytest.importorskip("onnx", reason="the extra onnx is not installed")
    model = RBM(4, n_iter=2, binarize=binarize, random_state=0).fit(X)
    model.to_onnx(tmp_path / "encoder.onnx")
    values = np.vstack([GREY, np.full((1, 6), 0.3)]).astype(np.float32)  # 0.3 is not above 0.3
    found = run_onnx(tmp_path / "encoder.onnx", values)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, model.transform(values), atol=1e-6)


def test_without_onnx_it_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    model = RBM(4, n_iter=1, random_state=0).fit(X)
    with pytest.raises(ImportError, match=r"to_onnx needs onnx: pip install 'udl-fast\[onnx\]'"):
        model.to_onnx(tmp_path / "encoder.onnx")
    assert not list(tmp_path.iterdir())
