"""Visible units that keep their values while chains run: what callers say of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..estimator.input import FLOAT_DTYPES, is_device_array


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
