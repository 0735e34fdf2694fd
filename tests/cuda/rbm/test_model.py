"""`RBM(device="cuda")`: models learn there, move, are saved and read elsewhere, and say what is missing."""

import os
import pickle

import numpy as np
import pytest
from sklearn.base import clone

import udl_fast as udl
from udl_fast import _core, _devices

X = (np.random.default_rng(0).random((40, 12)) < 0.4).astype(np.uint8)


@pytest.fixture
def without_gpu(monkeypatch):
    """There is none."""
    monkeypatch.setattr(_devices, "_load_cuda", lambda: (None, "built without CUDA"))


def rbm(device, **more):
    arguments = {"n_iter": 2, "batch_size": 15, "random_state": 0} | more
    return udl.RBM(5, device=device, **arguments)


def assert_equal(here, there):
    for name in ("components_", "intercept_hidden_", "intercept_visible_"):
        np.testing.assert_array_equal(getattr(there, name), getattr(here, name))
    measured = [{**model.history_, "seconds": None} for model in (here, there)]
    assert measured[0] == measured[1]


@pytest.mark.parametrize("algorithm", ["cd", "pcd"])
def test_a_model_learns_on_a_gpu_what_it_learns_on_the_cpu(gpu, algorithm):
    here, there = (rbm(device, algorithm=algorithm).fit(X) for device in ("cpu", "cuda"))
    assert not isinstance(there._engine, _core.RbmEngine)
    assert_equal(here, there)
    np.testing.assert_array_equal(there.transform(X), here.transform(X))
    np.testing.assert_array_equal(there.free_energy(X), here.free_energy(X))
    np.testing.assert_array_equal(there.gibbs(X), here.gibbs(X))
    np.testing.assert_array_equal(there.sample(4, n_steps=3), here.sample(4, n_steps=3))


def test_sklearns_name_has_the_device_too(gpu):
    here, there = (
        udl.BernoulliRBM(4, n_iter=1, random_state=0, device=device).fit(X)
        for device in ("cpu", "cuda")
    )
    np.testing.assert_array_equal(there.components_, here.components_)


def test_what_looks_at_the_whole_distribution_is_worked_out_on_the_cpu(gpu):
    here, there = (rbm(device).fit(X) for device in ("cpu", "cuda"))
    assert there.log_partition() == here.log_partition()
    np.testing.assert_array_equal(there.pseudo_likelihood(X), here.pseudo_likelihood(X))
    ais = {"method": "ais", "n_runs": 5, "betas": 10, "random_state": 1}
    assert there.log_partition(**ais) == here.log_partition(**ais)


def test_a_device_by_its_number(gpu):
    model = rbm("cuda:1").fit(X)
    assert _devices.device_of(model._engine) == "cuda:0"  # as the stand-in says
    with pytest.raises(
        ValueError, match=r"RBM: device='cuda:2' is not there, only cuda:0 to cuda:1"
    ):
        rbm("cuda:2").fit(X)


def test_a_model_moves_where_it_learns_on(gpu):
    here = rbm("cpu", warm_start=True).fit(X)
    model = rbm("cpu", warm_start=True).fit(X)
    for n_iter, device in ((3, "cuda"), (4, "cpu")):
        here.set_params(n_iter=n_iter).fit(X)
        model.set_params(n_iter=n_iter, device=device).fit(X)
        assert isinstance(model._engine, _core.RbmEngine) == (device == "cpu")
        assert_equal(here, model)


def test_copies_compute_where_the_model_does(gpu, tmp_path):
    model = rbm("cuda", algorithm="pcd").fit(X)
    model.save(tmp_path / "model.safetensors")
    for copy in (pickle.loads(pickle.dumps(model)), udl.load(tmp_path / "model.safetensors")):
        assert copy.device == "cuda"
        assert not isinstance(copy._engine, _core.RbmEngine)
        assert_equal(model, copy)
        np.testing.assert_array_equal(copy.partial_fit(X).components_, further(model))


def further(model):
    return clone(model).fit(X).partial_fit(X).components_


def test_a_model_is_read_where_there_is_no_gpu(gpu, monkeypatch, tmp_path):
    model = rbm("cuda", algorithm="pcd").fit(X)
    path = tmp_path / "model.safetensors"
    model.save(path)
    pickled, found, expected = pickle.dumps(model), model.transform(X), further(model)
    monkeypatch.setattr(_devices, "_load_cuda", lambda: (None, "built without CUDA"))
    for read in (lambda: pickle.loads(pickled), lambda: udl.load(path)):
        with pytest.warns(UserWarning, match=r"RBM: device='cuda' is not available: built without"):
            copy = read()
        np.testing.assert_array_equal(copy.transform(X), found)
        with pytest.raises(RuntimeError, match="RBM: device='cuda' is not available"):
            copy.partial_fit(X)
        copy.set_params(device="cpu").partial_fit(X)
        np.testing.assert_array_equal(copy.components_, expected)


