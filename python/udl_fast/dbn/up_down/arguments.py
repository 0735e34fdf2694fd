"""Arguments of the up-down algorithm, and what the engine is told of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...estimator.parameters import COMMON_RULES, Integer, Number, Rule
from ...estimator.training.schedules import SCHEDULE_RULES
from ...persistence.values import ValueRule
from ...rbm.rules import GibbsSteps

STAGE = "up-down"

# Arguments of `up_down`.
RULES: Mapping[str, Rule] = {
    "n_iter": Integer(1),
    "learning_rate": Number(0),
    **SCHEDULE_RULES,
    "n_gibbs_steps": GibbsSteps(),
    "momentum": Number(0, 1),
    "weight_decay": Number(0),
    "batch_size": COMMON_RULES["batch_size"],
    "shuffle": COMMON_RULES["shuffle"],
}
# What else the engine is told; at the top it is CD without what RBMs alone have.
FIXED = {
    "algorithm": "cd",
    "l1": 0.0,
    "sparsity_target": None,
    "sparsity_cost": 0.0,
    "sparsity_damping": 0.9,
    "sample_visibles": True,
    "statistics": "mean",
}


class Arguments(ValueRule):
    """The arguments of the last call of `up_down`."""

    def check(self, value: Any, name: str) -> None:
        """As every rule."""
        if not isinstance(value, dict) or value.keys() != RULES.keys():
            raise ValueError(f"{name} is {str(value)[:80]!r}, expected {', '.join(RULES)}")
        for argument, rule in RULES.items():
            rule.check(value[argument], argument, name)

    def plain(self, value: Any) -> Any:
        """As every rule."""
        return {name: _plain(each) for name, each in value.items()}

    def attribute(self, plain: Any) -> Any:
        """As every rule."""
        return {name: rule.check(plain[name], name, STAGE) for name, rule in RULES.items()}


def _plain(value: Any) -> Any:
    return [_plain(each) for each in value] if isinstance(value, tuple) else value
