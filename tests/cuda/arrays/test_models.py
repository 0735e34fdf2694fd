"""`RBM(device="cuda")` of arrays on the device: the bits of NumPy input, results on the device."""

import numpy as np
import pytest

import udl_fast as udl

from ...support.device_exporters import DlpackArray, InterfaceArray

RNG = np.random.default_rng(0)
BINARY = (RNG.random((40, 12)) < 0.4).astype(np.uint8)
GREY = RNG.random((40, 12))


def strided(values):
    """The same values, with others between them."""
    wide = np.zeros((2 * values.shape[0], 3 * values.shape[1]), values.dtype)
    wide[::2, ::3] = values
    return wide[::2, ::3]


INPUTS = {
    "bool": BINARY.astype(bool),
    "truth bytes": (BINARY * 7).view(bool),
    "uint8": BINARY,
    "int32": BINARY.astype(np.int32),
    "int64": BINARY.astype(np.int64),
    "float32": BINARY.astype(np.float32),
    "float64": BINARY.astype(np.float64),
    "grey float32": GREY.astype(np.float32),
    "grey float64": GREY,
    "rows with gaps": strided(GREY),
    "columns first": np.asfortranarray(BINARY),
    "one row of memory": np.broadcast_to(BINARY[0], BINARY.shape),
}


def rbm(**more):
    arguments = {"n_iter": 1, "batch_size": 25, "random_state": 0, "device": "cuda"} | more
    return udl.RBM(5, **arguments)


def assert_equal(found, expected):
    """A result on the device, and what it would be of NumPy input."""
    assert isinstance(expected, np.ndarray)
    assert not isinstance(found, np.ndarray)
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    np.testing.assert_array_equal(np.asarray(found), expected)