def test_a_fitted_model_answers_where_its_device_says(gpu, ptx_driver):
    model, expected = rbm("cpu").fit(X), rbm("cpu").fit(X)
    for device in ("cuda", "cpu", "cuda:1"):
        ptx_driver.launches.clear()
        found = model.set_params(device=device).transform(X)
        assert isinstance(model._engine, _core.RbmEngine) == (device == "cpu")
        assert bool(ptx_driver.launches) == (device != "cpu")
        np.testing.assert_array_equal(found, expected.transform(X))
    assert_equal(expected.partial_fit(X), model.partial_fit(X))


@pytest.mark.parametrize("name", ["transform", "sample_hidden", "gibbs", "encode", "free_energy"])
def test_a_fitted_model_whose_new_device_is_not_there_says_so(without_gpu, name):
    model = rbm("cpu").fit(X)
    expected = model.transform(X)
    with pytest.raises(RuntimeError, match=r"^RBM: device='cuda' is not available: built without"):
        getattr(model.set_params(device="cuda"), name)(X)
    with pytest.raises(ValueError, match=r"^RBM: device must be 'cpu' or 'cuda\[:n\]', got 'gpu'$"):
        getattr(model.set_params(device="gpu"), name)(X)
    np.testing.assert_array_equal(model.set_params(device="cpu").transform(X), expected)


def test_a_fitted_model_that_a_gpu_does_not_do_stays(gpu):
    model = rbm("cpu", precision="float64").fit(X)
    with pytest.raises(NotImplementedError, match=r"precision='float64' is not available with dev"):
        model.set_params(device="cuda").transform(X)
    assert model.set_params(device="cpu").transform(X).shape == (40, 5)


def test_callbacks_look_at_a_model_that_was_told_to_move(gpu):
    """It moves when the training is over."""
    devices = []

    def look(model, _):
        model.set_params(device="cuda").transform(X)
        devices.append(_devices.device_of(model._engine))

    model = rbm("cpu", callbacks=[look]).fit(X)
    assert devices == ["cpu"] * len(devices) != []
    model.transform(X)
    assert _devices.device_of(model._engine) == "cuda:0"


def said_in_a_child(call):
    """What a call raises in a forked child."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            call()
            os.write(writer, b"nothing")
        except RuntimeError as error:
            os.write(writer, str(error).encode())
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as said:
        return said.read()


def test_forked_children_are_told_how_to_start(gpu, monkeypatch):
    monkeypatch.setattr(_devices, "_user", None)
    assert said_in_a_child(lambda: rbm("cuda").fit(X)) == "nothing"  # the first to use a GPU
    model = rbm("cuda").fit(X)
    index = udl.HammingIndex(8, device="cuda")
    index.add(X[:, :1])
    text = (
        "{}: device='cuda' is not available: this process was forked from one that uses a GPU, which CUDA does "
        "not allow; start it by 'spawn' or 'forkserver' (multiprocessing.get_context)"
    )
    for call in (lambda: rbm("cuda").fit(X), lambda: rbm("cpu").fit(X).set_params(device="cuda")):
        assert said_in_a_child(lambda call=call: call().transform(X)) == text.format("RBM")
    assert said_in_a_child(lambda: model.transform(X)) == text.format("RBM").replace(
        "'cuda'", "'cuda:0'"
    )
    assert said_in_a_child(lambda: index.search(X[:, :1], 1)) == text.format("HammingIndex")
    assert said_in_a_child(lambda: rbm("cpu").fit(X)) == "nothing"


def test_layers_learn_where_their_template_says(gpu, ptx_driver):
    nets = [
        udl.DBN((6, 4), rbm=udl.RBM(n_iter=1, batch_size=20, device=device), random_state=0).fit(X)
        for device in ("cpu", "cuda")
    ]
    assert any(name.startswith("udl_learn_") for name in ptx_driver.launches)
    np.testing.assert_array_equal(*(net.transform(X) for net in nets))


def test_no_gpu_is_an_error_with_its_reason(without_gpu):
    with pytest.raises(
        RuntimeError, match=r"^RBM: device='cuda' is not available: built without CUDA$"
    ):
        rbm("cuda").fit(X)


@pytest.mark.parametrize(
    "arguments",
    [
        {"precision": "float64"},
        {"visible": "gaussian"},
        {"hidden": "relu"},
        {"algorithm": "pt"},
        {"centered": True},
    ],
    ids=str,
)
def test_what_a_gpu_does_not_do(gpu, arguments):
    ((name, value),) = arguments.items()
    text = f"RBM: {name}={value!r} is not available with device='cuda'; use device='cpu'"
    with pytest.raises(NotImplementedError) as caught:
        rbm("cuda", **arguments).fit(X)
    assert str(caught.value) == text


@pytest.mark.parametrize("model", [udl.DBN, udl.Autoencoder, udl.SemanticHasher])
def test_other_models_compute_on_the_cpu(model):
    with pytest.raises(
        NotImplementedError, match=r"device='cuda' is not available: this model comp"
    ):
        model(device="cuda").fit(X)
