"""Sparse matrices: checked before SciPy reads them, since its compiled code trusts their indices."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_COMPRESSED = ("csr", "csc", "bsr")


def checked_csr(X: Any, name: str) -> Any:
    """A sparse matrix of any format as CSR, not copied if it is one already.

    Places may be stored several times; their values count as added up. SciPy adds those of COO and
    BSR in their own dtype when it converts them: integers are added wide enough not to wrap.

    Raises
    ------
    ValueError
        If indices do not fit the shape or each other. `name` is the argument's.
    """
    if X.ndim != 2:
        return X  # scikit-learn says what is wrong
    _check_indices(X, name)
    if X.format == "csr":
        return X
    rows = _wide(X).tocsr()
    _check_compressed(rows, name)  # LIL and DOK hold Python objects, whatever they are
    return _narrow(rows, X.dtype)


def _wide(X: Any) -> Any:
    return X.astype(np.int64) if X.format in ("coo", "bsr") and X.dtype.kind in "iu" else X


def _narrow(rows: Any, dtype: Any) -> Any:
    """Back to the dtype that was given, if its values allow."""
    if rows.dtype == dtype:
        return rows
    limits = np.iinfo(dtype)
    fits = rows.nnz == 0 or (rows.data.min() >= limits.min and rows.data.max() <= limits.max)
    return rows.astype(dtype) if fits else rows


# ---- indices ----


def _check_indices(X: Any, name: str) -> None:
    if X.format in _COMPRESSED:
        _check_compressed(X, name)
    elif X.format == "coo":
        _check_coordinates(X, name)
    elif X.format == "lil":
        _check_lists(X, name)
    elif X.format == "dia" and (X.data.ndim != 2 or X.offsets.shape != X.data.shape[:1]):
        _refuse(X, name, f"{X.offsets.size} offsets for data of shape {X.data.shape}")


def _check_compressed(X: Any, name: str) -> None:
    """CSR, CSC and BSR: indptr has the starts of rows, columns or rows of blocks in indices."""
    n_rows, n_columns = X.shape
    if X.format == "csc":
        n_rows, n_columns = n_columns, n_rows
    elif X.format == "bsr":
        n_rows, n_columns = n_rows // X.blocksize[0], n_columns // X.blocksize[1]
    indptr, indices = X.indptr, X.indices
    _check_integers(X, name, indptr, "indptr")
    _check_integers(X, name, indices, "indices")
    if indptr.size != n_rows + 1:
        _refuse(X, name, f"indptr has {indptr.size} entries, expected {n_rows + 1}")
    if indptr[0] != 0:
        _refuse(X, name, f"indptr starts with {indptr[0]}, expected 0")
    falls = np.flatnonzero(indptr[1:] < indptr[:-1])
    if falls.size:
        _refuse(X, name, f"indptr decreases after entry {falls[0]}")
    n_stored = int(indptr[-1])
    if n_stored > min(indices.size, X.data.shape[0]):
        _refuse(
            X,
            name,
            f"indptr ends at {n_stored}, but there are {indices.size} indices and "
            f"{X.data.shape[0]} values",
        )
    _check_range(X, name, indices[:n_stored], "indices", n_columns)


def _check_coordinates(X: Any, name: str) -> None:
    for axis, coordinates in enumerate(X.coords):
        what = ("row", "col")[axis]
        _check_integers(X, name, coordinates, what)
        if coordinates.size != X.data.size:
            _refuse(X, name, f"{coordinates.size} entries of {what} for {X.data.size} values")
        _check_range(X, name, coordinates, what, X.shape[axis])


def _check_lists(X: Any, name: str) -> None:
    if len(X.rows) != X.shape[0] or len(X.data) != X.shape[0]:
        _refuse(X, name, f"{len(X.rows)} lists of indices and {len(X.data)} of values")
    for row, (indices, values) in enumerate(zip(X.rows, X.data, strict=True)):
        if len(indices) != len(values):
            _refuse(X, name, f"row {row} has {len(indices)} indices and {len(values)} values")


def _check_integers(X: Any, name: str, indices: NDArray[Any], what: str) -> None:
    if indices.ndim != 1 or indices.dtype.kind not in "iu":
        _refuse(
            X,
            name,
            f"{what} has shape {indices.shape} and dtype {indices.dtype}, expected one dimension of "
            "integers",
        )


def _check_range(X: Any, name: str, indices: NDArray[Any], what: str, size: int) -> None:
    if indices.size == 0:
        return
    low, high = int(indices.min()), int(indices.max())
    if low < 0 or high >= size:
        wrong = low if low < 0 else high
        _refuse(X, name, f"{what} has {wrong}, expected 0 to {size - 1}")


def _refuse(X: Any, name: str, fault: str) -> None:
    raise ValueError(f"{name} is a malformed {X.format.upper()} matrix of shape {X.shape}: {fault}")
