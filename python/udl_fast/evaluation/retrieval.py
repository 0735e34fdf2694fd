"""How good binary codes are at finding what is relevant, by rank: measures of the hashing literature."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..estimator.parameters import Choice, Integer
from .query_values import Arguments, counted
from .relevance import DistanceCounts
from .tied_ranks import average_precision, expected_hits

_DENOMINATOR = Choice(("relevant", "retrieved"))


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
    arguments = Arguments("precision_at_k", without_relevant, per_query)
    blocks = counted(arguments, queries, codes, labels, neighbours, excluded, n_jobs)
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
    arguments = Arguments("recall_at_k", without_relevant, per_query)
    blocks = counted(arguments, queries, codes, labels, neighbours, excluded, n_jobs)

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
    arguments = Arguments("mean_average_precision", without_relevant, per_query)
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
        for counts in counted(arguments, queries, codes, labels, neighbours, excluded, n_jobs)
    ]
    return arguments.result(np.concatenate(found))


def _checked_k(k: Any, counts: DistanceCounts, function: str) -> int:
    n_candidates = int(counts.of_all.sum(axis=1).min())
    checked: int = Integer(1, n_candidates).check(k, "k", function)
    return checked


def _at_ks(
    arguments: Arguments,
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
