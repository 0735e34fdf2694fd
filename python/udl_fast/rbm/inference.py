"""What a fitted RBM computes from rows: features, means and reconstructions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .. import _core, _devices
from ..estimator.binary_codes import BinaryCodes
from ..estimator.input import (
    DeviceMatrix,
    check_range,
    check_units,
    device_matrix,
    is_device_array,
    missing_explained,
    on_host,
    output_dtype,
    state_matrix,
    to_rows,
    value_range,
)
from ..estimator.training.transaction import of_one_fit
from ..runtime import resolve_n_jobs
from .rules import Binarize
from .units.rows import check_values

Found = TypeVar("Found")  # an array, of NumPy or on a GPU


class Inference(BinaryCodes):
    """Mixin: means of one layer given the other."""

    _KINDS_OF_SHARES = ("bernoulli",)

    n_jobs: int | None
    binarize: float | str | None
    visible: str
    hidden: str
    visible_groups: Sequence[int] | None
    sigma: float | Sequence[float] | NDArray[Any]
    learn_sigma: bool
    device: str
    _engine: _core.RbmEngine

    # ---- features and means ----

    @of_one_fit
    def transform(self, X: Any) -> NDArray[Any]:
        """P(h = 1 | v) of each row: the features. Of real hidden units, their means.

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
        X = self._matrix(X)
        return answer(X, self._mean_hidden(X))

    @of_one_fit
    def mean_hidden(self, v: Any) -> NDArray[Any]:
        """P(h = 1 | v), or the means of real units, of states v; like :meth:`transform`, and one row may be 1-D.

        Parameters
        ----------
        v : array-like or sparse matrix of shape (n_samples, n_features) or (n_features,)

        Returns
        -------
        ndarray of shape (n_samples, n_components) or (n_components,)
        """
        states = self._visible_states(v)
        return like(v, self._mean_hidden(states), states)

    def _mean_hidden(self, X: Any) -> NDArray[Any]:
        rows = self._visible_rows(X, may_be_on_device=True)
        out = self._engine.mean_hidden(rows, resolve_n_jobs(self.n_jobs))
        return of_dtype(out, output_dtype(X, self._dtype))

    @of_one_fit
    def mean_visible(self, h: Any) -> NDArray[Any]:
        """P(v = 1 | h), or the means of real units, given hidden states or their means.

        Of visible="replicated_softmax" they are the probabilities of one word.

        Parameters
        ----------
        h : array-like or sparse matrix of shape (n_samples, n_components) or (n_components,)

        Returns
        -------
        ndarray of shape (n_samples, n_features) or (n_features,)
        """
        return self._mean_visible(h, "mean_visible", "h")

    def _mean_visible(self, h: Any, function: str, argument: str) -> NDArray[Any]:
        states = self._hidden_states(h, function, argument)
        rows = self._hidden_rows(states, argument)
        out = self._engine.mean_visible(rows, resolve_n_jobs(self.n_jobs))
        return like(h, of_dtype(out, output_dtype(states, self._dtype)), states)

    @of_one_fit
    def inverse_transform(self, H: Any) -> NDArray[Any]:
        """P(v = 1 | h) given features; the way back from :meth:`transform`."""
        return self._mean_visible(H, "inverse_transform", "H")

    @of_one_fit
    def reconstruct(self, X: Any) -> NDArray[Any]:
        """Mean-field reconstruction: P(v | P(h | v)), shape (n_samples, n_features)."""
        self._check_fitted()
        X = self._matrix(X)
        return self.mean_visible(answer(X, self._mean_hidden(X)))

    # ---- codes ----

    def _code_kind(self) -> str:
        return self._hidden_kind()

    def _code_values(self, X: Any) -> NDArray[Any]:
        return self._mean_hidden(X)

    # ---- kinds of units ----

    def _visible_kind(self) -> str:
        """That of the fitted model, or that a new one is to have."""
        return self._engine.visible if self.__sklearn_is_fitted__() else self.visible

    def _hidden_kind(self) -> str:
        return self._engine.hidden if self.__sklearn_is_fitted__() else self.hidden

    # ---- input ----

    def _missing_values_advice(self) -> str:
        if self._visible_kind() != "softmax":
            return ""
        return "With visible='softmax' a missing value is a group of zeros; NaN stands for one in clamp alone."

    def _rows_device(self, *, training: bool) -> str:
        return self.device if training else _devices.device_of(self._engine)

    def _device_states(self, states: Any, argument: str) -> DeviceMatrix:
        """As `state_matrix`, of an array on a GPU."""
        owner, device = type(self).__name__, self._rows_device(training=False)
        return device_matrix(states, argument, owner, device, self._input_dtype(), may_be_row=True)

    def _visible_states(self, v: Any) -> Any:
        self._check_fitted()
        v = self._device_states(v, "v") if is_device_array(v) else self._states_of_host(v)
        if v.shape[1] != self._engine.n_visible:
            raise ValueError(
                f"X has {v.shape[1]} features, but {type(self).__name__} is expecting "
                f"{self._engine.n_visible} features as input"
            )
        return v

    def _states_of_host(self, v: Any) -> Any:
        with missing_explained(self._missing_values_advice()):
            return state_matrix(v, "v", self._input_dtype())

    def _hidden_states(self, h: Any, function: str, argument: str = "h") -> Any:
        self._check_fitted()
        if is_device_array(h):
            h = self._device_states(h, argument)
        else:
            h = state_matrix(h, argument, self._input_dtype())
        if h.shape[1] != self._engine.n_hidden:
            raise ValueError(
                f"{function}: {argument} has {h.shape[1]} columns, expected {self._engine.n_hidden}"
            )
        return h

    def _visible_rows(
        self, X: Any, *, double: bool | None = None, may_be_on_device: bool = False
    ) -> _core.Rows:
        """A threshold applies here too; "sample" does not: pixels count as probabilities. `double` is
        whether they meet an engine of float64; None means the present one. Rows of a matrix on a GPU stay there
        for who takes them so."""
        rows = to_rows(X, self._threshold(), argument="binarize", n_jobs=self.n_jobs)
        if self._visible_kind() == "bernoulli":
            advice = "Scale X ({scaled}) or set binarize to a threshold"
            self._check_units(rows, "X", advice, double)
        else:
            self._check_real(rows, "X", double)
            check_values(self, X, rows)
        return rows if may_be_on_device else on_host(rows)

    def _threshold(self) -> float | None:
        """That of `binarize`, which may have been changed since `fit` checked it."""
        checked = Binarize().check(self.binarize, "binarize", type(self).__name__)
        return None if isinstance(checked, str) else checked

    def _hidden_rows(self, h: Any, argument: str = "h") -> _core.Rows:
        rows = to_rows(h, n_jobs=self.n_jobs)
        if self._hidden_kind() == "bernoulli":
            self._check_units(rows, argument, "Give states or probabilities of the hidden units")
        else:
            self._check_real(rows, argument)
        return rows

    def _check_units(
        self, rows: _core.Rows, argument: str, advice: str, double: bool | None = None
    ) -> None:
        double = self._is_double() if double is None else double
        owner = type(self).__name__
        check_units(rows, owner, argument, advice, double=double, n_jobs=self.n_jobs)

    def _check_real(self, rows: _core.Rows, argument: str, double: bool | None = None) -> None:
        """Values of units that take any number."""
        if rows.kind == "bits":
            return
        double = self._is_double() if double is None else double
        low, high = value_range(rows, self.n_jobs)
        check_range(low, high, f"{type(self).__name__}: {argument}", double=double)

    # ---- names that subclasses of scikit-learn's BernoulliRBM reach ----

    def _mean_hiddens(self, v: Any) -> NDArray[Any]:
        return self.mean_hidden(v)


def like(given: Any, out: Found, states: Any) -> Found:
    """A result as its caller wants it, who gave `given`, which is `states` when it was checked: the only row where
    that was one row of one dimension, and on a GPU where that is on one."""
    if isinstance(states, DeviceMatrix):
        return cast(Found, states.answer(out))
    found: Any = out
    return cast(Found, found[0] if not sparse.issparse(given) and np.ndim(given) == 1 else found)


def answer(X: Any, out: Found) -> Found:
    """The same of a checked matrix that is never one row of one dimension."""
    return cast(Found, X.answer(out)) if isinstance(X, DeviceMatrix) else out


def of_dtype(out: Any, dtype: Any) -> NDArray[Any]:
    """Real numbers, of the host or on a GPU, as float32 or float64."""
    if not isinstance(out, np.ndarray):
        out = out.as_float64() if out.dtype != np.dtype(dtype).name else out
        return cast(NDArray[Any], out)
    return out.astype(dtype, copy=False)
