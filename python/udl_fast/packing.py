"""Bits packed eight to a byte: the form in which codes are stored and searched."""

from __future__ import annotations

import numbers
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core

__all__ = ["pack_bits", "unpack_bits"]

_PACKABLE = (np.float32, np.float64, np.uint8, np.bool_)
_SCALARS = (int, float, np.generic)
_BLOCK_VALUES = 1 << 20  # of the other dtypes, compared by NumPy


def pack_bits(X: ArrayLike, threshold: ArrayLike | None = None) -> NDArray[np.uint8]:
    """Pack rows of binary values into bytes.

    Parameters
    ----------
    X : array-like of shape (n, n_bits)
        bool, integer or floating-point values.
    threshold : float or array-like, default=None
        With None every value must be 0 or 1; otherwise the bit is that of ``X > threshold`` in NumPy:
        a Python float is compared at the precision of X, so that .1 of float32 is not above .1. An
        array may hold a threshold for each column.

    Returns
    -------
    ndarray of shape (n, ceil(n_bits / 8)), uint8
        Bit j is bit ``j % 8`` of byte ``j // 8``: the order of FAISS and of
        ``numpy.packbits(bitorder="little")``. Unused bits are 0.

    Raises
    ------
    TypeError
        If X or `threshold` does not hold real numbers.
    ValueError
        If X is not 2-D, is masked, holds NaN, or holds values other than 0 and 1 without a threshold;
        or `threshold` is NaN or does not fit X's shape.

    Examples
    --------
    >>> from udl_fast import pack_bits
    >>> pack_bits([[1, 0, 0, 0, 0, 0, 0, 0, 1]])
    array([[1, 1]], dtype=uint8)
    >>> pack_bits([[0.2, 0.7, 0.9]], threshold=[0.1, 0.8, 0.8])
    array([[5]], dtype=uint8)
    """
    return packed_bits(X, threshold, None)


def packed_bits(
    X: ArrayLike, threshold: ArrayLike | None, n_threads: int | None
) -> NDArray[np.uint8]:
    """As `pack_bits`, on so many threads; None is `get_num_threads`."""
    x = _real(X, "X")
    if x.ndim != 2:
        raise ValueError(f"pack_bits: X must have 2 dimensions, got shape {x.shape}")
    if x.dtype.kind == "f" and np.isnan(x).any():
        raise ValueError("pack_bits: X holds NaN")
    if threshold is None:
        return _packed_states(x, n_threads)
    limits = _real(threshold, "threshold")
    if limits.dtype.kind == "f" and np.isnan(limits).any():
        raise ValueError(f"pack_bits: threshold {'holds' if limits.ndim else 'is'} NaN")
    if limits.shape not in ((), (1,), (1, 1), (x.shape[1],), (1, x.shape[1])):
        raise ValueError(
            f"pack_bits: threshold has shape {limits.shape}, expected one number or ({x.shape[1]},), "
            "one for each column"
        )
    return _packed_above(x, threshold if isinstance(threshold, _SCALARS) else limits, n_threads)


def compared_threshold(dtype: np.dtype[Any], threshold: Any) -> float | None:
    """The float64 t for which ``x > t`` is NumPy's ``x > threshold`` for values of this dtype; None where
    there is none, since NumPy compares in another precision."""
    if dtype not in _PACKABLE or not isinstance(threshold, _SCALARS):
        return None
    # A byte is compared with an integer exactly, and with other numbers in float64.
    precision = dtype if dtype.kind == "f" else np.float64
    compared = np.result_type(precision, threshold)
    if compared not in (np.float32, np.float64):
        return None
    with np.errstate(over="ignore"):  # infinity, above which nothing lies
        return float(compared.type(threshold))


def _real(values: ArrayLike, name: str) -> NDArray[Any]:
    """An array of real numbers; objects, as of mixed tables, become float64."""
    if np.ma.is_masked(values):
        raise ValueError(
            f"pack_bits: {name} is a masked array with masked entries; fill them first"
        )
    array = np.asarray(values)
    if array.dtype == object and all(isinstance(v, numbers.Real) for v in array.flat):
        try:
            array = array.astype(np.float64)
        except OverflowError:
            raise ValueError(f"pack_bits: {name} holds numbers beyond float64") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"pack_bits: {name} has dtype {array.dtype}, expected booleans, integers or "
            "floating-point numbers"
        )
    return array


def _packed_above(x: NDArray[Any], threshold: Any, n_threads: int | None) -> NDArray[np.uint8]:
    t = compared_threshold(x.dtype, threshold)
    if t is not None:
        return _core.Rows.from_threshold(x, t, n_threads).to_packed()
    with np.errstate(over="ignore"):
        return _packed_blocks(x, lambda block: np.greater(block, threshold))


def _packed_states(x: NDArray[Any], n_threads: int | None) -> NDArray[np.uint8]:
    if x.dtype not in _PACKABLE:
        return _packed_blocks(x, _states)
    rows = _core.Rows.from_array(x, n_threads)
    if rows.kind != "bits":
        raise _no_states()
    return rows.to_packed()


def _states(block: NDArray[Any]) -> NDArray[np.bool_]:
    ones = block == 1
    if not (ones | (block == 0)).all():
        raise _no_states()
    return np.asarray(ones)


def _no_states() -> ValueError:
    return ValueError(
        "pack_bits: X holds values other than 0 and 1; give a threshold, as in "
        "pack_bits(X, threshold=0.5)"
    )


def _packed_blocks(
    x: NDArray[Any], bits_of: Callable[[NDArray[Any]], NDArray[np.bool_]]
) -> NDArray[np.uint8]:
    """Rows packed in blocks, so that no array of all bits is made as bytes."""
    packed = np.zeros((len(x), -(-x.shape[1] // 8)), np.uint8)
    n = max(1, _BLOCK_VALUES // max(x.shape[1], 1))
    for first in range(0, len(x), n):
        block = bits_of(x[first : first + n])
        packed[first : first + n] = np.packbits(block, axis=1, bitorder="little")
    return packed


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
        If `packed` is not uint8, or `n_bits` no integer.
    ValueError
        If its width does not fit `n_bits`, or bits beyond `n_bits` are set, or it is masked.

    Examples
    --------
    >>> from udl_fast import pack_bits, unpack_bits
    >>> unpack_bits(pack_bits([[1, 0, 1]]), 3, dtype=int)
    array([[1, 0, 1]])
    """
    if np.ma.is_masked(packed):
        raise ValueError(
            "unpack_bits: packed is a masked array with masked entries; fill them first"
        )
    packed = np.asarray(packed)
    if packed.dtype != np.uint8:
        raise TypeError(f"unpack_bits: packed has dtype {packed.dtype}, expected uint8")
    if packed.ndim != 2:
        raise ValueError(f"unpack_bits: packed must have 2 dimensions, got shape {packed.shape}")
    width = 8 * packed.shape[1] if n_bits is None else _width(n_bits)
    if -(-width // 8) != packed.shape[1]:
        raise ValueError(
            f"unpack_bits: packed has {packed.shape[1]} bytes a row, expected {-(-width // 8)} for "
            f"n_bits={width}"
        )
    return _core.Rows.from_packed(packed, width).to_array("bool").astype(dtype, copy=False)


def _width(n_bits: Any) -> int:
    try:
        width = operator.index(n_bits)
    except TypeError:
        raise TypeError(f"unpack_bits: n_bits must be an integer, got {n_bits!r}") from None
    if width < 0:
        raise ValueError(f"unpack_bits: n_bits must be >= 0, got {width}")
    return width
