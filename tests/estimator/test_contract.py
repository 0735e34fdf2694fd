"""What every model can do, registered ones and three that live in the tests, by what it declares alone.

`BernoulliMixture` shows that one file suffices for a model; `StagedMixture` trains in two stages; `MixtureStack`
trains models inside it first.
"""

import copy
import pickle

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import udl_fast
from tests.support.any_model import (
    N_EPOCHS,
    X,
    finish,
    is_staged,
    learners,
    n_epochs,
    stop_after,
)
from tests.support.models import Recorder, arguments
from tests.support.models import assert_same_state as assert_same
from udl_fast.callbacks import Checkpoint, History
from udl_fast.persistence.state import arrays_by_path

# ---- fit ----


def test_fit_makes_every_epoch_and_measures(make):
    model = make()
    assert model.fit(X) is model
    assert model.n_iter_ == n_epochs(model)
    assert model.n_features_in_ == 12
    history = model.history_
    assert history["epoch"] == list(range(1, n_epochs(model) + 1))
    score = model.measurements[0]
    assert score.better == "max"
    assert history[score.name][-1] is not None
    assert np.isfinite([value for value in history[score.name] if value is not None]).all()
    assert ("stage" in history) == is_staged(model)


def test_what_is_measured_is_declared(make):
    model = make(callbacks=[History(validation=X[:20])]).fit(X)
    own = set(model.history_) - {"epoch", "seconds", "stage"}
    assert own == {found.name for found in model.measurements}


def test_arrays_are_those_of_the_rules(make):
    model = make().fit(X)
    rules = model._array_rules()
    assert set(model._engine.state()) <= set(rules)
    required = {name for name, rule in rules.items() if not rule.optional}
    assert required <= set(model._engine.state())


def test_the_same_seed_gives_the_same_model(make):
    assert_same(make().fit(X), make().fit(X))


def test_partial_fit_takes_chunks_and_iterators_of_them(make):
    chunks = [X[:30], X[30:50], X[50:]]
    one_by_one = make()
    for chunk in chunks:
        assert one_by_one.partial_fit(chunk) is one_by_one
    assert_same(make().partial_fit(iter(chunks)), one_by_one)
    assert one_by_one.n_iter_ == 0
    assert one_by_one.n_updates_ > 0
    with pytest.raises(ValueError, match="iterator that yields no chunk"):
        make().partial_fit(iter([]))


def test_verbose_prints_the_score(make, capsys):
    model = make(verbose=1).fit(X)
    lines = capsys.readouterr().out.splitlines()
    name = learners(model)[0].measurements[0].name.replace("_", "-")
    stage = f", {model._stages()[0].name}" if is_staged(model) else ""
    assert lines[1].startswith(f"[{type(model).__name__}{stage}] Iteration 2, {name} = ")
    assert len(lines) == n_epochs(model)


# ---- copies ----


@pytest.mark.parametrize("through", ["file", "pickle", "copy", "joblib"])
def test_copies_go_on_bit_for_bit(make, tmp_path, through):
    model = make(callbacks=[stop_after(2)]).fit(X).set_params(callbacks=None)
    if through == "file":
        model.save(tmp_path / "model")
        again = udl_fast.load(tmp_path / "model")
    elif through == "pickle":
        again = pickle.loads(pickle.dumps(model))
    elif through == "copy":
        again = copy.deepcopy(model)
    else:
        joblib.dump(model, tmp_path / "model")
        again = joblib.load(tmp_path / "model")
    assert type(again) is type(model)
    assert arguments(again) == arguments(model)
    assert_same(again, model)
    before = model._state()
    assert_same(learned_on(again), learned_on(copy.deepcopy(model)))
    for (path, array), (_, now) in zip(*map(arrays_by_path, (before, model._state())), strict=True):
        np.testing.assert_array_equal(array, now, err_msg=path)


def learned_on(model):
    """A model that was stopped while layers learn takes no chunks: they are of the whole."""
    return model.resume(X) if model._inside else model.partial_fit(X[:40])


def test_names_of_features_are_saved(make, tmp_path):
    model = make().fit(X)
    model.feature_names_in_ = np.array([f"pixel {i}" for i in range(12)], dtype=object)
    model.save(tmp_path / "model")
    assert list(udl_fast.load(tmp_path / "model").feature_names_in_) == list(
        model.feature_names_in_
    )


def test_clones_are_unfitted_and_learn_the_same(make):
    model = make().fit(X)
    again = clone(model)
    assert arguments(again) == arguments(model)
    assert not hasattr(again, "n_iter_")
    assert_same(again.fit(X), model)


# ---- resume ----


@pytest.mark.parametrize("n_done", range(1, N_EPOCHS))
def test_training_goes_on_where_it_stopped(make, tmp_path, n_done):
    """With two stages that is within the first, at its end, and within the second."""
    whole = make().fit(X)
    half = make(callbacks=[stop_after(n_done)]).fit(X)
    assert half.n_iter_ == n_done
    half.save(tmp_path / "half")
    for model in (
        udl_fast.load(tmp_path / "half"),
        pickle.loads(pickle.dumps(half.set_params(callbacks=None))),
    ):
        assert_same(finish(model, n_done), whole)


