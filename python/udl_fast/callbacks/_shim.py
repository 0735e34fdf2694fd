"""What udl_fast needs of `sklearn.callback`, for scikit-learn before 1.9: the same names and hooks.

Left out is what only meta-estimators need: callbacks that spread to sub-estimators.
"""

from __future__ import annotations

import functools
import inspect
import uuid
from collections.abc import Callable
from typing import Any, Protocol, Self, runtime_checkable

__all__ = ["CallbackContext", "CallbackSupportMixin", "FitCallback", "with_callbacks"]


@runtime_checkable
class FitCallback(Protocol):
    """Hooks of a callback. Those about tasks may name X, y, metadata and fitted_estimator as
    keyword-only arguments and get what they name; a true result of `on_fit_task_end` stops the
    loop the task belongs to."""

    def setup(self, estimator: Any, context: Any) -> Any:
        """Before `fit` begins."""

    def teardown(self, estimator: Any, context: Any) -> Any:
        """After `fit`, also after one that failed."""

    def on_fit_task_begin(self, estimator: Any, context: Any) -> Any:
        """Before the whole fit and before each epoch."""

    def on_fit_task_end(self, estimator: Any, context: Any) -> Any:
        """After each epoch and after the whole fit."""


class CallbackContext:
    """One task of a fit, the fit itself or an epoch, and its place in the tree of tasks.

    Attributes
    ----------
    task_name : str
    task_id : int
        Unique among the tasks of one parent; epochs count from 0.
    max_subtasks : int or None
        0 for a leaf.
    estimator_name : str
    parent : CallbackContext or None
    root_uuid : uuid.UUID
        The same for all tasks of one fit.
    """

    def __init__(
        self,
        callbacks: list[Any],
        estimator_name: str,
        task_name: str,
        task_id: int,
        max_subtasks: int | None,
        sequential_subtasks: bool,
        parent: CallbackContext | None,
    ) -> None:
        self._callbacks = callbacks
        self._n_children = 0
        self.estimator_name = estimator_name
        self.task_name = task_name
        self.task_id = task_id
        self.max_subtasks = max_subtasks
        self.sequential_subtasks = sequential_subtasks
        self.parent = parent
        self.root_uuid: uuid.UUID = uuid.uuid4() if parent is None else parent.root_uuid
        self.source_estimator_name = None
        self.source_task_name = None

    def subcontext(
        self,
        task_name: str = "",
        task_id: int | None = None,
        max_subtasks: int | None = 0,
        sequential_subtasks: bool = True,
    ) -> CallbackContext:
        """A task within this one."""
        if task_id is None:
            task_id = self._n_children
        self._n_children += 1
        return CallbackContext(
            self._callbacks,
            self.estimator_name,
            task_name,
            task_id,
            max_subtasks,
            sequential_subtasks,
            self,
        )

    def call_on_fit_task_begin(self, *, estimator: Any, **values: Any) -> Self:
        """Call the hook of every callback."""
        self._call("on_fit_task_begin", estimator, values)
        return self

    def call_on_fit_task_end(self, *, estimator: Any, **values: Any) -> bool:
        """Call the hook of every callback; whether one asked to stop."""
        return self._call("on_fit_task_end", estimator, values)

    def _call(self, hook: str, estimator: Any, values: dict[str, Any]) -> bool:
        values = {"metadata": None, **values}
        attributes = values.pop("reconstruction_attributes", None)
        values["fitted_estimator"] = lambda: _with_attributes(estimator, attributes)
        stop = False
        for callback in self._callbacks:
            function = getattr(callback, hook)
            names = [
                parameter.name
                for parameter in inspect.signature(function).parameters.values()
                if parameter.kind is parameter.KEYWORD_ONLY
            ]
            if unknown := set(names) - {"X", "y", "metadata", "fitted_estimator"}:
                raise TypeError(
                    f"hook {hook} of {type(callback).__name__} names {sorted(unknown)}; it may "
                    "name X, y, metadata and fitted_estimator"
                )
            for name in names:
                if callable(values.get(name)):
                    values[name] = values[name]()
            stop |= bool(function(estimator, self, **{name: values.get(name) for name in names}))
        return stop


def _with_attributes(estimator: Any, attributes: Any) -> Any:
    """A copy of the estimator as if `fit` had stopped now."""
    import copy

    attributes = attributes() if callable(attributes) else attributes
    if attributes is None:
        return None
    fitted = copy.copy(estimator)
    for name, value in attributes.items():
        setattr(fitted, name, value)
    return fitted


class CallbackSupportMixin:
    """Mixin of estimators that take callbacks."""

    def set_callbacks(self, *callbacks: FitCallback) -> Self:
        """Have these called by `fit`; none removes those set before."""
        for callback in callbacks:
            if not isinstance(callback, FitCallback) or isinstance(callback, type):
                raise TypeError(f"set_callbacks: {callback!r} lacks hooks of FitCallback")
        if callbacks:
            self._skl_callbacks = list(callbacks)
        else:
            self.__dict__.pop("_skl_callbacks", None)
        return self

    def _init_callback_context(
        self,
        task_name: str = "fit",
        task_id: int = 0,
        max_subtasks: int | None = 0,
        sequential_subtasks: bool = True,
    ) -> CallbackContext:
        """The context of this fit, after every callback's `setup`."""
        callbacks = getattr(self, "_skl_callbacks", [])
        context = CallbackContext(
            callbacks,
            type(self).__name__,
            task_name,
            task_id,
            max_subtasks,
            sequential_subtasks,
            None,
        )
        self._callback_fit_ctx = context
        self._skl_callbacks_to_teardown: list[Any] = []
        for callback in callbacks:
            self._skl_callbacks_to_teardown.append(callback)
            callback.setup(estimator=self, context=context)
        return context


def with_callbacks(method: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator of a method that calls `_init_callback_context`: every callback set up is torn
    down, whatever happens."""

    @functools.wraps(method)
    def managed(estimator: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return method(estimator, *arguments, **options)
        finally:
            context = estimator.__dict__.pop("_callback_fit_ctx", None)
            errors = []
            for callback in estimator.__dict__.pop("_skl_callbacks_to_teardown", ()):
                try:
                    callback.teardown(estimator=estimator, context=context)
                except Exception as error:
                    errors.append(error)
            if len(errors) == 1:
                raise errors[0]
            if errors:
                raise ExceptionGroup("callbacks failed in teardown", errors)

    return managed
