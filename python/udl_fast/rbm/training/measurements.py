"""What is measured of an RBM after an epoch, for `history_` and for warnings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import _core
from ...estimator.declarations import Measurement, Trouble
from ...estimator.input import on_host
from ...runtime import resolve_n_jobs
from ..inference import Inference
from ..likelihood.score_of_rows import RECONSTRUCTION, score_of, scores_of
from .diagnosis import troubles

# Rows of training for the time of measuring one, where layers are large (784-500: 1.7, 8 and 10), and the
# size at which small layers take half of that.
_COST_OF_BITS, _COST_OF_REALS, _COST_OF_DOUBLES = 2.0, 8.0, 10.0
_WEIGHTS_FOR_HALF_COST = 1 << 15

_DEAD, _SATURATED = 0.01, 0.99  # bounds of P(h = 1 | v) over the whole sample


def measurements_of(visible: str, hidden: str) -> tuple[Measurement, ...]:
    """What is measured of a model with these kinds of units; the first is the score."""
    score = score_of(visible)
    if score == RECONSTRUCTION:
        help_ = "log p(v | E[h | v]), mean over a sample of the training rows, nats"
    else:
        help_ = "exact, mean over a sample of the training rows, nats"
    return (
        Measurement(score, "max", help_),
        Measurement("weight_change", "min", "change of the weights in the epoch, |dW| / |W|"),
        *(_OF_PROBABILITIES if hidden == "bernoulli" else _OF_REAL_HIDDEN),
        *(_OF_SIGMA if visible == "gaussian" else ()),
        Measurement(
            f"validation_{score}", "max", f"{score} on validation rows, nats", of_validation=True
        ),
        Measurement(
            "free_energy_gap",
            "min",
            "mean free energy of validation rows less training rows, nats",
            of_validation=True,
        ),
    )


_OF_PROBABILITIES = (
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
)
_OF_REAL_HIDDEN = (
    Measurement("mean_activation", None, "mean of E[h | v] over the sample"),
    Measurement(
        "activation_spread",
        "max",
        "standard deviation of E[h | v] over the sample, mean of the tenth of the units where it is largest",
    ),
)
_OF_SIGMA = (Measurement("mean_sigma", None, "mean of sigma_ over the visible units"),)


class Sample:
    """Rows to measure on."""

    def __init__(self, rows: _core.Rows) -> None:
        self.rows = rows
        self.units_on = float(rows.column_means().sum())  # in a row, on average

    def deviations(self) -> NDArray[np.float64]:
        """Standard deviations of the features."""
        found: NDArray[np.float64] = self.rows.to_array("float64").std(axis=0)
        return found

    def scores(self, engine: _core.RbmEngine, n_threads: int) -> tuple[float, float]:
        """Mean free energy and mean score, nats."""
        energy = engine.free_energy(self.rows, n_threads)
        return float(energy.mean()), float(scores_of(engine, self.rows, n_threads).mean())

    def is_within_unit_interval(self) -> bool:
        """Whether these are states or probabilities."""
        if self.rows.kind == "bits":
            return True
        low, high = self.rows.value_range()
        return low >= 0 and high <= 1


def spread(hidden: NDArray[Any]) -> float:
    """How much the hidden units that do most tell rows apart: standard deviations over the rows, mean of
    the largest tenth."""
    deviations = np.sort(hidden.std(axis=0, dtype=np.float64))
    return float(deviations[-math.ceil(len(deviations) / 10) :].mean())


class Measurements(Inference):
    """Mixin: what `fit` measures."""

    @property
    def measurements(self) -> tuple[Measurement, ...]:  # type: ignore[override]
        """What `history_` has of a model with these kinds of units; the first is the score."""
        return measurements_of(self._visible_kind(), self._hidden_kind())

    def _sample(self, rows: _core.Rows, numbers: NDArray[np.uint32]) -> Sample:
        """Probabilities to draw pixels from are drawn once."""
        sample = on_host(rows.select(numbers))  # scores are worked out on the CPU
        if self.binarize == "sample" and rows.kind != "bits":
            n_threads = resolve_n_jobs(self.n_jobs)
            sample = _drawn(sample, self._seed, self._engine_dtype, n_threads)
        return Sample(sample)

    def _measuring_cost(self, rows: _core.Rows) -> float:
        """Small models train on bits no faster than several times as large ones."""
        if self.precision == "float64":
            return _COST_OF_DOUBLES
        n_weights = int(self.n_components) * rows.shape[1]
        # What a flip does to Gaussian hidden units is a sum (0.9 at 784-500), to rectified ones a function (7).
        is_cheap = {"gaussian": True, "relu": False}.get(self.hidden, self._measures_bits(rows))
        of_large = _COST_OF_BITS if is_cheap else _COST_OF_REALS
        return of_large * n_weights / (n_weights + _WEIGHTS_FOR_HALF_COST)

    def _measures_bits(self, rows: _core.Rows) -> bool:
        return rows.kind == "bits" or self.binarize == "sample"

    def _measure(self, training: Sample, validation: Sample | None) -> dict[str, float | int]:
        engine, n_threads = self._engine, resolve_n_jobs(self.n_jobs)
        hidden = engine.mean_hidden(training.rows, n_threads)
        change, size, largest = engine.change_since_snapshot()
        energy, score = training.scores(engine, n_threads)
        measured: dict[str, float | int] = {
            self.measurements[0].name: score,
            "weight_change": change / size if size > 0 else 0.0,
            "mean_activation": float(hidden.mean(dtype=np.float64)),
            "_largest_weight": largest,
            "_visible_on": training.units_on,
        }
        if engine.hidden == "bernoulli":
            measured["dead_units"] = int((hidden.max(axis=0) < _DEAD).sum())
            measured["saturated_units"] = int((hidden.min(axis=0) > _SATURATED).sum())
        measured["activation_spread"] = spread(hidden)
        if engine.visible == "gaussian":
            sigma = np.exp(engine.log_variance().astype(np.float64) / 2)
            measured["mean_sigma"] = float(sigma.mean())
            measured["_smallest_sigma"] = float(sigma.min())
            measured["_smallest_sigma_at"] = int(sigma.argmin())
        if validation is not None:
            validation_energy, validation_score = validation.scores(engine, n_threads)
            measured[f"validation_{self.measurements[0].name}"] = validation_score
            measured["free_energy_gap"] = validation_energy - energy
        return measured

    def _troubles(self, entry: Mapping[str, Any], sample: Sample) -> Iterable[Trouble]:
        # Values outside [0, 1] have been warned of, and explain whatever happens.
        if self._engine.visible == "bernoulli" and not sample.is_within_unit_interval():
            return ()
        return troubles(self, entry, sample)


def _drawn(rows: _core.Rows, seed: int, dtype: str, n_threads: int) -> _core.Rows:
    """States of which each is on with the probability that `rows` has, drawn a row at a time."""
    generator = np.random.default_rng(seed)
    n_rows, n_features = rows.shape
    on = [
        np.flatnonzero(generator.random(n_features) < rows.to_array(dtype, row, 1)[0])
        for row in range(n_rows)
    ]
    indptr = np.cumsum([0, *map(len, on)])
    indices = np.concatenate([*on, np.zeros(0, np.int64)])
    ones = np.ones(len(indices), np.uint8)
    return _core.Rows.from_csr(indptr, indices, ones, n_features, None, n_threads)
