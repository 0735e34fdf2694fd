"""Signs that learning goes wrong, with the parameter to change."""

from __future__ import annotations

import math
from typing import Any

from ..exceptions import LearningWarning, warn_caller

# Bounds that ordinary training stays far from: weights of trained models are below 10, and with a weight
# of 100 one visible unit decides a hidden unit alone.
_LARGEST_WEIGHT = 100.0
_CHANCE_FACTOR = 2.0  # times worse than tossing a coin for every unit
_SHARE_OF_UNITS = 0.5
_EPOCHS_IN_A_ROW = 2
_FEWEST_ROWS = 50  # on fewer rows a unit may well be always on or off


class Diagnosis:
    """Looks at the measurements of one fit and warns once of each trouble.

    Parameters
    ----------
    model : estimator
    n_rows : int
        Rows measured on.
    """

    def __init__(self, model: Any, n_rows: int) -> None:
        self._model = model
        self._n_rows = n_rows
        self._warned: set[str] = set()
        self._in_a_row = {"dead_units": 0, "saturated_units": 0}

    def check(self, entry: dict[str, Any], largest_weight: float) -> None:
        """Warn if these measurements show trouble."""
        self._check_weights(entry, largest_weight)
        for name, words in (
            ("dead_units", "dead: P(h = 1 | v) is below 0.01"),
            ("saturated_units", "saturated: P(h = 1 | v) is above 0.99"),
        ):
            self._check_units(entry, name, words)

    def _check_weights(self, entry: dict[str, Any], largest_weight: float) -> None:
        chance = -self._model.n_features_in_ * math.log(2)
        score = entry["pseudo_likelihood"]
        if largest_weight > _LARGEST_WEIGHT or score < _CHANCE_FACTOR * chance:
            self._warn(
                "weights",
                f"weights explode: after epoch {entry['epoch']} the largest is {largest_weight:.3g} "
                f"and the pseudo-likelihood {score:.4g} nats, where guessing every visible unit "
                f"gives {chance:.4g}",
            )

    def _check_units(self, entry: dict[str, Any], name: str, words: str) -> None:
        n_units = self._model._engine.n_hidden
        many = self._n_rows >= _FEWEST_ROWS and entry[name] >= _SHARE_OF_UNITS * n_units
        self._in_a_row[name] = self._in_a_row[name] + 1 if many else 0
        if self._in_a_row[name] >= _EPOCHS_IN_A_ROW:
            self._warn(
                name,
                f"{entry[name]} of {n_units} hidden units are {words} on all of {self._n_rows} "
                f"training rows after epoch {entry['epoch']}, so they tell nothing apart",
            )

    def _warn(self, trouble: str, seen: str) -> None:
        if trouble in self._warned:
            return
        self._warned.add(trouble)
        warn_caller(
            f"{type(self._model).__name__}: {seen}. Train anew with a lower {self._culprits()}.",
            LearningWarning,
        )

    def _culprits(self) -> str:
        """The parameters whose fault it can be, with their values."""
        model = self._model
        names = ["learning_rate"]
        if max(model.momentum, model.final_momentum or 0) > 0:
            names.append("final_momentum" if model.final_momentum else "momentum")
        if model.sparsity_target is not None and model.sparsity_cost > 0:
            names.append("sparsity_cost")
        return " or ".join(f"{name} (now {getattr(model, name):g})" for name in names)
