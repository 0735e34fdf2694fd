"""What a kind of model adds to its state: templates among its parameters, values and arrays named by paths."""

import json
import pickle
from typing import ClassVar

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import udl_fast
from tests.support.bernoulli_mixture import BernoulliMixture, MixtureEngine, responsibilities
from tests.support.models import assert_same_state
from udl_fast import RBM, registry
from udl_fast.estimator.templates import Template
from udl_fast.persistence.values import Labels

X = (np.random.default_rng(0).random((60, 7)) < 0.4).astype(np.uint8)


class LayeredEngine(MixtureEngine):
    """Its arrays are named as those of layers are."""

    def state(self):
        return {f"layers.0/{name}": array for name, array in super().state().items()}

    def set_state(self, arrays):
        super().set_state({name.partition("/")[2]: array for name, array in arrays.items()})


class Templated(BernoulliMixture):
    """A mixture that begins at the first weights of an RBM, and knows classes."""

    rules: ClassVar = {**BernoulliMixture.rules, "rbm": Template("RBM", "BernoulliRBM")}
    _values: ClassVar = {"classes_": Labels()}
    _defining = ()

    def __init__(self, n_components=3, *, rbm=None, n_iter=2, random_state=None, callbacks=None):
        super().__init__(
            n_components, n_iter=n_iter, random_state=random_state, callbacks=callbacks
        )
        self.rbm = rbm

    def _array_rules(self):
        return {f"layers.0/{name}": rule for name, rule in super()._array_rules().items()}

    def _bare_engine(self, sizes, precision):
        return LayeredEngine(sizes["n_components"], sizes["n_features"])

    def _new_engine(self, X, rows, rng):
        engine = LayeredEngine(self.n_components, X.shape[1])
        spread = getattr(self.rbm, "initial_weights", 1.0)
        means = 0.5 + 0.1 * np.tanh(rng.normal(0, spread, (self.n_components, X.shape[1])))
        engine.set_state({**engine.state(), "layers.0/means": means})
        return engine

    def _score_rows(self, rows):
        arrays = MixtureEngine.state(self._engine).values()
        return responsibilities(*arrays, rows.to_array("float64"))[1]

    def _measure(self, training, validation):
        return {"log_likelihood": 0.0}

    def _start(self, X, rows):
        super()._start(X, rows)
        self.classes_ = np.array(["no", "yes"])


@pytest.fixture(autouse=True)
def _registered(monkeypatch):
    monkeypatch.setattr(registry, "_ENTRIES", dict(registry._ENTRIES))
    registry.register("Templated", __name__, "templated")


@pytest.fixture
def path(tmp_path):
    Templated(rbm=RBM(4, k=3, initial_weights=0.5), random_state=0).fit(X).save(tmp_path / "model")
    return tmp_path / "model"


def test_templates_are_saved_and_loaded(path):
    model = udl_fast.load(path)
    assert type(model.rbm) is RBM
    assert model.rbm.get_params() == RBM(4, k=3, initial_weights=0.5).get_params()
    assert list(load_file(path)) == ["layers.0/means", "layers.0/weights"]
    assert list(model.classes_) == ["no", "yes"]
    again = Templated(rbm=RBM(4, k=3, initial_weights=0.5), random_state=0).fit(X)
    assert_same_state(model, again)
    assert_same_state(pickle.loads(pickle.dumps(model)), model)


def test_lists_of_templates_are_saved_and_loaded(tmp_path):
    given = [RBM(4, random_state=np.random.RandomState(0)), udl_fast.BernoulliRBM(5, n_iter=3)]
    Templated(rbm=given).fit(X).save(tmp_path / "model")
    first, second = udl_fast.load(tmp_path / "model").rbm
    assert (first.n_components, first.random_state) == (4, None)
    assert (type(second), second.n_iter) == (udl_fast.BernoulliRBM, 3)


def test_arguments_of_a_template_are_set_by_their_names():
    model = Templated(rbm=RBM(4), random_state=0)
    assert clone(model).rbm is not model.rbm
    assert model.set_params(rbm__initial_weights=0.25).rbm.initial_weights == 0.25
    search = GridSearchCV(model, {"rbm__initial_weights": [0.01, 2.0]}, cv=2).fit(X)
    assert search.best_params_["rbm__initial_weights"] in (0.01, 2.0)


class Unknown(RBM):
    """A class that no registry knows."""


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (RBM, r"rbm must be an object, got the class; write RBM\(\)"),
        (BernoulliMixture(), "rbm must be None, RBM or BernoulliRBM, or a list"),
        ([], r"rbm must be None, RBM or BernoulliRBM, or a list, one for each layer, got \[\]"),
        (RBM(k=0), "Templated: rbm: RBM: k must be >= 1, got 0"),
        ([RBM(), RBM(k=0)], r"Templated: rbm\[1\]: RBM: k must be >= 1, got 0"),
    ],
)
def test_wrong_templates_are_named(value, message):
    with pytest.raises((ValueError, TypeError), match=message):
        Templated(rbm=value).fit(X)


def test_a_template_that_load_would_refuse_is_not_saved(path):
    model = Templated(rbm=Unknown()).fit(X)
    with pytest.raises(ValueError, match=r"Templated\.save: rbm: load knows no model 'Unknown'"):
        model.save(path)


def rewritten(path, change):
    arrays = load_file(path)
    with safe_open(path, framework="numpy") as file:
        description = json.loads(file.metadata()["udl_fast"])
    change(description)
    save_file(arrays, path, {"udl_fast": json.dumps(description)})


def template(description):
    return description["parameters"]["rbm"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: template(d).update(model="Templated"), "rbm must be of RBM or BernoulliRBM"),
        (lambda d: template(d).update(model=["RBM"]), "rbm must be of RBM or BernoulliRBM"),
        (lambda d: template(d).update(evil=1), "rbm must have model and parameters"),
        (lambda d: template(d).update(parameters=[1]), "rbm must be of RBM"),
        (lambda d: template(d)["parameters"].update(k=0), "rbm: RBM: k must be >= 1"),
        (lambda d: template(d)["parameters"].update(evil=1), "rbm: RBM has no evil"),
        (lambda d: template(d)["parameters"].update(callbacks=["os"]), "callbacks must be None"),
        (lambda d: d["parameters"].update(rbm=3), "rbm must have model and parameters"),
        (lambda d: d["parameters"].update(n_components=template(d)), "n_components must be an int"),
        (lambda d: d["values"].pop("classes_"), "it lacks classes_"),
        (lambda d: d["values"].update(classes_=["yes", "no"]), "classes_ is not in ascending"),
        (lambda d: d["values"].update(classes_=[1, "no"]), "classes_ holds something other"),
        (lambda d: d["values"].update(classes_={"a": 1}), "classes_ is .* expected a list"),
        (lambda d: d["values"].update(classes_=[0, 2**70]), "classes_ holds integers beyond"),
        (lambda d: d["values"].update(_sampling_steps=1), "_sampling_steps is no value of a model"),
    ],
)
def test_damaged_templates_and_values_are_refused(path, change, message):
    rewritten(path, change)
    with pytest.raises(ValueError, match=f"is no valid model file: .*{message}"):
        udl_fast.load(path)
