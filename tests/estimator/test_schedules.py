"""Learning rates that fall: the rate of each epoch, what continues a training, and what files say of it."""

import copy
import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors import safe_open

import udl_fast
from tests.support.models import assert_same
from udl_fast import RBM, BernoulliRBM
from udl_fast.callbacks import History
from udl_fast.estimator.declarations import Stage
from udl_fast.estimator.training.schedules import learning_rate_at, scheduled

X = (np.random.default_rng(0).random((90, 12)) < np.linspace(0.2, 0.8, 12)).astype(np.uint8)
FALLING = ("linear", "cosine", "exponential", "inverse")
# Of 4 epochs from 0.8 to 0.05, by hand.
BY_HAND = {
    "constant": [0.8, 0.8, 0.8, 0.8],
    "linear": [0.8, 0.6125, 0.425, 0.2375],
    "cosine": [
        0.8,
        0.05 + 0.375 * (1 + math.sqrt(0.5)),
        0.425,
        0.05 + 0.375 * (1 - math.sqrt(0.5)),
    ],
    "exponential": [0.8, 0.4, 0.2, 0.1],
    "inverse": [0.8, 0.8 / 4.75, 0.8 / 8.5, 0.8 / 12.25],
}


@pytest.fixture(params=[RBM, BernoulliRBM])
def make(request):
    options = {"n_iter": 4, "batch_size": 10, "random_state": 0, "learning_rate": 0.8}
    return lambda **changes: request.param(5, **{**options, **changes})


def stop_after(n_done):
    return lambda model, info: info["epoch"] == n_done


def rates(kind, first, final, n_epochs):
    checked = {"learning_rate": first, "final_learning_rate": final, "learning_rate_schedule": kind}
    return [learning_rate_at(checked, done, n_epochs) for done in range(n_epochs)]


@pytest.mark.parametrize("kind", BY_HAND)
def test_rates_are_those_by_hand(kind):
    assert rates(kind, 0.8, 0.05, 4) == pytest.approx(BY_HAND[kind], rel=1e-15)


@pytest.mark.parametrize("kind", FALLING)
@pytest.mark.parametrize("final", [None, 1.0, 2.0])
def test_rates_lead_from_the_first_to_the_final_one(kind, final):
    found = rates(kind, 1.0, final, 1000)
    end = final if final is not None else {"linear": 0, "cosine": 0}.get(kind, 0.01)
    assert found[0] == 1.0
    assert found[-1] == pytest.approx(end, abs=2e-3)
    assert min(found) > 0
    steps = np.diff(found)
    assert (steps * (end - 1) >= 0).all()


# ---- fit ----


@pytest.mark.parametrize("kind", FALLING)
def test_fit_learns_at_these_rates_and_notes_them(make, kind):
    model = make(learning_rate_schedule=kind, final_learning_rate=0.05).fit(X)
    assert model.history_["learning_rate"] == pytest.approx(BY_HAND[kind])
    by_hand = make(warm_start=True, n_iter=1)
    for rate in model.history_["learning_rate"]:
        by_hand.set_params(learning_rate=rate).fit(X)
    assert_same(model, by_hand)


def test_a_constant_rate_is_what_it_was(make):
    model = make().fit(X)
    assert "learning_rate" not in model.history_
    assert_same(model, make(learning_rate_schedule="linear", final_learning_rate=0.8).fit(X))


@pytest.mark.parametrize("kind", FALLING)
@pytest.mark.parametrize("n_done", [1, 3])
def test_a_training_that_was_stopped_goes_on_as_planned(make, tmp_path, kind, n_done):
    whole = make(learning_rate_schedule=kind).fit(X)
    half = make(learning_rate_schedule=kind, callbacks=[stop_after(n_done)]).fit(X)
    half.save(tmp_path / "half")
    again = udl_fast.load(tmp_path / "half").set_params(warm_start=True, n_iter=4 - n_done).fit(X)
    assert_same(again, whole)
    assert again.history_["learning_rate"] == whole.history_["learning_rate"]


def test_warm_start_makes_one_longer_training_of_two(make):
    model = make(learning_rate_schedule="linear", warm_start=True, n_iter=2).fit(X)
    model.set_params(n_iter=3).fit(X)
    assert model.history_["learning_rate"] == pytest.approx([0.8, 0.4, 0.48, 0.32, 0.16])


@pytest.mark.parametrize("n_done", [2, 4])
def test_partial_fit_uses_the_first_rate(make, n_done):
    model = make(learning_rate_schedule="linear", callbacks=[stop_after(n_done)]).fit(X)
    constant = copy.deepcopy(model).set_params(learning_rate_schedule="constant")
    assert_same(model.partial_fit(X), constant.partial_fit(X))


def test_each_stage_has_the_whole_schedule():
    class Staged(RBM):
        def _stages(self):
            return [Stage("first", 2), Stage("second", self.n_iter)]

    model = Staged(5, n_iter=4, learning_rate=0.8, learning_rate_schedule="linear").fit(X)
    assert model.history_["learning_rate"] == pytest.approx([0.8, 0.4, 0.8, 0.6, 0.4, 0.2])
    assert model.history_["stage"] == ["first"] * 2 + ["second"] * 4


def test_epochs_that_are_not_measured_count(make):
    model = make(learning_rate_schedule="linear", callbacks=[History(every=2)]).fit(X)
    assert model.history_["learning_rate"] == pytest.approx([0.6, 0.2])


# ---- what is refused ----


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        (
            {"learning_rate_schedule": "step"},
            "learning_rate_schedule must be 'constant' or 'linear'",
        ),
        ({"final_learning_rate": -1.0}, "final_learning_rate must be finite and at least 0"),
        ({"final_learning_rate": 0.1}, "final_learning_rate=0.1 needs a learning_rate_schedule"),
        (
            {"learning_rate_schedule": "exponential", "final_learning_rate": 0},
            "'exponential' leads from one rate above 0 to another",
        ),
        (
            {"learning_rate_schedule": "inverse", "learning_rate": 0, "final_learning_rate": 1},
            "got learning_rate=0 and final_learning_rate=1",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(make, parameters, words):
    with pytest.raises(ValueError, match=words):
        make(**parameters).fit(X)


# ---- files ----


def parameters_in(path):
    with safe_open(path, framework="numpy") as file:
        return json.loads(file.metadata()["udl_fast"])["parameters"]


def test_files_name_a_schedule_only_where_there_is_one(make, tmp_path):
    make().fit(X).save(tmp_path / "constant")
    assert not {"learning_rate_schedule", "final_learning_rate"} & set(
        parameters_in(tmp_path / "constant")
    )
    assert udl_fast.load(tmp_path / "constant").learning_rate_schedule == "constant"
    make(learning_rate_schedule="cosine", final_learning_rate=0.1).fit(X).save(tmp_path / "cosine")
    loaded = udl_fast.load(tmp_path / "cosine")
    assert (loaded.learning_rate_schedule, loaded.final_learning_rate) == ("cosine", 0.1)


def test_pickles_of_before_have_constant_rates(make):
    state = make().fit(X).__getstate__()
    for name in ("learning_rate_schedule", "final_learning_rate"):
        del state[name]
    model = type(make()).__new__(type(make()))
    model.__setstate__(state)
    assert model.get_params()["learning_rate_schedule"] == "constant"


def test_models_without_a_rate_have_no_schedule():
    assert scheduled(SimpleNamespace(), {"n_iter": 3}, 0, 3) == {}
