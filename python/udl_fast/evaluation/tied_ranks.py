"""Expectations of ranked retrieval where many codes lie at the same distance: all orders of these are alike.

They follow in closed form from how many codes, and how many relevant ones, lie at each distance (McSherry and
Najork 2008), so no order is drawn and none is preferred.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from .relevance import DistanceCounts

Values = NDArray[np.float64]


class _Block(NamedTuple):
    """Codes at one distance: how many there are and are relevant, how many come before them, and how many of
    their places lie within the first k."""

    n: Values
    n_relevant: Values
    n_before: Values
    n_relevant_before: Values
    n_within: Values


def expected_hits(counts: DistanceCounts, k: int) -> Values:
    """Relevant codes among the first k of each query, shape (n_queries,)."""
    block = _blocks(counts, k)
    shares = np.divide(block.n_relevant, block.n, out=np.zeros_like(block.n), where=block.n > 0)
    return np.asarray((shares * block.n_within).sum(axis=1))


def average_precision(counts: DistanceCounts, k: int | None, *, of_retrieved: bool) -> Values:
    """Of each query: the sum of the precisions at the places of relevant codes among the first k, over the number
    of relevant codes, or of those among the first k. 0 where there is none."""
    n_codes = int(counts.of_all.sum(axis=1).max())
    k = n_codes if k is None else k
    harmonic = _harmonic_numbers(n_codes)
    used = counts.of_all.any(axis=0)  # most distances have no codes
    counts = DistanceCounts(counts.of_all[:, used], counts.of_relevant[:, used])
    block = _blocks(counts, k)
    sums = _sum_of_precisions(block, harmonic)
    if not of_retrieved:
        n_relevant = counts.of_relevant.sum(axis=1)
        return np.asarray(_over(sums.sum(axis=1), n_relevant.astype(np.float64)))
    is_cut = (block.n_within > 0) & (block.n_within < block.n)
    before = np.where(is_cut, 0.0, sums).sum(axis=1)
    n_found = np.where(is_cut | (block.n_within == 0), 0.0, block.n_relevant).sum(axis=1)
    found = _over(before, n_found)
    cut = np.flatnonzero(is_cut.any(axis=1))
    if len(cut):
        at = is_cut[cut].argmax(axis=1)
        blocks = _Block(*(values[cut, at] for values in block))
        found[cut] = _of_cut_block(blocks, before[cut], n_found[cut], harmonic)
    return found


def _over(numerators: Values, denominators: Values) -> Values:
    return np.divide(
        numerators, denominators, out=np.zeros_like(numerators), where=denominators > 0
    )


def _blocks(counts: DistanceCounts, k: int) -> _Block:
    n, n_relevant = (each.astype(np.float64) for each in counts)
    n_before = np.cumsum(n, axis=1) - n
    n_relevant_before = np.cumsum(n_relevant, axis=1) - n_relevant
    return _Block(n, n_relevant, n_before, n_relevant_before, np.clip(k - n_before, 0, n))


def _harmonic_numbers(n: int) -> NDArray[np.longdouble]:
    """H(0) to H(n); their differences far out need more digits than float64 has."""
    return np.concatenate([[0], np.cumsum(1 / np.arange(1, n + 1, dtype=np.longdouble))])


def _sum_of_precisions(block: _Block, harmonic: NDArray[np.longdouble]) -> Values:
    """Of the relevant codes of a block at its places within the first k, expected.

    Place t of the block is that of a relevant code with probability r / n, and then r - 1 of the other n - 1 are
    relevant, so that (t - 1) (r - 1) / (n - 1) of those before it are: the precision is
    (R + 1 + (t - 1) s) / (N + t) = s + (R + 1 - s (N + 1)) / (N + t), with s = (r - 1) / (n - 1) and R relevant
    ones among the N before the block.
    """
    share = _over(block.n_relevant, block.n)
    slope = _over(block.n_relevant - 1, block.n - 1)
    start = block.n_before.astype(np.int64)
    end = (block.n_before + block.n_within).astype(np.int64)
    steps = (harmonic[end] - harmonic[start]).astype(np.float64)
    rest = block.n_relevant_before + 1 - slope * (block.n_before + 1)
    return share * (block.n_within * slope + rest * steps)


def _of_cut_block(
    block: _Block, before: Values, n_found: Values, harmonic: NDArray[np.longdouble]
) -> Values:
    """Average precision over the relevant codes that are retrieved, where place k lies within a block: how many
    these are is random, too. Given that j of the block are within, they are spread evenly there."""
    found = np.zeros_like(before)
    for j in range(int(block.n_within.max()) + 1):
        given = block._replace(n=block.n_within, n_relevant=np.full_like(block.n, j))
        sums = before + _sum_of_precisions(given, harmonic)
        found += _probability(block, j) * _over(sums, n_found + j)
    return found


def _probability(block: _Block, j: int) -> Values:
    """Hypergeometric: j of the relevant codes of a block are at its places within the first k."""
    n, r, m = block.n, block.n_relevant, block.n_within
    possible = (j <= r) & (j <= m) & (m - j <= n - r)
    with np.errstate(invalid="ignore"):
        logarithm = _log_choose(r, j) + _log_choose(n - r, m - j) - _log_choose(n, m)
    return np.where(possible, np.exp(np.where(possible, logarithm, 0.0)), 0.0)


def _log_choose(n: Values, k: Values | int) -> Values:
    return np.asarray(gammaln(n + 1) - gammaln(np.asarray(k) + 1) - gammaln(n - k + 1))
