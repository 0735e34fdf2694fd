"""Visible units that keep their values while chains run: what callers say of them, and the rows that hold them."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from ... import _core
from ...estimator.input import (
    FLOAT_DTYPES,
    check_range,
    is_device_array,
    on_host,
    to_rows,
    value_range,
)
from ..units.groups import check_held_groups
from ..units.kinds import KINDS_OF_BITS
from .half_steps import HalfSteps

Held = tuple[_core.Rows, _core.Rows]  # mask and values of visible units that keep theirs


class Clamp(NamedTuple):
    """Units that are held. Each array has one row for all chains or one for each."""

    mask: NDArray[np.bool_]
    values: NDArray[Any] | None  # of held units, 0 elsewhere; None: those that chains start with


def read_clamp(clamp: Any, n_chains: int, n_features: int, owner: str) -> Clamp:
    """The clamp that an argument means: a mask of bools, or values that leave units free.

    Raises
    ------
    TypeError or ValueError
        Naming the dtype or the shape, if it is neither, and infinite values.
    """
    if is_device_array(clamp):
        raise TypeError(
            f"{owner}: clamp is an array on a GPU, expected one in the host's memory, also where v is on a GPU"
        )
    if isinstance(clamp, np.ma.MaskedArray):
        values, is_free = np.asarray(clamp.filled(0)), np.ma.getmaskarray(clamp)
    else:
        values, is_free = np.asarray(clamp), None
    if values.ndim not in (1, 2) or values.shape not in (
        (n_features,),
        (1, n_features),
        (n_chains, n_features),
    ):
        raise ValueError(
            f"{owner}: clamp has shape {values.shape}, expected ({n_features},) or "
            f"({n_chains}, {n_features})"
        )
    values = np.atleast_2d(values)
    if is_free is None:
        if values.dtype == np.bool_:
            return Clamp(values, None)
        is_free = np.zeros_like(values, dtype=np.bool_)
        known = values.dtype.kind == "f"
    else:
        known = values.dtype.kind in "fiub"
    if not known:
        raise TypeError(
            f"{owner}: clamp must be a mask of bools, or values in which NaN, or the mask of a masked "
            f"array, leaves units free; got an array of {values.dtype}"
        )
    if values.dtype not in FLOAT_DTYPES:
        values = values.astype(np.float64)
    is_held = ~(np.atleast_2d(is_free) | np.isnan(values))
    values = np.where(is_held, values, values.dtype.type(0))
    if np.isinf(values).any():
        raise ValueError(f"{owner}: clamp holds infinity")
    return Clamp(is_held, values)


class Clamping(HalfSteps):
    """Mixin: units that are held."""

    def _hold(
        self, rows: _core.Rows, clamp: Any, *, has_start: bool = True
    ) -> tuple[_core.Rows, Held | None]:
        """Where chains start, with the values of held units, and these units."""
        if clamp is None:
            return rows, None
        owner = type(self).__name__
        if self._visible_kind() == "replicated_softmax":
            raise ValueError(
                f"{owner}: clamp holds units, not words of visible='replicated_softmax'"
            )
        mask, values = read_clamp(clamp, *rows.shape, owner)
        if values is not None:
            held = to_rows(values, self._threshold(), argument="binarize", n_jobs=self.n_jobs)
        elif not has_start:
            raise ValueError(
                f"{owner}: clamp is a mask of bools, which keeps values of start: give start, or the "
                "values in place of the mask, NaN for units that are free"
            )
        elif rows.kind == "bits":
            held = rows
        else:
            values_of_start = np.where(mask, on_host(rows).to_array("float64"), 0)
            held = to_rows(values_of_start, n_jobs=self.n_jobs)
        if held.kind != "bits":
            low, high = value_range(held, self.n_jobs)
            check_range(low, high, f"{owner}: clamp", double=self._engine_dtype == "float64")
            if self._visible_kind() in KINDS_OF_BITS:
                raise ValueError(
                    f"{owner}: clamp holds units at values from {low:g} to {high:g}, expected 0 or 1; set "
                    "binarize to a threshold, or leave such units free"
                )
        if self._visible_kind() == "softmax":
            check_held_groups(self, mask, np.where(mask, self._plain(held), 0))
        masked = to_rows(mask, n_jobs=self.n_jobs)
        if values is not None:
            rows = self._with_held(rows, mask, masked, held)
        return rows, (masked, held)

    def _with_held(
        self, rows: Any, mask: NDArray[np.bool_], masked: _core.Rows, held: _core.Rows
    ) -> _core.Rows:
        """Where chains start whose held units have values of their own."""
        if not isinstance(rows, _core.Rows):  # on a GPU
            return cast(_core.Rows, rows.with_held(masked, held))
        values = np.where(mask, self._plain(held), self._plain(rows))
        return to_rows(values, n_jobs=self.n_jobs)

    def _plain(self, rows: _core.Rows) -> NDArray[Any]:
        return rows.to_array("bool" if rows.kind == "bits" else self._engine_dtype)


def as_given(states: NDArray[Any], held: Held | None) -> NDArray[Any]:
    """Real values that were held, which chains may have rounded to float32, as they were given."""
    if held is None or held[1].kind == "bits":
        return states
    mask, values = held
    given = np.where(mask.to_array("bool"), values.to_array("float64"), states)
    return given.astype(states.dtype, copy=False)
