"""What the arguments of RBMs may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..estimator.parameters import (
    COMMON_RULES,
    LARGEST_SIZE,
    Choice,
    Flag,
    Integer,
    Number,
    Option,
    Rule,
    parsed_number,
    wrong,
)
from ..estimator.schedules import SCHEDULE_RULES
from ..persistence.values import LARGEST_STEP

_PLANNED_UNITS = ("gaussian", "relu", "softmax")


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


def _parsed(text: str) -> float | str:
    if text == "sample":
        return text
    try:
        return parsed_number(text)
    except ValueError as error:
        raise ValueError(f"expected 'sample' or a threshold: {error}") from None


RULES: Mapping[str, Rule] = {
    "n_components": Integer(1, LARGEST_SIZE, dimension="n_hidden"),
    "visible": Choice(("bernoulli",), _PLANNED_UNITS),
    "hidden": Choice(("bernoulli",), _PLANNED_UNITS),
    "algorithm": Choice(("cd", "pcd"), ("pt",)),
    "k": Integer(1, LARGEST_STEP),
    "n_chains": Integer(1, LARGEST_SIZE, optional=True),
    "learning_rate": Number(0),
    **SCHEDULE_RULES,
    "momentum": Number(0, 1),
    "final_momentum": Number(0, 1, optional=True),
    "momentum_switch_epoch": Integer(0),
    "weight_decay": Number(0),
    "l1": Number(0),
    "sparsity_target": Number(0, 1, optional=True),
    "sparsity_cost": Number(0),
    "sparsity_damping": Number(0, 1),
    "centered": Flag(),
    "binarize": Binarize(),
    "sample_visibles": Flag(),
    "statistics": Choice(("mean", "sampled")),
    "precision": Choice(("fixed", "fast", "float64")),
    **COMMON_RULES,
}
