"""Checks of packed codes, ids and counts."""

from __future__ import annotations

import contextlib
import operator
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._device_arrays import is_device_array

MAX_BITS = 65528
MAX_ID = 2**63 - 1
RESULT_BYTES = 12  # of a neighbour: a distance and an id


def packed_rows(codes: Any, n_bits: int, name: str) -> NDArray[np.uint8]:
    """Packed codes as C-ordered rows; a view where they are so already."""
    refuse_device(codes, name)
    refuse_masked(codes, name)
    rows = np.asarray(codes)
    if rows.dtype != np.uint8:
        raise TypeError(f"{name} has dtype {rows.dtype}, expected packed uint8 (see pack_bits)")
    if rows.ndim != 2 or rows.shape[1] != n_bits // 8:
        raise ValueError(
            f"{name} has shape {rows.shape}, expected (n, {n_bits // 8}) for {n_bits} bits"
        )
    return np.ascontiguousarray(rows)


def refuse_device(codes: Any, name: str) -> None:
    """What is worked out on the CPU is given arrays of the host."""
    if is_device_array(codes):
        raise TypeError(
            f"{name} is an array on a GPU, expected one in the host's memory: give X.get() of CuPy or X.cpu() of "
            "PyTorch, or search by a HammingIndex with device='cuda'"
        )


def refuse_masked(values: Any, name: str) -> None:
    """A code without some of its bits has no distances."""
    if np.ma.is_masked(values):
        raise ValueError(f"{name} is a masked array with masked entries; fill or drop them first")


def checked_width(n_bits: Any) -> int:
    width = as_index(n_bits, "HammingIndex: n_bits")
    if width % 8 or not 8 <= width <= MAX_BITS:
        raise ValueError(
            f"HammingIndex: n_bits must be a multiple of 8 from 8 to {MAX_BITS}, got {width}"
        )
    return width


def width_of(codes: Any, name: str) -> int:
    refuse_device(codes, name)
    shape = np.shape(codes)
    if len(shape) != 2 or not 1 <= shape[1] <= MAX_BITS // 8:
        raise ValueError(
            f"{name} has shape {shape}, expected (n, n_bytes) with n_bytes from 1 to {MAX_BITS // 8}"
        )
    return int(8 * shape[1])


def checked_k(k: Any, n_queries: int, function: str) -> int:
    count = as_index(k, f"{function}: k")
    if count < 1:
        raise ValueError(f"{function}: k must be >= 1, got {count}")
    if count > MAX_ID:
        raise ValueError(f"{function}: k must be below 2^63, got {count}")
    n_bytes = RESULT_BYTES * count * n_queries
    if n_bytes > MAX_ID:
        raise ValueError(
            f"{function}: k={count} neighbours of {n_queries} queries are {n_bytes} bytes of results, "
            "more than arrays can hold"
        )
    return count


@contextlib.contextmanager
def room_for_neighbours(k: int, n_queries: int, function: str) -> Iterator[None]:
    """MemoryError says what asks for so much."""
    try:
        yield
    except MemoryError as error:
        if str(error).startswith("CUDA"):  # of a device: says what is wanted and free there
            raise
        raise MemoryError(
            f"{function}: no room for k={k} neighbours of {n_queries} queries, "
            f"{RESULT_BYTES * k * n_queries} bytes of results"
        ) from error


def id_array(ids: Any, name: str) -> NDArray[np.int64]:
    refuse_masked(ids, name)
    array = np.asarray(ids)
    if array.size == 0 and array.ndim == 1:
        return np.empty(0, np.int64)
    if array.dtype.kind not in "iu" or (array.dtype == np.uint64 and array.max() > MAX_ID):
        raise TypeError(f"{name} must be integers that fit int64, got dtype {array.dtype}")
    if array.ndim != 1:
        raise ValueError(f"{name} must have 1 dimension, got shape {array.shape}")
    return array.astype(np.int64)


def next_id_after(ids: NDArray[np.int64]) -> int:
    """The id of the code added after codes of these ids; the largest id has none behind it."""
    return min(int(ids.max(initial=-1)) + 1, MAX_ID)


def as_index(value: Any, name: str) -> int:
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {value!r}") from None
