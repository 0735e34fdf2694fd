"""What the arguments of autoencoders may be."""

from __future__ import annotations

from collections.abc import Mapping

from ..estimator.parameters import LARGEST_SIZE, Choice, Flag, Integer, Rule
from ..nets.losses import ACTIVATIONS, LOSSES, OUTPUTS
from ..nets.rules import SOLVER_RULES

# Of one hidden layer, whose activation is an argument or logistic.
LAYER_RULES: Mapping[str, Rule] = {
    "n_components": Integer(1, LARGEST_SIZE, dimension="n_components"),
    "output_activation": Choice(OUTPUTS),
    "loss": Choice(LOSSES),
    "tied_weights": Flag(),
    **SOLVER_RULES,
}
RULES: Mapping[str, Rule] = {"activation": Choice(ACTIVATIONS), **LAYER_RULES}
