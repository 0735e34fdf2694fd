"""Contestants of one task take turns: each is checked, then timed once a round."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from .budget import Budget
from .device import NotHere
from .record import Record

ROUNDS = 15  # at most
LEAST = 3  # rounds that are made whatever they take, unless fewer are wanted


class Wrong(Exception):
    """What a contestant computes is not what it should."""


class Contestant(Protocol):
    """Who does a task."""

    who: str
    fields: dict[str, Any]  # what its line says beside its times

    def check(self) -> None:
        """Raise `Wrong` unless it does what the task is."""

    def sample(self) -> float:
        """One time, in the unit of the task."""


@dataclass
class Task:
    """One line a contestant."""

    name: str
    unit: str
    ours: Callable[[], Contestant]
    peers: list[Callable[[], Contestant]] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)


def _ready(make: Callable[[], Contestant], task: Task, phase: str, record: Record):
    """A checked contestant; or None, and its line says why."""
    who = getattr(make, "who", "udl_fast")
    status, reason = "ok", ""
    try:
        begun = time.monotonic()
        contestant = make()
        contestant.check()
        contestant.fields["setup_s"] = round(time.monotonic() - begun, 2)
        contestant.sample()
        return contestant
    except NotHere as error:
        status, reason = "left out", str(error)
    except Wrong as error:
        status, reason = "wrong", str(error)
    except Exception as error:  # what a library raises is a result; the next one's turn comes
        status, reason = "failed", f"{type(error).__name__}: {error}"[:500]
    record.add(phase, task.name, status, **task.fields, who=who, reason=reason)
    return None


def take_turns(
    task: Task, phase: str, record: Record, budget: Budget, rounds: int = ROUNDS
) -> bool:
    """Check and time ours, and with the phase "peers" those beside it. False if ours is not right.

    Ratios are medians of the rounds' ratios, so that what slows the machine slows both.
    """
    makers = [task.ours, *(task.peers if phase == "peers" else [])]
    all_there = [_ready(make, task, phase, record) for make in makers]
    there = [contestant for contestant in all_there if contestant is not None]
    times: list[list[float]] = [[] for _ in there]
    for done in range(rounds):
        if done >= LEAST and budget.left() < 0:
            break
        for contestant, of_it in zip(there, times, strict=True):
            of_it.append(contestant.sample())
    for contestant, of_it in zip(there, times, strict=True):
        p10, median, p90 = np.percentile(of_it, [10, 50, 90]).round(3).tolist()
        line = {"value": median, "unit": task.unit, "p10": p10, "p90": p90, "rounds": len(of_it)}
        if all_there[0] is not None and contestant is not all_there[0]:
            line["ours_is_faster"] = float(np.median(np.divide(of_it, times[0])).round(3))
        record.add(
            phase, task.name, "ok", **task.fields, who=contestant.who, **line, **contestant.fields
        )
    return all_there[0] is not None
