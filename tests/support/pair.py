"""A model of two RBMs, one upon the other, that knows how to be saved and nothing else.

It stands for deep models: its layers lie in its state tree, and its rules tie their shapes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator

from udl_fast import RBM, registry
from udl_fast.persistence.model_file import model_from
from udl_fast.persistence.state import ArrayRule, State, StateRules
from udl_fast.persistence.values import Count

LAYERS = ("layers.0", "layers.1")


class Pair(BaseEstimator):  # type: ignore[misc]
    """`layers_` are two RBMs; `scale_` stands for an array of the whole."""

    rules: ClassVar = {}
    _later_parameters: ClassVar = {}

    def __init__(self, n_components: int = 3, random_state: int | None = None) -> None:
        self.n_components = n_components
        self.random_state = random_state

    def fit(self, X: np.ndarray) -> "Pair":
        first = RBM(4, n_iter=1, random_state=self.random_state).fit(X)
        hidden = first.sample_hidden(X)
        second = RBM(self.n_components, algorithm="pcd", momentum=0.5, n_iter=1, random_state=1)
        self.layers_ = [first, second.fit(hidden)]
        self.scale_ = np.ones(X.shape[1], np.float32)
        return self

    def _check_parameters(self) -> None:
        if type(self.n_components) is not int:
            raise TypeError("Pair: n_components must be an integer")

    def _dimensions(self):
        return {}

    def _state_rules(self) -> StateRules:
        return StateRules(self._array_rules(), LAYERS, {"_sampling_steps": Count()})

    def _check_inside(self, state: State, path: str) -> None:
        pass

    def _array_rules(self) -> dict[str, ArrayRule]:
        return {
            "scale": ArrayRule("real", ("n_visible",)),
            "layers.0/weights": ArrayRule("real", ("n_hidden", "n_visible")),
            "layers.1/weights": ArrayRule("real", ("n_code", "n_hidden")),
        }

    def _state(self) -> State:
        inside = dict(zip(LAYERS, (layer._state() for layer in self.layers_), strict=True))
        values = {
            **inside["layers.0"].values,
            "history": {"stage": ["first", "second"], "epoch": [1, 1]},
            "position": {"stage": 1, "epoch": 1},
        }
        return State("Pair", self.get_params(deep=False), values, {"scale": self.scale_}, inside)

    @classmethod
    def _from_state(cls, state: State) -> "Pair":
        pair = cls(**state.parameters)
        pair.layers_ = [model_from(state.inside[name]) for name in LAYERS]
        pair.scale_ = state.arrays["scale"]
        return pair


@contextmanager
def registered() -> Iterator[type[Any]]:
    """While the body runs, `load` knows it."""
    registry.register("Pair", __name__, "pair")
    try:
        yield Pair
    finally:
        del registry._ENTRIES["Pair"]
