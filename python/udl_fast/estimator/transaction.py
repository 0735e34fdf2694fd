"""Calls that train a model: one at a time, and whatever ends them, the model is the old one or a new one.

Python may raise KeyboardInterrupt, or what another signal's handler raises, wherever something is called. So
what is new is built beside the model and becomes its own by one assignment or one update of its attributes.
Only the engine learns in place; its snapshot belongs to the model's counts until a pass is counted.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from ..locks import lock_for_moments

if TYPE_CHECKING:
    from .model import Model

AnyModel = TypeVar("AnyModel", bound="Model")
Result = TypeVar("Result")

_TAKING = lock_for_moments()
_turns: dict[int, Turn] = {}  # the last of each model, by its id


class Turn:
    """The right to train a model, which one call has at a time."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.is_over = False
        self._thread = threading.get_ident()
        self._n_updates: int | None = None  # of the snapshot; None outside of a pass

    def take(self) -> None:
        """A RuntimeError if another call has it, in another thread or around this one."""
        with _TAKING:
            last = _turns.get(id(self.model))
            if last is not None and not last.is_over:
                raise RuntimeError(
                    f"{type(self.model).__name__}: the model is being trained; call this after its "
                    "fit or partial_fit has returned"
                )
            _turns[id(self.model)] = self

    def forget(self) -> None:
        """Let go of the model."""
        with _TAKING:
            if _turns.get(id(self.model)) is self:
                del _turns[id(self.model)]

    # ---- passes ----

    def begin_pass(self) -> None:
        """From here on the engine may be ahead of the model's counts."""
        self.model._engine.snapshot()
        self._n_updates = self.model.n_updates_

    def count(self, values: Mapping[str, Any]) -> None:
        """The pass counts, by these attributes of the model."""
        self.model.__dict__.update(values, _arrays={})
        self._n_updates = None

    def undo_pass(self) -> None:
        """Unless the pass counts, the engine is what it was. Called again, it finishes what was interrupted."""
        if self._n_updates is not None and self._n_updates == self.model.n_updates_:
            self.model._engine.restore()
        if "_arrays" in self.model.__dict__:
            self.model._arrays = {}

    # ---- fork() ----

    def end_in_child(self) -> None:
        """A forked child has none of the other threads: what one of them trained is as before its pass."""
        if self._thread != threading.get_ident():
            self.is_over = True
            self.undo_pass()


def trained_alone(model: Model, train: Callable[[Turn], Result]) -> Result:
    """What `train` returns, during which no other call trains the model.

    If it raises before it has learned anything, the model is what it was, fitted or not.
    """
    turn = Turn(model)
    before = None
    try:
        turn.take()
        attributes = model.__dict__
        position, n_updates = attributes.get("_position"), attributes.get("n_updates_")
        before = attributes
        return train(turn)
    except BaseException:
        if before is not None:
            turn.undo_pass()  # in case that it was interrupted at the end of the pass
            if model.__dict__ is not before:  # replaced by a model that begins with 0 updates
                if model.n_updates_ == 0:
                    model.__dict__ = before
            elif position is not None and model.n_updates_ == n_updates:
                model._position = position
        raise
    finally:
        turn.is_over = True
        turn.forget()


def twin_of(model: AnyModel) -> AnyModel:
    """A model of the same attributes, to build on beside it."""
    twin = type(model).__new__(type(model))
    twin.__dict__.update(model.__dict__)
    return twin


def _end_turns_in_child() -> None:
    for turn in tuple(_turns.values()):
        turn.end_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_end_turns_in_child)
