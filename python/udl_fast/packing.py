"""Bits packed eight to a byte: the form in which codes are stored and searched."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core

__all__ = ["pack_bits", "unpack_bits"]

_PACKABLE = (np.float32, np.float64, np.uint8, np.bool_)


def pack_bits(X: ArrayLike, threshold: float | None = None) -> NDArray[np.uint8]:
    """Pack rows of binary values into bytes.

    Parameters
    ----------
    X : array-like of shape (n, n_bits)
        bool, integer or floating-point values.
    threshold : float, default=None
        With None every value must be 0 or 1; otherwise the bit is ``X > threshold``.

    Returns
    -------
    ndarray of shape (n, ceil(n_bits / 8)), uint8
        Bit j is bit ``j % 8`` of byte ``j // 8``: the order of FAISS and of
        ``numpy.packbits(bitorder="little")``. Unused bits are 0.

    Raises
    ------
    ValueError
        If X is not 2-D, holds NaN, or holds values other than 0 and 1 without a threshold.

    Examples
    --------
    >>> from udl_fast import pack_bits
    >>> pack_bits([[1, 0, 0, 0, 0, 0, 0, 0, 1]])
    array([[1, 1]], dtype=uint8)
    """
    x = np.asarray(X)
    if x.ndim != 2:
        raise ValueError(f"pack_bits: X must have 2 dimensions, got shape {x.shape}")
    if x.dtype not in _PACKABLE:
        x = x.astype(np.float64)
    if x.dtype.kind == "f" and np.isnan(x).any():
        raise ValueError("pack_bits: X holds NaN")
    if threshold is not None:
        return _core.Rows.from_threshold(x, threshold).to_packed()
    rows = _core.Rows.from_array(x)
    if rows.kind != "bits":
        raise ValueError(
            "pack_bits: X holds values other than 0 and 1; give a threshold, as in "
            "pack_bits(X, threshold=0.5)"
        )
    return rows.to_packed()


def unpack_bits(
    packed: NDArray[np.uint8], n_bits: int | None = None, dtype: Any = np.bool_
) -> NDArray[Any]:
    """Undo :func:`pack_bits`.

    Parameters
    ----------
    packed : ndarray of shape (n, n_bytes), uint8
    n_bits : int, default=None
        Columns of the result; None means ``8 * n_bytes``.
    dtype : data type, default=bool

    Returns
    -------
    ndarray of shape (n, n_bits)

    Raises
    ------
    TypeError
        If `packed` is not uint8.
    ValueError
        If its width does not fit `n_bits`, or bits beyond `n_bits` are set.

    Examples
    --------
    >>> from udl_fast import pack_bits, unpack_bits
    >>> unpack_bits(pack_bits([[1, 0, 1]]), 3, dtype=int)
    array([[1, 0, 1]])
    """
    packed = np.asarray(packed)
    if packed.dtype != np.uint8:
        raise TypeError(f"unpack_bits: packed has dtype {packed.dtype}, expected uint8")
    if packed.ndim != 2:
        raise ValueError(f"unpack_bits: packed must have 2 dimensions, got shape {packed.shape}")
    width = 8 * packed.shape[1] if n_bits is None else n_bits
    return _core.Rows.from_packed(packed, width).to_array("bool").astype(dtype, copy=False)
