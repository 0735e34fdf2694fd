"""What is measured of an RBM after an epoch, for `history_` and for warnings."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ..estimator.model import FittedModel
from ..evaluation import flipped_once, one_flip_estimate
from ..runtime import resolve_n_jobs
from .diagnosis import Diagnosis

_DEAD, _SATURATED = 0.01, 0.99  # bounds of P(h = 1 | v) over the whole sample


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


class Measurements(FittedModel):
    """Mixin: what the monitor of `fit` asks a model for."""

    def _new_sample(self, values: NDArray[Any]) -> Sample:
        return Sample(values)

    def _new_diagnosis(self, n_rows: int) -> Diagnosis:
        return Diagnosis(self, n_rows)

    def _measure(
        self, training: Sample, validation: Sample | None
    ) -> tuple[dict[str, float | int], float]:
        """Measurements by name, and the largest weight."""
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
        }
        if validation is not None:
            validation_energy, score = validation.scores(engine, n_threads)
            measured["validation_pseudo_likelihood"] = score
            measured["free_energy_gap"] = validation_energy - energy
        return measured, largest
