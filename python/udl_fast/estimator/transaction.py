"""Calls that train a model: one at a time, and whatever ends them, the model is the old one or a new one.

Python may raise KeyboardInterrupt, or what another signal's handler raises, wherever something is called. So
what is new is built beside the model and becomes its own by one assignment or one update of its attributes.
Only the engine learns in place; its snapshot belongs to the model's counts until a pass is counted.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Concatenate, NamedTuple, ParamSpec, TypeVar

from numpy.typing import NDArray

from ..locks import lock_for_moments

if TYPE_CHECKING:
    from .engine import Engine
    from .model import Model

AnyModel = TypeVar("AnyModel", bound="Model")
Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")
Arrays = dict[str, NDArray[Any]]

_TAKING = lock_for_moments()
_turns: dict[int, Turn] = {}  # the last of each model, by its id
_last_undone = object()  # another one after each pass that was undone


class _Before(NamedTuple):
    """A model before a pass: the number of the engine's snapshot, and attributes."""

    snapshot: int
    attributes: dict[str, Any]


class Turn:
    """The right to train a model, which one call has at a time."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.is_over = False
        self._thread = threading.get_ident()
        self._n_updates: int | None = None  # of the snapshot; None outside of a pass
        # Until what the pass changes is complete.
        self._before: _Before | None = None

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
        number = self.model._engine.snapshot()
        self._n_updates = self.model.n_updates_
        self._before = _Before(number, dict(self.model.__dict__))

    def count(self, values: Mapping[str, Any]) -> None:
        """The pass counts, by these attributes of the model."""
        self.model.__dict__.update(values, _arrays={})
        self._n_updates = None

    def end_pass(self) -> None:
        """What the pass counts for is complete, its entry in the history included."""
        self._before = None

    def undo_pass(self) -> None:
        """Unless the pass counts, the engine is what it was. Called again, it finishes what was interrupted."""
        global _last_undone
        if self._n_updates is not None and self._n_updates == self.model.n_updates_:
            self.model._engine.restore()
            _last_undone = object()
            self._before = None
        if "_arrays" in self.model.__dict__:
            self.model._arrays = {}

    def before_pass(self) -> _Before | None:
        """What the model was, if this is within a pass."""
        return None if self.is_over else self._before

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
    return _twin_with(model, model.__dict__)


def of_one_fit(
    method: Callable[Concatenate[AnyModel, Arguments], Result],
) -> Callable[Concatenate[AnyModel, Arguments], Result]:
    """Let a method that only reads work on a twin of its model: the engine and what was noted with it belong
    together there, though another thread may fit the model anew meanwhile."""

    @functools.wraps(method)
    def read(model: AnyModel, /, *arguments: Arguments.args, **options: Arguments.kwargs) -> Result:
        return method(twin_of(model), *arguments, **options)

    return read


def _twin_with(model: AnyModel, attributes: Mapping[str, Any]) -> AnyModel:
    twin = type(model).__new__(type(model))
    twin.__dict__.update(attributes)
    return twin


def at_rest(model: AnyModel) -> tuple[AnyModel, Arrays | None]:
    """A twin of a model and the arrays of its engine, if it is fitted, at one moment outside of a pass.

    Of a model in training it is the one at the end of the last finished epoch, or that of before the first,
    whether another thread asks or a callback between minibatches. The call waits for the end of a minibatch
    and training for the copies, no longer.
    """
    while True:
        undone, before = _last_undone, _before_pass(model)
        attributes = dict(model.__dict__) if before is None else before.attributes
        engine: Engine | None = attributes.get("_engine")
        if engine is None:
            return _twin_with(model, attributes), None
        if before is not None:
            arrays = engine.snapshot_state(before.snapshot)
            if arrays is not None:
                return _twin_with(model, attributes), arrays
            continue
        arrays = engine.state()
        began = _before_pass(model) is not None or _last_undone is not undone
        if not began and _counts_of(model.__dict__) == _counts_of(attributes):
            return _twin_with(model, attributes), arrays


def _before_pass(model: Model) -> _Before | None:
    turn = _turns.get(id(model))
    return None if turn is None else turn.before_pass()


def _counts_of(attributes: Mapping[str, Any]) -> tuple[Any, ...]:
    """What every pass that counts changes, and every new model."""
    return id(attributes.get("_engine")), attributes.get("n_updates_")


def _end_turns_in_child() -> None:
    for turn in tuple(_turns.values()):
        turn.end_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_end_turns_in_child)
