"""What the arguments of autoencoders may be."""

from __future__ import annotations

from collections.abc import Mapping

from ..estimator.parameters import COMMON_RULES, LARGEST_SIZE, Choice, Flag, Integer, Number, Rule
from ..estimator.schedules import SCHEDULE_RULES
from ..nets.learner import SOLVERS
from ..nets.losses import ACTIVATIONS, LOSSES, OUTPUTS

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
# Of one hidden layer, whose activation is an argument or logistic.
LAYER_RULES: Mapping[str, Rule] = {
    "n_components": Integer(1, LARGEST_SIZE, dimension="n_components"),
    "output_activation": Choice(OUTPUTS),
    "loss": Choice(LOSSES),
    "tied_weights": Flag(),
    **SOLVER_RULES,
}
RULES: Mapping[str, Rule] = {"activation": Choice(ACTIVATIONS), **LAYER_RULES}
