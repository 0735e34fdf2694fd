"""What layers make of rows, for the one above them to learn from: computed a block of rows at a time, and held in
memory, or in a file where it is too large for that."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np
import sklearn
from numpy.typing import NDArray

_BLOCK_BYTES = 1 << 25  # of rows, and of what a layer makes of them, that are at work at a time
_SHARE_OF_MEMORY = 0.5  # of the machine's, that one array may take


def features(layers: Sequence[Any], X: Any, n_beside: int = 0) -> NDArray[Any]:
    """What the last of these models makes of what those below make of the rows.

    Parameters
    ----------
    layers : sequence of models
        From the rows on; at least one.
    X : array or CSR matrix of shape (n_samples, n_features)
    n_beside : int, default=0
        Columns of zeros beside what the last layer makes, for the caller to fill.

    Returns
    -------
    ndarray of shape (n_samples, n_components of the last layer + n_beside)
        float64 where the last layer computes in it, else float32. Of more than half of the machine's memory a
        map of a file, which has no name and goes with the array.

    Raises
    ------
    OSError
        If there is no room for such a file.
    """
    widest = max(X.shape[1], *(int(layer.n_components) for layer in layers))
    size = max(1, _BLOCK_BYTES // (8 * widest))
    n_made = int(layers[-1].n_components)
    out = _room((X.shape[0], n_made + n_beside), _dtype(layers[-1]))
    out[:, n_made:] = 0
    with sklearn.config_context(transform_output="default"):
        for first in range(0, X.shape[0], size):
            block = X[first : first + size]
            for layer in layers:
                block = np.asarray(layer.transform(block), dtype=_dtype(layer))
            out[first : first + size, :n_made] = block
    return out


def _dtype(layer: Any) -> Any:
    return np.float64 if layer._is_double() else np.float32


def _room(shape: tuple[int, int], dtype: Any) -> NDArray[Any]:
    n_bytes = shape[0] * shape[1] * np.dtype(dtype).itemsize
    if n_bytes <= _SHARE_OF_MEMORY * _memory():
        return np.empty(shape, dtype)
    with tempfile.TemporaryFile() as file:
        os.posix_fallocate(
            file.fileno(), 0, n_bytes
        )  # a full disk is an error now, not a crash later
        return np.memmap(file, dtype, "r+", shape=shape)


def _memory() -> int:
    """Of the machine, bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
