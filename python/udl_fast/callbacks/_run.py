"""The callbacks of one call of `fit`: plain functions, objects with scikit-learn's hooks, and what
measures and shows progress without being asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from ..progress import ProgressBar, is_watched
from ._history import History
from ._hooks import EPOCH_TASK, FIT_TASK, STAGE_TASK, mark_unfinished
from ._monitor import Monitor, Watch

# Attributes that `_init_callback_context` gives a model: the context, and callbacks to be torn down.
_OF_A_FIT = ("_callback_fit_ctx", "_skl_callbacks_to_teardown")

Callback = Callable[[Any, dict[str, Any]], Any]


def follows_protocol(callback: Any) -> bool:
    """Whether it is an object with the hooks of a `FitCallback`. Its class alone is not."""
    from ._protocol import FitCallback

    return isinstance(callback, FitCallback) and not isinstance(callback, type)


def _registered(owner: Any) -> list[Any]:
    """What `set_callbacks` was given; clones of scikit-learn carry it in this attribute."""
    return list(owner.__dict__.get("_skl_callbacks", ()))


def _given(owner: Any) -> list[Any]:
    """What the parameter `callbacks` holds; one needs no list."""
    found = owner.callbacks
    return [] if found is None else list(found) if isinstance(found, list | tuple) else [found]


def histories_of(owner: Any) -> list[History]:
    """The History among its callbacks, if any; more than one is an error."""
    given = {id(callback): callback for callback in [*_given(owner), *_registered(owner)]}
    found = [callback for callback in given.values() if isinstance(callback, History)]
    if len(found) > 1:
        raise ValueError(f"{type(owner).__name__}: callbacks hold more than one History")
    return found


def _needs_measurements(callback: Any) -> bool:
    return getattr(callback, "needs_measurements", False) is True


def _asks_to_stop(function: Callback, answer: Any) -> bool:
    try:
        return bool(answer)
    except ValueError as error:  # arrays of several values
        name = getattr(function, "__name__", type(function).__name__)
        raise TypeError(
            f"callbacks: {name} returned an object of type {type(answer).__name__} that is neither true "
            "nor false; return True to stop the training and nothing else"
        ) from error


class FitCallbacks:
    """What is called around the epochs of one fit.

    Parameters
    ----------
    model : estimator
        Its parameters and X are checked, and its training can begin.
    X, y : array or CSR matrix, and what goes with it
        Training rows as hooks get them.
    stages : list of Stage
        Of the model.
    plan : list of (int, Stage, int)
        The stages before this fit, and how many epochs of each are done.
    """

    def __init__(
        self,
        model: Any,
        X: Any,
        y: Any,
        stages: list[Any],
        plan: list[tuple[int, Any, int]],
    ) -> None:
        self._model = model
        self._X = X
        self._y = y
        self._n_rows = X.shape[0]
        self._n_stages = len(stages)
        self._n_stages_to_come = len(plan)
        self._n_epochs = sum(stage.n_iter - done for _, stage, done in plan)
        self._registered = _registered(model)
        given = _given(model)
        self._functions = [callback for callback in given if not follows_protocol(callback)]
        self._hooked = [
            callback
            for callback in given
            if follows_protocol(callback) and not any(callback is c for c in self._registered)
        ]
        history = next(iter(histories_of(model)), History())
        watching = [c for c in [*self._hooked, *self._registered] if _needs_measurements(c)]
        if watching and history.every == 0:
            raise ValueError(
                f"{type(watching[0]).__name__} decides by measurements, and History(every=0) turns "
                "them off: choose another `every`, or leave it out"
            )
        self._watch = Watch(model, history, X, is_watched=bool(watching))
        self._monitor: Monitor | None = None  # of the stage
        self._uses_hooks = bool(self._hooked or self._registered) or hasattr(
            model, "_parent_callback_ctx"
        )
        self._bar = self._progress_bar()
        self._root: Any = None  # context of the fit, if there are hooks to call
        self._parent: Any = None  # context of the stage, or of the fit if there is one stage
        self._task: Any = None  # context of the epoch
        self._stage: Any = None
        self._begin = 0.0
        self.n_epochs_done = 0  # of this fit
        self.is_stopped = False  # the whole fit, not the stage alone

    # ---- the fit ----

    def begin_fit(self) -> None:
        """Before the stages: hooks are set up."""
        if self._uses_hooks:
            self._set_up_hooks()

    def end_fit(self) -> None:
        """After the stages, unless they failed."""
        if self._root is not None:
            self._end(self._root)

    def close(self) -> None:
        """At the end, whatever happened: hooks are torn down, and the model has no more of this than before.

        Called again, it finishes what was interrupted.
        """
        if self._bar is not None:
            self._bar.close()
        if self._uses_hooks:
            self._close_hooks()

    # ---- stages and epochs ----

    def begin_stage(self, number: int, stage: Any, n_epochs: int, presentation: Any) -> None:
        """Before so many epochs of a stage, whose learner is presented these rows."""
        self._stage = stage
        if self._bar is not None and self._n_stages > 1:
            self._bar.name_stage(stage.name)
        self._monitor = self._watch.stage(
            number, stage, presentation, is_one_of_several=self._n_stages > 1
        )
        self._parent = self._root
        if self._root is not None and self._n_stages > 1:
            self._parent = self._root.subcontext(task_name=STAGE_TASK, max_subtasks=n_epochs)
            self._parent.call_on_fit_task_begin(estimator=self._model, X=self._X, y=self._y)

    def end_stage(self) -> None:
        """After the epochs of a stage; a callback may want the whole fit to stop here."""
        if self._parent is not self._root:
            self.is_stopped |= self._end(self._parent)

    def begin_epoch(self) -> None:
        """Before an epoch."""
        self._begin = time.perf_counter()
        if self._parent is not None:
            self._task = self._parent.subcontext(task_name=EPOCH_TASK)
            self._task.call_on_fit_task_begin(estimator=self._model, X=self._X, y=self._y)

    def leave_epoch(self) -> None:
        """A function stopped the training within an epoch."""
        if self._task is not None:
            mark_unfinished(self._task)
            self._end(self._task)

    def note_epoch(self, seconds: float, of_epoch: Mapping[str, float], *, last: bool) -> None:
        """Measure and note an epoch that took so long to train, with these values of arguments that change
        from epoch to epoch."""
        self.n_epochs_done += 1
        noted: dict[str, Any] = {"seconds": seconds, **of_epoch}
        if self._n_stages > 1 or self._stage.learner is not None:
            noted["stage"] = self._stage.name
        assert self._monitor is not None
        self._monitor.after_epoch(self.n_epochs_done, noted, last=last)

    def end_epoch(self) -> bool:
        """After an epoch is noted; whether a callback asked to stop.

        Functions stop the whole fit, hooks the stage they are in.
        """
        if self._bar is not None:
            self._bar.update(self.n_epochs_done, 0)
        stop = self._call_functions(self._n_rows)
        if self._task is not None:
            stop |= self._end(self._task)
        return stop

    def _end(self, context: Any) -> bool:
        stop: bool = context.call_on_fit_task_end(
            estimator=self._model, X=self._X, y=self._y, reconstruction_attributes=dict
        )
        return stop

    @property
    def poll(self) -> Callable[[int], bool] | None:
        """For the engine to call with the rows done within the epoch; None if nobody cares."""
        return self._poll if self._functions or self._bar is not None else None

    def _poll(self, rows_done: int) -> bool:
        if self._bar is not None:
            self._bar.update(self.n_epochs_done, rows_done)
        return self._call_functions(rows_done)

    def _call_functions(self, rows_done: int) -> bool:
        for moving in (self._model, self._model._learner):
            moving._arrays = {}  # the weights have moved since a callback read them
        info = {
            "stage": self._stage.name,
            "epoch": self.n_epochs_done,
            "n_iter": self._n_epochs,
            "rows_done": rows_done,
            "n_rows": self._n_rows,
            "seconds": time.perf_counter() - self._begin,
        }
        results = [_asks_to_stop(f, f(self._model, info)) for f in self._functions]
        stop = any(results)
        self.is_stopped |= stop
        return stop

    # ---- hooks ----

    def _set_up_hooks(self) -> None:
        """Callbacks of the constructor count as set for the time of this fit."""
        model = self._model
        if hasattr(model, "_parent_callback_ctx"):
            self._refuse_propagated()
        model.set_callbacks(*self._hooked, *self._registered)
        n_tasks = self._n_epochs if self._n_stages == 1 else self._n_stages_to_come
        self._root = model._init_callback_context(task_name=FIT_TASK, max_subtasks=n_tasks)
        self._root.call_on_fit_task_begin(estimator=model, X=self._X, y=self._y)

    def _close_hooks(self) -> None:
        errors = self._tear_down()
        for name in _OF_A_FIT:
            self._model.__dict__.pop(name, None)
        self._model.set_callbacks(*self._registered)
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise ExceptionGroup("callbacks failed in teardown", errors)

    def _tear_down(self) -> list[Exception]:
        """Tear down what was set up or began to be, each once, and return errors of it."""
        context, waiting = (self._model.__dict__.get(name) for name in _OF_A_FIT)
        errors = []
        while waiting:
            callback = waiting[0]
            try:
                callback.teardown(estimator=self._model, context=context)
            except Exception as error:
                errors.append(error)
            finally:
                del waiting[0]
        return errors

    def _refuse_propagated(self) -> None:
        """As scikit-learn does: what spreads from a meta-estimator is set there."""
        spreading = [type(c).__name__ for c in self._hooked if hasattr(c, "max_propagation_depth")]
        if spreading:
            raise TypeError(
                f"{type(self._model).__name__}: {', '.join(spreading)} in callbacks of a model "
                "inside a meta-estimator; set it on the meta-estimator"
            )

    def _progress_bar(self) -> ProgressBar | None:
        """None where nobody watches, or where something else shows progress."""
        shown_otherwise = self._model.verbose or any(
            type(callback).__name__ == "ProgressBar"
            for callback in [*self._hooked, *self._registered]
        )
        if shown_otherwise or not self._n_epochs or not is_watched():
            return None
        return ProgressBar(type(self._model).__name__, self._n_epochs, self._n_rows)
