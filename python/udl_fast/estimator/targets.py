"""What rows are to be mapped to: classes as rows of one bit each, and targets that come in chunks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import assert_all_finite
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from .. import _core
from ..persistence.values import Labels, ValueRule

CLASS_VALUES: dict[str, ValueRule] = {"classes_": Labels()}  # what a model of classes keeps of them

_END = object()


def chunks(X: Iterator[Any], y: Any, owner: str, *, has_targets: bool) -> Iterator[tuple[Any, Any]]:
    """Chunks of rows, each with its targets.

    Raises
    ------
    ValueError
        If there are more chunks of one than of the other, or y is no iterator.
    """
    if not has_targets:
        for chunk in X:
            yield chunk, y
        return
    if not isinstance(y, Iterator):
        raise ValueError(
            f"{owner}: X is an iterator of chunks, so y must be one too, of the targets of each; got "
            f"{type(y).__name__}"
        )
    n_chunks = 0
    while True:
        chunk, targets = next(X, _END), next(y, _END)
        if chunk is _END and targets is _END:
            return
        if chunk is _END or targets is _END:
            ended = "X" if chunk is _END else "y"
            raise ValueError(
                f"{owner}: {ended} ends after {n_chunks} chunks, and the other one does not"
            )
        n_chunks += 1
        yield chunk, targets


class OfClasses(NamedTuple):
    """Labels, and the classes that they are of."""

    labels: Any
    classes: Any


def of_classes(y: Any, classes: Any, fitted: NDArray[Any] | None, owner: str) -> Any:
    """Labels, or an iterator of chunks of them, with the classes that are to come where a model does not know them
    yet: y as it is if it does, or none are given.

    Raises
    ------
    ValueError
        If `classes` are others than those of the fitted model.
    """
    if classes is None:
        return y
    if fitted is not None:
        if not np.array_equal(np.unique(np.asarray(classes)), fitted):
            raise ValueError(
                f"{owner}: classes are {list(classes)}, but the fitted model has {fitted.tolist()}"[
                    :300
                ]
            )
        return y
    if isinstance(y, Iterator):
        return (OfClasses(labels, classes) for labels in y)
    return OfClasses(y, classes)


def checked_labels(y: Any, n_rows: int, owner: str) -> NDArray[Any]:
    """One label for each row.

    Raises
    ------
    ValueError
        If there are others than so many, or they are no classes, such as fractions.
    """
    if y is None:
        raise ValueError(f"{owner} requires y to be passed, but the target y is None")
    labels: NDArray[Any] = column_or_1d(y, warn=True)
    if labels.dtype.kind == "f":
        assert_all_finite(labels, input_name="y")
    check_classification_targets(labels)
    if len(labels) != n_rows:
        raise ValueError(f"{owner}: y has {len(labels)} labels for {n_rows} rows of X")
    return labels


def classes_of(labels: NDArray[Any], owner: str) -> NDArray[Any]:
    """The classes among labels, in ascending order, as files hold them; one class alone teaches nothing."""
    found: NDArray[Any] = np.unique(labels)
    if len(found) < 2:
        raise ValueError(
            f"{owner} needs samples of at least 2 classes in the data, but the data contains only one "
            f"class: {found.tolist()[0]!r}"
        )
    rule = Labels()
    rule.check(rule.plain(found), f"{owner}: y")
    return found


def class_rows(
    labels: NDArray[Any], classes: NDArray[Any], owner: str, argument: str = "y"
) -> _core.Rows:
    """Rows in which the bit of the class is on.

    Raises
    ------
    ValueError
        Naming a label that is none of the classes.
    """
    at = np.searchsorted(classes, labels).clip(max=len(classes) - 1)
    if (wrong := classes[at] != labels).any():
        raise ValueError(
            f"{owner}: {argument} holds {labels[wrong].tolist()[0]!r}, which is none of the classes "
            f"{classes.tolist()}"[:300]
        )
    one_hot = np.zeros((len(labels), len(classes)), dtype=np.bool_)
    one_hot[np.arange(len(labels)), at] = True
    return _core.Rows.from_array(one_hot, 1)
