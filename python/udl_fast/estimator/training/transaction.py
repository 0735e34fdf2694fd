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
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

from numpy.typing import NDArray

from ...locks import lock_for_moments
from ..engine import Engine
from ..kind import ModelKind

AnyModel = TypeVar("AnyModel", bound=ModelKind)
Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")
Arrays = dict[str, NDArray[Any]]

_TAKING = lock_for_moments()
_turns: dict[int, Turn] = {}  # the last of each model, by its id
_last_undone = object()  # another one after each pass that was undone


# What changes where a stage begins, before anything is learned in it.
_OF_STAGES = ("_position", "_inside", "_engine")


class _Before(NamedTuple):
    """A model before a pass: the engines that learn in it, each with the number of its snapshot; attributes."""

    snapshots: tuple[tuple[Engine, int], ...]
    attributes: dict[str, Any]

    def arrays_of(self, engine: Engine) -> Arrays | None:
        """Of an engine before the pass; None if the pass is over and the next has begun."""
        for learning, number in self.snapshots:
            if learning is engine:
                return engine.snapshot_state(number)
        return engine.state()


class Turn:
    """The right to train a model, which one call has at a time."""

    def __init__(self, model: ModelKind) -> None:
        self.model = model
        self.is_over = False
        self._thread = threading.get_ident()
        self._n_updates: int | None = None  # of the snapshots; None outside of a pass
        self._learners: list[ModelKind] = []  # in the pass: the model, or some of those inside
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

    def begin_pass(self, learners: list[ModelKind]) -> None:
        """From here on the engines of these may be ahead of the model's counts."""
        snapshots = tuple((each._engine, each._engine.snapshot()) for each in learners)
        self._learners = learners
        self._n_updates = self.model.n_updates_
        self._before = _Before(snapshots, dict(self.model.__dict__))

    def count(self, values: Mapping[str, Any]) -> None:
        """The pass counts, by these attributes of the model."""
        self.model.__dict__.update(values, _arrays={})
        self._n_updates = None

    def end_pass(self) -> None:
        """What the pass counts for is complete, its entry in the history included."""
        self._before = None

    def undo_pass(self) -> None:
        """Unless the pass counts, engines are what they were. Called again, it finishes what was interrupted."""
        global _last_undone
        if self._n_updates is not None and self._n_updates == self.model.n_updates_:
            for learner in self._learners:
                learner._engine.restore()
            _last_undone = object()
            self._before = None
        for each in (self.model, *self._learners):
            if "_arrays" in each.__dict__:
                each._arrays = {}

    def before_pass(self) -> _Before | None:
        """What the model was, if this is within a pass."""
        return None if self.is_over else self._before

    # ---- fork() ----

    def end_in_child(self) -> None:
        """A forked child has none of the other threads: what one of them trained is as before its pass."""
        if self._thread != threading.get_ident():
            self.is_over = True
            self.undo_pass()


def trained_alone(model: ModelKind, train: Callable[[Turn], Result]) -> Result:
    """What `train` returns, during which no other call trains the model.

    If it raises before it has learned anything, the model is what it was, fitted or not.
    """
    turn = Turn(model)
    before = None
    try:
        turn.take()
        attributes = model.__dict__
        kept = {name: attributes[name] for name in _OF_STAGES if name in attributes}
        n_updates = attributes.get("n_updates_")
        before = attributes
        return train(turn)
    except BaseException:
        if before is not None:
            turn.undo_pass()  # in case that it was interrupted at the end of the pass
            if model.__dict__ is not before:  # replaced by a model that begins with 0 updates
                if model.n_updates_ == 0:
                    model.__dict__ = before
            elif model.__dict__.get("n_updates_") == n_updates:
                model.__dict__.update(kept)
        raise
    finally:
        turn.is_over = True
        turn.forget()


def twin_of(model: AnyModel, **changes: Any) -> AnyModel:
    """A model of the same attributes but these, to build on beside it."""
    return _twin_with(model, {**model.__dict__, **changes})


def reader_of(model: AnyModel) -> AnyModel:
    """A twin to read, of a model that is where its arguments say."""
    model._settle()
    return twin_of(model)


def is_being_trained(model: ModelKind) -> bool:
    """Whether a call trains the model at this moment."""
    turn = _turns.get(id(model))
    return turn is not None and not turn.is_over


def of_one_fit(
    method: Callable[Concatenate[AnyModel, Arguments], Result],
) -> Callable[Concatenate[AnyModel, Arguments], Result]:
    """Let a method that only reads work on a twin of its model: the engine and what was noted with it belong
    together there, though another thread may fit the model anew meanwhile."""

    @functools.wraps(method)
    def read(model: AnyModel, /, *arguments: Arguments.args, **options: Arguments.kwargs) -> Result:
        return method(reader_of(model), *arguments, **options)

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
        arrays = engine.state() if before is None else before.arrays_of(engine)
        inside = _still(attributes.get("_inside", {}), before)
        if arrays is None or inside is None:
            continue
        if inside:
            attributes["_inside"] = inside
        if before is not None:
            # Engines that did not learn in that pass may learn in a later one.
            if not inside or _before_pass(model) is before:
                return _twin_with(model, attributes), arrays
            continue
        began = _before_pass(model) is not None or _last_undone is not undone
        if not began and _counts_of(model.__dict__) == _counts_of(attributes):
            return _twin_with(model, attributes), arrays


class StillEngine:
    """An engine that does not learn: what it is, with its arrays of one moment."""

    def __init__(self, engine: Engine, arrays: Arrays) -> None:
        self._engine = engine
        self._arrays = arrays

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def state(self) -> Arrays:
        """The arrays, which nobody else holds."""
        return self._arrays


def _still(inside: Mapping[str, ModelKind], before: _Before | None) -> dict[str, ModelKind] | None:
    """Twins of models inside, with their arrays before the pass; None if it is over."""
    found = {}
    for name, model in inside.items():
        engine = model._engine
        arrays = engine.state() if before is None else before.arrays_of(engine)
        if arrays is None:
            return None
        found[name] = _twin_with(model, model.__dict__ | {"_engine": StillEngine(engine, arrays)})
    return found


def _before_pass(model: ModelKind) -> _Before | None:
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
