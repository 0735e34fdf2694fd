"""Draws of a model are counted: refused and failed calls leave no trace, and threads share none."""

import threading

import numpy as np
import pytest

import udl_fast
from tests.support.threads import at_once
from udl_fast import RBM

X = (np.random.default_rng(0).random((60, 12)) < 0.4).astype(np.uint8)
LARGEST_STEP = 2**48 - 1


@pytest.fixture
def model():
    return RBM(5, n_iter=1, random_state=0).fit(X)


@pytest.mark.parametrize("n_steps", [0, -1, 2**48, 2**63, 2**70, 1.5, True])
@pytest.mark.parametrize("call", ["gibbs", "sample", "sample from rows"])
def test_refused_numbers_of_steps_change_nothing(model, tmp_path, call, n_steps):
    calls = {
        "gibbs": lambda: model.gibbs(X, n_steps),
        "sample": lambda: model.sample(3, n_steps),
        "sample from rows": lambda: model.sample(60, n_steps, start=X),
    }
    with pytest.raises((ValueError, TypeError), match="RBM: n_steps must be"):
        calls[call]()
    assert model._sampling_steps == 0
    model.save(tmp_path / "model")
    np.testing.assert_array_equal(udl_fast.load(tmp_path / "model").gibbs(X), model.gibbs(X))


def test_no_more_steps_than_can_be_counted(model):
    model._sampling_steps = LARGEST_STEP - 3
    with pytest.raises(ValueError, match="n_steps must be <= 2 after the 281474976710652 steps"):
        model.sample(2, 3)
    with pytest.raises(ValueError, match="n_steps must be <= 3"):
        model.gibbs(X, 4)
    assert model.gibbs(X, 3).shape == X.shape
    with pytest.raises(ValueError, match="n_steps must be <= 0"):
        model.sample_hidden(X)


class Interrupted:
    """An engine whose draws are interrupted."""

    def __init__(self, engine):
        self.engine = engine

    def __getattr__(self, name):
        return getattr(self.engine, name)

    def gibbs(self, *arguments):
        raise KeyboardInterrupt

    sample_hidden = sample_visible = gibbs


def test_interrupted_draws_are_not_counted(model):
    engine, expected = model._engine, model._sampling_steps
    model._engine = Interrupted(engine)
    hidden = np.zeros((2, 5), dtype=bool)
    for draw in (
        lambda: model.gibbs(X, 2**48 - 1),
        lambda: model.sample(2, 2**40),
        lambda: model.sample_hidden(X),
        lambda: model.sample_visible(hidden),
    ):
        with pytest.raises(KeyboardInterrupt):
            draw()
        assert model._sampling_steps == expected


def test_steps_that_others_drew_stay_counted(model):
    def draw():
        with model._steps(5):
            model.gibbs(X, 7)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draw()
    assert model._sampling_steps == 12


class Slow(RBM):
    """Reading its counter of steps takes long enough for another thread to read it as well."""

    @property
    def _sampling_steps(self):
        found = self.__dict__["steps"]
        self.someone_else_read.wait(timeout=0.05)
        return found

    @_sampling_steps.setter
    def _sampling_steps(self, value):
        self.__dict__["steps"] = value


def test_threads_never_share_draws():
    model = Slow(5, random_state=0)
    model.__dict__["steps"] = 0
    model.someone_else_read = threading.Event()  # never set: readers wait for each other
    found = []

    def draw():
        with model._steps(1) as step:
            found.append(step)

    at_once(draw, 6)
    assert sorted(found) == list(range(6))


def test_fantasies_start_at_the_visible_biases(model):
    """Pixels and hidden units keep each other on or off, so where chains begin decides."""
    model.components_ = np.full((5, 12), 30.0)
    model.intercept_hidden_ = np.full(5, -15.0)  # on as soon as one pixel is on
    model.intercept_visible_ = np.full(12, -9.0)  # off unless a hidden unit is on
    assert model.sample(1000, 1).mean() < 0.01
    assert model.sample(1000, 1, start=np.ones((1000, 12))).mean() > 0.99
