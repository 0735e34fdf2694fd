"""Whether contestants of the Hamming benchmark find what they should."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..process import ContestantError
from .cases import Case

Answers = tuple[NDArray[Any], ...]


def true_answers(codes: NDArray[np.uint8], queries: NDArray[np.uint8], case: Case) -> Answers:
    """What a search must find, from distances counted here; in the form of `HammingIndex`."""
    found = [_true_answer(codes, query, case) for query in queries]
    if case.k is not None:
        return np.stack([d for d, _ in found]), np.stack([i for _, i in found])
    limits = np.concatenate([[0], np.cumsum([len(d) for d, _ in found])])
    return limits, np.concatenate([d for d, _ in found]), np.concatenate([i for _, i in found])


def check_exact(name: str, found: Answers, expected: Answers, *, ties: bool = True) -> None:
    """Raise ContestantError unless the answers are the same.

    With `ties` False codes at equal distances may come in any order, and any of those at the last
    distance: then distances alone are compared.
    """
    if not ties:
        found, expected = found[:1], expected[:1]
    same = len(found) == len(expected) and all(map(np.array_equal, found, expected))
    if not same:
        raise ContestantError(f"{name}: finds other codes than an exact search")


def recall(found: Answers, expected: Answers) -> float:
    """Share of the codes within the radius that were found; found codes must be among them.

    Raises
    ------
    ContestantError
        If a code was found that is not within the radius.
    """
    n_found = 0
    for q in range(len(expected[0]) - 1):
        mine = found[2][int(found[0][q]) : int(found[0][q + 1])]
        true = expected[2][int(expected[0][q]) : int(expected[0][q + 1])]
        if not np.isin(mine, true).all():
            raise ContestantError("a code was found that is not within the radius")
        n_found += len(mine)
    return n_found / max(1, len(expected[2]))


def by_id(found: Answers) -> Answers:
    """Results of a search by radius, in the order of ids."""
    limits, distances, ids = found
    counts = limits[1:].astype(np.int64) - limits[:-1].astype(np.int64)
    query = np.repeat(np.arange(len(counts)), counts)
    order = np.lexsort((ids, query))
    return limits, distances[order], ids[order]


def _true_answer(codes: NDArray[np.uint8], query: NDArray[np.uint8], case: Case) -> Answers:
    distances = np.bitwise_count(codes ^ query).sum(axis=1, dtype=np.int32)
    if case.k is None:
        ids = np.flatnonzero(distances < case.radius)
    else:
        ids = np.lexsort((np.arange(len(codes)), distances))[: case.k]
    return distances[ids], ids
