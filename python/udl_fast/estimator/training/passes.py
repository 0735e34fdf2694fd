"""Passes in engines, and what a model counts of them: all that learners of one pass did, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ... import _core
from ...callbacks._record import up_to
from ..kind import ModelKind
from .stages import Work, learner_of
from .transaction import Turn, twin_of


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


def _learned(
    learner: ModelKind, one: Pass, poll: Callable[[int], bool] | None
) -> Mapping[str, Any]:
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


def _check_finite(model: ModelKind, result: Mapping[str, Any]) -> None:
    if result["finite"]:
        return
    advice = model._not_finite_advice()
    raise FloatingPointError(
        f"{type(model).__name__}: weights or biases stopped being finite by update "
        f"{model.n_updates_ + result['n_updates']}{'; ' if advice else ''}{advice}. "
        "The model keeps its state before this epoch."
    )


def _counts_after(
    model: ModelKind,
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
