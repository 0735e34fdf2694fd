"""What is saved, pickled or copied of a model in training is the one at the end of an epoch, in all its parts."""

import copy
import pickle
import threading

import numpy as np
import pytest

import udl_fast
from udl_fast import RBM
from udl_fast.estimator.training import passes

X = (np.random.default_rng(0).random((40, 6)) < 0.4).astype(np.uint8)
# "float64" asks its callbacks after every minibatch.
PARAMETERS = {
    "n_components": 3,
    "batch_size": 10,
    "n_iter": 3,
    "random_state": 0,
    "momentum": 0.5,
    "algorithm": "pcd",
    "precision": "float64",
}


def saved(model, tmp_path):
    model.save(tmp_path / "model")
    return udl_fast.load(tmp_path / "model")


WAYS = {
    "save": saved,
    "pickle": lambda model, _: pickle.loads(pickle.dumps(model)),
    "deepcopy": lambda model, _: copy.deepcopy(model),
    "copy": lambda model, _: copy.copy(model),
}


def parts(model):
    arrays = {name: array.tobytes() for name, array in model._engine.state().items()}
    counts = model.n_iter_, model.n_updates_, model._training_steps
    epochs = {name: found for name, found in model.history_.items() if name != "seconds"}
    return arrays, counts, epochs


class Between:
    """A callback between minibatches that can be pickled."""

    def __call__(self, model, info):
        if info["rows_done"] < len(X):
            Between.call(model)


def in_a_thread(call):
    results = []
    thread = threading.Thread(target=lambda: results.append(call()))
    thread.start()
    thread.join(20)
    return results[0]


@pytest.fixture(scope="module")
def ends():
    """The model before its first epoch and after each."""
    found = [parts(RBM(**{**PARAMETERS, "n_iter": 0}).fit(X))]

    def note(model, info):
        if model.n_iter_ == len(found):
            found.append(parts(model))

    RBM(**PARAMETERS, callbacks=[note]).fit(X)
    return found


@pytest.mark.parametrize("asks", [lambda call: call(), in_a_thread], ids=["callback", "thread"])
@pytest.mark.parametrize("way", WAYS)
def test_between_minibatches_it_is_the_last_epoch(ends, tmp_path, way, asks):
    copies = []
    Between.call = lambda model: copies.append(
        (model.n_iter_, asks(lambda: WAYS[way](model, tmp_path)))
    )
    trained = RBM(**PARAMETERS, callbacks=[Between()]).fit(X)
    assert [n for n, _ in copies] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    for n_iter, found in copies:
        assert parts(found) == ends[n_iter]
    resumed = copies[4][1].set_params(callbacks=None).resume(X)
    assert parts(resumed)[:2] == parts(trained)[:2]


MOMENTS = {  # between the pass in the engine and the end of the epoch
    "pass": (passes, "_check_finite"),
    "counts": (RBM, "_measure"),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_another_thread_meets_no_epoch_that_is_half_noted(ends, monkeypatch, moment):
    owner, name = MOMENTS[moment]
    inner, models, copies = getattr(owner, name), [], []

    def meanwhile(*arguments, **options):
        copies.append(in_a_thread(lambda: copy.deepcopy(models[0])))
        return inner(*arguments, **options)

    monkeypatch.setattr(owner, name, meanwhile)
    models.append(RBM(**PARAMETERS))
    models[0].fit(X)
    assert [parts(found) for found in copies] == ends[:3]


def test_a_chunk_that_fails_leaves_nothing_to_be_saved(ends, monkeypatch):
    """A reader that began before it and looks at the engine within it tries again."""
    model = RBM(**PARAMETERS).set_params(n_iter=1).fit(X)
    before = parts(model)
    state, tries = type(model._engine).state, []

    class Slow:
        """The engine, before whose state is read a chunk begins, and ends after that."""

        def __init__(self, engine):
            self.engine = engine

        def __getattr__(self, name):
            return getattr(self.engine, name)

        def state(self):
            tries.append(1)
            if len(tries) > 1:
                return state(self.engine)
            found = []

            def fail(model, result):
                found.append(state(self.engine))
                raise FloatingPointError("enough")

            monkeypatch.setattr(passes, "_check_finite", fail)
            with pytest.raises(FloatingPointError):
                model.partial_fit(X)
            return found[0]

    engine = model._engine
    model._engine = Slow(engine)
    found = copy.deepcopy(model)
    model._engine = engine
    assert len(tries) == 2
    assert parts(found) == before
