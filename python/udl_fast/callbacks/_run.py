"""The callbacks of one call of `fit`: plain functions, objects with scikit-learn's hooks, and what
measures and shows progress without being asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .. import _core
from ..progress import ProgressBar, is_watched
from ._history import History
from ._hooks import EPOCH_TASK, FIT_TASK
from ._monitor import Monitor

Callback = Callable[[Any, dict[str, Any]], Any]


def follows_protocol(callback: Any) -> bool:
    """Whether it is an object with the hooks of a `FitCallback`. Its class alone is not."""
    from ._protocol import FitCallback

    return isinstance(callback, FitCallback) and not isinstance(callback, type)


def _registered(owner: Any) -> list[Any]:
    """What `set_callbacks` was given; clones of scikit-learn carry it in this attribute."""
    return list(owner.__dict__.get("_skl_callbacks", ()))


def _histories(owner: Any) -> list[History]:
    given = {id(callback): callback for callback in [*(owner.callbacks or ()), *_registered(owner)]}
    found = [callback for callback in given.values() if isinstance(callback, History)]
    if len(found) > 1:
        raise ValueError(f"{type(owner).__name__}: callbacks hold more than one History")
    return found


class FitCallbacks:
    """What is called around the epochs of one fit.

    Parameters
    ----------
    model : estimator
        Its parameters and X are checked; it need not be fitted before `run`.
    X : array or CSR matrix
        Training rows as hooks get them.
    rows : Rows
        The same as the engine has them.
    """

    def __init__(self, model: Any, X: Any, rows: _core.Rows) -> None:
        self._model = model
        self._X = X
        self._n_rows = rows.shape[0]
        self._registered = _registered(model)
        given = list(model.callbacks or ())
        self._functions = [callback for callback in given if not follows_protocol(callback)]
        self._hooked = [
            callback
            for callback in given
            if follows_protocol(callback) and not any(callback is c for c in self._registered)
        ]
        self._monitor = Monitor(model, rows, next(iter(_histories(model)), History()))
        self._bar = self._progress_bar()
        self._root: Any = None  # context of the fit, if there are hooks to call
        self._task: Any = None  # context of the epoch
        self._begin = 0.0
        self._epoch = 0

    def run(self, loop: Callable[[FitCallbacks], None]) -> None:
        """Run the epochs, with hooks set up before and torn down after."""
        self._monitor.begin()
        try:
            if self._hooked or self._registered or hasattr(self._model, "_parent_callback_ctx"):
                self._run_with_hooks(loop)
            else:
                loop(self)
        finally:
            if self._bar is not None:
                self._bar.close()

    def begin_epoch(self, epoch: int) -> None:
        """Before epoch `epoch` of this fit, from 0."""
        self._epoch = epoch
        self._begin = time.perf_counter()
        if self._root is not None:
            self._task = self._root.subcontext(task_name=EPOCH_TASK)
            self._task.call_on_fit_task_begin(estimator=self._model, X=self._X, y=None)

    def end_epoch(self, seconds: float) -> bool:
        """After an epoch that took so long to train; whether a callback asked to stop."""
        self._monitor.after_epoch(self._epoch + 1, seconds)
        if self._bar is not None:
            self._bar.update(self._epoch + 1, 0)
        stop = self._call_functions(self._epoch + 1, self._n_rows)
        if self._task is not None:
            stop |= self._task.call_on_fit_task_end(
                estimator=self._model, X=self._X, y=None, reconstruction_attributes=dict
            )
        return stop

    @property
    def poll(self) -> Callable[[int], bool] | None:
        """For the engine to call with the rows done within the epoch; None if nobody cares."""
        return self._poll if self._functions or self._bar is not None else None

    def _poll(self, rows_done: int) -> bool:
        if self._bar is not None:
            self._bar.update(self._epoch, rows_done)
        return self._call_functions(self._epoch, rows_done)

    def _call_functions(self, epochs_done: int, rows_done: int) -> bool:
        self._model._arrays.clear()  # the weights have moved since a callback read them
        info = {
            "epoch": epochs_done,
            "n_iter": self._model.n_iter,
            "rows_done": rows_done,
            "n_rows": self._n_rows,
            "seconds": time.perf_counter() - self._begin,
        }
        stop = [bool(function(self._model, info)) for function in self._functions]
        return any(stop)

    def _run_with_hooks(self, loop: Callable[[FitCallbacks], None]) -> None:
        """Callbacks of the constructor count as set for the time of this fit."""
        from ._protocol import with_callbacks

        if hasattr(self._model, "_parent_callback_ctx"):
            self._refuse_propagated()

        def run(model: Any) -> None:
            self._root = model._init_callback_context(task_name=FIT_TASK, max_subtasks=model.n_iter)
            self._root.call_on_fit_task_begin(estimator=model, X=self._X, y=None)
            loop(self)
            self._root.call_on_fit_task_end(
                estimator=model, X=self._X, y=None, reconstruction_attributes=dict
            )

        self._model.set_callbacks(*self._hooked, *self._registered)
        try:
            with_callbacks(run)(self._model)
        finally:
            self._model.set_callbacks(*self._registered)

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
        if shown_otherwise or not self._model.n_iter or not is_watched():
            return None
        return ProgressBar(type(self._model).__name__, self._model.n_iter, self._n_rows)
