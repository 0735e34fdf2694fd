"""Matrices as callers give them, checked by scikit-learn, in the dtypes that the engines take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn import config_context
from sklearn.utils.validation import assert_all_finite, check_array, validate_data

from .device import device_matrix, is_device_array
from .sparse import checked_csr

FLOAT_DTYPES = (np.float32, np.float64)


def input_matrix(
    estimator: Any,
    X: Any,
    *,
    reset: bool,
    default_dtype: Any,
    device: str = "cpu",
    finite: bool = True,
) -> Any:
    """X as a 2-D array or CSR matrix of float32, float64, uint8 or bool, checked by scikit-learn. Unless `finite`
    it may hold NaN and infinity, which whoever reads it must see (`refuse_not_finite`).

    Other dtypes become `default_dtype`. Nothing is copied that can be used as it is. An array on a GPU becomes a
    `DeviceMatrix`, if that is the `device` where its rows are wanted.
    """
    if is_device_array(X):
        matrix = device_matrix(X, "X", type(estimator).__name__, device, default_dtype)
        return validate_data(estimator, matrix, reset=reset, skip_check_array=True)
    if X is None:
        raise TypeError(f"{type(estimator).__name__}: X must be a matrix, got None")
    _refuse_chunks(X, type(estimator).__name__)
    _check_real(X, f"{type(estimator).__name__}: X")
    if sparse.issparse(X):
        X = checked_csr(X, "X")
    with missing_explained(estimator._missing_values_advice()):
        return validate_data(
            estimator,
            X,
            accept_sparse="csr",
            dtype=_dtypes(default_dtype),
            reset=reset,
            ensure_all_finite=finite,
        )


def refuse_not_finite(estimator: Any, X: Any) -> None:
    """The error of `input_matrix` about a matrix with NaN or infinity, whatever scikit-learn is told to assume."""
    with missing_explained(estimator._missing_values_advice()), config_context(assume_finite=False):
        assert_all_finite(
            X.data if sparse.issparse(X) else X,
            estimator_name=type(estimator).__name__,
            input_name="X",
        )


@contextmanager
def missing_explained(advice: str) -> Iterator[None]:
    """An error about NaN ends with what a missing value is to the model, in place of what scikit-learn advises."""
    try:
        yield
    except ValueError as error:
        said = str(error).splitlines()[0]
        if advice and said.endswith("contains NaN."):
            raise ValueError(f"{said} {advice}") from error
        raise


def _refuse_chunks(X: Any, owner: str) -> None:
    """Several matrices where one is expected, with the way to learn from them."""
    if isinstance(X, Iterator):
        found = f"an iterator ({type(X).__name__})"
    elif isinstance(X, list | tuple) and any(getattr(part, "ndim", 0) == 2 for part in X):
        found = f"a {type(X).__name__} of {len(X)}, a matrix among them"
    else:
        return
    raise TypeError(
        f"{owner}: X must be one matrix, got {found}; partial_fit takes an iterator of X chunks, each a "
        "matrix without y (a list of chunks: partial_fit(iter(chunks)))"
    )


def state_matrix(X: Any, argument: str, default_dtype: Any = np.float32) -> Any:
    """States or probabilities of units: a finite 2-D matrix; one row may be 1-D. States have no
    feature names, so they are not compared with those of the training data. Other dtypes than those of
    `input_matrix` become `default_dtype`."""
    if X is None:
        raise TypeError(f"{argument} must be a matrix, got None")
    if is_device_array(X):
        raise TypeError(
            f"{argument} is an array on a GPU, which is not taken here; give a copy in the host's memory"
        )
    _check_real(X, argument)
    X = checked_csr(X, argument) if sparse.issparse(X) else np.atleast_2d(X)
    return check_array(
        X,
        accept_sparse="csr",
        dtype=_dtypes(default_dtype),
        input_name=argument,
    )


def _dtypes(default: Any) -> list[Any]:
    """What is taken as it is, and first what all other input becomes."""
    return [default, *(d for d in (np.float32, np.float64, np.uint8, np.bool_) if d is not default)]


def _check_real(X: Any, name: str) -> None:
    """An error for what would be read as numbers that nobody meant: those that a mask hides, and dates."""
    if np.ma.is_masked(X):
        raise ValueError(f"{name} is a masked array with masked entries; fill or drop them first")
    dtypes = [X.dtype] if hasattr(X, "dtype") else list(getattr(X, "dtypes", ()))
    if dates := [str(dtype) for dtype in dtypes if getattr(dtype, "kind", None) in ("M", "m")]:
        raise TypeError(f"{name} has dtype {dates[0]}, expected booleans, integers or real numbers")


def output_dtype(X: Any, other: Any) -> Any:
    """float32 and float64 input keep their dtype; everything else gives `other`."""
    return X.dtype.type if X.dtype in FLOAT_DTYPES else other


def read_only(x: NDArray[Any]) -> NDArray[Any]:
    x.setflags(write=False)
    return x
