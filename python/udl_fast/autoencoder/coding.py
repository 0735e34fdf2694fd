"""What a fitted autoencoder computes: codes, and what they are the codes of."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

from .. import _core
from ..estimator.binary_codes import BinaryCodes
from ..estimator.input import (
    FLOAT_DTYPES,
    beyond,
    check_range,
    output_dtype,
    scaling,
    state_matrix,
    to_rows,
    value_range,
)
from ..estimator.training.transaction import of_one_fit
from ..exceptions import warn_caller
from ..nets.layers import transposed
from ..nets.learner import NetLearner
from ..runtime import resolve_n_jobs
from .measurements import MEASUREMENTS, measured, squared_errors

# Least and greatest output, where there is one. Of softmax no more is asked: it may be held against counts.
_OUTPUTS = {
    "logistic": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "relu": (0.0, math.inf),
    "softmax": (0.0, math.inf),
}
_MEASURING_COST = 2.0  # rows of training for the time of measuring one


class Coding(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BinaryCodes):
    """The way to the code and back. The layers up to `_n_encoders` make the code."""

    _KINDS_OF_SHARES = ("logistic", "binary")

    measurements = MEASUREMENTS

    n_jobs: int | None
    _engine: NetLearner

    def _net(self) -> NetLearner:
        """What makes codes and reconstructions."""
        return self._engine

    @property
    def _n_encoders(self) -> int:
        return len(self._net().net.activations) // 2

    # ---- public ----

    @of_one_fit
    def transform(self, X: Any) -> NDArray[Any]:
        """The code of each row.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_components)
            float32 or float64 like X; for other X like the fitted attributes. A DataFrame where
            `set_output` or scikit-learn's configuration asks for it.

        Raises
        ------
        ValueError
            If X has the wrong number of columns or values that are not finite.
        sklearn.exceptions.NotFittedError
            Before fit.
        """
        self._check_fitted()
        return self._read_output(X, self._n_encoders)

    @of_one_fit
    def inverse_transform(self, H: Any) -> NDArray[Any]:
        """What the decoder makes of codes; the way back from :meth:`transform`.

        Parameters
        ----------
        H : array-like or sparse matrix of shape (n_samples, n_components)

        Returns
        -------
        ndarray of shape (n_samples, n_features)
        """
        self._check_fitted()
        H = state_matrix(H, "H", self._input_dtype())
        n_components = self._net().net.sizes[self._n_encoders]
        if H.shape[1] != n_components:
            raise ValueError(
                f"inverse_transform: H has {H.shape[1]} columns, expected {n_components}"
            )
        rows = to_rows(H, n_jobs=self.n_jobs)
        check_range(*value_range(rows, self.n_jobs), "H", double=self._is_double())
        found = self._net().forward(rows, resolve_n_jobs(self.n_jobs), self._n_encoders)
        return self._like(H, found)

    @of_one_fit
    def reconstruct(self, X: Any) -> NDArray[Any]:
        """What the net makes of each row, shape (n_samples, n_features)."""
        self._check_fitted()
        return self._read_output(X, None)

    @of_one_fit
    def reconstruction_error(self, X: Any) -> NDArray[np.float64]:
        """Squared error of the reconstruction of each row, summed over the features.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,), float64
            Its mean over the test images is the number that papers print; `score` is minus the mean.
        """
        self._check_fitted()
        rows = self._rows(self._matrix(X), training=False)
        return squared_errors(self._net(), rows, resolve_n_jobs(self.n_jobs))

    @property
    def coefs_(self) -> list[NDArray[Any]]:
        """Weights of each layer, (inputs, outputs) as in scikit-learn's nets, read-only."""
        weights = self._weights()
        return transposed([weights[layer] for layer in range(len(weights))])

    @property
    def intercepts_(self) -> list[NDArray[Any]]:
        """Biases of each layer, read-only."""
        state = self._read_state("intercepts_")
        biases = [state[f"layers.{k}/bias"] for k in range(len(self._net().net.activations))]
        found = [bias.astype(self._dtype, copy=False) for bias in biases]
        for bias in found:
            bias.setflags(write=False)
        return found

    def _weights(self) -> list[NDArray[Any]]:
        """(outputs, inputs), tied ones as they are used."""
        state = self._read_state("coefs_")
        found = []
        for layer, owner in enumerate(self._net().net.tied):
            weights = state[f"layers.{layer if owner < 0 else owner}/weights"]
            found.append((weights if owner < 0 else weights.T).astype(self._dtype, copy=False))
        return found

    def _read_state(self, name: str) -> Mapping[str, NDArray[Any]]:
        if not self.__sklearn_is_fitted__():
            raise AttributeError(f"{type(self).__name__} has no {name} before fit or partial_fit")
        return self._net().net.state()

    # ---- what Model asks for ----

    def _read_output(self, X: Any, last: int | None) -> NDArray[Any]:
        """Outputs of layer last - 1. Rows are looked at while they are read, which checks them late but once."""
        X = self._code_matrix(X)
        rows = self._bare_rows(X)
        n_threads = resolve_n_jobs(self.n_jobs)
        found, low, high = self._net().forward_and_range(rows, n_threads, last)
        self._look_at_range(X, rows, low, high)
        return self._like(X, found)

    def _like(self, X: Any, found: NDArray[Any]) -> NDArray[Any]:
        return found.astype(output_dtype(X, self._dtype), copy=False)

    def _code_kind(self) -> str:
        return self._net().activations[self._n_encoders - 1]

    def _code_matrix(self, X: Any) -> Any:
        return self._matrix(X, finite=False)

    def _code_values(self, X: Any) -> NDArray[Any]:
        rows = self._bare_rows(X)
        found, low, high = self._net().net.forward_and_range(
            rows, resolve_n_jobs(self.n_jobs), 0, self._n_encoders, self._rounding()
        )
        self._look_at_range(X, rows, low, high)
        return found

    def _reads_in_place(self, X: Any) -> bool:
        return isinstance(X, np.ndarray) and X.dtype in FLOAT_DTYPES and X.flags.c_contiguous

    def _rounding(self) -> str | None:
        """Of the factors of products that make codes, as of `_core.NetEngine`."""
        return None

    def _rounded_above(self) -> float:
        return self._net().rounded_above if self._code_kind() == "binary" else 0.5

    def _check_range(self, low: float, high: float, *, training: bool) -> None:
        super()._check_range(low, high, training=training)
        activation = self._activation_of_outputs() if training else self._net().activations[-1]
        if activation not in _OUTPUTS or not beyond(low, high, *_OUTPUTS[activation]):
            return
        least, greatest = _OUTPUTS[activation]
        reach = f"reach {least:g} to {greatest:g} alone"
        instead = " or use output_activation='linear'" if training else ""
        warn_caller(
            f"{type(self).__name__}: X holds values from {low:.9g} to {high:.9g}, but "
            f"outputs {reach if math.isfinite(greatest) else f'are never below {least:g}'}. "
            f"Scale X ({scaling(low, high)}){instead}.",
            UserWarning,
        )

    def _activation_of_outputs(self) -> str | None:
        """Of the outputs that learn from the rows; None where somebody else does."""
        return getattr(self, "output_activation", "logistic")

    def _score_rows(self, rows: _core.Rows) -> NDArray[np.float64]:
        return -squared_errors(self._net(), rows, resolve_n_jobs(self.n_jobs))

    def _sample(self, rows: _core.Rows, numbers: NDArray[np.uint32]) -> _core.Rows:
        return rows.select(numbers)

    def _measuring_cost(self, rows: _core.Rows) -> float:
        return _MEASURING_COST

    def _measure(self, training: _core.Rows, validation: _core.Rows | None) -> dict[str, Any]:
        n_threads = resolve_n_jobs(self.n_jobs)
        return measured(self._net(), self._n_encoders, training, validation, n_threads)

    @property
    def _n_features_out(self) -> int:
        return self._net().net.sizes[self._n_encoders]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float32", "float64"]
        return tags
