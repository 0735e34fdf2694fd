"""What the arguments of solvers may be."""

from __future__ import annotations

from collections.abc import Mapping

from ..estimator.parameters import COMMON_RULES, Choice, Flag, Number, Rule
from ..estimator.training.schedules import SCHEDULE_RULES
from .learner import SOLVERS

LARGEST_MOMENTUM = 1 - 2.0**-20  # with 1 nothing ever slows down

SOLVER_RULES: Mapping[str, Rule] = {
    "solver": Choice(SOLVERS),
    "learning_rate": Number(0),
    **SCHEDULE_RULES,
    "momentum": Number(0, LARGEST_MOMENTUM),
    "nesterov": Flag(),
    "weight_decay": Number(0),
    "l1": Number(0),
    "precision": Choice(("float32", "fast", "float64")),
    **COMMON_RULES,
}
