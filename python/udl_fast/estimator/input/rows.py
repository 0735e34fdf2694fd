"""Checked matrices as rows of the engines."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from scipy import sparse

from ... import _core
from ...packing import compared_threshold
from ...runtime import resolve_n_jobs
from .device import DeviceMatrix


def to_rows(
    X: Any,
    threshold: float | None = None,
    *,
    argument: str = "threshold",
    n_jobs: int | None = None,
) -> _core.Rows:
    """The engine's form of a checked matrix: bits where values are all 0 or 1, or above the
    threshold. Booleans are states already and meet no threshold. On as many threads as `n_jobs` says. Of a
    matrix on a GPU, rows there."""
    if X.dtype == np.bool_:
        threshold = None
    if isinstance(X, DeviceMatrix):
        compared = None if threshold is None else _compared(X.dtype, threshold)
        return cast(_core.Rows, X.rows(compared))
    n_threads = resolve_n_jobs(n_jobs)
    if not sparse.issparse(X):
        if threshold is None:
            return _core.Rows.from_array(X, n_threads)
        return _core.Rows.from_threshold(X, _compared(X.dtype, threshold), n_threads)
    if threshold is not None and threshold < 0:
        raise ValueError(
            f"{argument} must be >= 0 for sparse input, whose missing values are 0, "
            f"got {threshold:g}"
        )
    if X.dtype == np.bool_:
        threshold = 0.0  # true and true in one place are true
    elif threshold is not None:
        threshold = _compared(X.dtype, threshold)
    return _core.Rows.from_csr(X.indptr, X.indices, X.data, X.shape[1], threshold, n_threads)


def _compared(dtype: np.dtype[Any], threshold: Any) -> float:
    """As NumPy compares a Python float, whatever number `threshold` is: files keep it as one."""
    t = compared_threshold(dtype, float(threshold))
    assert t is not None
    return t
