"""Measurements after the epochs of `fit`: a small fixed sample, so that watching costs next to nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import _core
from ._diagnosis import Diagnosis
from ._history import History
from ._record import appended

_ALWAYS_MEASURED = 20  # first epochs: tens of milliseconds at most, and a curve for short runs
# Measuring 128 rows took as long as training on about 500 at 784-500, and is to cost about 1 %.
_ROWS_PER_MEASUREMENT = 50_000


class Monitor:
    """Fills `history_` of a model during one fit."""

    def __init__(self, model: Any, rows: _core.Rows, history: History) -> None:
        self._model = model
        self._n_rows = history.n_rows
        self._training_rows = rows
        self._validation_rows: _core.Rows | None = None
        self._training: Any = None  # the model's samples, taken when first needed
        self._validation: Any = None
        self._diagnosis = Diagnosis()
        self._every = (
            -(-_ROWS_PER_MEASUREMENT // rows.shape[0]) if history.every is None else history.every
        )
        self._n_first = _ALWAYS_MEASURED if history.every is None else 0
        if history.validation is not None and self._every:
            self._validation_rows = self._rows_of(history.validation)

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
        if not self._every:
            return
        if last or n_done <= self._n_first or n_done % self._every == 0:
            self._measure({"epoch": self._model.n_iter_, **noted})

    def _measure(self, entry: dict[str, Any]) -> None:
        if self._training is None:
            self._take_samples()
        entry.update(self._model._measure(self._training, self._validation))
        kept = {name: value for name, value in entry.items() if not name.startswith("_")}
        self._model.history_ = appended(self._model.history_, kept)
        self._diagnosis.check(self._model._troubles(entry, self._training))

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
