"""What is measured of an RBM after an epoch, for `history_` and for warnings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ..estimator.declarations import Measurement, Trouble
from ..runtime import resolve_n_jobs
from .diagnosis import troubles
from .inference import Inference

# Rows of training for the time of measuring one, where layers are large (784-500: 1.7, 8 and 10), and the
# size at which small layers take half of that.
_COST_OF_BITS, _COST_OF_REALS, _COST_OF_DOUBLES = 2.0, 8.0, 10.0
_WEIGHTS_FOR_HALF_COST = 1 << 15

_DEAD, _SATURATED = 0.01, 0.99  # bounds of P(h = 1 | v) over the whole sample

MEASUREMENTS = (
    Measurement("pseudo_likelihood", "max", "exact, mean over a sample of the training rows, nats"),
    Measurement("weight_change", "min", "change of the weights in the epoch, |dW| / |W|"),
    Measurement("mean_activation", None, "mean of P(h = 1 | v) over the sample"),
    Measurement("dead_units", "min", "hidden units with P(h = 1 | v) < 0.01 on every row"),
    Measurement("saturated_units", "min", "hidden units with P(h = 1 | v) > 0.99 on every row"),
    Measurement(
        "activation_spread",
        "max",
        "standard deviation of P(h = 1 | v) over the sample, mean of the tenth of the units where it "
        "is largest",
        begun_at=0.1,
    ),
    Measurement(
        "validation_pseudo_likelihood", "max", "pseudo_likelihood on validation rows, nats"
    ),
    Measurement(
        "free_energy_gap", "min", "mean free energy of validation rows less training rows, nats"
    ),
)


class Sample:
    """Rows to measure on."""

    def __init__(self, rows: _core.Rows) -> None:
        self.rows = rows
        self.units_on = float(rows.column_means().sum())  # in a row, on average

    def scores(self, engine: _core.RbmEngine, n_threads: int) -> tuple[float, float]:
        """Mean free energy and mean pseudo-likelihood, nats."""
        energy = engine.free_energy(self.rows, n_threads)
        score = engine.pseudo_likelihood(self.rows, n_threads)
        return float(energy.mean()), float(score.mean())

    def is_within_unit_interval(self) -> bool:
        """Whether these are states or probabilities."""
        return self.rows.kind == "bits" or (self.rows.minimum >= 0 and self.rows.maximum <= 1)


def spread(hidden: NDArray[Any]) -> float:
    """How much the hidden units that do most tell rows apart: standard deviations over the rows, mean of
    the largest tenth."""
    deviations = np.sort(hidden.std(axis=0, dtype=np.float64))
    return float(deviations[-math.ceil(len(deviations) / 10) :].mean())


class Measurements(Inference):
    """Mixin: what `fit` measures."""

    def _sample(self, rows: _core.Rows, numbers: NDArray[np.uint32]) -> Sample:
        """Probabilities to draw pixels from are drawn once."""
        sample = rows.select(numbers)
        if self.binarize == "sample" and rows.kind != "bits":
            sample = _drawn(sample, self._seed, self._engine_dtype)
        return Sample(sample)

    def _measuring_cost(self, rows: _core.Rows) -> float:
        """Small models train on bits no faster than several times as large ones."""
        if self.precision == "float64":
            return _COST_OF_DOUBLES
        n_weights: int = self.n_components * rows.shape[1]
        of_large = _COST_OF_BITS if self._measures_bits(rows) else _COST_OF_REALS
        return of_large * n_weights / (n_weights + _WEIGHTS_FOR_HALF_COST)

    def _measures_bits(self, rows: _core.Rows) -> bool:
        return rows.kind == "bits" or self.binarize == "sample"

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
            "activation_spread": spread(hidden),
            "_largest_weight": largest,
            "_visible_on": training.units_on,
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


def _drawn(rows: _core.Rows, seed: int, dtype: str) -> _core.Rows:
    """States of which each is on with the probability that `rows` has, drawn a row at a time."""
    generator = np.random.default_rng(seed)
    n_rows, n_features = rows.shape
    on = [
        np.flatnonzero(generator.random(n_features) < rows.to_array(dtype, row, 1)[0])
        for row in range(n_rows)
    ]
    indptr = np.cumsum([0, *map(len, on)])
    indices = np.concatenate([*on, np.zeros(0, np.int64)])
    return _core.Rows.from_csr(indptr, indices, np.ones(len(indices), np.uint8), n_features)
