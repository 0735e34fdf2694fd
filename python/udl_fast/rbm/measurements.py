"""What is measured of an RBM after an epoch, for `history_` and for warnings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ..estimator.declarations import Measurement, Trouble
from ..evaluation import flipped_once, one_flip_estimate
from ..runtime import resolve_n_jobs
from .diagnosis import troubles
from .inference import Inference

_DEAD, _SATURATED = 0.01, 0.99  # bounds of P(h = 1 | v) over the whole sample

MEASUREMENTS = (
    Measurement("pseudo_likelihood", "max", "mean over a sample of the training rows, nats"),
    Measurement("weight_change", "min", "change of the weights in the epoch, |dW| / |W|"),
    Measurement("mean_activation", None, "mean of P(h = 1 | v) over the sample"),
    Measurement("dead_units", "min", "hidden units with P(h = 1 | v) < 0.01 on every row"),
    Measurement("saturated_units", "min", "hidden units with P(h = 1 | v) > 0.99 on every row"),
    Measurement("validation_pseudo_likelihood", "max", "the same on validation rows, nats"),
    Measurement(
        "free_energy_gap", "min", "mean free energy of validation rows less training rows, nats"
    ),
)


class Sample:
    """Rows to measure on, and the same rows with one unit flipped in each."""

    def __init__(self, values: NDArray[Any]) -> None:
        self._n_features = values.shape[1]
        self.rows = _core.Rows.from_array(values)
        self._flipped = _core.Rows.from_array(flipped_once(values))

    def scores(self, engine: _core.RbmEngine, n_threads: int) -> tuple[float, float]:
        """Mean free energy and mean pseudo-likelihood, nats."""
        energy = engine.free_energy(self.rows, n_threads)
        flipped = engine.free_energy(self._flipped, n_threads)
        estimate = one_flip_estimate(energy, flipped, self._n_features)
        return float(energy.mean()), float(estimate.mean())

    def is_within_unit_interval(self) -> bool:
        """Whether these are states or probabilities."""
        return self.rows.kind == "bits" or (self.rows.minimum >= 0 and self.rows.maximum <= 1)


class Measurements(Inference):
    """Mixin: what `fit` measures."""

    def _sample(self, rows: _core.Rows, numbers: NDArray[np.uint32]) -> Sample:
        """Probabilities to draw pixels from are drawn once."""
        values: NDArray[Any] = rows.take(numbers, self._engine_dtype)
        if self.binarize == "sample" and rows.kind != "bits":
            draws = np.random.default_rng(self._seed).random(values.shape)
            values = (draws < values).astype(self._engine_dtype)
        return Sample(values)

    def _measure(self, training: Sample, validation: Sample | None) -> dict[str, float | int]:
        engine, n_threads = self._engine, resolve_n_jobs(self.n_jobs)
        hidden = engine.mean_hidden(training.rows, n_threads)
        change, size, largest = engine.change_since_snapshot()
        energy, pseudo_likelihood = training.scores(engine, n_threads)
        measured: dict[str, float | int] = {
            "pseudo_likelihood": pseudo_likelihood,
            "weight_change": change / size if size > 0 else 0.0,
            "mean_activation": float(hidden.mean(dtype=np.float64)),
            "dead_units": int((hidden.max(axis=0) < _DEAD).sum()),
            "saturated_units": int((hidden.min(axis=0) > _SATURATED).sum()),
            "_largest_weight": largest,
        }
        if validation is not None:
            validation_energy, score = validation.scores(engine, n_threads)
            measured["validation_pseudo_likelihood"] = score
            measured["free_energy_gap"] = validation_energy - energy
        return measured

    def _troubles(self, entry: Mapping[str, Any], sample: Sample) -> Iterable[Trouble]:
        # Values outside [0, 1] have been warned of, and explain whatever happens.
        if not sample.is_within_unit_interval():
            return ()
        return troubles(self, entry, sample.rows.shape[0])
