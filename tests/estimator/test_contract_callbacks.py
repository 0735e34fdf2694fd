"""Callbacks of every kind of model: what they are told and when, and that they change nothing by watching."""

import io
import sys
from types import SimpleNamespace

import pytest

from tests.support.any_model import (
    N_EPOCHS,
    X,
    finish,
    is_staged,
    learners,
    n_epochs,
    stop_after,
)
from tests.support.models import Recorder
from tests.support.models import assert_same_state as assert_same
from udl_fast import progress
from udl_fast.callbacks import Checkpoint, EarlyStopping, History, MetricsLogger


def expected_tasks(model):
    """Begins and ends of tasks, as deep as they lie."""
    stages = model._stages()
    epochs = [
        [f"{when} epoch {k}" for k in range(stage.n_iter) for when in ("begin", "end")]
        for stage in stages
    ]
    if is_staged(model):
        epochs = [
            [f"begin stage {number}", *calls, f"end stage {number}"]
            for number, calls in enumerate(epochs)
        ]
    return [
        "setup",
        "begin fit 0",
        *(call for calls in epochs for call in calls),
        "end fit 0",
        "teardown",
    ]


def test_tasks_are_nested(make):
    recorder = Recorder()
    model = make(callbacks=[recorder]).fit(X)
    assert recorder.calls == expected_tasks(model)


class Announced(Recorder):
    """Tasks that each task said it would have, and those that it had."""

    def __init__(self):
        super().__init__()
        self.announced, self.begun = {}, {}
        self.contexts = []  # kept, so that no two have one id

    def on_fit_task_begin(self, estimator, context):
        """Count this task for the one around it."""
        self.contexts.append(context)
        if context.max_subtasks:
            self.announced[id(context)] = context.max_subtasks
        if context.parent is not None:
            self.begun[id(context.parent)] = self.begun.get(id(context.parent), 0) + 1


@pytest.mark.parametrize("n_done", range(N_EPOCHS))
def test_as_many_tasks_are_announced_as_come(make, n_done):
    """Also if some were done before."""
    model = make(callbacks=[stop_after(n_done)]).fit(X) if n_done else make()
    announced = Announced()
    model.set_params(callbacks=[announced], warm_start=True).fit(X)
    assert announced.begun == announced.announced


def test_callbacks_change_no_bit(make, tmp_path):
    watch = [
        History(),
        EarlyStopping(patience=100, restore_best=True, monitor="epoch", mode="max"),
        Checkpoint(tmp_path),
        MetricsLogger(lambda metrics, step: None),
        lambda model, info: False,
    ]
    assert_same(make().fit(X), make(callbacks=watch).fit(X))


def test_functions_are_told_where_the_fit_is(make):
    seen = []
    model = make(callbacks=[lambda model, info: seen.append(dict(info))]).fit(X)
    ends = [info for info in seen if info["rows_done"] == info["n_rows"]]
    assert [info["epoch"] for info in ends][-1] == n_epochs(model)
    assert {info["n_iter"] for info in seen} == {n_epochs(model)}
    stages = [stage.name for stage in model._stages()]
    assert list(dict.fromkeys(info["stage"] for info in seen)) == stages


def test_early_stopping_goes_back_to_the_best_epoch(make):
    """The first of each stage here, since stages have best epochs of their own."""
    stop = EarlyStopping(monitor="epoch", mode="min", patience=2, restore_best=True)
    model = make(callbacks=[stop]).fit(X)
    assert model.n_iter_ == stop.best_epoch_ == len(model._stages())
    if not is_staged(model):
        assert_same(finish(model, 1), make().fit(X))
    else:
        *stages, last = [stage.name for stage in model._stages()]
        assert model.history_["stage"] == [*stages, last, last, last]
        assert model.history_["epoch"] == list(range(1, len(stages) + 4))


def different_measurements(model):
    """Names that not every stage measures."""
    own = [{found.name for found in learner._own_measurements} for learner in learners(model)]
    return set.union(*own, {found.name for found in model.measurements}) - set.intersection(*own)


class Worsening(EarlyStopping):
    """What it watches gets worse from epoch to epoch: a callback that should stop after the second."""

    def __init__(self, monitor, better):
        super().__init__(monitor, patience=1, wait_for_learning=False)
        self.sign = 1 if better == "min" else -1

    def after_epoch(self, estimator):
        """Stop if the invented value is known to be worse."""
        history = estimator.history_
        values = history.setdefault(self.monitor, [None] * len(history["epoch"]))
        values[-1] = self.sign * estimator.n_iter_
        return super().after_epoch(estimator)


def test_early_stopping_knows_what_is_better(make):
    in_some_stages = different_measurements(make())
    for found in make().measurements:
        if found.better is not None and found.name not in in_some_stages:
            stop = Worsening(found.name, found.better)
            model = make(callbacks=[stop, History(validation=X)]).fit(X)
            assert stop.stopped_epoch_ == model.n_iter_ == 2 * len(model._stages())


def test_measurements_are_logged(make):
    logged = []
    logger = MetricsLogger(lambda metrics, step: logged.append((step, metrics)))
    model = make(callbacks=[logger]).fit(X)
    assert [step for step, _ in logged] == model.history_["epoch"]
    assert all(isinstance(value, int | float) for _, found in logged for value in found.values())
    assert model.measurements[0].name in logged[-1][1]


def test_progress_is_shown_to_who_watches(make, monkeypatch):
    stream = io.StringIO()
    stream.isatty = lambda: True
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=stream))
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setattr(progress, "_DELAY_SECONDS", 0.0)
    monkeypatch.setattr(progress, "_INTERVAL_SECONDS", 0.0)
    monkeypatch.delenv("UDL_FAST_PROGRESS", raising=False)
    model = make().fit(X)
    total = n_epochs(model)
    stage = f", {model._stages()[-1].name}," if is_staged(model) else ""
    assert f"{type(model).__name__}{stage} epoch {total}/{total}" in stream.getvalue()
