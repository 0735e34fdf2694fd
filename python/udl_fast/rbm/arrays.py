"""Arrays of an RBM: those of its engine's state, and the fitted attributes that show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..estimator.attributes import EngineArray
from ..persistence.state import ArrayRule
from .inference import Inference
from .units.kinds import KINDS_OF_BITS
from .units.sigma import log_variance_of

_OF_WEIGHTS, _OF_HIDDEN, _OF_VISIBLE = ("n_hidden", "n_visible"), ("n_hidden",), ("n_visible",)
_ARRAYS: Mapping[str, ArrayRule] = {
    "weights": ArrayRule("real", _OF_WEIGHTS),
    "hidden_bias": ArrayRule("real", _OF_HIDDEN),
    "visible_bias": ArrayRule("real", _OF_VISIBLE),
    "weight_velocity": ArrayRule("real", _OF_WEIGHTS, optional=True),
    "hidden_velocity": ArrayRule("real", _OF_HIDDEN),
    "visible_velocity": ArrayRule("real", _OF_VISIBLE),
    "mean_activation": ArrayRule("real", _OF_HIDDEN, optional=True),
    "hidden_offset": ArrayRule("real", _OF_HIDDEN, optional=True),
    "visible_offset": ArrayRule("real", _OF_VISIBLE, optional=True),
    "chains": ArrayRule("bits", ("n_chains", "n_hidden")),
    "betas": ArrayRule("real", ("n_temperatures",), optional=True),
}
_OF_VARIANCES: Mapping[str, ArrayRule] = {
    "log_variance": ArrayRule("real", _OF_VISIBLE),
    "log_variance_velocity": ArrayRule("real", _OF_VISIBLE),
}
_REAL_CHAINS: Mapping[str, ArrayRule] = {
    "chains": ArrayRule("real", ("n_chains", "n_hidden"), may_be_empty=True)
}


class Arrays(Inference):
    """Mixin: the fitted attributes that are arrays."""

    algorithm: str
    n_temperatures: int
    beta_min: float
    beta_spacing: str

    _defining = ("weights", "hidden_bias", "visible_bias")

    components_ = EngineArray(
        "weights",
        "Weights, shape (n_components, n_features), C order, read-only. Assigning takes effect.",
    )
    intercept_hidden_ = EngineArray(
        "hidden_bias",
        "Biases of the hidden units, shape (n_components,), read-only. Assigning takes effect.",
    )
    intercept_visible_ = EngineArray(
        "visible_bias",
        "Biases of the visible units, shape (n_features,), read-only. Assigning takes effect.",
    )
    h_samples_ = EngineArray(
        "chains",
        "Hidden states of the persistent chains, shape (n_chains, n_components), read-only. "
        "Assigning takes effect.",
        bits_dtype=np.bool_,
    )
    sigma_ = EngineArray(
        "log_variance",
        "Standard deviations of Gaussian visible units, shape (n_features,), read-only. "
        "Assigning takes effect.",
        shown=lambda log_variance: np.exp(log_variance / 2),
        stored=log_variance_of,
        cleared="log_variance_velocity",  # how far learning was about to move it
    )

    def _array_rules(self) -> Mapping[str, ArrayRule]:
        rules = dict(_ARRAYS)
        if self._visible_kind() == "gaussian":
            rules |= _OF_VARIANCES
        if self._hidden_kind() not in KINDS_OF_BITS:
            rules |= _REAL_CHAINS
        return rules

    @property
    def betas_(self) -> NDArray[Any]:
        """Inverse temperatures of algorithm="pt", 1 first, shape (n_temperatures,)."""
        if self.algorithm != "pt" or not self.__sklearn_is_fitted__():
            raise AttributeError(f"{type(self).__name__} has betas_ of algorithm='pt' after fit")
        left = self._engine.betas()
        fits = self.beta_spacing == "adaptive" and len(left) == self.n_temperatures
        even = np.linspace(1, self.beta_min, self.n_temperatures)
        return left if fits else even.astype(self._dtype)

    def _engine_array(self, name: str) -> NDArray[Any]:
        array: NDArray[Any] = getattr(self._engine, name)()
        return array