def assert_same_model(found, expected):
    for name in ("components_", "intercept_hidden_", "intercept_visible_"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    measured = [{**model.history_, "seconds": None} for model in (found, expected)]
    assert measured[0] == measured[1]


@pytest.mark.parametrize("exporter", [InterfaceArray, DlpackArray])
@pytest.mark.parametrize("kind", INPUTS)
def test_fit_and_transform(gpu, kind, exporter):
    X = INPUTS[kind]
    there = exporter(gpu, X)
    model, expected = rbm().fit(there), rbm(device="cpu").fit(X)
    assert_same_model(model, expected)
    assert_equal(model.transform(there), expected.transform(X))


@pytest.mark.parametrize("X", [BINARY, GREY], ids=["bits", "grey"])
def test_everything_that_takes_rows(gpu, X):
    model = rbm().fit(BINARY)
    there = InterfaceArray(gpu, X)
    hidden = model.transform(X)
    hidden_there = InterfaceArray(gpu, hidden)
    draws = {"random_state": 3}
    for name, given, on_device, more in (
        ("mean_hidden", X, there, {}),
        ("mean_visible", hidden, hidden_there, {}),
        ("inverse_transform", hidden, hidden_there, {}),
        ("reconstruct", X, there, {}),
        ("sample_hidden", X, there, draws),
        ("sample_visible", hidden, hidden_there, draws),
        ("gibbs", X, there, draws | {"n_steps": 2}),
        ("gibbs", X, there, draws | {"n_steps": 2, "means": True, "beta": 0.5}),
        ("free_energy", X, there, {}),
        ("score_samples", X, there, {}),
        ("pseudo_likelihood", X, there, {}),
    ):
        expected = getattr(model, name)(given, **more)
        assert_equal(getattr(model, name)(on_device, **more), expected)
    assert model.score(there) == model.score(X)
    assert model.free_energy_gap(there, X) == 0
    expected = model.sample(None, 3, start=X, **draws)
    assert_equal(model.sample(None, 3, start=there, **draws), expected)
    energies = model.energy(X, hidden)
    assert_equal(model.energy(there, hidden_there), energies)


def test_one_row(gpu):
    model = rbm().fit(BINARY)
    row, there = GREY[0], InterfaceArray(gpu, GREY[0])
    assert_equal(model.mean_hidden(there), model.mean_hidden(row))
    assert_equal(model.gibbs(there, random_state=1), model.gibbs(row, random_state=1))
    energy = model.free_energy(there)
    assert energy.shape == ()
    assert np.asarray(energy) == model.free_energy(row)


@pytest.mark.parametrize("means", [False, True])
@pytest.mark.parametrize("n_rows", [1, 40])
@pytest.mark.parametrize("X", [BINARY, GREY], ids=["bits", "grey"])
def test_held_units(gpu, X, n_rows, means):
    model = rbm().fit(BINARY)
    there = InterfaceArray(gpu, X)
    values = np.where(RNG.random((n_rows, 12)) < 0.5, BINARY[:n_rows], np.nan)
    arguments = {"n_steps": 2, "clamp": values, "means": means, "random_state": 2}
    assert_equal(model.gibbs(there, **arguments), model.gibbs(X, **arguments))


def test_units_that_keep_their_values(gpu):
    model = rbm().fit(BINARY)
    arguments = {"clamp": np.arange(12) < 6, "random_state": 2}
    found = model.gibbs(InterfaceArray(gpu, BINARY), **arguments)
    assert_equal(found, model.gibbs(BINARY, **arguments))
    with pytest.raises(ValueError, match="clamp holds units at values from 0"):
        model.gibbs(InterfaceArray(gpu, GREY), **arguments)


@pytest.mark.parametrize("threshold", [0.5, float(np.float32(0.3)), "sample"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_binarized_rows(gpu, threshold, dtype):
    X = GREY.astype(dtype)
    X[0] = 0.3
    there = InterfaceArray(gpu, X)
    models = [
        rbm(binarize=threshold, device=device).fit(given)
        for given, device in ((there, "cuda"), (X, "cpu"))
    ]
    assert_same_model(*models)
    assert_equal(models[0].transform(there), models[1].transform(X))


@pytest.mark.parametrize("X", [BINARY, GREY], ids=["bits", "grey"])
def test_weights_and_several_calls(gpu, X):
    weights = RNG.integers(0, 3, len(X))
    models = []
    for given, device in ((InterfaceArray(gpu, X), "cuda"), (X, "cpu")):
        model = rbm(device=device, algorithm="pcd", momentum=0.5)
        model.fit(given, sample_weight=weights).set_params(n_iter=2).resume(given)
        models.append(model.partial_fit(given))
    assert_same_model(*models)


def test_results_feed_the_next_model(gpu):
    first = rbm().fit(BINARY)
    features = first.transform(InterfaceArray(gpu, BINARY))
    expected = rbm().fit(first.transform(BINARY))
    second = rbm().fit(features)
    assert_same_model(second, expected)
    assert_equal(second.transform(features), expected.transform(first.transform(BINARY)))


def test_sklearns_model(gpu):
    models = [
        udl.BernoulliRBM(4, n_iter=1, random_state=0, device="cuda").fit(given)
        for given in (InterfaceArray(gpu, BINARY.astype(np.int64)), BINARY.astype(np.int64))
    ]
    assert_same_model(*models)
    features = models[0].transform(InterfaceArray(gpu, BINARY.astype(np.int64)))
    assert_equal(features, models[1].transform(BINARY.astype(np.int64)))


@pytest.mark.parametrize("kernels", ["plain", "tensor"])
def test_rows_do_not_come_to_the_host(gpu, kernels):
    """What is copied: parameters, an order of the rows, flags; never so much as the packed rows are."""
    X = (RNG.random((1000, 33)) < 0.4).astype(np.float32)
    model = rbm(batch_size=500, n_iter=1).fit(X[:40])
    model._engine.set_training(kernels)
    there = InterfaceArray(gpu, X)
    gpu.copied.update(to_device=0, to_host=0)
    model.transform(there)
    model.gibbs(there)
    assert gpu.copied["to_device"] < 1000
    looked_at = 24 * 32768 * 2  # what is found among the values
    assert gpu.copied["to_host"] <= looked_at
    gpu.copied.update(to_device=0, to_host=0)
    model.partial_fit(there)
    assert gpu.copied["to_device"] < 1000 * 8 / 2
    assert gpu.copied["to_host"] < looked_at + 10_000
