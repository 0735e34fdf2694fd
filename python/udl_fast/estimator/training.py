"""The training loop: stages of epochs, each a pass in an engine; nothing is lost on Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from .. import _core
from ..callbacks._record import up_to
from ..callbacks._run import FitCallbacks
from .declarations import Stage
from .presentation import Presentation
from .schedules import scheduled
from .stages import Data, Work, enter, has_begun, learner_of
from .transaction import Turn, twin_of

if TYPE_CHECKING:
    from .fitting import Fitting

Plan = list[tuple[int, Stage, int]]  # number of a stage, the stage, and epochs of it that are done


def planned(model: Fitting, resume: bool) -> Plan:
    """The stages that a call of `fit` has before it.

    A model that has one stage makes `n_iter` epochs in every call. One of several goes on within the
    stage where it stands; when it is through, it repeats the last.
    """
    plan = [(number, stage, 0) for number, stage in enumerate(model._stages())]
    if not resume or len(plan) == 1:
        return plan
    return left(model) or plan[-1:]


def left(model: Fitting) -> Plan:
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


@dataclass(frozen=True)
class Pass:
    """One pass of a learner over rows.

    Parameters
    ----------
    rows : Rows
    order : ndarray or None
        Rows in the order of the pass; None as they are.
    checked : mapping of str to object
        Parameters of who learns.
    targets : Rows, default=None
    learner : str, default=None
        The model inside that learns; None is the model itself.
    seed : int, default=None
        Of draws, instead of the learner's.
    """

    rows: _core.Rows
    order: NDArray[Any] | None
    checked: Mapping[str, Any]
    targets: _core.Rows | None = None
    learner: str | None = None
    seed: int | None = None

    @classmethod
    def of(
        cls, work: Work, order: NDArray[Any] | None, of_epoch: Mapping[str, float] | None = None
    ) -> Pass:
        """What is presented at a stage, in this order."""
        found = work.presentation
        checked = {**work.checked, **(of_epoch or {})}
        return cls(found.rows, order, checked, found.targets, work.learner)


def train_pass(
    turn: Turn,
    passes: Sequence[Pass],
    poll: Callable[[int], bool] | None = None,
    *,
    is_counted: bool = False,
) -> bool:
    """Passes of different learners, which count together or not at all. True if `poll` stopped one.

    One that is not stopped is counted as an epoch if it is to be. An error leaves the model as it was.
    """
    model = turn.model
    turn.begin_pass([learner_of(model, each.learner) for each in passes])
    try:
        results = [_learned(learner_of(model, each.learner), each, poll) for each in passes]
        stopped = any(result["stopped"] for result in results)
        turn.count(_counts_after(model, passes, results, is_counted=is_counted and not stopped))
    finally:
        turn.undo_pass()
    return stopped


def _learned(learner: Fitting, one: Pass, poll: Callable[[int], bool] | None) -> Mapping[str, Any]:
    """What the engine says of its pass."""
    learner._complete_engine()
    settings = learner._settings(one.checked, one.rows)
    seed = learner._seed if one.seed is None else one.seed
    targets = {} if one.targets is None else {"targets": one.targets}
    engine: Any = learner._engine  # that takes targets, where there are some
    result: Mapping[str, Any] = engine.train(
        one.rows,
        one.order,
        settings,
        seed,
        learner._training_steps,
        one.checked["n_jobs"],
        poll,
        **targets,
    )
    _check_finite(learner, result)
    return result


def _check_finite(model: Fitting, result: Mapping[str, Any]) -> None:
    if result["finite"]:
        return
    advice = model._not_finite_advice()
    raise FloatingPointError(
        f"{type(model).__name__}: weights or biases stopped being finite by update "
        f"{model.n_updates_ + result['n_updates']}{'; ' if advice else ''}{advice}. "
        "The model keeps its state before this epoch."
    )


def _counts_after(
    model: Fitting,
    passes: Sequence[Pass],
    results: Sequence[Mapping[str, Any]],
    *,
    is_counted: bool,
) -> dict[str, Any]:
    """The model's counts after passes, and its history without epochs that it went back behind. Learners
    inside become others of new counts, so that all changes at one moment."""
    counts: dict[str, Any] = {}
    for one, result in zip(passes, results, strict=True):
        learner = learner_of(model, one.learner)
        own = {
            "n_updates_": learner.n_updates_ + result["n_updates"],
            "n_iter_": learner.n_iter_ + is_counted,
            "_training_steps": result["step"],
        }
        if one.learner is None:
            counts |= own
        else:
            inside = counts.get("_inside", model._inside)
            counts["_inside"] = {**inside, one.learner: twin_of(learner, **own, _arrays={})}
    counts["n_updates_"] = model.n_updates_ + sum(result["n_updates"] for result in results)
    if is_counted:
        number, done = model._position
        counts |= {"n_iter_": model.n_iter_ + 1, "_position": (number, done + 1)}
        counts["history_"] = up_to(model.n_iter_, model.history_)
    return counts
