"""Measurements after the epochs of `fit`: a small fixed sample, so that watching costs next to nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _core
from ._history import History

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
        self._diagnosis: Any = None
        self._every = (
            -(-_ROWS_PER_MEASUREMENT // rows.shape[0]) if history.every is None else history.every
        )
        self._n_first = _ALWAYS_MEASURED if history.every is None else 0
        if history.validation is not None and self._every:
            self._validation_rows = self._rows_of(history.validation)

    def begin(self) -> None:
        """Before the first epoch of a model that is started."""
        history = self._model.__dict__.setdefault("history_", {})
        _drop_later_epochs(history, self._model.n_iter_)

    def after_epoch(self, n_done: int, seconds: float) -> None:
        """Measure if it is time to, and warn if learning goes wrong; n_done epochs of this fit are
        done."""
        last = n_done == self._model.n_iter
        if self._every and (last or n_done <= self._n_first or n_done % self._every == 0):
            entry, largest_weight = self._measure(seconds)
            _append(self._model.history_, entry)
            if self._diagnosis is not None:
                self._diagnosis.check(entry, largest_weight)

    def _measure(self, seconds: float) -> tuple[dict[str, Any], float]:
        """The measurements, and the largest weight."""
        if self._training is None:
            self._take_samples()
        measured, largest_weight = self._model._measure(self._training, self._validation)
        entry = {"epoch": self._model.n_iter_, "seconds": seconds, **measured}
        return entry, largest_weight

    def _take_samples(self) -> None:
        self._training = self._sample(self._training_rows)
        if self._validation_rows is not None:
            self._validation = self._sample(self._validation_rows)
        sample = self._training.rows
        # Values outside [0, 1] have been warned of, and explain whatever happens.
        if sample.kind == "bits" or (sample.minimum >= 0 and sample.maximum <= 1):
            self._diagnosis = self._model._new_diagnosis(sample.shape[0])

    def _sample(self, rows: _core.Rows) -> Any:
        """At most n_rows rows, spread evenly; probabilities to draw pixels from are drawn once."""
        count = min(self._n_rows, rows.shape[0])
        numbers = (np.arange(count, dtype=np.int64) * rows.shape[0] // count).astype(np.uint32)
        dtype = "float64" if self._model._engine.precision == "float64" else "float32"
        values = rows.take(numbers, dtype)
        if self._model.binarize == "sample" and rows.kind != "bits":
            draws = np.random.default_rng(self._model._seed).random(values.shape)
            values = (draws < values).astype(dtype)
        return self._model._new_sample(values)

    def _rows_of(self, X: Any) -> _core.Rows:
        try:
            return self._model._visible_rows(self._model._visible_matrix(X))  # type: ignore[no-any-return]
        except (ValueError, TypeError) as error:
            raise type(error)(f"History: validation: {error}") from error


def _append(history: dict[str, list[Any]], entry: dict[str, Any]) -> None:
    """One more value in every list. Measurements that come or go between fits are None meanwhile."""
    n_before = max(map(len, history.values()), default=0)
    for name in [*history, *(name for name in entry if name not in history)]:
        history.setdefault(name, [None] * n_before).append(entry.get(name))


def _drop_later_epochs(history: dict[str, list[Any]], n_epochs: int) -> None:
    """A model that went back to its best epoch learns on from there."""
    n_kept = sum(epoch <= n_epochs for epoch in history.get("epoch", ()))
    for values in history.values():
        del values[n_kept:]
