"""Signs that an RBM learns badly, with the parameter to change."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from ..estimator.declarations import Trouble

# Bounds that ordinary training stays far from: weights of trained models are below 10, and with a weight
# of 100 one visible unit decides a hidden unit alone.
_LARGEST_WEIGHT = 100.0
_CHANCE_FACTOR = 2.0  # times worse than tossing a coin for every unit
_SHARE_OF_UNITS = 0.5
_EPOCHS_IN_A_ROW = 2
_FEWEST_ROWS = 50  # on fewer rows a unit may well be always on or off
_IDLE_UNITS = {
    "dead_units": "dead: P(h = 1 | v) is below 0.01",
    "saturated_units": "saturated: P(h = 1 | v) is above 0.99",
}


def troubles(model: Any, entry: Mapping[str, Any], n_rows: int) -> Iterator[Trouble]:
    """What these measurements on so many rows show."""
    if seen := _exploding_weights(model, entry):
        yield Trouble("weights", _text(model, seen))
    n_units = model._engine.n_hidden
    for name, words in _IDLE_UNITS.items():
        if n_rows >= _FEWEST_ROWS and entry[name] >= _SHARE_OF_UNITS * n_units:
            seen = (
                f"{entry[name]} of {n_units} hidden units are {words} on all of {n_rows} "
                f"training rows after epoch {entry['epoch']}, so they tell nothing apart"
            )
            yield Trouble(name, _text(model, seen), _EPOCHS_IN_A_ROW)


def _exploding_weights(model: Any, entry: Mapping[str, Any]) -> str | None:
    chance = -model.n_features_in_ * math.log(2)
    largest, score = entry["_largest_weight"], entry["pseudo_likelihood"]
    if not (largest > _LARGEST_WEIGHT or score < _CHANCE_FACTOR * chance):
        return None
    return (
        f"weights explode: after epoch {entry['epoch']} the largest is {largest:.3g} "
        f"and the pseudo-likelihood {score:.4g} nats, where guessing every visible unit "
        f"gives {chance:.4g}"
    )


def _text(model: Any, seen: str) -> str:
    return f"{type(model).__name__}: {seen}. Train anew with a lower {_culprits(model)}."


def _culprits(model: Any) -> str:
    """The parameters whose fault it can be, with their values."""
    names = ["learning_rate"]
    if max(model.momentum, model.final_momentum or 0) > 0:
        names.append("final_momentum" if model.final_momentum else "momentum")
    if model.sparsity_target is not None and model.sparsity_cost > 0:
        names.append("sparsity_cost")
    return " or ".join(f"{name} (now {getattr(model, name):g})" for name in names)
