"""Signs that an RBM learns badly, with the parameter to change."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ...estimator.declarations import Trouble
from ..units.normal_pair import without_distribution

if TYPE_CHECKING:
    from .measurements import Sample

# Bounds that ordinary training stays far from: weights of trained models are below 10, and with a weight
# of 100 one visible unit decides a hidden unit alone.
_LARGEST_WEIGHT = 100.0
_CHANCE_FACTOR = 2.0  # times worse than tossing a coin for every unit
_SHARE_OF_UNITS = 0.5
_EPOCHS_IN_A_ROW = 2
_FEWEST_ROWS = 50  # on fewer rows a unit may well be always on or off
# After so many updates, or so many epochs of little data, random weights of 0.01 have grown to where hidden
# units differ, or a setting is wrong. The spread is half of that at which learning has begun: nothing that
# is under way is warned of.
_UPDATES_TO_BEGIN, _FEW_UPDATES, _EPOCHS_TO_BEGIN = 1000, 100, 10
_NOT_BEGUN = 0.05
# Persistent chains: nats by which an update lifts the energy of a chain's own state, far above what a
# sampling step can undo, while weights still change by so much an epoch, so late. Constant rates that
# train well stay below 3 (784-500 at 0.01 and 100 chains: 1.5); ten times those reach 15, and exact
# likelihoods of small models then swing by tens of nats. Rates that fall end lower: no warning.
_CHAIN_LIFT = 5.0
_RESTLESS_CHANGE = 0.1
_RESTLESS_EPOCH, _RESTLESS_UPDATES, _RESTLESS_IN_A_ROW = 5, 500, 3
_COLLAPSED = (
    1e-3  # share of the first sigma: standardised data with 0.1 % of noise are not learned so well
)
# Of a weight that an update takes away (of 1, by l1): beyond 1 weights change their sign, beyond 2 they grow.
_OVERSHOOT = 0.5
# Of a standard deviation of the data and the first sigma: hidden units differ or not by their ratio.
_SCALES_APART = 10.0
_IDLE_UNITS = {
    "dead_units": "dead: P(h = 1 | v) is below 0.01",
    "saturated_units": "saturated: P(h = 1 | v) is above 0.99",
}


def troubles(model: Any, entry: Mapping[str, Any], sample: Sample) -> Iterator[Trouble]:
    """What these measurements on a sample of the training rows show."""
    n_rows = sample.rows.shape[0]
    if seen := _exploding_weights(model, entry):
        yield Trouble("weights", _text(model, seen))
    if seen := _collapsed_sigma(model, entry):
        yield Trouble("sigma", seen)
    if entry["_is_last"] and (why := without_distribution(model._engine)):
        yield Trouble("distribution", f"{type(model).__name__}: at the end of fit {why}.")
    if model._engine.hidden != "bernoulli":
        return
    n_units = _n_units(model)
    for name, words in _IDLE_UNITS.items():
        if n_rows >= _FEWEST_ROWS and entry[name] >= _SHARE_OF_UNITS * n_units:
            seen = (
                f"{entry[name]} of {n_units} hidden units are {words} on all of {n_rows} "
                f"training rows after epoch {entry['epoch']}, so they tell nothing apart"
            )
            scale = _scale_advice(model, sample)
            text = f"{type(model).__name__}: {seen}. {scale}" if scale else _text(model, seen)
            yield Trouble(name, text, _EPOCHS_IN_A_ROW)

    if seen := _not_begun(model, entry, n_rows):
        yield Trouble("not_begun", seen)
    if seen := _restless_chains(model, entry):
        yield Trouble("chains", seen, _RESTLESS_IN_A_ROW)


def _not_begun(model: Any, entry: Mapping[str, Any], n_rows: int) -> str | None:
    """At the end of a fit: before, learning may be about to begin."""
    n_updates, epoch = model.n_updates_, entry["epoch"]
    enough = n_updates >= _UPDATES_TO_BEGIN or (
        n_updates >= _FEW_UPDATES and epoch >= _EPOCHS_TO_BEGIN
    )
    if not (entry["_is_last"] and enough and n_rows >= _FEWEST_ROWS and model.learning_rate > 0):
        return None
    spread = entry["activation_spread"]
    idle = max(entry["dead_units"], entry["saturated_units"]) >= _SHARE_OF_UNITS * _n_units(model)
    if spread >= _NOT_BEGUN or idle:
        return None
    return (
        f"{type(model).__name__}: learning has not begun: after epoch {epoch}, {n_updates} updates, "
        f"hidden units hardly tell {n_rows} training rows apart (standard deviation of P(h = 1 | v) "
        f"{spread:.2g}). Train longer (n_iter, now {model.n_iter}), in smaller minibatches (batch_size, "
        f"now {model.batch_size}) or with a higher learning_rate (now {model.learning_rate:g})"
        + "".join(
            f" or a lower {name} (now {getattr(model, name):g})" for name in _penalties(model)
        )
        + (
            " or with initial_weights above 0 (now 0): hidden units that begin alike stay alike"
            if model.initial_weights == 0
            else ""
        )
        + ". Units that are independent of each other have nothing to learn."
    )


def _penalties(model: Any) -> list[str]:
    """Those that are on."""
    names = [name for name in ("weight_decay", "l1") if getattr(model, name) > 0]
    if model.sparsity_target is not None and model.sparsity_cost > 0:
        names.append("sparsity_cost")
    return names


def _restless_chains(model: Any, entry: Mapping[str, Any]) -> str | None:
    """Persistent chains that no longer sample the model, at a rate that is going to stay."""
    if model.algorithm != "pcd" or "learning_rate" in entry:  # noted where it changes
        return None
    if model._engine.visible != "bernoulli":
        return None
    late = entry["epoch"] >= _RESTLESS_EPOCH and model.n_updates_ >= _RESTLESS_UPDATES
    rate, change = model.learning_rate, entry["weight_change"]
    n_chains = model._engine.n_chains  # of its first batch_size, or assigned
    lift = rate * entry["_visible_on"] * entry["mean_activation"] * _n_units(model) / n_chains
    if not (late and change > _RESTLESS_CHANGE and lift > _CHAIN_LIFT):
        return None
    return (
        f"{type(model).__name__}: the chains of algorithm='pcd' cannot keep up: an update lifts the energy "
        f"of a chain's own state by {lift:.0f} nats (learning_rate times visible and hidden units that "
        f"are on, over the chains), and the weights still change by {change:.0%} in epoch "
        f"{entry['epoch']}. Train anew with a lower learning_rate (now {rate:g}, try "
        f"{rate * _CHAIN_LIFT / lift / 2:.1g}), one that falls (learning_rate_schedule), or more "
        f"n_chains (now {n_chains})."
    )


def _n_units(model: Any) -> int:
    n: int = model._engine.n_hidden
    return n


def _exploding_weights(model: Any, entry: Mapping[str, Any]) -> str | None:
    if model._engine.visible != "bernoulli":
        return None
    chance = -model.n_features_in_ * math.log(2)
    largest, score = entry["_largest_weight"], entry["pseudo_likelihood"]
    if not (largest > _LARGEST_WEIGHT or score < _CHANCE_FACTOR * chance):
        return None
    return (
        f"weights explode: after epoch {entry['epoch']} the largest is {largest:.3g} "
        f"and the pseudo-likelihood {score:.4g} nats, where guessing every visible unit "
        f"gives {chance:.4g}"
    )


def _collapsed_sigma(model: Any, entry: Mapping[str, Any]) -> str | None:
    """A variance that vanishes: the unit is reconstructed without an error, or was constant."""
    if "_smallest_sigma" not in entry or not model.learn_sigma:
        return None
    first = np.asarray(model.sigma, dtype=np.float64).ravel()
    at = entry["_smallest_sigma_at"]
    start, found = float(first[at if len(first) > 1 else 0]), entry["_smallest_sigma"]
    if found > _COLLAPSED * start:
        return None
    return (
        f"{type(model).__name__}: sigma collapses: after epoch {entry['epoch']} sigma_ of feature {at} is "
        f"{found:.3g}, from {start:.3g} at first. Leave out features that are constant or follow from others, "
        "standardise the others, or set learn_sigma=False."
    )


def _scale_advice(model: Any, sample: Sample) -> str | None:
    """Where the data are of another size than sigma was at first, no rate makes up for it."""
    if model._engine.visible != "gaussian":
        return None
    deviations = sample.deviations()
    found = deviations[deviations > 0]
    ratio = (deviations / np.asarray(model.sigma, dtype=np.float64))[deviations > 0]
    if not len(found) or (ratio.max() <= _SCALES_APART and ratio.min() >= 1 / _SCALES_APART):
        return None
    return (
        f"The features have standard deviations from {found.min():.3g} to {found.max():.3g}, far from where "
        "sigma starts: standardise X, or give sigma=X.std(axis=0)."
    )


def _text(model: Any, seen: str) -> str:
    return f"{type(model).__name__}: {seen}. Train anew with a lower {culprits(model)}."


def culprits(model: Any) -> str:
    """The parameters whose fault it can be, with their values; the likeliest first."""
    penalties = ("weight_decay", "l1")
    names = [n for n in penalties if model.learning_rate * getattr(model, n) >= _OVERSHOOT]
    names.append("learning_rate")
    if max(model.momentum, model.final_momentum or 0) > 0:
        names.append("final_momentum" if model.final_momentum else "momentum")
    if model.sparsity_target is not None and model.sparsity_cost > 0:
        names.append("sparsity_cost")
    return " or ".join(f"{name} (now {getattr(model, name):g})" for name in names)
