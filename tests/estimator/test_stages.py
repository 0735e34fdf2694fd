"""Stages in which models inside learn: layers, each of what those below make of the rows."""

import copy
import pickle
import threading

import numpy as np
import pytest
from sklearn.base import clone

import udl_fast
from tests.support.any_model import X, n_epochs, stop_after
from tests.support.bernoulli_mixture import BernoulliMixture
from tests.support.mixture_stack import MixtureStack
from tests.support.models import assert_same_state
from udl_fast import registry
from udl_fast.callbacks import Checkpoint, EarlyStopping, History
from udl_fast.exceptions import LearningWarning

N_IN_ALL = 8


@pytest.fixture(autouse=True, scope="module")
def _registered():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "_ENTRIES", dict(registry._ENTRIES))
        for model_class in (MixtureStack, BernoulliMixture):
            registry.register(model_class.__name__, model_class.__module__, model_class.__name__)
        yield


def stack(**options):
    of_all = {
        "batch_size": 10,
        "random_state": 0,
        "layer": BernoulliMixture(n_iter=2, batch_size=10),
    }
    return MixtureStack(5, **{"n_iter": 4, **of_all, **options})


@pytest.fixture(scope="module")
def whole():
    return stack().fit(X)


# ---- what layers learn ----


def test_a_layer_is_what_it_were_alone(whole):
    """Upon those below, from the seed that it was given."""
    features = X
    for layer in whole.layers_:
        seed, size = layer.random_state, layer.n_components
        alone = BernoulliMixture(size, n_iter=2, batch_size=10, random_state=seed).fit(features)
        np.testing.assert_array_equal(layer.components_, alone.components_)
        assert (layer.n_iter_, layer.n_updates_) == (alone.n_iter_, alone.n_updates_)
        features = layer.transform(features)
    assert whole.layers_[0].random_state != whole.layers_[1].random_state


def test_arguments_of_the_template_are_those_of_layers():
    model = stack(layer=BernoulliMixture(n_iter=3, smoothing=0.5, random_state=7))
    model.set_params(layer__batch_size=20).fit(X)
    assert [stage.n_iter for stage in model._stages()] == [3, 3, 4]
    for layer in model.layers_:
        assert (layer.smoothing, layer.batch_size, layer.random_state) == (0.5, 20, 7)
    assert not hasattr(model.layer, "n_iter_")


def test_weights_of_rows_reach_every_layer():
    twice = np.repeat(X, 2, axis=0)
    layer = BernoulliMixture(shuffle=False, n_iter=2)
    weighted, plain = (stack(shuffle=False, layer=layer) for _ in range(2))
    weighted.fit(twice, sample_weight=np.arange(len(twice)) % 2)
    plain.fit(twice)
    for one, other in zip(weighted.layers_, plain.layers_, strict=True):
        np.testing.assert_allclose(one.components_, other.components_, rtol=1e-12)
    np.testing.assert_allclose(weighted.components_, plain.components_, rtol=1e-12)


def test_chunks_go_to_every_layer_where_none_learns_for_all():
    class Layers(MixtureStack):
        """Layers alone."""

        def _stages(self):
            return super()._stages()[:-1]

    model = Layers(5, random_state=0)
    for chunk in (X[:50], X[50:]):
        model.partial_fit(chunk)
    assert [layer.n_updates_ for layer in model.layers_] == [2, 2]
    assert (model.n_updates_, model.n_iter_) == (4, 0)
    before = copy.deepcopy(model)
    _break(model.layers_[1])
    with pytest.raises(RuntimeError, match="disk full"):
        model.partial_fit(X)  # after the first layer has made its pass
    _mend(model.layers_[1])
    assert_same_state(model, before)


def _break(layer):
    def fail(*arguments):
        raise RuntimeError("disk full")

    layer._engine.train = fail


def _mend(layer):
    del layer._engine.train


# ---- stops, copies, and going on ----


WAYS = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
}


@pytest.mark.parametrize("n_done", range(1, N_IN_ALL))
def test_a_stop_anywhere_is_finished_to_the_bit(whole, tmp_path, n_done):
    half = stack(callbacks=[stop_after(n_done), Checkpoint(tmp_path)]).fit(X)
    assert half.n_iter_ == n_done
    half.set_params(callbacks=None)
    copies = {name: way(half) for name, way in WAYS.items()}
    copies["checkpoint"] = udl_fast.load(Checkpoint.latest(tmp_path))
    for name, model in copies.items():
        assert_same_state(model, half)
        assert_same_state(model.resume(X), whole), name
    assert half.n_iter_ == n_done  # none of the copies learned in its engines
    assert_same_state(half.resume(X), whole)


@pytest.mark.parametrize("n_done", range(1, N_IN_ALL))
@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_interrupts_keep_the_last_epoch(whole, n_done, error):
    """Between minibatches of the next epoch, in whatever stage that is."""

    def fail(model, info):
        if info["epoch"] == n_done and info["rows_done"] == 20:
            raise error

    model = stack(callbacks=[fail])
    with pytest.raises(error):
        model.fit(X)
    assert model.n_iter_ == n_done
    assert model.transform(X).shape == (90, 5)
    assert_same_state(model.set_params(callbacks=None).resume(X), whole)


def test_an_interrupt_before_the_first_epoch_leaves_the_old_model(whole):
    model = copy.deepcopy(whole)

    def fail(model, info):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.set_params(callbacks=[fail]).fit(X[:, :7])
    assert_same_state(model, whole)


