"""Precision and recall of the binary codes within a Hamming radius."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..estimator.parameters import Choice
from .query_values import Arguments, counted, none_relevant
from .relevance import DistanceCounts

_AVERAGE = Choice(("queries", "pairs"))
_NOTHING_FOUND = Choice(("zero", "skip"))


class PrecisionRecall(NamedTuple):
    """Precision and recall of all codes within a Hamming radius.

    Attributes
    ----------
    radius : ndarray of shape (n_bits + 1,), int64
        0 to the width of the codes; the radius itself is within.
    precision : ndarray of shape (n_bits + 1,), float64
        Relevant codes among those within the radius; NaN where no query counts.
    recall : ndarray of shape (n_bits + 1,), float64
        Those within the radius among the relevant codes.
    n_retrieved : ndarray of shape (n_bits + 1,), float64
        Codes within the radius, mean over all queries, also those without relevant codes.
    """

    radius: NDArray[np.int64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    n_retrieved: NDArray[np.float64]


def precision_recall_by_radius(
    queries: NDArray[np.uint8],
    codes: NDArray[np.uint8],
    *,
    labels: Any = None,
    neighbours: Any = None,
    average: str = "queries",
    nothing_found: str = "zero",
    excluded: Any = None,
    without_relevant: str = "skip",
    n_jobs: int | None = None,
) -> PrecisionRecall:
    """Precision and recall of the codes within each Hamming radius, which is how codes are looked up as addresses.

    Parameters
    ----------
    queries, codes, labels, neighbours, excluded, without_relevant, n_jobs
        As of :func:`precision_at_k`.
    average : {"queries", "pairs"}, default="queries"
        The mean of the queries' values, or the value of all their pairs taken together, in which a query counts as
        often as it retrieves.
    nothing_found : {"zero", "skip"}, default="zero"
        The precision of a query that finds no code within the radius, for the mean of queries: 0, the custom of
        the literature ("precision within radius 2"), or left out.

    Returns
    -------
    PrecisionRecall
        Named arrays, an entry for each radius from 0 to the width of the codes.

    Raises
    ------
    TypeError, ValueError
        As of :func:`precision_at_k`.

    Examples
    --------
    >>> import numpy as np
    >>> from udl_fast.evaluation import precision_recall_by_radius
    >>> codes = np.array([[0], [1], [3], [255]], np.uint8)
    >>> found = precision_recall_by_radius(codes[:1], codes, labels=([5], [5, 7, 5, 7]))
    >>> found.precision[:3], found.recall[:3]
    (array([1.        , 0.5       , 0.66666667]), array([0.5, 0.5, 1. ]))
    """
    arguments = Arguments("precision_recall_by_radius", without_relevant, per_query=False)
    of_pairs = _AVERAGE.check(average, "average", arguments.function) == "pairs"
    skips = _NOTHING_FOUND.check(nothing_found, "nothing_found", arguments.function) == "skip"
    sums = _Sums(of_pairs, skips, without_relevant == "skip")
    for counts in counted(arguments, queries, codes, labels, neighbours, excluded, n_jobs):
        sums.add(counts)
    return sums.result(arguments.function)


class _Sums:
    """Of precision and recall at every radius, over blocks of queries."""

    def __init__(self, of_pairs: bool, skips_nothing: bool, skips_without: bool) -> None:
        self._of_pairs = of_pairs
        self._skips_nothing = skips_nothing
        self._skips_without = skips_without
        self._n_queries = 0
        self._n_retrieved: Any = 0
        # Sums of values and how many they are; of pairs, hits and what they are among.
        self._precision: list[Any] = [0, 0]
        self._recall: list[Any] = [0, 0]

    def add(self, counts: DistanceCounts) -> None:
        """Queries of a block."""
        retrieved, hits = (np.cumsum(each, axis=1) for each in counts)
        self._n_queries += len(retrieved)
        self._n_retrieved = self._n_retrieved + retrieved.sum(axis=0)
        n_relevant = hits[:, -1:]
        among = np.broadcast_to(
            (n_relevant > 0) if self._skips_without else np.True_, retrieved.shape
        )
        if self._of_pairs:
            self._note(self._precision, hits * among, retrieved * among)
            self._note(self._recall, hits, np.broadcast_to(n_relevant, hits.shape))
            return
        of_precision = among & (retrieved > 0) if self._skips_nothing else among
        self._note(self._precision, hits / np.maximum(retrieved, 1) * of_precision, of_precision)
        self._note(self._recall, hits / np.maximum(n_relevant, 1), among)

    def _note(self, sums: list[Any], values: NDArray[Any], among: NDArray[Any]) -> None:
        sums[0] = sums[0] + values.sum(axis=0)
        sums[1] = sums[1] + among.sum(axis=0)

    def result(self, function: str) -> PrecisionRecall:
        """Of all queries."""
        if self._skips_without and not self._recall[1].any():
            raise ValueError(none_relevant(function))
        precision = _ratio(self._precision, of_none=np.nan)
        recall = _ratio(self._recall, of_none=0.0)  # of no relevant pairs none is found
        return PrecisionRecall(
            np.arange(len(precision)), precision, recall, self._n_retrieved / self._n_queries
        )


def _ratio(sums: list[Any], of_none: float) -> NDArray[np.float64]:
    total, n = sums
    found: NDArray[np.float64] = np.divide(total, n, out=np.full(len(total), of_none), where=n > 0)
    return found
