"""Which codes are relevant to which queries, and how many of them lie at each Hamming distance.

All measures of retrieval follow from two histograms of distances for each query: of all codes, and of the relevant
ones. No distance of a pair is ever kept, unless rows have several labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ..hamming.codes import packed_rows, width_of
from ..runtime import resolve_n_jobs

_BLOCK_BYTES = 1 << 24  # of two histograms of each query of a block; measures take ten times that
_BLOCK_PAIRS = 1 << 24  # distances that are held at a time where rows have several labels
_BITS_OF_BYTE = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1)

Counts = NDArray[np.int64]


class DistanceCounts(NamedTuple):
    """Of some queries: codes at each distance, shape (n_queries, n_bits + 1)."""

    of_all: Counts
    of_relevant: Counts


class Relevance(Protocol):
    """Which codes are relevant to a query."""

    def counts(self, first: int, queries: NDArray[np.uint8], n_threads: int) -> Counts:
        """Relevant codes at each distance from these queries, the first of which has this number."""

    def of_pairs(self, first: int, codes: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether the code of this number is relevant to each of as many queries."""


def distance_counts(
    queries: Any,
    codes: Any,
    *,
    labels: Any,
    neighbours: Any,
    excluded: Any,
    n_jobs: int | None,
    function: str,
) -> Iterator[DistanceCounts]:
    """Of one block of queries after another. Arguments are those of the measures; `function` is for errors."""
    n_bits = width_of(codes, f"{function}: codes")
    rows = packed_rows(codes, n_bits, f"{function}: codes")
    asked = packed_rows(queries, n_bits, f"{function}: queries")
    if not len(rows) or not len(asked):
        raise ValueError(f"{function}: {len(asked)} queries of {len(rows)} codes tell nothing")
    relevance = _relevance(asked, rows, labels, neighbours, function)
    left_out = None if excluded is None else _excluded(excluded, asked, rows, function)
    # Checked before the first block is asked for.
    return _blocks(asked, rows, relevance, left_out, resolve_n_jobs(n_jobs))


