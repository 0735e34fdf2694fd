"""Hooks that do nothing, for callbacks that need only some."""

from __future__ import annotations

from typing import Any

# Names of the tasks of our models. A model of several stages has tasks of stages between fit and epochs.
FIT_TASK, STAGE_TASK, EPOCH_TASK = "fit", "stage", "epoch"


class Hooks:
    """Base class: scikit-learn's callback protocol with empty hooks."""

    def setup(self, estimator: Any, context: Any) -> None:
        """Before `fit` begins."""

    def teardown(self, estimator: Any, context: Any) -> None:
        """After `fit`, also after one that failed."""

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Before the whole fit, before each stage and before each epoch."""
        if context.task_name == STAGE_TASK:
            self.before_stage(estimator)

    def on_fit_task_end(self, estimator: Any, context: Any) -> bool | None:
        """After each epoch, after each stage and after the whole fit; True stops the training."""
        if context.task_name == EPOCH_TASK:
            return self.after_epoch(estimator)
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


def latest(history: dict[str, list[Any]], epoch: int) -> dict[str, Any]:
    """The measurements of this epoch; empty if it was not measured."""
    if not history.get("epoch") or history["epoch"][-1] != epoch:
        return {}
    return {name: values[-1] for name, values in history.items()}
