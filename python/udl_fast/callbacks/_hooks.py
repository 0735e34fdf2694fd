"""Hooks that do nothing, for callbacks that need only some."""

from __future__ import annotations

import inspect
from typing import Any

# Names of the tasks of our models. A model of several stages has tasks of stages between fit and epochs.
FIT_TASK, STAGE_TASK, EPOCH_TASK = "fit", "stage", "epoch"

_COLLECTED = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_LONGEST_VALUE = 60  # characters of an argument in a repr


class Hooks:
    """Base class: scikit-learn's callback protocol with empty hooks."""

    needs_measurements = False  # of `history_`, to decide by

    def __repr__(self) -> str:
        """The call that makes it, without arguments that have their defaults and the contents of data."""
        given = [
            f"{name}={_abbreviated(getattr(self, name, None))}"
            for name, parameter in inspect.signature(type(self)).parameters.items()
            if parameter.kind not in _COLLECTED
            and not _is_default(getattr(self, name, None), parameter.default)
        ]
        return f"{type(self).__name__}({', '.join(given)})"

    def setup(self, estimator: Any, context: Any) -> None:
        """Before `fit` begins."""

    def teardown(self, estimator: Any, context: Any) -> None:
        """After `fit`, also after one that failed."""

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Before the whole fit, before each stage and before each epoch."""
        if context.task_name == STAGE_TASK:
            self.before_stage(estimator)

    def on_fit_task_end(self, estimator: Any, context: Any) -> bool | None:
        """After each epoch, after each stage and after the whole fit; True stops the training. Of an
        epoch that a function stopped within, the model knows nothing: `n_iter_` has not moved."""
        if context.task_name == EPOCH_TASK:
            return None if is_unfinished(context) else self.after_epoch(estimator)
        if context.task_name == STAGE_TASK:
            self.after_stage(estimator)
        if context.task_name == FIT_TASK:
            self.after_fit(estimator)
        return None

    def before_stage(self, estimator: Any) -> None:
        """Before each stage of a model that has several."""

    def after_epoch(self, estimator: Any) -> bool | None:
        """After each epoch; True stops the training, or the stage where there are several."""
        return None

    def after_stage(self, estimator: Any) -> None:
        """After each stage of a model that has several."""

    def after_fit(self, estimator: Any) -> None:
        """After the last epoch of a fit that did not fail."""


def mark_unfinished(context: Any) -> None:
    """The task is an epoch that was left before its end."""
    context.udl_fast_is_unfinished = True


def is_unfinished(context: Any) -> bool:
    """Whether the task is an epoch that was left before its end."""
    return getattr(context, "udl_fast_is_unfinished", False)


def _is_default(value: Any, default: Any) -> bool:
    if value is default or hasattr(value, "shape"):  # arrays answer for each of their values
        return value is default
    return type(value) is type(default) and bool(value == default)


def _abbreviated(value: Any) -> str:
    shape = getattr(value, "shape", None)
    if shape is not None:
        return f"<{type(value).__name__} of shape {tuple(shape)}>"
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"<{type(value).__name__}>"


def latest(history: dict[str, list[Any]], epoch: int) -> dict[str, Any]:
    """The measurements of this epoch; empty if it was not measured."""
    if not history.get("epoch") or history["epoch"][-1] != epoch:
        return {}
    return {name: values[-1] for name, values in history.items()}
