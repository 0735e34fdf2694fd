"""Measurements after the epochs of `fit`: a small fixed sample, so that watching costs next to nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import _core
from ._diagnosis import Diagnosis
from ._history import History
from ._record import appended

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


class Monitor:
    """Fills `history_` of a model during one fit."""

    def __init__(
        self, model: Any, rows: _core.Rows, history: History, *, is_watched: bool = False
    ) -> None:
        """`is_watched` says that a callback decides by what is measured."""
        self._model = model
        self._training_rows = rows
        self._validation_rows: _core.Rows | None = None
        self._training: Any = None  # the model's samples, taken when first needed
        self._validation: Any = None
        self._diagnosis = Diagnosis()
        cost = model._measuring_cost(rows)
        self._n_rows = (
            rows_to_measure(rows.shape[0], cost) if not history.n_rows else history.n_rows
        )
        self._n_first = _ALWAYS_MEASURED if history.every is None else 0
        if history.validation is not None and history.every != 0:
            self._validation_rows = self._rows_of(history.validation)
        n_validation = 0 if self._validation_rows is None else self._validation_rows.shape[0]
        history.n_rows_ = min(self._n_rows, rows.shape[0])
        history.n_validation_rows_ = min(self._n_rows, n_validation)
        percent = _PERCENT_WATCHED if is_watched else _PERCENT
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
        is_kept = self._every != 0 and (
            last or n_done <= self._n_first or n_done % self._every == 0
        )
        if not is_kept and not self._model.verbose:
            return
        entry = {"epoch": self._model.n_iter_, **noted, **self._measured()}
        if self._model.verbose:
            self._print(n_done, entry)
        if is_kept:
            kept = {name: value for name, value in entry.items() if not name.startswith("_")}
            self._model.history_ = appended(self._model.history_, kept)
            self._diagnosis.check(
                self._model._troubles({**entry, "_is_last": last}, self._training)
            )

    def _measured(self) -> dict[str, Any]:
        if self._training is None:
            self._take_samples()
        measured: dict[str, Any] = self._model._measure(self._training, self._validation)
        return measured

    def _print(self, n_done: int, entry: Mapping[str, Any]) -> None:
        """scikit-learn's line, with the score that `history_` has."""
        score = self._model.measurements[0].name
        print(
            f"[{type(self._model).__name__}] Iteration {n_done}, {score.replace('_', '-')} = "
            f"{entry[score]:.2f}, time = {entry['seconds']:.2f}s"
        )

    def _take_samples(self) -> None:
        self._training = self._sample(self._training_rows)
        if self._validation_rows is not None:
            self._validation = self._sample(self._validation_rows)

    def _sample(self, rows: _core.Rows) -> Any:
        """At most n_rows rows, spread evenly."""
        count = min(self._n_rows, rows.shape[0])
        numbers = np.arange(count, dtype=np.int64) * rows.shape[0] // count
        return self._model._sample(rows, numbers.astype(np.uint32))

    def _rows_of(self, X: Any) -> Any:
        try:
            return self._model._rows(self._model._matrix(X), training=False)
        except (ValueError, TypeError) as error:
            raise type(error)(f"History: validation: {error}") from error
