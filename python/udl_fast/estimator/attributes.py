"""Fitted attributes: the engine's arrays, read-only, and assignment that takes effect."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .given import assign, given
from .input import check_finite, read_only

if TYPE_CHECKING:
    from .model import Model


class EngineArray:
    """A fitted attribute that is an array of the engine.

    Reading gives a read-only array, so that changing one in place fails loudly; assigning a new
    array checks it, copies it into the engine and takes effect. Kind and shape are those of the
    model's array rule. A model that is not fitted takes the arrays that define it one by one, and is
    fitted with the last of them.

    Parameters
    ----------
    array : str
        Its name in the engine's state.
    doc : str
    bits_dtype : dtype, default=None
        Of an array of bits. None, and of real arrays: that of the model's fitted attributes.
    shown, stored : callable, default=None
        What the attribute shows of the array, and the array that stores a value of the attribute; a
        ValueError of `stored` says what is wrong with it. None: the array as it is.
    cleared : str, default=None
        An array of the same shape that assigning this one sets to zeros.

    Notes
    -----
    A model without such an array, by its array rules, has no such attribute.
    """

    _name: str

    def __init__(
        self,
        array: str,
        doc: str,
        *,
        bits_dtype: Any = None,
        shown: Callable[[NDArray[Any]], NDArray[Any]] | None = None,
        stored: Callable[[NDArray[Any]], NDArray[Any]] | None = None,
        cleared: str | None = None,
    ) -> None:
        self._array = array
        self._bits_dtype = bits_dtype
        self._shown = shown
        self._stored = stored
        self._cleared = cleared
        self.__doc__ = doc

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, model: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, model: Model, owner: Any = None) -> NDArray[Any]: ...
    def __get__(self, model: Model | None, owner: Any = None) -> Self | NDArray[Any]:
        if model is None:
            return self
        if not model.__sklearn_is_fitted__() and self._array in given(model):
            return given(model)[self._array]
        self._require_fitted(model)
        # Taken before the engine is read: another thread that trains or assigns replaces it when the engine
        # has changed, and an older array must not get into the new one.
        read_before = model._arrays
        found = read_before.get(self._name)
        if found is None:
            try:
                values = model._engine_array(self._array)
            except KeyError:
                raise AttributeError(
                    f"{type(model).__name__} has no {self._name} yet: it is of a later stage of the training"
                ) from None
            if self._shown is not None:
                values = self._shown(values)
            found = read_only(values.astype(self._dtype_in(model), copy=False))
            read_before[self._name] = found
        return found

    def __set__(self, model: Model, value: ArrayLike) -> None:
        if not model.__sklearn_is_fitted__() and self._array in model._defining:
            assign(model, self._array, value, attribute_names(type(model)))
            return
        self._require_fitted(model)
        array = self._checked(model, value)
        cleared = {} if self._cleared is None else {self._cleared: np.zeros_like(array)}
        # What was read before is forgotten first, for an interrupt behind set_state, and what another thread
        # reads meanwhile at the end.
        model._arrays = {}
        model._engine.set_state({**model._engine.state(), self._array: array, **cleared})
        model._arrays = {}

    def _dtype_in(self, model: Model) -> Any:
        is_bits = model._array_rules()[self._array].kind == "bits"
        return self._bits_dtype if is_bits and self._bits_dtype is not None else model._dtype

    def _require_fitted(self, model: Model) -> None:
        # AttributeError, so that hasattr and scikit-learn's tools see an estimator that is not
        # fitted.
        if self._array not in model._array_rules():
            raise AttributeError(f"{type(model).__name__} has no {self._name} with these arguments")
        if not model.__sklearn_is_fitted__():
            raise AttributeError(
                f"{type(model).__name__} has no {self._name} before fit or partial_fit"
            )

    def _checked(self, model: Model, value: ArrayLike) -> NDArray[Any]:
        rules = model._array_rules()
        rule = rules[self._array]
        # Sizes of real arrays are those of the engine; what only states have, the number of chains, is free.
        real = [found for found in rules.values() if found.kind == "real"]
        fixed = {name for found in real if not found.may_be_empty for name in found.dims}
        sizes = [getattr(model._engine, name) if name in fixed else name for name in rule.dims]
        expected = f"({', '.join(map(str, sizes))}{',' if len(sizes) == 1 else ''})"
        array = np.asarray(value) if rule.kind == "bits" else np.asarray(value, dtype=np.float64)
        fits = len(sizes) == array.ndim and all(
            isinstance(size, str) or size == length
            for size, length in zip(sizes, array.shape, strict=True)
        )
        if rule.kind == "bits":
            if not fits or not np.isin(array, (0, 1)).all():
                raise ValueError(
                    f"{self._name} must be 0 or 1 of shape {expected}, got shape {array.shape}"
                )
            return array.astype(np.bool_)
        if not fits:
            raise ValueError(f"{self._name} has shape {array.shape}, expected {expected}")
        check_finite(array, self._name, double=model._is_double())
        return array if self._stored is None else self._stored(array)


def attribute_names(model_class: type) -> dict[str, str]:
    """The fitted attribute of each array of the engine that has one."""
    return {
        found._array: name
        for owner in reversed(model_class.__mro__)
        for name, found in vars(owner).items()
        if isinstance(found, EngineArray)
    }
