"""State trees: what is checked, and how the place of a fault is named."""

import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

import udl_fast
from tests.support import pair
from udl_fast.persistence.state import ArrayRule, arrays_by_path, check_state

X = (np.random.default_rng(0).random((30, 7)) < 0.4).astype(np.uint8)


@pytest.fixture
def fitted():
    with pair.registered():
        yield pair.Pair(random_state=0).fit(X)


@pytest.fixture
def path(fitted, tmp_path):
    """A file of two RBMs inside a model."""
    from udl_fast.persistence.model_file import save_model

    save_model(fitted, path := tmp_path / "pair.safetensors")
    return path


def rewritten(path, change):
    """The file after change(arrays, description)."""
    arrays = load_file(path)
    with safe_open(path, framework="numpy") as file:
        description = json.loads(file.metadata()["udl_fast"])
    change(arrays, description)
    save_file(arrays, path, {"udl_fast": json.dumps(description)})


def test_models_inside_go_on_bit_for_bit(fitted, path):
    again = udl_fast.load(path)
    assert type(again) is pair.Pair
    assert again._state().values == fitted._state().values
    for one, other in zip(again.layers_, fitted.layers_, strict=True):
        np.testing.assert_array_equal(one.sample(5), other.sample(5))
        rows = np.zeros((9, one.n_features_in_), np.uint8)
        np.testing.assert_array_equal(
            one.partial_fit(rows).components_, other.partial_fit(rows).components_
        )


def test_arrays_are_named_by_their_paths(fitted, path):
    names = [name for name, _ in arrays_by_path(fitted._state())]
    assert sorted(names) == sorted(load_file(path))
    assert {"scale", "layers.0/weights", "layers.1/chains"} < set(names)


def nested(description, name="layers.1"):
    return description["inside"][name]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda a, d: a.update({"layers.1/weights": a["layers.1/weights"][:, 0]}),
            r"layers\.1/weights has shape \(3,\), expected \(n_hidden, n_visible\)",
        ),
        (
            lambda a, d: a.update({"layers.1/hidden_bias": np.zeros(2, np.float32)}),
            r"layers\.1/hidden_bias has shape \(2,\), expected \(3,\)",
        ),
        (
            lambda a, d: a.update({"layers.1/chains": np.zeros((2, 9), bool)}),
            r"layers\.1/chains has shape \(2, 9\), expected \(n_chains, 3\)",
        ),
        (
            lambda a, d: a.update({"layers.0/weights": np.zeros((4, 7))}),
            r"layers\.0/weights has dtype F64, expected F32",
        ),
        (
            lambda a, d: a.update(scale=np.zeros(6, np.float32)),
            r"n_features_in_ is 7, scale have 6",
        ),
        (lambda a, d: a["layers.1/weights"].fill(np.inf), r"layers\.1/weights holds NaN or inf"),
        (lambda a, d: a.pop("layers.1/weights"), r"it lacks layers\.1/weights"),
        (lambda a, d: a.update({"layers.1/x": np.zeros(1)}), r"unknown arrays: layers\.1/x"),
        (lambda a, d: a.update({"layers.2/x": np.zeros(1)}), "unknown arrays: layers.2/x"),
        (lambda a, d: d.pop("inside"), r"models that it does not hold: layers\.0/chains, layers"),
        (lambda a, d: nested(d).update(model="os"), r"layers\.1/model is 'os', expected one of"),
        (lambda a, d: nested(d).update(values=1), r"layers\.1/values is '1'"),
        (lambda a, d: nested(d).update(evil=1), r"unknown things: layers\.1/evil"),
        (lambda a, d: nested(d)["values"].pop("n_iter_"), r"layers\.1/n_iter_ is None"),
        (lambda a, d: nested(d)["values"].update(history=1), r"layers\.1/history is no object"),
        (lambda a, d: nested(d)["parameters"].update(k=0), r"layers\.1/parameters: RBM: k must"),
        (lambda a, d: nested(d)["parameters"].update(x=0), r"parameter 'layers\.1/x'"),
        (lambda a, d: d["parameters"].update(n_components="a"), "parameters: Pair: n_components"),
        (lambda a, d: d["values"]["history"].update(stage=[1, 2]), "stage holds something other"),
    ],
)
def test_faults_are_named_by_their_paths(path, change, message):
    rewritten(path, change)
    with pytest.raises(ValueError, match=f"is no valid model file: .*{message}"):
        udl_fast.load(path)


