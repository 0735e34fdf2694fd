"""Measurements after the epochs of `fit`: a small fixed sample, so that watching costs next to nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ._diagnosis import Diagnosis
from ._history import History
from ._record import appended

Read = TypeVar("Read")
HeldOut = tuple[_core.Rows, _core.Rows | None]  # rows and their targets

_ALWAYS_MEASURED = 20  # first epochs: tens of milliseconds at most, and a curve for short runs
_PERCENT = 1  # of the training time that measuring is to cost
_PERCENT_WATCHED = 10  # the same where a callback decides by it
# Rows of a sample: the lower bound is at least _FEWEST_ROWS, and _USUAL_ROWS where they cost no more than
# training on twice as many. 256 rows give the change of an epoch with a standard error below a tenth
# of what the first epochs change (benchmarks/rbm/metric_check.py).
_FEWEST_ROWS, _USUAL_ROWS, _MOST_ROWS = 128, 256, 1024


def rows_to_measure(n_rows: int, cost: float) -> int:
    """Size of the sample of so many rows, one of which costs as much as training on `cost` rows."""
    fewest = min(max(_FEWEST_ROWS, int(2 * _USUAL_ROWS / cost)), _USUAL_ROWS)
    affordable = int(n_rows * _PERCENT / (100 * cost))
    return min(max(affordable, fewest), _MOST_ROWS, n_rows)


def _spread(n_wanted: int, n_rows: int) -> NDArray[np.uint32]:
    """Numbers of at most so many rows, spread evenly."""
    count = min(n_wanted, n_rows)
    return (np.arange(count, dtype=np.int64) * n_rows // count).astype(np.uint32)


class Watch:
    """What one fit is to measure.

    Parameters
    ----------
    model : estimator
    history : History
    X : array or CSR matrix
        Training rows of the model, checked.
    is_watched : bool
        Whether a callback decides by what is measured.
    """

    def __init__(self, model: Any, history: History, X: Any, *, is_watched: bool) -> None:
        self.model, self.history, self.is_watched = model, history, is_watched
        self._X_training = X
        self._X: Any = None  # of the validation rows
        self._y: Any = None
        if history.validation is not None and history.every != 0:
            self._take(history.validation)

    def stage(
        self, number: int, stage: Any, presentation: Any, *, is_one_of_several: bool
    ) -> Monitor:
        """The measurements of a stage, whose learner is presented these rows."""
        title = f", {stage.name}" if is_one_of_several else ""
        return Monitor(self, title, presentation, self._held_out(number, stage.learner))

    def rows_of_model(self, n_rows: int) -> tuple[Any, Any | None]:
        """At most so many training rows, and validation rows if there are some, as the model is given them."""
        training, validation = (
            None if X is None else X[_spread(n_rows, X.shape[0])]
            for X in (self._X_training, self._X)
        )
        return training, validation

    def _take(self, validation: Any) -> None:
        if self.model._learns_targets:
            if not isinstance(validation, list | tuple) or len(validation) != 2:
                raise ValueError(
                    f"History: validation of {type(self.model).__name__}, which learns targets, must be a pair "
                    "(X, y)"
                )
            validation, self._y = validation
        self._X = _of_validation(lambda: self.model._matrix(validation))

    def _held_out(self, number: int, learner: str | None) -> HeldOut | None:
        """Validation rows, and their targets, as the learner of a stage takes them."""
        if self._X is None:
            return None
        model, X = self.model, self._X
        if learner is not None:
            X = model._stage_input(number, X, self._y)
            model = model._inside[learner]
            X = _of_validation(lambda: model._matrix(X))
        return _of_validation(
            lambda: (model._rows(X, training=False), model._targets(self._y, X.shape[0]))
        )


def _of_validation(read: Callable[[], Read]) -> Read:
    try:
        return read()
    except (ValueError, TypeError) as error:
        raise type(error)(f"History: validation: {error}") from error


class Monitor:
    """Fills `history_` of a model during one stage.

    Parameters
    ----------
    watch : Watch
    title : str
        What tells lines of the stage apart from others.
    presentation : Presentation
        What its learner learns from.
    held_out : tuple of (Rows, Rows or None), or None
        Validation rows and their targets.
    """

    def __init__(
        self,
        watch: Watch,
        title: str,
        presentation: Any,
        held_out: HeldOut | None,
    ) -> None:
        model, history = watch.model, watch.history
        self._model = model
        self._watch = watch
        self._title = title
        rows = presentation.rows
        self._training_rows = (rows, presentation.targets)
        self._validation_rows = held_out
        self._training: Any = None  # the learner's samples, taken when first needed
        self._validation: Any = None
        self._of_model: tuple[Any, Any | None] = (
            None,
            None,
        )  # the same rows, where one inside learns
        self._n_done = 0  # of the stage, in this fit
        self._diagnosis = Diagnosis()
        cost = model._learner._measuring_cost(rows)
        self._n_rows = (
            rows_to_measure(rows.shape[0], cost) if not history.n_rows else history.n_rows
        )
        self._n_first = _ALWAYS_MEASURED if history.every is None else 0
        n_validation = 0 if held_out is None else held_out[0].shape[0]
        history.n_rows_ = min(self._n_rows, rows.shape[0])
        history.n_validation_rows_ = min(self._n_rows, n_validation)
        percent = _PERCENT_WATCHED if watch.is_watched else _PERCENT
        n_measured = self._n_rows * (1 if self._validation_rows is None else 2)
        affordable = math.ceil(100 * cost * n_measured / (percent * rows.shape[0]))
        self._every = affordable if history.every is None else history.every

    def after_epoch(self, n_done: int, noted: Mapping[str, Any], *, last: bool) -> None:
        """Measure if it is time to, and warn if learning goes wrong.

        Parameters
        ----------
        n_done : int
            Epochs of this fit that are done.
        noted : mapping of str to object
            What else the history is to have of this epoch.
        last : bool
            Whether no epoch is to follow, in the fit or in the stage.
        """
        self._n_done += 1
        is_kept = self._every != 0 and (
            last or self._n_done <= self._n_first or self._n_done % self._every == 0
        )
        if not is_kept and not self._model.verbose:
            return
        entry = {"epoch": self._model.n_iter_, **noted, **self._measured()}
        if self._model.verbose:
            self._print(n_done, entry)
        if is_kept:
            kept = {name: value for name, value in entry.items() if not name.startswith("_")}
            self._model.history_ = appended(self._model.history_, kept)
            learner = self._model._learner
            of_learner = {**entry, "epoch": learner.n_iter_, "_is_last": last}
            self._diagnosis.check(learner._troubles(of_learner, self._training))

    def _measured(self) -> dict[str, Any]:
        if self._training is None:
            self._take_samples()
        learner = self._model._learner
        measured: dict[str, Any] = learner._measure(self._training, self._validation)
        if learner is not self._model:
            measured |= self._model._measure_beside(*self._of_model)
        return measured

    def _print(self, n_done: int, entry: Mapping[str, Any]) -> None:
        """scikit-learn's line, with the score that `history_` has."""
        score = self._model._learner.measurements[0].name
        print(
            f"[{type(self._model).__name__}{self._title}] Iteration {n_done}, {score.replace('_', '-')} = "
            f"{entry[score]:.2f}, time = {entry['seconds']:.2f}s"
        )

    def _take_samples(self) -> None:
        self._training = self._sample(*self._training_rows)
        if self._validation_rows is not None:
            self._validation = self._sample(*self._validation_rows)
        if self._model._learner is not self._model:
            self._of_model = self._watch.rows_of_model(self._n_rows)

    def _sample(self, rows: _core.Rows, targets: _core.Rows | None) -> Any:
        """At most n_rows rows; a pair with their targets where there are some."""
        numbers = _spread(self._n_rows, rows.shape[0])
        learner = self._model._learner
        sample = learner._sample(rows, numbers)
        return sample if targets is None else (sample, targets.take(numbers, learner._engine_dtype))
