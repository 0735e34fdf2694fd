"""The training loop: stages of epochs, each a pass in the engine; nothing is lost on Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from .. import _core
from ..callbacks._record import up_to
from ..callbacks._run import FitCallbacks
from .declarations import Stage
from .presentation import Presentation
from .schedules import scheduled
from .transaction import Turn

if TYPE_CHECKING:
    from .model import Model

Plan = list[tuple[int, Stage, int]]  # number of a stage, the stage, and epochs of it that are done


def planned(model: Model, resume: bool) -> Plan:
    """The stages that a call of `fit` has before it.

    A model that has one stage makes `n_iter` epochs in every call. One of several goes on within the
    stage where it was stopped; when it is through, it repeats the last.
    """
    plan = [(number, stage, 0) for number, stage in enumerate(model._stages())]
    if not resume or len(plan) == 1:
        return plan
    return left(model) or plan[-1:]


def left(model: Model) -> Plan:
    """The stages that a fitted model has not made of its training; of a single one the epochs count over all
    calls of `fit`."""
    stages = model._stages()
    at, done = (0, model.n_iter_) if len(stages) == 1 else model._position
    plan = [(number, stage, done if number == at else 0) for number, stage in enumerate(stages)]
    return [part for part in plan[at:] if part[0] > at or done < part[1].n_iter]


def run_stages(
    turn: Turn,
    presentation: Presentation,
    checked: Mapping[str, Any],
    plan: Plan,
    callbacks: FitCallbacks,
) -> None:
    """Train as planned, until the end or until a callback asks to stop."""
    model = turn.model
    for number, stage, done in plan:
        model._position = (number, done)
        callbacks.begin_stage(stage, stage.n_iter - done)
        for epoch in range(done, stage.n_iter):
            of_epoch = scheduled(model, checked, epoch, stage.n_iter)
            last = epoch + 1 == stage.n_iter
            if _run_epoch(turn, presentation, checked, of_epoch, callbacks, last=last):
                break
        callbacks.end_stage()
        if callbacks.is_stopped:
            return
        model._position = (number + 1, 0)


def _run_epoch(
    turn: Turn,
    presentation: Presentation,
    checked: Mapping[str, Any],
    of_epoch: Mapping[str, float],
    callbacks: FitCallbacks,
    *,
    last: bool,
) -> bool:
    """Train an epoch, with `of_epoch` in place of the arguments of these names; whether a callback wants it
    to be the last of its stage."""
    model = turn.model
    callbacks.begin_epoch()
    begin = time.perf_counter()
    rows = presentation.rows
    order = presentation.order(model._seed, model.n_iter_, shuffle=checked["shuffle"])
    if train_epoch(turn, rows, order, {**checked, **of_epoch}, callbacks.poll, is_counted=True):
        turn.end_pass()
        callbacks.leave_epoch()
        return True
    callbacks.note_epoch(time.perf_counter() - begin, of_epoch, last=last)
    turn.end_pass()
    return callbacks.end_epoch()


def train_epoch(
    turn: Turn,
    rows: _core.Rows,
    order: NDArray[Any] | None,
    checked: Mapping[str, Any],
    poll: Callable[[int], bool] | None,
    *,
    seed: int | None = None,
    is_counted: bool = False,
) -> bool:
    """One pass over the rows, with draws from `seed` instead of the model's. True if `poll` stopped it.

    One that is not stopped is counted as an epoch if it is to be. An error leaves the model as it was.
    """
    model = turn.model
    turn.begin_pass()
    try:
        model._complete_engine()
        settings = model._settings(checked, rows)
        seed = model._seed if seed is None else seed
        result = model._engine.train(
            rows, order, settings, seed, model._training_steps, checked["n_jobs"], poll
        )
        _check_finite(model, result)
        turn.count(_counts_after(model, result, is_counted))
    finally:
        turn.undo_pass()
    return bool(result["stopped"])


def _check_finite(model: Model, result: Mapping[str, Any]) -> None:
    if result["finite"]:
        return
    advice = model._not_finite_advice()
    raise FloatingPointError(
        f"{type(model).__name__}: weights or biases stopped being finite by update "
        f"{model.n_updates_ + result['n_updates']}{'; ' if advice else ''}{advice}. "
        "The model keeps its state before this epoch."
    )


def _counts_after(model: Model, result: Mapping[str, Any], is_counted: bool) -> dict[str, Any]:
    """The model's counts after a pass, and its history without epochs that it went back behind."""
    counts: dict[str, Any] = {
        "n_updates_": model.n_updates_ + result["n_updates"],
        "_training_steps": result["step"],
    }
    if is_counted and not result["stopped"]:
        number, done = model._position
        counts |= {"n_iter_": model.n_iter_ + 1, "_position": (number, done + 1)}
        counts["history_"] = up_to(model.n_iter_, model.history_)
    return counts
