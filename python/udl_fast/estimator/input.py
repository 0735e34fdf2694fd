"""Input matrices: checked by scikit-learn, in the dtypes that the engines take, and as their rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn import config_context
from sklearn.utils.validation import assert_all_finite, check_array, validate_data

from .. import _core
from ..exceptions import warn_caller
from ..packing import compared_threshold
from ..runtime import resolve_n_jobs
from .device_input import DeviceMatrix, device_matrix, is_device_array
from .sparse_input import checked_csr

FLOAT_DTYPES = (np.float32, np.float64)
_LARGEST_FLOAT32 = float(np.finfo(np.float32).max)
_FLOAT32_ROUNDING = float(np.finfo(np.float32).eps)
_BYTE, _FEW_LEVELS = 255.0, 16.0  # largest grey levels of bytes, and of scikit-learn's digits
_LARGEST_SUMMED = 2.0**96  # of input: with weights below 2^15, 2^16 units are summed within float32


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


def check_units(
    rows: _core.Rows,
    owner: str,
    argument: str,
    advice: str,
    *,
    double: bool,
    n_jobs: int | None = None,
) -> None:
    """Real values of Bernoulli units: an error if the engine cannot sum them, a warning if they are
    neither states nor probabilities, with advice how to mend them, in which {scaled} stands for what brings
    them to [0, 1]."""
    if rows.kind == "bits":
        return
    low, high = value_range(rows, n_jobs)
    check_range(low, high, f"{owner}: {argument}", double=double)
    if beyond_unit_interval(low, high):
        warn_caller(
            f"{owner}: {argument} holds values from {low:.9g} to {high:.9g}, but Bernoulli units expect "
            f"values in [0, 1]. {advice.format(scaled=scaling(low, high))}.",
            UserWarning,
        )


def scaling(low: float, high: float, name: str = "X") -> str:
    """What brings values from `low` to `high` to [0, 1]; beyond 16, up to 255, they look like bytes."""
    if low < 0:
        shifted = f"{name} - {low:.9g}".replace("- -", "+ ")
        return shifted if high - low == 1 else f"({shifted}) / {high - low:.9g}"
    largest = greatest_level(high)
    return f"grey levels: {name} / 255" if largest == _BYTE else f"{name} / {largest:.9g}"


def greatest_level(high: float) -> float:
    """Of which `high` is the largest that occurs."""
    return _BYTE if _FEW_LEVELS < high <= _BYTE and high == int(high) else high


def beyond_unit_interval(low: float, high: float) -> bool:
    """Whether values from `low` to `high` leave [0, 1] by more than float32 rounds: scaling to [0, 1] may end
    one rounding of float64 above 1."""
    return beyond(low, high, 0.0, 1.0)


def beyond(low: float, high: float, least: float, greatest: float) -> bool:
    """Whether values from `low` to `high` leave an interval by more than float32 rounds about 1."""
    return low < least - _FLOAT32_ROUNDING or high > greatest + _FLOAT32_ROUNDING


def value_range(rows: _core.Rows, n_jobs: int | None = None) -> tuple[float, float]:
    """The smallest and the largest value of some rows; never -0, which texts would show."""
    low, high = rows.value_range(resolve_n_jobs(n_jobs))
    return low + 0.0, high + 0.0


def check_finite(values: NDArray[Any], name: str, *, double: bool) -> None:
    """An error if real values are NaN or infinite, or would be in the engine's arithmetic."""
    if not np.isfinite(values).all():
        raise ValueError(f"{name} holds NaN or infinity")
    if values.size:
        largest = float(np.abs(values).max())
        _check_size(largest, _LARGEST_FLOAT32, name, double=double)


def check_range(low: float, high: float, name: str, *, double: bool) -> None:
    """An error if input from `low` to `high`, of finite values, is beyond what the engine can sum."""
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError(
            f"{name} stores values several times in one place that add up to more than float64 holds, or NaN or "
            "infinity"
        )
    _check_size(max(abs(low), abs(high)), _LARGEST_SUMMED, name, double=double)


def _check_size(size: float, limit: float, name: str, *, double: bool) -> None:
    if not double and size > limit:
        raise ValueError(
            f"{name} holds values up to {size:.4g} in size, beyond {limit:.4g}: the model computes in "
            "float32, where sums of them are no numbers"
        )


def output_dtype(X: Any, other: Any) -> Any:
    """float32 and float64 input keep their dtype; everything else gives `other`."""
    return X.dtype.type if X.dtype in FLOAT_DTYPES else other


def read_only(x: NDArray[Any]) -> NDArray[Any]:
    x.setflags(write=False)
    return x
