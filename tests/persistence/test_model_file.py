"""Model files: what is saved comes back to the bit, and no file does harm."""

import json
import os
import struct

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from sklearn.exceptions import NotFittedError

import udl_fast
from udl_fast import RBM, BernoulliRBM

X = (np.random.default_rng(0).random((60, 12)) < 0.4).astype(np.uint8)
MODELS = {
    "cd": lambda: RBM(5, n_iter=2, random_state=0),
    "pcd with everything": lambda: RBM(
        5,
        n_iter=2,
        algorithm="pcd",
        momentum=0.5,
        sparsity_target=0.1,
        sparsity_cost=0.1,
        random_state=1,
    ),
    "fast, sampled": lambda: RBM(
        5, n_iter=2, precision="fast", statistics="sampled", random_state=2
    ),
    "float64": lambda: RBM(5, n_iter=2, precision="float64", random_state=3),
    "scikit-learn's": lambda: BernoulliRBM(5, n_iter=2, random_state=4),
}


@pytest.fixture(params=MODELS.values(), ids=MODELS)
def model(request):
    return request.param().fit(X)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


def test_a_loaded_model_goes_on_bit_for_bit(model, path):
    model.transform(X)
    model.gibbs(X)
    model.save(path)
    same = udl_fast.load(path)
    assert type(same) is type(model)
    assert same.get_params() == model.get_params()
    for _ in range(2):
        np.testing.assert_array_equal(same.gibbs(X), model.gibbs(X))
        for each in (same, model):
            each.partial_fit(X)
        for name in ("components_", "intercept_hidden_", "intercept_visible_", "h_samples_"):
            found, expected = getattr(same, name), getattr(model, name)
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(found, expected)
    assert (same.n_iter_, same.n_updates_) == (model.n_iter_, model.n_updates_)


def test_names_of_features_come_back(path):
    model = RBM(3, n_iter=1).fit(X)
    model.feature_names_in_ = np.array([f"pixel {i}" for i in range(12)], dtype=object)
    model.save(path)
    assert list(udl_fast.load(path).feature_names_in_) == list(model.feature_names_in_)


def test_generators_and_callbacks_are_left_out(path):
    model = RBM(3, n_iter=1, random_state=np.random.RandomState(0), callbacks=[lambda *_: False])
    model.fit(X).save(path)
    same = udl_fast.load(path)
    assert (same.random_state, same.callbacks) == (None, None)
    np.testing.assert_array_equal(same.sample(5), model.sample(5))


def test_only_fitted_models_are_saved(path):
    with pytest.raises(NotFittedError):
        RBM().save(path)
    assert not path.exists()


def test_the_old_file_stays_if_writing_fails(model, path, monkeypatch):
    model.save(path)
    before = path.read_bytes()
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        model.partial_fit(X).save(path)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_missing_files_are_oserrors(path):
    with pytest.raises(FileNotFoundError):
        udl_fast.load(path)


