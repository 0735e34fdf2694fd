"""What a net is made of, the arrays that make up its state, and the weights it starts from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..persistence.state import ArrayRule
from .learner import NetLearner

# What solvers remember of each parameter (csrc/runtime/dense/engine.h).
_MEMORIES = ("velocity", "mean", "square")


@dataclass(frozen=True)
class NetSpec:
    """A net of dense layers whose sizes have names.

    Parameters
    ----------
    dims : tuple of str
        Names of the sizes, inputs first; equal names are equal sizes.
    activations : tuple of str
        One for each layer.
    loss : str
    tied : tuple of int
        For each layer the one below whose transposed weights it uses, or -1.
    rounded : int, default=-1
        The layer whose outputs the next one sees rounded to 0 or 1; -1 is none.
    """

    dims: tuple[str, ...]
    activations: tuple[str, ...]
    loss: str
    tied: tuple[int, ...]
    rounded: int = -1

    @property
    def n_layers(self) -> int:
        return len(self.activations)

    def defining(self) -> tuple[str, ...]:
        """Names of the arrays of parameters, from the inputs on."""
        return tuple(name for layer in range(self.n_layers) for name in self._of_layer(layer))

    def _of_layer(self, layer: int) -> tuple[str, ...]:
        weights = () if self.tied[layer] >= 0 else (f"layers.{layer}/weights",)
        return (*weights, f"layers.{layer}/bias")

    def array_rules(self) -> dict[str, ArrayRule]:
        """Arrays of the learner's state."""
        rules: dict[str, ArrayRule] = {}
        for layer in range(self.n_layers):
            bias = (self.dims[layer + 1],)
            of = {"bias": bias, "weight": (*bias, self.dims[layer])}
            if self.tied[layer] >= 0:
                del of["weight"]
            for part, dims in of.items():
                name = "weights" if part == "weight" else part
                rules[f"layers.{layer}/{name}"] = ArrayRule("real", dims)
                for memory in _MEMORIES:
                    path = f"layers.{layer}/{part}_{memory}"
                    rules[path] = ArrayRule("real", dims, optional=True)
        rules["adam_steps"] = ArrayRule("real", ("n_counters",), optional=True)
        for name in ("lbfgs_steps", "lbfgs_changes"):
            rules[name] = ArrayRule("real", ("n_pairs", "n_parameters"), optional=True)
        return rules

    def learner(self, sizes: Mapping[str, int], precision: str) -> NetLearner:
        """An engine of zeros."""
        return NetLearner(
            {name: int(sizes[name]) for name in self.dims},
            self.dims,
            self.activations,
            self.loss,
            precision,
            self.tied,
            self.rounded,
        )


# Such weights of logistic units may be so many times larger: the slope of the logistic function is at most 1/4
# (Glorot and Bengio 2010).
OF_LOGISTIC = 4.0


def glorot_weights(
    rng: np.random.RandomState, n_outputs: int, n_inputs: int
) -> NDArray[np.float64]:
    """Uniform numbers within sqrt(6 / (n_in + n_out)) of 0: signals and gradients keep their size (Glorot and
    Bengio 2010)."""
    bound = np.sqrt(6 / (n_inputs + n_outputs))
    return rng.uniform(-bound, bound, (n_outputs, n_inputs))


def transposed(arrays: Sequence[NDArray[np.floating]]) -> list[NDArray[np.floating]]:
    """Weights in scikit-learn's orientation, (inputs, outputs), read-only."""
    found = [array.T for array in arrays]
    for array in found:
        array.setflags(write=False)
    return found
