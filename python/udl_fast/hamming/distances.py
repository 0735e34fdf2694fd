"""Hamming distances and neighbours of arrays of packed codes, without an index."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ..runtime import resolve_n_jobs
from .codes import checked_k, packed_rows, room_for_neighbours, width_of

__all__ = ["hamming_distances", "hamming_histogram", "hamming_knn"]


def hamming_distances(
    A: NDArray[np.uint8], B: NDArray[np.uint8], *, n_jobs: int | None = None
) -> NDArray[np.int32]:
    """Hamming distances of all pairs of rows of two arrays.

    Parameters
    ----------
    A : ndarray of shape (n_a, n_bytes), uint8
    B : ndarray of shape (n_b, n_bytes), uint8
    n_jobs : int, default=None
        Threads; None takes `get_num_threads`, -1 all processors.

    Returns
    -------
    ndarray of shape (n_a, n_b), int32
        Number of bits that differ.

    Raises
    ------
    TypeError
        If an array is not uint8.
    ValueError
        If an array is not 2-D or their widths differ.

    Examples
    --------
    >>> import numpy as np
    >>> from udl_fast import hamming_distances
    >>> hamming_distances(np.array([[0], [1]], np.uint8), np.array([[255]], np.uint8))
    array([[8],
           [7]], dtype=int32)
    """
    n_bits = width_of(B, "hamming_distances: B")
    a = packed_rows(A, n_bits, "hamming_distances: A")
    b = packed_rows(B, n_bits, "hamming_distances: B")
    return _core.hamming_distances(b, a, resolve_n_jobs(n_jobs))


def hamming_knn(
    queries: NDArray[np.uint8], codes: NDArray[np.uint8], k: int, *, n_jobs: int | None = None
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The k nearest rows of one array for each row of another, without an index.

    Parameters
    ----------
    queries : ndarray of shape (n_queries, n_bytes), uint8
    codes : ndarray of shape (n, n_bytes), uint8
    k : int
        At least 1.
    n_jobs : int, default=None
        Threads; None takes `get_num_threads`, -1 all processors.

    Returns
    -------
    D : ndarray of shape (n_queries, k), int32
    I : ndarray of shape (n_queries, k), int64
        Rows of `codes`; order and padding as in `HammingIndex.search`.

    Raises
    ------
    TypeError
        If an array is not uint8 or `k` not an integer.
    ValueError
        If an array is not 2-D, widths differ, or `k` is below 1.

    Examples
    --------
    >>> import numpy as np
    >>> from udl_fast import hamming_knn
    >>> hamming_knn(np.array([[0]], np.uint8), np.array([[7], [1]], np.uint8), 1)
    (array([[1]], dtype=int32), array([[1]]))
    """
    n_bits = width_of(codes, "hamming_knn: codes")
    q = packed_rows(queries, n_bits, "hamming_knn: queries")
    rows = packed_rows(codes, n_bits, "hamming_knn: codes")
    count = checked_k(k, len(q), "hamming_knn")
    with room_for_neighbours(count, len(q), "hamming_knn"):
        return _core.hamming_search(rows, q, count, resolve_n_jobs(n_jobs))


def hamming_histogram(
    queries: NDArray[np.uint8], codes: NDArray[np.uint8], *, n_jobs: int | None = None
) -> NDArray[np.int64]:
    """How many rows of one array lie at each distance from each row of another.

    Parameters
    ----------
    queries : ndarray of shape (n_queries, n_bytes), uint8
    codes : ndarray of shape (n, n_bytes), uint8
    n_jobs : int, default=None
        Threads; None takes `get_num_threads`, -1 all processors.

    Returns
    -------
    ndarray of shape (n_queries, 8 * n_bytes + 1), int64
        Entry d is the number of codes that differ in d bits. Cumulative sums give the number of
        codes within every radius, from which precision and recall curves follow.

    Raises
    ------
    TypeError
        If an array is not uint8.
    ValueError
        If an array is not 2-D or their widths differ.

    Examples
    --------
    >>> import numpy as np
    >>> from udl_fast import hamming_histogram
    >>> hamming_histogram(np.array([[0]], np.uint8), np.array([[7], [1], [2]], np.uint8))
    array([[0, 2, 0, 1, 0, 0, 0, 0, 0]])
    """
    n_bits = width_of(codes, "hamming_histogram: codes")
    q = packed_rows(queries, n_bits, "hamming_histogram: queries")
    rows = packed_rows(codes, n_bits, "hamming_histogram: codes")
    return _core.hamming_histogram(rows, q, resolve_n_jobs(n_jobs))
