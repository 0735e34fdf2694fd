"""Learning rates that change from epoch to epoch, for every model that has one.

A model takes part by having the arguments of `SCHEDULE_RULES` and one named learning_rate: the training loop then
gives it the rate of the epoch in their place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..kind import ModelKind
from ..parameters import Choice, Number, Rule

# Of what a schedule that never reaches 0 ends at, if nothing else is asked for.
_SHARE_LEFT = 0.01

SCHEDULE_RULES: Mapping[str, Rule] = {
    "learning_rate_schedule": Choice(("constant", "linear", "cosine", "exponential", "inverse")),
    "final_learning_rate": Number(0, optional=True),
}
# What files mean that were written before there were schedules.
BEFORE_SCHEDULES: Mapping[str, Any] = {
    "learning_rate_schedule": "constant",
    "final_learning_rate": None,
}
_NEVER_ZERO = ("exponential", "inverse")
_READ = ("learning_rate", *SCHEDULE_RULES)


def check_schedule(model: Any) -> None:
    """An error if the arguments of the schedule, each right by itself, do not go together.

    Raises
    ------
    ValueError
    """
    check_schedule_of({name: getattr(model, name) for name in _READ}, type(model).__name__)


def check_schedule_of(arguments: Mapping[str, Any], owner: str) -> None:
    """The same of arguments by name.

    Raises
    ------
    ValueError
    """
    rate, kind, final = (arguments[name] for name in _READ)
    if final is None:
        return
    if kind == "constant":
        raise ValueError(
            f"{owner}: final_learning_rate={final!r} needs a learning_rate_schedule that leads there, "
            "such as 'linear', got learning_rate_schedule='constant'"
        )
    if kind in _NEVER_ZERO and (final == 0) != (rate == 0):
        raise ValueError(
            f"{owner}: learning_rate_schedule={kind!r} leads from one rate above 0 to another, got "
            f"learning_rate={rate!r} and final_learning_rate={final!r}"
        )


def learning_rate_at(checked: Mapping[str, Any], done: int, n_epochs: int) -> float:
    """The rate of the epoch that follows `done` of `n_epochs`.

    The first epoch has `learning_rate`; `final_learning_rate` is where the next one after the last would be, as
    in PyTorch's schedulers, so that an epoch at rate 0 is never made.

    Parameters
    ----------
    checked : mapping of str to object
        Values of learning_rate, learning_rate_schedule and final_learning_rate.
    done : int
        From 0 to n_epochs - 1.
    n_epochs : int

    Returns
    -------
    float
    """
    kind, first = checked["learning_rate_schedule"], checked["learning_rate"]
    final = checked["final_learning_rate"]
    if final is None:
        final = _SHARE_LEFT * first if kind in _NEVER_ZERO else 0.0
    part = done / n_epochs
    if kind == "constant" or done == 0 or first == final:
        return float(first)
    if kind == "linear":
        return float(first * (1 - part) + final * part)
    if kind == "cosine":
        return float(final + (first - final) * (1 + math.cos(math.pi * part)) / 2)
    if kind == "exponential":
        return float(first * (final / first) ** part)
    return float(first / (1 + (first / final - 1) * part))


def scheduled(
    model: ModelKind, checked: Mapping[str, Any], done: int, n_epochs: int
) -> dict[str, float]:
    """Arguments whose value in this epoch is another than in others; empty without a schedule.

    `done` and `n_epochs` count within the stage. A model of one stage counts over all its calls of `fit`: those
    made so far and those of this call are one training, so one that was stopped goes on at the rate it would have
    had, and one that was finished does not start again at the full rate.
    """
    if checked.get("learning_rate_schedule", "constant") == "constant":
        return {}
    before = model.n_iter_ - done if len(model._stages()) == 1 else 0
    return {"learning_rate": learning_rate_at(checked, before + done, before + n_epochs)}