def rewritten(path, change_arrays=lambda a: None, change_text=lambda d: None):
    """The file with arrays and description changed in place."""
    arrays = load_file(path)
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        text = json.loads(json.loads(file.read(length))["__metadata__"]["udl_fast"])
    change_arrays(arrays)
    change_text(text)
    save_file(arrays, path, {"udl_fast": json.dumps(text)})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.pop("weights"), "it lacks weights"),
        (lambda a: a.update(extra=np.zeros(3)), "unknown arrays: extra"),
        (lambda a: a.update(weights=a["weights"].astype(np.float64)), "dtype F64, expected F32"),
        (lambda a: a.update(weights=a["weights"][0]), r"weights has shape \(12,\)"),
        (
            lambda a: a.update(hidden_bias=np.zeros(6, np.float32)),
            r"hidden_bias has shape \(6,\), expected \(5,\)",
        ),
        (lambda a: a["weights"].__setitem__((0, 0), np.nan), "weights holds NaN"),
        (lambda a: a.update(chains=np.zeros((2, 4), bool)), r"chains has shape \(2, 4\)"),
        (
            lambda a: a.update(chains=np.full((2, 5), 7, np.uint8).view(bool)),
            "bytes other than 0 and 1",
        ),
    ],
)
def test_damaged_arrays_are_refused(path, change, message):
    RBM(5, n_iter=1).fit(X).save(path)
    rewritten(path, change_arrays=change)
    with pytest.raises(
        ValueError, match=f"load: .*model.safetensors is no valid model file: .*{message}"
    ):
        udl_fast.load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(format=3), "its format is 3, this version reads 1 and 2"),
        (lambda d: d.update(model="os.system"), "model is 'os.system'"),
        (lambda d: d["values"].update(engine_precision="half"), "engine_precision is 'half'"),
        (lambda d: d["parameters"].update(evil=1), "unknown parameter 'evil'"),
        (lambda d: d["parameters"].update(n_components="many"), "n_components must be an integer"),
        (lambda d: d["parameters"].update(random_state=[1]), "random_state"),
        (lambda d: d["parameters"].update(random_state=True), "random_state is 'True'"),
        (
            lambda d: d["parameters"].update(n_components=9),
            r"n_components is 9, but weights has shape \(5, 12\): it must be 5",
        ),
        (lambda d: d["parameters"].update(k=2**70), "k must be <= 281474976710655"),
        (lambda d: d["values"].update(_sampling_steps=2**48), "_sampling_steps is 2814749767"),
        (lambda d: d["values"].update(n_updates_=2**48), "n_updates_ is 281474976710656"),
        (
            lambda d: d["values"]["history"].update(epoch=[-1] * 10),
            "epoch holds something other than integers: '-1'",
        ),
        (
            lambda d: d["values"]["history"].update(epoch=[True] * 10),
            "epoch holds something other than integers: 'True'",
        ),
        (
            lambda d: d["values"]["history"].update(dead_units=[10**400] * 10),
            "dead_units holds something other than numbers: '1000",
        ),
        (
            lambda d: d["values"]["history"].update(seconds=[float("inf")] * 10),
            "seconds holds something other than numbers: 'inf'",
        ),
        (lambda d: d["values"].update(_seed=-1), "_seed is -1"),
        (lambda d: d["values"].update(n_features_in_=13), "n_features_in_ is 13, weights have 12"),
        (lambda d: d["values"].pop("n_iter_"), "n_iter_ is None"),
        (lambda d: d["values"].update(feature_names=["a"]), "1 feature names for 12 features"),
        (lambda d: d["values"].update(feature_names="abc"), "feature_names is no list"),
        (lambda d: d["values"].update(evil=1), "evil is no value of a model"),
        (lambda d: d["values"].update(position={"stage": 0}), "position is {'stage': 0}"),
        (lambda d: d["values"].update(position={"stage": -1, "epoch": 0}), "stage is -1"),
        (lambda d: d.update(evil=1), "unknown things: evil"),
        (lambda d: d.update(inside=[]), "inside is"),
        (lambda d: d.update(inside={"layers.0": 1}), "layers.0/ is no JSON object"),
        (lambda d: d.pop("values"), "values is 'None'"),
    ],
)
def test_damaged_descriptions_are_refused(path, change, message):
    RBM(5, n_iter=1).fit(X).save(path)
    rewritten(path, change_text=change)
    with pytest.raises(ValueError, match=f"is no valid model file: .*{message}"):
        udl_fast.load(path)


def test_foreign_files_are_refused(path):
    save_file({"a": np.zeros(3)}, path)
    with pytest.raises(ValueError, match="does not say what model it holds"):
        udl_fast.load(path)
    for content in (b"", b"PK\x03\x04", struct.pack("<Q", 2**63) + b"{}", b"\x80\x04N."):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="is no valid model file"):
            udl_fast.load(path)


def test_every_truncation_is_refused(path):
    RBM(2, n_iter=1).fit(X).save(path)
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match="is no valid model file"):
            udl_fast.load(path)
