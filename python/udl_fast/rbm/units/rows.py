"""Which rows are states of the visible units."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ... import _core
from .groups import check_one_hot


def check_values(model: Any, X: Any, rows: _core.Rows) -> None:
    """An error unless the rows of a matrix are states of the model's visible units.

    Raises
    ------
    ValueError
        Naming the first row that is none.
    """
    kind = model._visible_kind()
    if kind == "softmax":
        check_one_hot(model, X, rows)
    elif kind == "replicated_softmax":
        check_counts(model, X)


def check_counts(model: Any, X: Any) -> None:
    """Refuse values of a checked matrix that are no counts of words."""
    values = X.data if sparse.issparse(X) else X
    if values.dtype.kind in "bu" or values.size == 0:
        return
    low = values.min()
    if low >= 0 and all((block == np.floor(block)).all() for block in _blocks(values)):
        return
    wrong = np.argwhere((values < 0) | (values != np.floor(values)))[0]
    place = "" if sparse.issparse(X) else f" in row {wrong[0]}, column {wrong[1]}"
    raise ValueError(
        f"{type(model).__name__}: visible='replicated_softmax' expects counts, integers of at least 0; X holds "
        f"{values[tuple(wrong)]:g}{place}"
    )


def _blocks(values: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Rows of some megabytes at a time: comparing makes copies."""
    n = max(1, (1 << 20) // max(1, values[:1].size))
    for first in range(0, len(values), n):
        yield values[first : first + n]
