"""A call that trains a model leaves the old one or a new one, and nobody else trains it meanwhile."""

import copy
import threading

import numpy as np
import pytest

import udl_fast
from tests.support.models import assert_same
from udl_fast import RBM, BernoulliRBM
from udl_fast.callbacks import Checkpoint, EarlyStopping, History

NARROW = (np.random.default_rng(0).random((40, 6)) < 0.4).astype(np.uint8)
GREY = np.random.default_rng(1).random((40, 10))


@pytest.fixture
def model():
    return RBM(3, batch_size=10, n_iter=2, random_state=0, callbacks=[]).fit(NARROW)


def assert_unchanged(model, before, tmp_path):
    """The old model, its columns included, which answers and can be saved."""
    assert_same(model, before)
    np.testing.assert_array_equal(model.transform(NARROW), before.transform(NARROW))
    assert (model.n_iter_, model.n_updates_) == (before.n_iter_, before.n_updates_)
    assert model.history_ == before.history_
    model.save(tmp_path / "model")
    assert_same(udl_fast.load(tmp_path / "model"), before)
    assert not {"_skl_callbacks", "_callback_fit_ctx"} & model.__dict__.keys()


class Fails:
    """A callback that raises in one of its hooks."""

    def __init__(self, hook, error=RuntimeError):
        self.hook, self.error = hook, error

    def __getattr__(self, name):
        if name not in ("setup", "teardown", "on_fit_task_begin", "on_fit_task_end"):
            raise AttributeError(name)

        def run(*arguments, **options):
            if name == self.hook:
                raise self.error("enough")

        return run


def fail(model, info):
    raise RuntimeError("enough")


REFITS = {
    "grey data for sampled statistics": {"statistics": "sampled"},
    "validation rows of other columns": {"callbacks": [History(validation=NARROW)]},
    "memory": {"algorithm": "pcd", "n_chains": 2**31 - 1},
    "the first minibatch": {"callbacks": [fail], "precision": "float64"},  # which asks after each
    "a callback in setup": {"callbacks": [EarlyStopping(), Fails("setup")]},
    "weights": {"learning_rate": 1e39},
}


@pytest.mark.parametrize("reason", REFITS)
def test_a_refit_that_fails_leaves_the_model(model, tmp_path, reason):
    """On other columns, wherever it fails before an epoch is finished."""
    before = copy.deepcopy(model)
    with pytest.raises((ValueError, RuntimeError, MemoryError, FloatingPointError)):
        model.set_params(**REFITS[reason]).fit(GREY)
    model.set_params(**before.get_params())
    assert_unchanged(model, before, tmp_path)


def test_a_first_fit_that_fails_leaves_no_model():
    model = RBM(3, n_iter=2, callbacks=[fail])
    for learn in (model.fit, model.set_params(learning_rate=1e39).partial_fit):
        with pytest.raises((RuntimeError, FloatingPointError)):
            learn(NARROW)
        assert not model.__sklearn_is_fitted__()
        assert not hasattr(model, "n_features_in_")


def test_a_refit_forgets_names_of_columns(model):
    model.feature_names_in_ = np.array(list("abcdef"), dtype=object)
    assert not hasattr(model.fit(GREY), "feature_names_in_")


@pytest.mark.parametrize("model_class", [RBM, BernoulliRBM])
def test_partial_fit_that_fails_leaves_the_model(tmp_path, model_class):
    model = model_class(3, random_state=0, momentum=0.5, callbacks=[]).fit(NARROW)
    before = copy.deepcopy(model)
    with pytest.raises(FloatingPointError, match="keeps its state"):
        model.set_params(learning_rate=1e39).partial_fit(NARROW)
    model.set_params(learning_rate=before.learning_rate)
    assert_unchanged(model, before, tmp_path)
    assert_same(model.partial_fit(NARROW), before.partial_fit(NARROW))


def test_chains_of_a_model_that_turns_to_pcd_come_with_its_first_pass(model):
    before = copy.deepcopy(model)
    with pytest.raises(FloatingPointError):
        model.set_params(algorithm="pcd", learning_rate=1e39).partial_fit(NARROW)
    assert_same(model, before)
    assert len(model.set_params(learning_rate=0.1).partial_fit(NARROW).h_samples_) == 10


# ---- one at a time ----


