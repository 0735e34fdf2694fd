"""What the arguments of RBMs may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..estimator.parameters import (
    COMMON_RULES,
    LARGEST_SIZE,
    Choice,
    Device,
    Flag,
    Integer,
    Number,
    Option,
    Rule,
    Sizes,
    is_sequence,
    parsed_integer,
    parsed_number,
    wrong,
)
from ..estimator.training.schedules import SCHEDULE_RULES
from ..persistence.values import LARGEST_STEP
from .units.sigma import SIGMA_BOUNDS

VISIBLE_UNITS = ("bernoulli", "gaussian", "softmax", "replicated_softmax")
HIDDEN_UNITS = ("bernoulli", "gaussian", "relu")


class Binarize(Rule):
    """None, a threshold, or "sample"."""

    def check(self, value: Any, name: str, owner: str) -> Any:
        if value is None:
            return None
        if isinstance(value, str):
            if value == "sample":
                return value
            raise ValueError(wrong(owner, name, "must be None, a threshold or 'sample'", value))
        return Number().check(value, name, owner)

    def option(self) -> Option:
        return Option(parse=_parsed, metavar="THRESHOLD|sample")


class GibbsSteps(Rule):
    """An integer, or pairs of the first epoch and the steps from there on; checked, it is such pairs."""

    _EPOCH, _STEPS = Integer(0), Integer(1, LARGEST_STEP)

    def check(self, value: Any, name: str, owner: str) -> Any:
        if not isinstance(value, (list, tuple)):
            return self._STEPS.check(value, name, owner)
        pairs = [pair for pair in value if isinstance(pair, (list, tuple)) and len(pair) == 2]
        if not value or len(pairs) != len(value):
            expected = "must be an integer or pairs (first epoch, steps)"
            raise ValueError(wrong(owner, name, expected, value))
        checked = tuple(
            (self._EPOCH.check(epoch, name, owner), self._STEPS.check(steps, name, owner))
            for epoch, steps in pairs
        )
        epochs = [epoch for epoch, _ in checked]
        if epochs != sorted(set(epochs)) or epochs[0] != 0:
            raise ValueError(wrong(owner, name, "must have epochs that rise from 0", value))
        return checked

    def option(self) -> Option:
        return Option(parse=_parsed_steps, metavar="N[,EPOCH:N..]")


def _parsed_steps(text: str) -> int | list[tuple[int, int]]:
    """ "3", or "1,10:3" for three steps from epoch 10 on."""
    first, *later = text.split(",")
    if ":" in first or not all(":" in part for part in later):
        raise ValueError(f"must be N or N,EPOCH:N.. as in 1,10:3, got {text!r}")
    steps = parsed_integer(first, 1)
    if not later:
        return steps
    pairs = [(0, steps)]
    for part in later:
        epoch, _, n = part.partition(":")
        pairs.append((parsed_integer(epoch, pairs[-1][0] + 1), parsed_integer(n, 1)))
    return pairs


def steps_at(k: Any, epoch: int) -> int:
    """The Gibbs steps of an epoch, counted from 0; `k` is checked."""
    if isinstance(k, int):
        return k
    return int(next(steps for first, steps in reversed(k) if first <= epoch))


class Deviations(Rule):
    """A number within SIGMA_BOUNDS, or a sequence of them; checked, it is a float or an array of them."""

    def check(self, value: Any, name: str, owner: str) -> Any:
        if not is_sequence(value):
            return _deviation(Number().check(value, name, owner), name, owner)
        if len(value) == 0:
            raise ValueError(wrong(owner, name, "must hold a number for each feature", value))
        return np.array(
            [_deviation(Number().check(number, name, owner), name, owner) for number in value]
        )

    def option(self) -> Option:
        return Option(parse=_parsed_deviations, metavar="X|X,X,...")


def _deviation(number: float, name: str, owner: str) -> float:
    low, high = SIGMA_BOUNDS
    if not low <= number <= high:
        problem = f"must be from {low:g} to {high:g}, beyond which data are to be scaled"
        raise ValueError(wrong(owner, name, problem, number))
    return number


def _parsed_deviations(text: str) -> float | list[float]:
    numbers = [parsed_number(number, 0) for number in text.split(",")]
    return numbers[0] if len(numbers) == 1 else numbers


def _parsed(text: str) -> float | str:
    if text == "sample":
        return text
    try:
        return parsed_number(text)
    except ValueError as error:
        raise ValueError(f"expected 'sample' or a threshold: {error}") from None


RULES: Mapping[str, Rule] = {
    "n_components": Integer(1, LARGEST_SIZE, dimension="n_hidden"),
    "visible": Choice(VISIBLE_UNITS),
    "hidden": Choice(HIDDEN_UNITS),
    "visible_groups": Sizes(optional=True),
    "sigma": Deviations(),
    "learn_sigma": Flag(),
    "algorithm": Choice(("cd", "pcd", "pt")),
    "k": GibbsSteps(),
    "n_chains": Integer(1, LARGEST_SIZE, optional=True),
    "n_temperatures": Integer(1, 1000),
    "beta_min": Number(0, 1),
    "beta_spacing": Choice(("uniform", "adaptive")),
    "learning_rate": Number(0),
    **SCHEDULE_RULES,
    "momentum": Number(0, 1),
    "final_momentum": Number(0, 1, optional=True),
    "momentum_switch_epoch": Integer(0),
    "weight_decay": Number(0),
    "l1": Number(0),
    "max_norm": Number(0, optional=True),
    "sparsity_target": Number(0, 1, optional=True),
    "sparsity_cost": Number(0),
    "sparsity_damping": Number(0, 1),
    "centered": Flag(),
    "initial_weights": Number(0),
    "initial_visible_bias": Choice(("data", "zero")),
    "binarize": Binarize(),
    "sample_visibles": Flag(),
    "statistics": Choice(("mean", "sampled")),
    "precision": Choice(("fixed", "fast", "float64")),
    **COMMON_RULES,
    "device": Device(has_gpu=True),
}
