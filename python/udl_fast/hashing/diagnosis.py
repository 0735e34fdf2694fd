"""What binary codes are like: how much each bit says, how much bits repeat each other, which codes collide."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..estimator.parameters import Integer
from ..hamming.codes import packed_rows
from ..packing import unpack_bits

_BLOCK_VALUES = 1 << 23  # of unpacked bits, float32; sums of so many are exact integers there
_DEAD = 0.01  # a bit that is the same in all but so many of the codes says next to nothing


@dataclass(frozen=True)
class CodeDiagnosis:
    """Statistics of binary codes; made by :meth:`SemanticHasher.diagnose` and :meth:`of`.

    Attributes
    ----------
    n_codes, n_bits : int
    means : ndarray of shape (n_bits,), float64
        Share of the codes in which a bit is 1; a good one is in .1 to .9.
    entropies : ndarray of shape (n_bits,), float64
        Of each bit, in bits: 1 where its mean is one half, 0 where it never changes.
    correlations : ndarray of shape (n_bits, n_bits), float64
        Of pairs of bits; NaN for bits that never change.
    dead : ndarray of shape (n_dead,), int64
        Bits that are the same in more than 99 % of the codes.
    n_distinct : int
        Different codes.
    n_colliding : int
        Codes that another one equals.
    largest_bucket : int
        Most codes that are equal to each other.

    Examples
    --------
    >>> import numpy as np
    >>> from udl_fast.hashing import CodeDiagnosis
    >>> found = CodeDiagnosis.of(np.array([[0], [1], [3], [3]], np.uint8), n_bits=3)
    >>> found.means, found.dead, found.n_distinct, found.n_colliding
    (array([0.75, 0.5 , 0.  ]), array([2]), 3, 2)
    """

    n_codes: int
    n_bits: int
    means: NDArray[np.float64]
    entropies: NDArray[np.float64]
    correlations: NDArray[np.float64]
    dead: NDArray[np.int64]
    n_distinct: int
    n_colliding: int
    largest_bucket: int

    @classmethod
    def of(cls, codes: Any, n_bits: int | None = None) -> Self:
        """Statistics of packed codes.

        Parameters
        ----------
        codes : ndarray of shape (n_codes, n_bytes), uint8
        n_bits : int, default=None
            Bits of a code; None means all of its bytes.

        Returns
        -------
        CodeDiagnosis

        Raises
        ------
        TypeError
            If codes are not uint8.
        ValueError
            If there are none, or bits beyond `n_bits` are set.
        """
        shape = np.shape(codes)
        rows = packed_rows(codes, 8 * shape[-1] if len(shape) == 2 else 8, "CodeDiagnosis: codes")
        if not len(rows):
            raise ValueError("CodeDiagnosis: there are no codes")
        n_bits = 8 * rows.shape[1] if n_bits is None else n_bits
        n_bits = Integer(1, 8 * rows.shape[1]).check(n_bits, "n_bits", "CodeDiagnosis")
        pairs = _pairs(rows, n_bits)
        means = np.diag(pairs) / len(rows)
        bucket_sizes = np.unique(_as_items(rows), return_counts=True)[1]
        return cls(
            n_codes=len(rows),
            n_bits=n_bits,
            means=means,
            entropies=_entropies(means),
            correlations=_correlations(pairs / len(rows), means),
            dead=dead_bits(means),
            n_distinct=len(bucket_sizes),
            n_colliding=int(bucket_sizes[bucket_sizes > 1].sum()),
            largest_bucket=int(bucket_sizes.max()),
        )

    @property
    def mean_correlation(self) -> float:
        """Mean size of the correlations of different bits that change; NaN where there are no two."""
        of_pairs = np.abs(self.correlations[~np.eye(self.n_bits, dtype=np.bool_)])
        of_pairs = of_pairs[~np.isnan(of_pairs)]
        return float(of_pairs.mean()) if len(of_pairs) else math.nan

    def __str__(self) -> str:
        low, high = self.means.min(), self.means.max()
        return "\n".join(
            [
                f"{self.n_codes:,} codes of {self.n_bits} bits, {self.n_distinct:,} of them different",
                f"bits on: {low:.2f} to {high:.2f} of the codes, {len(self.dead)} dead",
                f"entropy: {self.entropies.sum():.1f} bits, if bits were independent",
                f"correlation of two bits: {self.mean_correlation:.3f} in size",
                f"collisions: {self.n_colliding:,} codes, at most {self.largest_bucket:,} in one place",
            ]
        )


def dead_bits(means: NDArray[np.floating]) -> NDArray[np.int64]:
    """Bits that are the same in more than 99 % of the codes; `means` are the shares in which they are 1."""
    return np.flatnonzero(np.minimum(means, 1 - means) < _DEAD)


def _pairs(rows: NDArray[np.uint8], n_bits: int) -> NDArray[np.float64]:
    """How often two bits are 1 together."""
    pairs = np.zeros((n_bits, n_bits))
    n = max(1, _BLOCK_VALUES // n_bits)
    for first in range(0, len(rows), n):
        bits = unpack_bits(rows[first : first + n], n_bits, dtype=np.float32)
        pairs += bits.T @ bits
    return pairs


def _entropies(means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of bits with these means; 0 log 0 is 0."""
    shares = np.stack([means, 1 - means])
    logarithms = np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
    return np.asarray(-(shares * logarithms).sum(axis=0))


def _correlations(together: NDArray[np.float64], means: NDArray[np.float64]) -> NDArray[np.float64]:
    deviations = np.sqrt(means * (1 - means))
    scales = np.outer(deviations, deviations)
    covariances = together - np.outer(means, means)
    missing = np.full_like(scales, np.nan)
    return np.asarray(np.divide(covariances, scales, out=missing, where=scales > 0))


def _as_items(rows: NDArray[np.uint8]) -> NDArray[Any]:
    """Each code as one item that compares as a whole."""
    return np.ascontiguousarray(rows).view(np.dtype((np.void, rows.shape[1]))).ravel()