REFUSED = {
    "partial_fit": lambda model: model.partial_fit(NARROW),
    "fit": lambda model: model.fit(NARROW),
    "fit on other columns": lambda model: model.fit(GREY),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("kind", ["function", "hook"])
def test_a_callback_cannot_train_its_model(name, kind):
    """Between epochs too, where nothing else would stop it."""
    errors = []

    def attempt(model, *_):
        with pytest.raises(RuntimeError, match="RBM: the model is being trained") as error:
            REFUSED[name](model)
        errors.append(error)

    class Hooked(Checkpoint):
        setup = teardown = lambda self, estimator, context: None
        after_epoch = after_fit = lambda self, estimator: attempt(estimator)

    callback = attempt if kind == "function" else Hooked("unused")
    model = RBM(3, n_iter=2, random_state=0, callbacks=[callback]).fit(NARROW)
    assert errors
    assert_same(model, RBM(3, n_iter=2, random_state=0).fit(NARROW))


def test_another_thread_is_refused_and_disturbs_nothing(model):
    """The first thread goes on from what it has learned, and the model is free afterwards."""
    reached, tried = threading.Event(), threading.Event()
    expected = copy.deepcopy(model).set_params(warm_start=True).fit(NARROW)

    def wait(model, info):
        reached.set()
        assert tried.wait(60)

    model.set_params(warm_start=True, callbacks=[wait])
    thread = threading.Thread(target=model.fit, args=(NARROW,))
    thread.start()
    assert reached.wait(60)
    with pytest.raises(RuntimeError, match="the model is being trained"):
        model.partial_fit(NARROW)
    tried.set()
    thread.join()
    assert_same(model, expected)
    assert model.n_updates_ == expected.n_updates_
    assert_same(model.partial_fit(NARROW), expected.partial_fit(NARROW))


# ---- hooks ----


@pytest.mark.parametrize("hook", ["setup", "teardown", "on_fit_task_begin", "on_fit_task_end"])
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_hook_that_raises_leaves_nothing_behind(model, tmp_path, hook, error):
    """Hooks of other callbacks are torn down, and those of this fit do not watch the next."""
    seen = []

    class Other(Fails):
        def __getattr__(self, name):
            run = super().__getattr__(name)
            return lambda *arguments, **options: (seen.append(name), run(*arguments, **options))

    callbacks = [
        Other(None),
        Fails(hook, error),
        Other(None),
        EarlyStopping(),
        Checkpoint(tmp_path),
    ]
    model.set_params(callbacks=callbacks)
    with pytest.raises(error, match="enough"):
        model.fit(NARROW)
    assert not {"_skl_callbacks", "_callback_fit_ctx"} & model.__dict__.keys()
    assert "_skl_callbacks_to_teardown" not in model.__dict__
    assert seen.count("setup") == seen.count("teardown")
    count = len(seen)
    model.set_params(callbacks=None).fit(NARROW)
    assert len(seen) == count


def test_a_history_grows_by_whole_measurements(model):
    """Those who hold an earlier one keep it."""
    held = []
    model.set_params(callbacks=[lambda model, info: held.append(model.history_)])
    model.set_params(warm_start=True).fit(NARROW)
    lengths = [{len(values) for values in found.values()} for found in held]
    assert all(len(found) == 1 for found in lengths)
    assert lengths[0] != lengths[-1]


CHANGES = {
    "partial_fit": lambda model: model.partial_fit(NARROW),
    "assignment": lambda model: setattr(model, "components_", np.ones((3, 6))),
    "fit": lambda model: model.set_params(warm_start=True, callbacks=[print_nothing]).fit(NARROW),
}


def print_nothing(model, info):
    """A callback, between minibatches."""


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_array_read_while_the_model_changes_is_not_kept(model, monkeypatch, change):
    """As a reader in another thread would, between the engine's values and their keeping."""
    read = RBM._engine_array

    def read_slowly(self, name):
        values = read(self, name)
        monkeypatch.setattr(RBM, "_engine_array", read)
        change(self)
        return values

    model._arrays = {}
    monkeypatch.setattr(RBM, "_engine_array", read_slowly)
    before = model.components_
    assert not np.array_equal(before, model.components_)
    np.testing.assert_allclose(model.components_, read(model, "weights"))