def test_shapes_of_models_inside_are_tied_by_the_whole(path):
    """The second layer is sound in itself, but does not fit upon the first."""

    def narrow(arrays, description):
        for name in ("weights", "weight_velocity"):
            arrays[f"layers.1/{name}"] = arrays[f"layers.1/{name}"][:, :3].copy()
        for name in ("visible_bias", "visible_velocity"):
            arrays[f"layers.1/{name}"] = arrays[f"layers.1/{name}"][:3].copy()
        nested(description)["values"]["n_features_in_"] = 3

    rewritten(path, narrow)
    message = r"layers\.1/weights has shape \(3, 3\), expected \(n_code, 4\)"
    with pytest.raises(ValueError, match=message):
        udl_fast.load(path)


def test_models_inside_need_a_rule(path):
    """An RBM has nothing inside."""

    def deeper(arrays, description):
        description["inside"]["layers.0"]["inside"] = {"x": nested(description)}
        inner = {n: a for n, a in arrays.items() if n.startswith("layers.1/")}
        arrays.update({n.replace("layers.1/", "layers.0/x/"): a for n, a in inner.items()})

    rewritten(path, deeper)
    with pytest.raises(ValueError, match=r"unknown models: layers\.0/x"):
        udl_fast.load(path)


def test_endless_nesting_is_refused(path):
    def nest(arrays, description):
        child = nested(description)
        for _ in range(400):
            child = {**child, "inside": {"x": child}}
        description["inside"]["layers.1"] = child

    rewritten(path, nest)
    with pytest.raises(ValueError, match="is no valid model file"):
        udl_fast.load(path)


def test_shapes_are_checked_before_arrays_are_read(path, monkeypatch):
    rewritten(path, lambda a, d: a.update(scale=np.zeros(6, np.float32)))
    read = []
    monkeypatch.setattr("udl_fast.persistence.model_file.check_contents", read.append)
    monkeypatch.setattr("udl_fast.persistence.model_file.model_from", read.append)
    with pytest.raises(ValueError, match="n_features_in_ is 7"):
        udl_fast.load(path)
    assert read == []


def test_states_at_hand_are_checked_as_those_of_files(fitted):
    state, rules = fitted._state(), fitted._state_rules()
    check_state(state, rules)
    wrong = replace(state, arrays={"scale": np.zeros(7)})
    with pytest.raises(ValueError, match="scale has dtype F64, expected F32"):
        check_state(wrong, rules)

    def with_more(optional):
        more = ArrayRule("bits", ("n", "n_visible"), optional=optional)
        return replace(rules, arrays={**rules.arrays, "more": more})

    filled = replace(state, arrays={**state.arrays, "more": np.zeros((0, 7), bool)})
    check_state(filled, with_more(optional=True))
    with pytest.raises(ValueError, match="it lacks more"):
        check_state(state, with_more(optional=False))


def test_a_class_of_fewer_arguments_keeps_its_state():
    """It fixes those that came later, such as schedules."""

    class Few(udl_fast.RBM):
        def __init__(self, n_components=3, *, n_iter=1, random_state=None):
            super().__init__(n_components, n_iter=n_iter, random_state=random_state)

    model = Few(random_state=0).fit(X)
    again = Few._from_state(model._state())
    np.testing.assert_array_equal(again.components_, model.components_)
    np.testing.assert_array_equal(
        again.partial_fit(X).components_, model.partial_fit(X).components_
    )