def _blocks(
    queries: NDArray[np.uint8],
    codes: NDArray[np.uint8],
    relevance: Relevance,
    excluded: NDArray[np.int64] | None,
    n_threads: int,
) -> Iterator[DistanceCounts]:
    n = max(1, _BLOCK_BYTES // (16 * (8 * codes.shape[1] + 1)))
    for first in range(0, len(queries), n):
        block = queries[first : first + n]
        found = DistanceCounts(
            _core.hamming_histogram(codes, block, n_threads),
            relevance.counts(first, block, n_threads),
        )
        if excluded is not None:
            _take_out(found, first, block, codes, excluded[first : first + n], relevance)
        yield found


def _take_out(
    counts: DistanceCounts,
    first: int,
    queries: NDArray[np.uint8],
    codes: NDArray[np.uint8],
    excluded: NDArray[np.int64],
    relevance: Relevance,
) -> None:
    """The code that is no candidate of each query, -1 for none."""
    has_one = excluded >= 0
    numbers = np.flatnonzero(has_one)
    if not len(numbers):
        return
    at = excluded[numbers]
    distances = _distances(queries[numbers], codes[at])
    counts.of_all[numbers, distances] -= 1
    is_relevant = relevance.of_pairs(first, np.where(has_one, excluded, 0))[numbers]
    counts.of_relevant[numbers, distances] -= is_relevant


def _distances(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Of pairs of rows."""
    return np.asarray(_BITS_OF_BYTE[first ^ second].sum(axis=-1, dtype=np.int64))


# ---- kinds of relevance ----


class _OneLabel:
    """Codes of the class of the query."""

    def __init__(
        self, of_queries: NDArray[Any], of_codes: NDArray[Any], codes: NDArray[np.uint8]
    ) -> None:
        classes, self._class_of_code = np.unique(of_codes, return_inverse=True)
        at = np.minimum(np.searchsorted(classes, of_queries), len(classes) - 1)
        self._class_of_query = np.where(classes[at] == of_queries, at, -1)
        order = np.argsort(self._class_of_code, kind="stable")
        self._by_class = codes[order]
        self._starts = np.searchsorted(self._class_of_code[order], np.arange(len(classes) + 1))

    def counts(self, first: int, queries: NDArray[np.uint8], n_threads: int) -> Counts:
        """As every relevance: a histogram of the codes of each class."""
        classes = self._class_of_query[first : first + len(queries)]
        found = np.zeros((len(queries), 8 * queries.shape[1] + 1), np.int64)
        for one in np.unique(classes[classes >= 0]):
            members = self._by_class[self._starts[one] : self._starts[one + 1]]
            of_class = classes == one
            found[of_class] = _core.hamming_histogram(members, queries[of_class], n_threads)
        return found

    def of_pairs(self, first: int, codes: NDArray[np.int64]) -> NDArray[np.bool_]:
        """As every relevance."""
        classes = self._class_of_query[first : first + len(codes)]
        return np.asarray(self._class_of_code[codes] == classes)


class _SharedLabels:
    """Codes that have a label in common with the query."""

    def __init__(
        self, of_queries: NDArray[np.bool_], of_codes: NDArray[np.bool_], codes: NDArray[np.uint8]
    ) -> None:
        self._of_queries = of_queries.astype(np.float32)
        self._of_codes = of_codes.astype(np.float32)
        self._codes = codes

    def counts(self, first: int, queries: NDArray[np.uint8], n_threads: int) -> Counts:
        """As every relevance: distances of all pairs, some queries at a time."""
        n_distances = 8 * queries.shape[1] + 1
        # Places in the histograms of a block are counted in 32 bits.
        n = max(1, min(_BLOCK_PAIRS // len(self._codes), (1 << 30) // n_distances))
        found = []
        for start in range(0, len(queries), n):
            block = queries[start : start + n]
            distances = _core.hamming_distances(self._codes, block, n_threads)
            labels = self._of_queries[first + start : first + start + len(block)]
            shared = labels @ self._of_codes.T > 0
            distances += (n_distances * np.arange(len(block), dtype=np.int32))[:, None]
            counted = np.bincount(distances[shared], minlength=n_distances * len(block))
            found.append(counted.reshape(len(block), n_distances))
        return np.concatenate(found)

    def of_pairs(self, first: int, codes: NDArray[np.int64]) -> NDArray[np.bool_]:
        """As every relevance."""
        labels = self._of_queries[first : first + len(codes)]
        return np.asarray((labels * self._of_codes[codes]).sum(axis=1) > 0)


class _Listed:
    """Codes whose numbers are given for each query."""

    def __init__(self, numbers: NDArray[np.int64], codes: NDArray[np.uint8]) -> None:
        self._numbers = numbers
        self._codes = codes

    def counts(self, first: int, queries: NDArray[np.uint8], n_threads: int) -> Counts:
        """As every relevance: one place of the lists at a time."""
        found = np.zeros((len(queries), 8 * queries.shape[1] + 1), np.int64)
        for place in range(self._numbers.shape[1]):
            numbers = self._numbers[first : first + len(queries), place]
            there = np.flatnonzero(numbers >= 0)
            distances = _distances(queries[there], self._codes[numbers[there]])
            found[there, distances] += 1
        return found

    def of_pairs(self, first: int, codes: NDArray[np.int64]) -> NDArray[np.bool_]:
        """As every relevance."""
        lists = self._numbers[first : first + len(codes)]
        return np.asarray((lists == codes[:, None]).any(axis=1))


# ---- what callers say of it ----


def _relevance(
    queries: NDArray[np.uint8],
    codes: NDArray[np.uint8],
    labels: Any,
    neighbours: Any,
    function: str,
) -> Relevance:
    if (labels is None) == (neighbours is None):
        raise ValueError(
            f"{function}: give labels=(those of the queries, those of the codes) or neighbours=(for each query "
            "the numbers of its codes), one of the two"
        )
    if labels is None:
        return _Listed(_listed(neighbours, len(queries), len(codes), function), codes)
    if not isinstance(labels, list | tuple) or len(labels) != 2:
        raise TypeError(
            f"{function}: labels must be a pair, those of the queries and those of the codes, got "
            f"{type(labels).__name__}"
        )
    of_queries, of_codes = map(np.asarray, labels)
    for name, found, n in (("queries", of_queries, len(queries)), ("codes", of_codes, len(codes))):
        if found.ndim not in (1, 2) or len(found) != n:
            raise ValueError(
                f"{function}: labels of the {name} have shape {found.shape}, expected ({n},), or ({n}, n_labels) "
                "of 0 and 1"
            )
    if of_queries.shape[1:] != of_codes.shape[1:]:
        raise ValueError(
            f"{function}: labels of the queries have shape {of_queries.shape}, those of the codes {of_codes.shape}"
        )
    dtypes = of_queries.dtype, of_codes.dtype
    if all(dtype.kind in "iu" for dtype in dtypes) and np.promote_types(*dtypes).kind == "f":
        of_queries, of_codes = of_queries.astype(object), of_codes.astype(object)  # exact, any size
    if of_queries.ndim == 1:
        return _OneLabel(of_queries, of_codes, codes)
    for found in (of_queries, of_codes):
        if not ((found == 0) | (found == 1)).all():
            raise ValueError(f"{function}: labels in columns must be 0 or 1, one for each label")
    return _SharedLabels(of_queries.astype(np.bool_), of_codes.astype(np.bool_), codes)


def _listed(neighbours: Any, n_queries: int, n_codes: int, function: str) -> NDArray[np.int64]:
    numbers = np.asarray(neighbours)
    if numbers.dtype.kind not in "iu":
        raise TypeError(
            f"{function}: neighbours must be integers, numbers of codes, got {numbers.dtype}"
        )
    if numbers.ndim != 2 or len(numbers) != n_queries:
        raise ValueError(
            f"{function}: neighbours has shape {numbers.shape}, expected ({n_queries}, n_neighbours)"
        )
    if numbers.size and (numbers.max() >= n_codes or numbers.min() < -1):
        raise ValueError(
            f"{function}: neighbours holds {numbers.min()} to {numbers.max()}, expected numbers of the "
            f"{n_codes} codes, or -1 for none"
        )
    found: NDArray[np.int64] = np.sort(numbers.astype(np.int64), axis=1)
    twice = (found[:, 1:] == found[:, :-1]) & (found[:, 1:] >= 0)
    if twice.any():
        query = int(np.flatnonzero(twice.any(axis=1))[0])
        raise ValueError(f"{function}: neighbours of query {query} name a code twice")
    return found


def _excluded(
    excluded: Any, queries: NDArray[np.uint8], codes: NDArray[np.uint8], function: str
) -> NDArray[np.int64]:
    numbers = np.asarray(excluded)
    if numbers.shape != (len(queries),) or numbers.dtype.kind not in "iu":
        raise ValueError(
            f"{function}: excluded must be integers of shape ({len(queries)},), got {numbers.dtype} of shape "
            f"{numbers.shape}"
        )
    if numbers.max() >= len(codes) or numbers.min() < -1:
        raise ValueError(
            f"{function}: excluded holds {numbers.min()} to {numbers.max()}, expected numbers of the "
            f"{len(codes)} codes, or -1 for none"
        )
    return numbers.astype(np.int64)