@pytest.mark.parametrize("n_done", range(1, N_EPOCHS))
def test_resume_makes_the_epochs_that_are_left(make, tmp_path, n_done):
    whole = make().fit(X)
    half = make(callbacks=[stop_after(n_done)]).fit(X)
    half.save(tmp_path / "half")
    again = udl_fast.load(tmp_path / "half").resume(X)
    assert_same(again, whole)
    assert arguments(again) == arguments(whole)
    with pytest.raises(ValueError, match=f"has made all its {n_epochs(whole)} epochs"):
        again.resume(X)
    assert_same(again, whole)
    if not is_staged(again):
        assert again.set_params(n_iter=N_EPOCHS + 2).resume(X).n_iter_ == N_EPOCHS + 2


def test_resume_wants_a_fitted_model(make):
    with pytest.raises(NotFittedError):
        make().resume(X)


def test_a_finished_model_repeats_its_last_stage(make):
    model = make(warm_start=True).fit(X)
    before = model.n_iter_
    assert model.fit(X).n_iter_ == before + N_EPOCHS


def test_checkpoints_lead_to_the_same_model(make, tmp_path):
    whole = make().fit(X)
    with pytest.raises(RuntimeError, match="disk full"):
        make(callbacks=[Checkpoint(tmp_path, keep=None), Recorder(fail_after=3)]).fit(X)
    for n_done in (1, 2, 3):
        model = udl_fast.load(tmp_path / f"checkpoint-{n_done:06d}.safetensors")
        assert model.n_iter_ == n_done
        assert_same(finish(model, n_done), whole)


# ---- what goes wrong ----


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_interrupted_training_keeps_the_last_epoch(make, error):
    def fail(model, info):
        if info["epoch"] == 2:
            raise error

    model = make(callbacks=[fail])
    with pytest.raises(error):
        model.fit(X)
    assert model.n_iter_ == 2
    assert_same(finish(model, 2), make().fit(X))


class Failing:
    """An engine that learns from all rows and then fails, in one of two ways."""

    def __init__(self, engine, error):
        self.engine, self.error = engine, error

    def __getattr__(self, name):
        return getattr(self.engine, name)

    def train(self, *arguments, **targets):
        result = self.engine.train(*arguments, **targets)
        if self.error is KeyboardInterrupt:
            raise KeyboardInterrupt
        return {**result, "finite": False}


@pytest.mark.parametrize("error", [KeyboardInterrupt, FloatingPointError])
def test_a_pass_that_fails_changes_nothing(make, error):
    model = make(callbacks=[stop_after(1)]).fit(X)
    before = copy.deepcopy(model)
    learner = model._learner
    learner._engine = Failing(learner._engine, error)
    in_all = (model.partial_fit,) if learner is model else ()
    for learn in (*in_all, model.set_params(warm_start=True).fit):
        with pytest.raises(error):
            learn(X)
    assert_same(model, before)


def test_a_refit_that_fails_leaves_the_fitted_model(make, monkeypatch):
    model = make().fit(X)
    before = copy.deepcopy(model)

    def fail(*arguments):
        raise MemoryError

    monkeypatch.setattr(type(model), "_new_engine", fail)
    with pytest.raises(MemoryError):
        model.fit(X[:, :7])
    with pytest.raises(ValueError, match="NaN"):
        model.fit(np.full((3, 4), np.nan))
    assert_same(model, before)
    model._matrix(X)  # still of 12 features


def test_wrong_parameters_are_named(make):
    model = make()
    for name in model.rules:
        changed = clone(model).set_params(**{name: {"a": 1}})
        with pytest.raises((TypeError, ValueError), match=name):
            changed.fit(X)
        assert not hasattr(changed, "n_iter_")


def test_parameters_are_set_and_read(make):
    model = make()
    for name, value in model.get_params().items():
        assert model.set_params(**{name: value}).get_params()[name] is value
    with pytest.raises(ValueError, match="Invalid parameter"):
        model.set_params(nonsense=1)


def test_unfitted_models_say_so(make, tmp_path):
    model = make()
    for use in (lambda: model.save(tmp_path / "model"), lambda: model.transform(X)):
        with pytest.raises(NotFittedError):
            use()
    assert not hasattr(model, "components_")
    with pytest.raises(AttributeError, match="has no components_ before fit"):
        _ = model.components_


@pytest.mark.parametrize("data", [np.zeros((3, 5)), None, np.zeros(4), np.empty((0, 12))])
def test_wrong_data_are_refused_and_leave_the_model(make, data):
    model = make().fit(X)
    before = copy.deepcopy(model)
    for learn in (model.partial_fit, model.set_params(warm_start=True).fit):
        with pytest.raises((ValueError, TypeError)):
            learn(data)
    assert_same(model, before)
