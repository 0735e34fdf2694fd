"""Model files of format 1, which users have: damaged ones are refused as those of today are."""

import json

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

import udl_fast
from tests.support.golden import FOLDER


def changed(path, change):
    """A file of format 1, 13 features and 7 hidden units, after change(arrays, description)."""
    source = FOLDER / "models" / "rbm_cd.safetensors"
    arrays = load_file(source)
    with safe_open(source, framework="numpy") as file:
        description = json.loads(file.metadata()["udl_fast"])
    assert description["format"] == 1
    change(arrays, description)
    save_file(arrays, path, {"udl_fast": json.dumps(description)})
    return path


def test_what_is_not_changed_loads(tmp_path):
    model = udl_fast.load(changed(tmp_path / "model", lambda a, d: None))
    assert model.components_.shape == (7, 13)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a, d: d.update(model="os.system"), "model is 'os.system'"),
        (lambda a, d: d.pop("model"), "model is 'None'"),
        (lambda a, d: d.update(engine_precision="half"), "engine_precision is 'half'"),
        (lambda a, d: d.update(dtype="object"), "dtype is 'object'"),
        (lambda a, d: d.update(parameters=[]), r"parameters is '\[\]'"),
        (lambda a, d: d["parameters"].update(evil=1), "unknown parameter 'evil'"),
        (lambda a, d: d.pop("counts"), "counts is 'None'"),
        (lambda a, d: d["counts"].pop("n_iter_"), "n_iter_ is None"),
        (lambda a, d: d["counts"].update(_seed=-1), "_seed is -1"),
        (lambda a, d: d["counts"].update(evil=1), "evil is no value"),
        (lambda a, d: d["counts"].update(n_features_in_=12), "weights have 13"),
        (lambda a, d: d.update(feature_names=["a"]), "1 feature names for 13 features"),
        (lambda a, d: d.update(feature_names="a"), "feature_names is 'a'"),
        (lambda a, d: d.update(history=[]), "history is no object"),
        (lambda a, d: a.pop("weights"), "it lacks weights"),
        (lambda a, d: a.update(weights=np.zeros((7, 12), np.float32)), "weights have 12"),
        (lambda a, d: a.update({"x/weights": np.zeros(3)}), "unknown arrays: x/weights"),
    ],
)
def test_damage_is_named(tmp_path, change, message):
    path = changed(tmp_path / "model", change)
    with pytest.raises(ValueError, match=f"load: .*model is no valid model file: .*{message}"):
        udl_fast.load(path)
