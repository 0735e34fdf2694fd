"""Training that is watched, stopped or fails leaves a usable model."""

import functools
import itertools
import os
import signal
import threading
import time

import numpy as np
import pytest
from benchmarks.interrupts.points import interrupted

from tests.support.models import assert_same, parameters
from udl_fast import RBM


@pytest.fixture
def interruptible():
    """Ctrl-C raises, also where the tests run in the background and so began with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.filterwarnings("ignore:RBM. learning has not begun")  # nothing to learn in noise
@pytest.mark.usefixtures("interruptible")
def test_interrupt_keeps_the_last_finished_epoch():
    """A signal in the middle of training: the model equals one trained for the finished epochs."""
    X = (np.random.default_rng(0).random((20000, 300)) < 0.2).astype(np.uint8)
    model = RBM(300, n_iter=10000, random_state=0)
    timer = threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X)
    assert time.monotonic() - start < 30
    timer.join()
    assert 0 < model.n_iter_ < 10000
    assert_same(model, RBM(300, n_iter=model.n_iter_, random_state=0).fit(X))
    assert model.gibbs(X[:4]).shape == (4, 300)


def interrupted_models(make, learn, step=5):
    """The models that learning leaves which is interrupted, for every so many points in the library.
    `benchmarks.interrupts.every_point` takes them all."""
    learn(make())  # what is loaded at first use is loaded
    for number in itertools.count(1, step):
        model = make()
        if not interrupted(functools.partial(learn, model), number).has_come:
            return
        yield model


def learned(model):
    """What tells one state of a model from another; None before fit."""
    if not model.__sklearn_is_fitted__():
        return None
    counts = [vars(model).get(name) for name in model._counts]
    return *counts, *(array.tobytes() for array in parameters(model))


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("start", ["new", "other columns", "goes on"])
def test_an_interrupt_at_any_point_leaves_an_old_or_a_new_state(method, start):
    """Weights, counts and columns belong together wherever Ctrl-C is noticed."""
    X = (np.random.default_rng(0).random((12, 6)) < 0.4).astype(np.uint8)

    def make(n_iter=2):
        model = RBM(3, algorithm="pcd", batch_size=5, n_iter=n_iter, random_state=0)
        if start == "new":
            return model
        if start == "goes on" or method == "partial_fit":
            return model.set_params(warm_start=True).fit(X)
        return model.fit(X[:, :4])

    possible = {learned(make())}
    for n_iter in range(3):
        possible.add(learned(make().set_params(n_iter=n_iter).fit(X)))
    if method == "partial_fit":
        possible.add(learned(make().partial_fit(X)))
    for model in interrupted_models(make, lambda model: getattr(model, method)(X)):
        assert learned(model) in possible


def test_callbacks_see_progress_and_can_stop(digits):
    seen = []

    def callback(estimator, info):
        seen.append((info["epoch"], info["rows_done"], info["n_rows"]))
        return info["epoch"] == 3

    model = RBM(5, n_iter=50, callbacks=[callback], random_state=0).fit(digits)
    assert model.n_iter_ == 3
    assert seen[-1] == (3, 1797, 1797)
    assert_same(model, RBM(5, n_iter=3, random_state=0).fit(digits))


def test_failing_callback_leaves_a_usable_model(digits):
    def callback(estimator, info):
        if info["epoch"] == 2:
            raise RuntimeError("disk full")

    model = RBM(5, n_iter=50, callbacks=[callback], random_state=0)
    with pytest.raises(RuntimeError, match="disk full"):
        model.fit(digits)
    assert_same(model, RBM(5, n_iter=2, random_state=0).fit(digits))


def test_callbacks_read_the_parameters_of_the_moment(digits):
    """Within an epoch too, and nothing they read survives the return to an earlier state."""
    X = np.tile(digits, (400, 1))
    read = []

    def callback(estimator, info):
        read.append(estimator.components_)
        if len(read) == 3:
            raise RuntimeError("enough")

    model = RBM(64, n_iter=0, batch_size=10, warm_start=True, random_state=0).fit(X)
    with pytest.raises(RuntimeError, match="enough"):
        model.set_params(n_iter=1, callbacks=[callback]).fit(X)
    assert model.n_iter_ == 0
    assert all((a != b).any() for a, b in itertools.pairwise(read))
    assert_same(model, RBM(64, n_iter=0, random_state=0).fit(X))


def test_exploding_weights_keep_the_last_good_state(digits):
    model = RBM(8, n_iter=2, random_state=0, warm_start=True).fit(digits)
    before = [a.copy() for a in parameters(model)]
    with pytest.raises(FloatingPointError, match="lower learning_rate"):
        model.set_params(learning_rate=1e39).fit(digits)
    for a, b in zip(before, parameters(model), strict=True):
        np.testing.assert_array_equal(a, b)


def test_model_is_right_inside_callbacks_while_weights_grow(digits):
    """The scale of the weights follows them within an epoch: transform in a callback is exact."""
    X = np.kron(np.tile(digits, (20, 1)), np.ones((1, 9), np.uint8))
    errors = []

    def callback(estimator, info):
        x = X[:5] @ estimator.components_.T.astype(float) + estimator.intercept_hidden_
        with np.errstate(over="ignore"):
            errors.append(np.abs(estimator.transform(X[:5]) - 1 / (1 + np.exp(-x))).max())

    RBM(200, n_iter=2, callbacks=[callback], random_state=0).fit(X)
    assert len(errors) > 3
    assert max(errors) < 1e-4


def test_changing_a_model_while_it_trains_is_refused(digits):
    X = np.tile(digits, (60, 1))
    refused = []

    def callback(estimator, info):
        if 0 < info["rows_done"] < len(X):
            for change in (
                lambda: setattr(estimator, "h_samples_", np.ones((5000, 200), bool)),
                lambda: setattr(estimator, "intercept_hidden_", np.ones(200)),
                lambda: estimator.partial_fit(X),
            ):
                with pytest.raises(RuntimeError, match="the model is being trained"):
                    change()
                refused.append(True)
            return True

    RBM(200, algorithm="pcd", n_iter=3, callbacks=[callback], random_state=0).fit(X)
    assert refused


def test_failed_refit_leaves_the_fitted_model(digits):
    model = RBM(5, n_iter=1, random_state=0).fit(digits)
    before = model.transform(digits[:9])
    with pytest.raises((ValueError, MemoryError)):
        model.set_params(algorithm="pcd", n_chains=10**12).fit(digits)
    np.testing.assert_array_equal(model.transform(digits[:9]), before)
