"""Labels of which some are missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...estimator.targets import checked_labels

_NUMBERS = "iuf"
_TWO_CLASSES = 2
UNLABELLED = -1  # in place of a number that is a class, as in sklearn.semi_supervised


class PartLabels(NamedTuple):
    """Labels of the rows that have one, and which rows these are."""

    labels: NDArray[Any]
    known: NDArray[np.bool_]

    @classmethod
    def of(cls, y: Any, n_rows: int, owner: str, classes: NDArray[Any] | None = None) -> PartLabels:
        """Of numbers, -1 is no label, unless it is one of the classes.

        Where these are not known yet, it is one if there is a single other number: rows of one class alone would
        teach nothing, and -1 and 1 are two classes to many.

        Raises
        ------
        ValueError
            If no row has a label where `classes` are not known, there are others than `n_rows`, or they are no
            classes.
        """
        if isinstance(y, PartLabels):
            return y
        labels = checked_labels(y, n_rows, owner)
        known = np.ones(n_rows, dtype=np.bool_)
        if labels.dtype.kind in _NUMBERS:
            found = np.unique(labels) if classes is None else classes
            is_class = found.dtype.kind in _NUMBERS and (found == UNLABELLED).any()
            if not is_class or (classes is None and len(found) != _TWO_CLASSES):
                known = labels != UNLABELLED
        found_labels = cls(labels[known], known)
        if classes is None:
            found_labels.check_some(owner)
        return found_labels

    def check_some(self, owner: str) -> None:
        """A ValueError unless a row has a label."""
        if not self.known.any():
            raise ValueError(
                f"{owner}: y holds {UNLABELLED} alone, which marks rows without a label; some must have one"
            )


def joined(
    X: Any, y: Any, X_unlabeled: Any, sample_weight: Any, owner: str
) -> tuple[Any, Any, Any]:
    """Rows with and without labels as one matrix, with their labels and weights; rows without weigh 1.

    Raises
    ------
    ValueError
        If they have different numbers of columns, or labels are invalid.
    """
    if X_unlabeled is None:
        return X, y, sample_weight
    parts = [X, X_unlabeled]
    n_rows, n_more = (part.shape[0] if hasattr(part, "shape") else len(part) for part in parts)
    labels = PartLabels.of(y, n_rows, owner)
    known = np.concatenate([labels.known, np.zeros(n_more, dtype=np.bool_)])
    if sample_weight is not None:
        sample_weight = np.concatenate([np.asarray(sample_weight, np.float64), np.ones(n_more)])
    return _stacked(parts, owner), PartLabels(labels.labels, known), sample_weight


def _stacked(parts: list[Any], owner: str) -> Any:
    """With the names that columns of DataFrames have."""
    if all(hasattr(part, "iloc") for part in parts):
        pandas: Any = import_module("pandas")
        return pandas.concat(parts, ignore_index=True)
    if any(map(sparse.issparse, parts)):
        return sparse.vstack([sparse.csr_array(part) for part in parts], format="csr")
    arrays = [np.asarray(part) for part in parts]
    if arrays[0].ndim == arrays[1].ndim == 2 and arrays[0].shape[1] != arrays[1].shape[1]:
        raise ValueError(
            f"{owner}: X_unlabeled has {arrays[1].shape[1]} features, but X has {arrays[0].shape[1]}"
        )
    return np.concatenate(arrays)
