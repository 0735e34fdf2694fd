"""The training loop: stages of epochs, each a pass in an engine; nothing is lost on Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ...callbacks._run import FitCallbacks
from ..declarations import Stage
from ..input import Data
from ..kind import ModelKind
from .passes import Pass, train_pass
from .presentation import Presentation
from .schedules import scheduled
from .stages import Work, enter, has_begun, learner_of
from .transaction import Turn

Plan = list[tuple[int, Stage, int]]  # number of a stage, the stage, and epochs of it that are done


def planned(model: ModelKind, resume: bool) -> Plan:
    """The stages that a call of `fit` has before it.

    A model that has one stage makes `n_iter` epochs in every call. One of several goes on within the
    stage where it stands; when it is through, it repeats the last.
    """
    plan = [(number, stage, 0) for number, stage in enumerate(model._stages())]
    if not resume or len(plan) == 1:
        return plan
    return left(model) or plan[-1:]


def left(model: ModelKind) -> Plan:
    """The stages that a fitted model has not made of its training; of a single one the epochs count over all
    calls of `fit`."""
    stages = model._stages()
    at, done = (0, model.n_iter_) if len(stages) == 1 else model._position
    plan = [(number, stage, done if number == at else 0) for number, stage in enumerate(stages)]
    return [
        part
        for part in plan[at:]
        if part[0] > at or done < part[1].n_iter or not has_begun(model, part[1])
    ]


def run_stages(
    turn: Turn,
    data: Data,
    presented: Presentation | None,
    checked: Mapping[str, Any],
    plan: Plan,
    callbacks: FitCallbacks,
) -> None:
    """Train as planned, until the end or until a callback asks to stop. `presented` is what the model itself
    learns from, if that is at hand."""
    model = turn.model
    for number, stage, done in plan:
        model._position = (number, done)
        work = enter(model, number, data, checked, presented)
        presented = None
        callbacks.begin_stage(number, stage, stage.n_iter - done, work.presentation)
        for epoch in range(done, stage.n_iter):
            learner = learner_of(model, work.learner)
            of_epoch = scheduled(learner, work.checked, epoch, stage.n_iter)
            last = epoch + 1 == stage.n_iter
            if _run_epoch(turn, work, of_epoch, callbacks, last=last):
                break
        callbacks.end_stage()
        if callbacks.is_stopped:
            return
        if number + 1 < len(model._stages()):
            model._position = (number + 1, 0)


def _run_epoch(
    turn: Turn,
    work: Work,
    of_epoch: Mapping[str, float],
    callbacks: FitCallbacks,
    *,
    last: bool,
) -> bool:
    """Train an epoch, with `of_epoch` in place of the arguments of these names; whether a callback wants it
    to be the last of its stage."""
    callbacks.begin_epoch()
    begin = time.perf_counter()
    learner = learner_of(turn.model, work.learner)
    order = work.presentation.order(learner._seed, learner.n_iter_, shuffle=work.checked["shuffle"])
    one = Pass.of(work, order, of_epoch)
    if train_pass(turn, [one], callbacks.poll, is_counted=True):
        turn.end_pass()
        callbacks.leave_epoch()
        return True
    callbacks.note_epoch(time.perf_counter() - begin, of_epoch, last=last)
    turn.end_pass()
    return callbacks.end_epoch()
