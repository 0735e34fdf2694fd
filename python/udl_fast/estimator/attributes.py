"""Fitted attributes: the engine's parameters as read-only arrays, and assignment that takes effect."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _core
from .input import output_dtype, read_only


class FittedParameters:
    """Mixin: fitted attributes that live in the compiled engine.

    Reading gives a read-only array, so that changing one in place fails loudly; assigning a new
    array checks it, copies it into the engine and takes effect.
    """

    n_components: int
    precision: str
    n_jobs: int | None
    binarize: float | str | None
    n_features_in_: int
    _engine: _core.RbmEngine
    _seed: int  # of every draw; itself drawn from random_state
    _dtype: Any  # of fitted attributes: the dtype of the data
    _default_dtype: Any  # of fitted attributes for data that is not floating point
    _arrays: dict[str, NDArray[Any]]  # attributes already read, dropped when the engine learns
    _chains_dtype: Any = np.bool_  # of h_samples_; None: as the other fitted attributes
    _sampling_steps: int  # Gibbs steps drawn so far by sample_hidden, gibbs and sample
    _training_steps: int  # Gibbs steps drawn so far by fit and partial_fit

    def __sklearn_is_fitted__(self) -> bool:
        return "_engine" in self.__dict__

    @property
    def components_(self) -> NDArray[Any]:
        """Weights, shape (n_components, n_features), C order, read-only. Assigning takes effect."""
        return self._parameter("components_")

    @components_.setter
    def components_(self, value: ArrayLike) -> None:
        self._assign(components_=value)

    @property
    def intercept_hidden_(self) -> NDArray[Any]:
        """Biases of the hidden units, shape (n_components,), read-only. Assigning takes effect."""
        return self._parameter("intercept_hidden_")

    @intercept_hidden_.setter
    def intercept_hidden_(self, value: ArrayLike) -> None:
        self._assign(intercept_hidden_=value)

    @property
    def intercept_visible_(self) -> NDArray[Any]:
        """Biases of the visible units, shape (n_features,), read-only. Assigning takes effect."""
        return self._parameter("intercept_visible_")

    @intercept_visible_.setter
    def intercept_visible_(self, value: ArrayLike) -> None:
        self._assign(intercept_visible_=value)

    @property
    def h_samples_(self) -> NDArray[np.bool_]:
        """Hidden states of the persistent chains, shape (n_chains, n_components), read-only."""
        return self._parameter("h_samples_")

    @h_samples_.setter
    def h_samples_(self, value: ArrayLike) -> None:
        self._require_fitted("h_samples_")
        chains = np.asarray(value)
        if (
            chains.ndim != 2
            or chains.shape[1] != self._engine.n_hidden
            or not np.isin(chains, (0, 1)).all()
        ):
            raise ValueError(
                f"h_samples_ must be 0 or 1 of shape (n_chains, {self._engine.n_hidden}), "
                f"got shape {chains.shape}"
            )
        self._engine.set_chains(chains.astype(np.bool_))
        self._arrays.pop("h_samples_", None)

    def _fitted_dtype(self, X: Any) -> Any:
        """Dtype of fitted attributes after training on X; a float64 engine loses nothing."""
        if self.precision == "float64":
            return np.float64
        return output_dtype(X, self._default_dtype)

    def _parameter(self, name: str) -> NDArray[Any]:
        self._require_fitted(name)
        if name not in self._arrays:
            self._arrays[name] = read_only(self._read(name))
        return self._arrays[name]

    def _read(self, name: str) -> NDArray[Any]:
        if name == "h_samples_":
            return self._engine.chains().astype(self._chains_dtype or self._dtype, copy=False)
        values: NDArray[Any] = {
            "components_": self._engine.weights,
            "intercept_hidden_": self._engine.hidden_bias,
            "intercept_visible_": self._engine.visible_bias,
        }[name]()
        return values.astype(self._dtype, copy=False)

    def _require_fitted(self, name: str) -> None:
        # AttributeError, so that hasattr and scikit-learn's tools see an estimator that is not
        # fitted.
        if not self.__sklearn_is_fitted__():
            raise AttributeError(f"{type(self).__name__} has no {name} before fit or partial_fit")

    def _assign(self, **changed: ArrayLike) -> None:
        (name,) = changed
        self._require_fitted(name)
        shapes = {
            "components_": (self._engine.n_hidden, self._engine.n_visible),
            "intercept_hidden_": (self._engine.n_hidden,),
            "intercept_visible_": (self._engine.n_visible,),
        }
        value = np.asarray(changed[name], dtype=np.float64)
        if value.shape != shapes[name]:
            raise ValueError(f"{name} has shape {value.shape}, expected {shapes[name]}")
        if not np.isfinite(value).all():
            raise ValueError(f"{name} holds NaN or infinity")
        current = {
            "components_": self._engine.weights(),
            "intercept_hidden_": self._engine.hidden_bias(),
            "intercept_visible_": self._engine.visible_bias(),
        }
        current[name] = value
        self._engine.set_parameters(
            current["components_"], current["intercept_hidden_"], current["intercept_visible_"]
        )
        self._arrays.pop(name, None)
