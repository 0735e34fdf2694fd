"""How autoencoders of one hidden layer learn: their net, its settings, and where training starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import _core
from ..estimator.attributes import EngineArray
from ..nets.layers import NetSpec, glorot_weights
from ..nets.learner import NetLearner
from ..nets.learning import SolverSettings
from ..nets.losses import check_loss, first_output_bias, loss_of
from ..persistence.state import ArrayRule
from .exchange import Exchange, FromStateDict

_DIMS = ("n_features", "n_components", "n_features")


class NetLearning(SolverSettings, Exchange):
    """What makes codes, and learns by a solver."""


class OneLayer(FromStateDict, NetLearning):
    """A net with one hidden layer."""

    n_components: int
    activation: str
    output_activation: str
    loss: str
    tied_weights: bool

    components_ = EngineArray(
        "layers.0/weights",
        "Weights of the code units, shape (n_components, n_features), C order, read-only. Assigning takes "
        "effect.",
    )
    intercept_hidden_ = EngineArray(
        "layers.0/bias",
        "Biases of the code units, shape (n_components,), read-only. Assigning takes effect.",
    )
    decoder_weights_ = EngineArray(
        "layers.1/weights",
        "Weights of the outputs, shape (n_features, n_components), read-only. Assigning takes effect. With "
        "tied weights there are none.",
    )
    intercept_visible_ = EngineArray(
        "layers.1/bias",
        "Biases of the outputs, shape (n_features,), read-only. Assigning takes effect.",
    )

    # ---- the net ----

    def _hidden_activation(self) -> str:
        return self.activation

    def _spec(self) -> NetSpec:
        """That of the fitted model, or that a new one is to have."""
        if self.__sklearn_is_fitted__():
            net = self._engine.net
            return NetSpec(_DIMS, tuple(net.activations), net.loss, tuple(net.tied))
        return self._new_spec()

    @property
    def _defining(self) -> tuple[str, ...]:  # type: ignore[override]
        return self._spec().defining()

    def _array_rules(self) -> Mapping[str, ArrayRule]:
        return self._spec().array_rules()

    def _bare_engine(self, sizes: Mapping[str, int], precision: str) -> NetLearner:
        return self._new_spec().learner(sizes, precision)

    def _new_spec(self) -> NetSpec:
        return NetSpec(
            _DIMS,
            (self._hidden_activation(), self.output_activation),
            loss_of(self.loss, self.output_activation),
            (-1, 0 if self.tied_weights else -1),
        )

    def _new_engine(self, X: Any, rows: _core.Rows, rng: np.random.RandomState) -> NetLearner:
        """Small weights, and outputs that begin at the means of the data."""
        sizes = {"n_features": X.shape[1], "n_components": int(self.n_components)}
        learner = self._bare_engine(sizes, self.precision)
        state = learner.state()
        for name in ("layers.0/weights", "layers.1/weights"):
            if name in state:
                state[name] = glorot_weights(rng, *state[name].shape)
        bias = first_output_bias(self.output_activation, rows.column_means())
        learner.set_state({**state, "layers.1/bias": bias})
        return learner

    def _check_together(self) -> None:
        super()._check_together()
        check_loss(self.loss, self.output_activation, type(self).__name__)

    def _unchangeable(self) -> dict[str, Any]:
        """Of the fitted net; "auto" stays where it means the same."""
        net = self._engine.net
        kept = super()._unchangeable()
        kept |= {"precision": net.precision, "output_activation": net.activations[1]}
        if "activation" in self.rules:
            kept["activation"] = net.activations[0]
        kept["tied_weights"] = net.tied[1] >= 0
        if loss_of(self.loss, self.output_activation) != net.loss:
            kept["loss"] = net.loss
        return kept

    def _check_made(self) -> None:
        for name, fitted in self._unchangeable().items():
            if getattr(self, name) != fitted:
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}, but the fitted model has {fitted!r}"
                )
