"""Packed binary codes of models: a bit for each unit of the code, 1 where the unit is above its threshold."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..packing import packed_bits
from ..persistence.values import LARGEST_STEP, Count, ValueRule
from ..runtime import resolve_n_jobs
from .model import Model
from .training.transaction import reader_of

MEDIAN = "median"

_BLOCK_VALUES = 1 << 25  # of a block of rows, or of their codes: 128 MB of float32
_VALUES_IN_PLACE = 1 << 28  # of a block that is read where it is: seconds of work
_MEDIAN_VALUES = 1 << 26  # of code units, kept for medians, of rows spread evenly: 256 MB

Watch = Callable[[int], object]  # told how many rows have been done since the last call
Check = Callable[[Any], Any]  # of a block of rows that is not checked yet


class Thresholds(NamedTuple):
    """Medians of the units of a code, and how many updates had made the code that they are of."""

    n_updates: int
    values: NDArray[np.float64]


class ThresholdsRule:
    """Thresholds among the values of a model."""

    def check(self, value: Any, name: str) -> None:
        """As every rule."""
        if not isinstance(value, dict) or value.keys() != {"n_updates", "values"}:
            raise ValueError(f"{name} is {str(value)[:80]}, expected n_updates and values")
        Count(LARGEST_STEP).check(value["n_updates"], f"{name}: n_updates")
        found = value["values"]
        if not (isinstance(found, list) and found and all(type(x) is float for x in found)):
            raise ValueError(f"{name}: values is no list of numbers")
        if not np.isfinite(found).all():
            raise ValueError(f"{name}: values holds NaN or infinity")

    def plain(self, value: Thresholds) -> dict[str, Any]:
        """As every rule."""
        return {"n_updates": int(value.n_updates), "values": value.values.tolist()}

    def attribute(self, plain: Mapping[str, Any]) -> Thresholds:
        """As every rule."""
        return Thresholds(plain["n_updates"], np.array(plain["values"]))


class BinaryCodes(Model):
    """Mixin: codes as bits."""

    _optional_values: ClassVar[Mapping[str, ValueRule]] = {"_thresholds": ThresholdsRule()}
    _KINDS_OF_SHARES: ClassVar[tuple[str, ...]]  # of code units whose values are in [0, 1]

    # ---- what a class brings ----

    def _code_kind(self) -> str:
        """Of the units of the code."""
        raise NotImplementedError

    def _code_values(self, X: Any) -> NDArray[Any]:
        """What the code units make of a matrix of `_code_matrix`, before any rounding."""
        raise NotImplementedError

    def _code_matrix(self, X: Any) -> Any:
        """X checked as far as `_code_values` does not check it."""
        return self._matrix(X)

    def _reads_in_place(self, X: Any) -> bool:
        """Whether `_code_values` needs memory for the code of such a matrix alone."""
        return False

    def _rounded_above(self) -> float:
        """Where the model itself takes a unit for 1: the threshold 0.5, exactly."""
        return 0.5

    # ---- public ----

    def encode(self, X: Any, threshold: float | str | ArrayLike = 0.5) -> NDArray[np.uint8]:
        """Binary codes, packed: what :class:`udl_fast.HammingIndex` searches.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        threshold : float, "median" or array-like of shape (n_bits,), default=0.5
            A bit is 1 where its code unit is above it. "median" takes the median of each unit over the rows of X,
            so that every bit is on in half of them, and keeps these in `thresholds_`; queries are encoded with
            ``threshold=model.thresholds_``. 0.5 is where `transform` rounds, if it does; all others are held
            against probabilities that it rounds. Of more rows than some 2^26 code values, medians are those of
            rows spread evenly.

        Returns
        -------
        ndarray of shape (n_samples, ceil(n_bits / 8)), uint8
            As of :func:`udl_fast.pack_bits`.

        Raises
        ------
        TypeError or ValueError
            If X or `threshold` does not fit the model, or a single number is not from 0 to below 1, or is to be
            the threshold of code units that are not in [0, 1].
        sklearn.exceptions.NotFittedError
            Before fit.

        Examples
        --------
        >>> import udl_fast as udl
        >>> X = udl.datasets.load_digits(binary=0.5).data
        >>> rbm = udl.RBM(16, n_iter=5, random_state=0).fit(X[:1500])
        >>> codes = rbm.encode(X[:1500], "median")
        >>> queries = rbm.encode(X[1500:], rbm.thresholds_)
        >>> codes.shape, queries.shape
        ((1500, 2), (297, 2))
        """
        codes, medians = self._encoded(X, threshold)
        if medians is not None:
            self._thresholds = medians
        return codes

    def _encoded(self, X: Any, threshold: Any) -> tuple[NDArray[np.uint8], Thresholds | None]:
        """Codes, and the medians that were taken for them."""
        self._check_fitted()
        model = reader_of(self)  # of one fit, whoever fits it anew meanwhile
        X = model._code_matrix(X)
        if not isinstance(threshold, str):
            return packed_codes(model, X, threshold, _as_it_is), None
        if threshold != MEDIAN:
            raise ValueError(
                f"{type(self).__name__}.encode: threshold must be a number, {MEDIAN!r} or an array, got "
                f"{threshold!r}"
            )
        found = code_medians(model, X, _as_it_is)
        return packed_codes(model, X, found, _as_it_is), Thresholds(model.n_updates_, found)

    @property
    def thresholds_(self) -> NDArray[np.float64]:
        """Medians that ``encode(X, "median")`` took last, shape (n_bits,), read-only. Saved with the model; once
        it has learned on there are none."""
        found: Thresholds | None = self.__dict__.get("_thresholds")
        if found is None or found.n_updates != self.n_updates_:
            raise AttributeError(
                f'{type(self).__name__} has no thresholds_ before encode(X, "median") of what it has learned'
            )
        values = found.values.view()
        values.setflags(write=False)
        return values


def _as_it_is(X: Any) -> Any:
    return X


def packed_codes(
    model: BinaryCodes, X: Any, threshold: Any, check: Check, watch: Watch = _as_it_is
) -> NDArray[np.uint8]:
    """Codes of a matrix, a block of rows at a time."""
    n_bits = model._n_features_out
    limits = _checked(model, threshold, n_bits)
    codes = np.empty((X.shape[0], -(-n_bits // 8)), np.uint8)
    n_rows = _rows_of_block(model, X)
    n_threads = resolve_n_jobs(model.n_jobs)
    for first, block in _blocks(X, np.arange(X.shape[0]), n_rows):
        found = model._code_values(check(block))
        codes[first : first + len(found)] = packed_bits(found, limits, n_threads)
        watch(len(found))
    return codes


def code_medians(
    model: BinaryCodes, X: Any, check: Check, watch: Watch = _as_it_is
) -> NDArray[np.float64]:
    """The median of each code unit over the rows of a matrix, or over some that are spread evenly."""
    rows = median_rows(X.shape[0], model._n_features_out)
    parts = []
    for _, block in _blocks(X, rows, _rows_of_block(model, X, copies=len(rows) < X.shape[0])):
        parts.append(model._code_values(check(block)))
        watch(len(parts[-1]))
    return np.asarray(np.median(np.concatenate(parts), axis=0), np.float64)


def median_rows(n_rows: int, n_bits: int) -> NDArray[np.int64]:
    """The rows whose medians are taken."""
    n = min(n_rows, max(1, _MEDIAN_VALUES // n_bits))
    return np.linspace(0, n_rows - 1, n).round().astype(np.int64)


def _rows_of_block(model: BinaryCodes, X: Any, *, copies: bool = False) -> int:
    """So many that they, unless they are read where they are, and their codes take some 100 MB each."""
    is_in_place = not copies and model._reads_in_place(X)
    n_values = _VALUES_IN_PLACE if is_in_place else _BLOCK_VALUES
    n_columns, n_bits = int(X.shape[1]), int(model._n_features_out)
    return max(1, min(n_values // max(1, n_columns), _BLOCK_VALUES // n_bits))


def _blocks(X: Any, rows: NDArray[np.int64], n: int) -> Iterator[tuple[int, Any]]:
    """(how many come before, n of these rows) one after the other; neighbours are not copied."""
    for first in range(0, len(rows), n):
        some = rows[first : first + n]
        is_run = some[-1] - some[0] == len(some) - 1
        yield first, X[some[0] : some[-1] + 1] if is_run else X[some]


def _checked(model: BinaryCodes, threshold: Any, n_bits: int) -> Any:
    """What the units are held against."""
    function = f"{type(model).__name__}.encode"
    if isinstance(threshold, bool | np.bool_):
        raise TypeError(
            f"{function}: threshold must be a number, {MEDIAN!r} or an array, got {threshold!r}"
        )
    if isinstance(threshold, numbers.Real):
        kinds, kind = model._KINDS_OF_SHARES, model._code_kind()
        if kind not in kinds:
            raise ValueError(
                f"{function}: code units must be {' or '.join(kinds)}, got {kind!r}, for one threshold of all; "
                f"give threshold={MEDIAN!r}, or an array of one for each unit"
            )
        if not np.isfinite(float(threshold)):
            raise ValueError(f"{function}: threshold must be finite, got {threshold!r}")
        if not 0 <= float(threshold) < 1:  # all units above it, or none
            raise ValueError(
                f"{function}: threshold must be a number from 0 to below 1, {MEDIAN!r} or an array, got "
                f"{threshold!r}"
            )
        return model._rounded_above() if threshold == 0.5 else threshold
    limits = np.asarray(threshold)
    if limits.dtype.kind not in "biuf":
        raise TypeError(
            f"{function}: threshold must be a number, {MEDIAN!r} or an array of numbers, got {threshold!r}"[
                :300
            ]
        )
    if limits.shape != (n_bits,):
        raise ValueError(
            f"{function}: threshold has shape {limits.shape}, expected ({n_bits},), one for each unit of this "
            "model's code"
        )
    if not np.isfinite(limits).all():
        raise ValueError(f"{function}: threshold holds NaN or infinity")
    return limits