def test_what_another_thread_copies_is_the_last_epoch(whole):
    """Within a pass of a layer too, whose engine is ahead then."""
    copies = []

    def look(model, info):
        if info["rows_done"] == 20:
            thread = threading.Thread(target=lambda: copies.append(copy.deepcopy(model)))
            thread.start()
            thread.join(20)

    stack(callbacks=[look]).fit(X)
    assert [found.n_iter_ for found in copies] == list(range(N_IN_ALL))
    for found in copies[1:]:
        assert_same_state(found.set_params(callbacks=None).resume(X), whole)


def test_a_finished_model_repeats_its_last_stage_on_top(whole):
    model = copy.deepcopy(whole).set_params(warm_start=True, n_iter=2).fit(X)
    assert model.n_iter_ == N_IN_ALL + 2
    for one, other in zip(model.layers_, whole.layers_, strict=True):
        assert_same_state(one, other)


def test_more_epochs_of_the_last_stage_may_follow(whole):
    model = stack(n_iter=0).fit(X)
    assert model.n_iter_ == 4
    assert_same_state(model.set_params(n_iter=2).resume(X).set_params(n_iter=4).resume(X), whole)
    with pytest.raises(ValueError, match="has made all its 8 epochs"):
        model.resume(X)


def test_arguments_changed_before_resume_take_effect():
    model = stack(callbacks=[stop_after(1)]).fit(X).set_params(callbacks=None)
    model.set_params(layer=BernoulliMixture(n_iter=3, smoothing=2.0)).resume(X)
    assert [layer.n_iter_ for layer in model.layers_] == [3, 3]
    assert model.layers_[0].smoothing == 2.0
    half = stack(callbacks=[stop_after(1)]).fit(X).set_params(n_components=4)
    with pytest.raises(ValueError, match="n_components is 4, but the fitted model has 5"):
        half.resume(X)


# ---- callbacks ----


def test_each_stage_is_measured_as_its_learner_is(whole):
    model = stack(callbacks=[History(validation=X[:30], n_rows=len(X))]).fit(X)
    history = model.history_
    assert history["stage"] == ["layer 1"] * 2 + ["layer 2"] * 2 + ["fine"] * 4
    features = model.layers_[0].transform(X)
    assert history["log_likelihood"][3] == pytest.approx(model.layers_[1].score(features))
    assert history["validation_log_likelihood"][3] == pytest.approx(
        model.layers_[1].score(features[:30])
    )
    assert history["log_likelihood"][-1] == pytest.approx(model.score(X))


def test_early_stopping_keeps_the_best_of_each_layer():
    """Here the first of each, by a measure that only falls."""
    calls = []

    class Rising(EarlyStopping):
        def after_epoch(self, estimator):
            estimator.history_["seconds"][-1] = float(len(calls))
            calls.append(estimator)
            return super().after_epoch(estimator)

    stop = Rising(monitor="seconds", mode="min", patience=1, restore_best=True)
    model = stack(callbacks=[stop]).fit(X)
    assert model.n_iter_ == 3
    assert [layer.n_iter_ for layer in model.layers_] == [1, 1]
    alone = clone(model.layers_[0]).set_params(n_iter=1).fit(X)
    np.testing.assert_array_equal(model.layers_[0].components_, alone.components_)


def test_early_stopping_watches_the_stages_that_measure_its_name(monkeypatch):
    from udl_fast.estimator.declarations import Measurement

    own = (Measurement("own", "max", "of the whole"), *BernoulliMixture.measurements)
    monkeypatch.setattr(MixtureStack, "measurements", own)
    measure = BernoulliMixture._measure
    monkeypatch.setattr(MixtureStack, "_measure", lambda m, *a: {"own": 0.0, **measure(m, *a)})
    stop = EarlyStopping("own", patience=1, wait_for_learning=False)
    model = stack(callbacks=[stop]).fit(X)
    assert model.history_["own"] == [None] * 4 + [0.0] * 2
    with pytest.raises(ValueError, match="history_ has no 'owm'"):
        stack(callbacks=[EarlyStopping("owm")]).fit(X)


def test_troubles_of_a_layer_are_told(monkeypatch):
    from udl_fast.estimator.declarations import Trouble

    def troubles(self, entry, sample):
        if type(self) is BernoulliMixture and self.n_components == 3:
            yield Trouble("narrow", f"too narrow after epoch {entry['epoch']}", in_a_row=2)

    monkeypatch.setattr(BernoulliMixture, "_troubles", troubles)
    with pytest.warns(LearningWarning, match="too narrow after epoch 2"):
        stack().fit(X)


# ---- files ----


def test_models_inside_must_be_those_of_the_arguments(whole, tmp_path):
    from tests.persistence.test_templates import rewritten

    path = tmp_path / "model"
    for change, message in (
        (
            lambda d: d["parameters"].update(n_components=4),
            r"layers\.0: n_components is 5, expected 4",
        ),
        (lambda d: d["inside"]["layers.0"].update(model="MixtureStack"), "layers.0"),
        (lambda d: d["inside"].update({"layers.7": d["inside"].pop("layers.1")}), "layers.7"),
    ):
        whole.save(path)
        rewritten(path, change)
        with pytest.raises(ValueError, match=f"is no valid model file: .*{message}"):
            udl_fast.load(path)
    assert n_epochs(whole) == N_IN_ALL
