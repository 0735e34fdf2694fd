"""How good binary codes are at finding what is relevant: measures of the hashing literature."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..estimator.parameters import Choice, Integer
from .relevance import DistanceCounts, distance_counts
from .tied_ranks import average_precision, expected_hits

__all__ = [
    "PrecisionRecall",
    "mean_average_precision",
    "precision_at_k",
    "precision_recall_by_radius",
    "recall_at_k",
]

_WITHOUT_RELEVANT = Choice(("skip", "zero"))
_DENOMINATOR = Choice(("relevant", "retrieved"))
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
        Codes within the radius, mean over the queries.
    """

    radius: NDArray[np.int64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    n_retrieved: NDArray[np.float64]


def precision_at_k(
    queries: NDArray[np.uint8],
    codes: NDArray[np.uint8],
    k: Any = 100,
    *,
    labels: Any = None,
    neighbours: Any = None,
    excluded: Any = None,
    without_relevant: str = "skip",
    per_query: bool = False,
    n_jobs: int | None = None,
) -> Any:
    """Share of relevant codes among the k nearest, expected over all orders of equal distances.

    Parameters
    ----------
    queries : ndarray of shape (n_queries, n_bytes), uint8
        Packed codes, as `encode` of a model and :func:`udl_fast.pack_bits` give them.
    codes : ndarray of shape (n_codes, n_bytes), uint8
        What is searched.
    k : int or sequence of int, default=100
    labels : pair of array-like, default=None
        Labels of the queries and of the codes. Those of shape (n,) are classes, and codes of the query's class are
        relevant; in those of shape (n, n_labels), 0 or 1, rows with a label in common are.
    neighbours : array-like of shape (n_queries, n_neighbours), integers, default=None
        Instead of labels: numbers of the codes that are relevant to each query, such as its nearest neighbours by
        another distance; -1 is none.
    excluded : array-like of shape (n_queries,), integers, default=None
        The code that is no candidate for each query, -1 for none: ``numpy.arange(n)`` where the codes themselves
        are the queries.
    without_relevant : {"skip", "zero"}, default="skip"
        What a query counts to which no code is relevant: nothing, or 0.
    per_query : bool, default=False
        Values of the queries instead of their mean; NaN are those that are skipped.
    n_jobs : int, default=None
        Threads; None takes `get_num_threads`, -1 all processors.

    Returns
    -------
    float, or ndarray of shape (len(k),) where k is a sequence; with `per_query` shape (n_queries,) before these

    Raises
    ------
    TypeError
        If codes are not uint8, or labels no pair.
    ValueError
        If shapes do not fit, k is not between 1 and the number of candidates, or no query has a relevant code and
        such are skipped.

    Notes
    -----
    Two histograms of distances for each query are all that is computed, a block of queries at a time. With labels
    in columns the distances of a block are held, too.

    Examples
    --------
    >>> import numpy as np
    >>> from udl_fast.evaluation import precision_at_k
    >>> codes = np.array([[0], [1], [2], [255]], np.uint8)
    >>> precision_at_k(codes[:1], codes, k=2, labels=([5], [5, 5, 7, 7]))  # the second place: 5 or 7
    0.75
    """
    arguments = _Arguments("precision_at_k", without_relevant, per_query)
    blocks = _counted(arguments, queries, codes, labels, neighbours, excluded, n_jobs)
    return _at_ks(arguments, blocks, k, lambda counts, one: expected_hits(counts, one) / one)


def recall_at_k(
    queries: NDArray[np.uint8],
    codes: NDArray[np.uint8],
    k: Any = 100,
    *,
    labels: Any = None,
    neighbours: Any = None,
    excluded: Any = None,
    without_relevant: str = "skip",
    per_query: bool = False,
    n_jobs: int | None = None,
) -> Any:
    """Share of the relevant codes that are among the k nearest, expected over all orders of equal distances.

    With one neighbour for each query, its nearest by another distance, this is the "recall at k" of search
    libraries.

    Parameters
    ----------
    queries, codes, k, labels, neighbours, excluded, without_relevant, per_query, n_jobs
        As of :func:`precision_at_k`.

    Returns
    -------
    float, or ndarray of shape (len(k),) where k is a sequence; with `per_query` shape (n_queries,) before these

    Raises
    ------
    TypeError, ValueError
        As of :func:`precision_at_k`.

    Examples
    --------
    >>> import numpy as np
    >>> from udl_fast.evaluation import recall_at_k
    >>> codes = np.array([[0], [1], [2], [255]], np.uint8)
    >>> recall_at_k(codes[:1], codes, k=[1, 2, 4], neighbours=[[0, 1]])
    array([0.5 , 0.75, 1.  ])
    """
    arguments = _Arguments("recall_at_k", without_relevant, per_query)
    blocks = _counted(arguments, queries, codes, labels, neighbours, excluded, n_jobs)

    def share(counts: DistanceCounts, one: int) -> NDArray[np.float64]:
        n_relevant = np.maximum(counts.of_relevant.sum(axis=1), 1)
        return np.asarray(expected_hits(counts, one) / n_relevant)

    return _at_ks(arguments, blocks, k, share)


def mean_average_precision(
    queries: NDArray[np.uint8],
    codes: NDArray[np.uint8],
    *,
    labels: Any = None,
    neighbours: Any = None,
    k: int | None = None,
    denominator: str = "relevant",
    excluded: Any = None,
    without_relevant: str = "skip",
    per_query: bool = False,
    n_jobs: int | None = None,
) -> Any:
    """Mean average precision of the ranking by Hamming distance, expected over all orders of equal distances.

    The average precision of a query is the mean, over its relevant codes, of the precision at the place of each.

    Parameters
    ----------
    queries, codes, labels, neighbours, excluded, without_relevant, per_query, n_jobs
        As of :func:`precision_at_k`.
    k : int, default=None
        Only codes among the k nearest count. None ranks all of them.
    denominator : {"relevant", "retrieved"}, default="relevant"
        What the sum of precisions is divided by where k is given: all relevant codes, or those among the k
        nearest, as much code of deep hashing does, which rewards finding few. Without k it is the same.

    Returns
    -------
    float, or with `per_query` ndarray of shape (n_queries,)

    Raises
    ------
    TypeError, ValueError
        As of :func:`precision_at_k`.

    References
    ----------
    .. [1] F. McSherry, M. Najork, "Computing information retrieval performance measures efficiently in the
       presence of tied scores", ECIR 2008.

    Examples
    --------
    >>> import numpy as np
    >>> from udl_fast.evaluation import mean_average_precision
    >>> codes = np.array([[0], [1], [3], [255]], np.uint8)
    >>> round(mean_average_precision(codes[:1], codes, labels=([5], [5, 7, 5, 7])), 4)
    0.8333
    """
    arguments = _Arguments("mean_average_precision", without_relevant, per_query)
    of_retrieved = _DENOMINATOR.check(denominator, "denominator", arguments.function) == "retrieved"
    found = [
        arguments.marked(
            counts,
            average_precision(
                counts,
                None if k is None else _checked_k(k, counts, arguments.function),
                of_retrieved=of_retrieved,
            ),
        )
        for counts in _counted(arguments, queries, codes, labels, neighbours, excluded, n_jobs)
    ]
    return arguments.result(np.concatenate(found))


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
    arguments = _Arguments("precision_recall_by_radius", without_relevant, per_query=False)
    of_pairs = _AVERAGE.check(average, "average", arguments.function) == "pairs"
    skips = _NOTHING_FOUND.check(nothing_found, "nothing_found", arguments.function) == "skip"
    sums = _Sums(of_pairs, skips, without_relevant == "skip")
    for counts in _counted(arguments, queries, codes, labels, neighbours, excluded, n_jobs):
        sums.add(counts)
    return sums.result(arguments.function)


# ---- values of queries, and their means ----


class _Arguments(NamedTuple):
    """What a measure was asked for, checked."""

    function: str
    without_relevant: str
    per_query: bool

    def marked(self, counts: DistanceCounts, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """NaN or 0 for queries without relevant codes."""
        missing = np.nan if self.without_relevant == "skip" else 0.0
        return np.where(counts.of_relevant.sum(axis=1) > 0, values, missing)

    def result(self, values: NDArray[np.float64]) -> Any:
        """The mean, unless values are asked for."""
        if self.per_query:
            return values
        if np.isnan(values).all():
            raise ValueError(_none_relevant(self.function))
        return float(np.nanmean(values))


def _none_relevant(function: str) -> str:
    return (
        f"{function}: no query has a relevant code, so there is no mean; without_relevant='zero' counts such "
        "queries as 0"
    )


def _counted(
    arguments: _Arguments,
    queries: Any,
    codes: Any,
    labels: Any,
    neighbours: Any,
    excluded: Any,
    n_jobs: int | None,
) -> Iterator[DistanceCounts]:
    function = arguments.function
    _WITHOUT_RELEVANT.check(arguments.without_relevant, "without_relevant", function)
    return distance_counts(
        queries,
        codes,
        labels=labels,
        neighbours=neighbours,
        excluded=excluded,
        n_jobs=n_jobs,
        function=function,
    )


def _checked_k(k: Any, counts: DistanceCounts, function: str) -> int:
    n_candidates = int(counts.of_all.sum(axis=1).min())
    checked: int = Integer(1, n_candidates).check(k, "k", function)
    return checked


def _at_ks(
    arguments: _Arguments,
    blocks: Iterator[DistanceCounts],
    k: Any,
    measure: Callable[[DistanceCounts, int], NDArray[np.float64]],
) -> Any:
    is_single = np.ndim(k) == 0
    ks = [k] if is_single else list(k)
    if not ks:
        raise ValueError(f"{arguments.function}: k is empty, expected an integer or some of them")
    found: list[list[NDArray[np.float64]]] = [[] for _ in ks]
    for counts in blocks:
        for values, one in zip(found, ks, strict=True):
            checked = _checked_k(one, counts, arguments.function)
            values.append(arguments.marked(counts, measure(counts, checked)))
    results = [arguments.result(np.concatenate(values)) for values in found]
    return results[0] if is_single else np.stack(results, axis=-1)


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
        counted = np.broadcast_to(
            (n_relevant > 0) if self._skips_without else np.True_, retrieved.shape
        )
        if self._of_pairs:
            self._note(self._precision, hits * counted, retrieved * counted)
            self._note(self._recall, hits, np.broadcast_to(n_relevant, hits.shape))
            return
        of_precision = counted & (retrieved > 0) if self._skips_nothing else counted
        self._note(self._precision, hits / np.maximum(retrieved, 1) * of_precision, of_precision)
        self._note(self._recall, hits / np.maximum(n_relevant, 1), counted)

    def _note(self, sums: list[Any], values: NDArray[Any], among: NDArray[Any]) -> None:
        sums[0] = sums[0] + values.sum(axis=0)
        sums[1] = sums[1] + among.sum(axis=0)

    def result(self, function: str) -> PrecisionRecall:
        """Of all queries."""
        if self._skips_without and not self._recall[1].any():
            raise ValueError(_none_relevant(function))
        precision = _ratio(self._precision, of_none=np.nan)
        recall = _ratio(self._recall, of_none=0.0)  # of no relevant pairs none is found
        return PrecisionRecall(
            np.arange(len(precision)), precision, recall, self._n_retrieved / self._n_queries
        )


def _ratio(sums: list[Any], of_none: float) -> NDArray[np.float64]:
    total, n = sums
    found: NDArray[np.float64] = np.divide(total, n, out=np.full(len(total), of_none), where=n > 0)
    return found
