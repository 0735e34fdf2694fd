"""Search in two stages: short codes are addresses that give a shortlist, long codes say its order."""

from __future__ import annotations

from threading import RLock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ..hamming.codes import as_index, checked_k, packed_rows
from ..hamming.index import HammingIndex
from ..runtime import resolve_n_jobs

__all__ = ["TwoStageIndex"]

_NONE = -1
_QUERIES = 256  # whose shortlists are held at a time
_FAR = np.iinfo(np.int32).max


class TwoStageIndex:
    """Codes found by short addresses and ranked by long codes, as in [1]_.

    What lies within a small Hamming radius of an address is looked up in tables: from some million codes on in one
    table of all addresses, in a time that does not depend on how many codes there are, only on how many lie there.
    The long codes of these alone are compared. Threads may search and add at once.

    Parameters
    ----------
    n_address_bits : int
        Width of the addresses as they are packed, a multiple of 8: 32 for codes of 28 bits, whose last four are 0.
    n_bits : int
        Width of the long codes, a multiple of 8.

    Attributes
    ----------
    addresses : HammingIndex
        Of the short codes, by tables.
    ntotal : int
        Number of codes.

    References
    ----------
    .. [1] A. Krizhevsky, G. Hinton, "Using very deep autoencoders for content-based image retrieval", ESANN 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from udl_fast.hashing import TwoStageIndex
    >>> rng = np.random.default_rng(0)
    >>> addresses = rng.integers(0, 256, (1000, 4), dtype=np.uint8)
    >>> codes = rng.integers(0, 256, (1000, 32), dtype=np.uint8)
    >>> index = TwoStageIndex(32, 256)
    >>> index.add(addresses, codes)
    >>> distances, ids = index.search(addresses[:3], codes[:3], k=2, radius=5)
    >>> ids[:, 0]
    array([0, 1, 2])
    """

    def __init__(self, n_address_bits: int, n_bits: int) -> None:
        self.addresses = HammingIndex(n_address_bits, index_type="mih")
        self._codes = HammingIndex(n_bits, index_type="scan")
        self._n_added = (
            0  # codes that both stages have: what an interrupted addition left is beyond
        )
        self._adds_ids = (
            False  # once such codes were removed: an index gives none of their ids again
        )
        self._lock = RLock()

    def __getstate__(self) -> dict[str, Any]:
        with self._lock:
            self._remove_the_incomplete()
            return {name: value for name, value in self.__dict__.items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = RLock()

    def __len__(self) -> int:
        return self._n_added

    def __repr__(self) -> str:
        return (
            f"TwoStageIndex(n_address_bits={self.addresses.n_bits}, n_bits={self._codes.n_bits}, "
            f"ntotal={self.ntotal})"
        )

    @property
    def ntotal(self) -> int:
        """Number of codes."""
        return self._n_added

    def add(self, addresses: NDArray[np.uint8], codes: NDArray[np.uint8]) -> None:
        """Add codes with their addresses, under the next ids.

        Parameters
        ----------
        addresses : ndarray of shape (n, n_address_bits // 8), uint8
        codes : ndarray of shape (n, n_bits // 8), uint8

        Raises
        ------
        TypeError
            If an array is not uint8.
        ValueError
            If shapes do not fit.
        """
        short = packed_rows(addresses, self.addresses.n_bits, "TwoStageIndex.add: addresses")
        long = packed_rows(codes, self._codes.n_bits, "TwoStageIndex.add: codes")
        if len(short) != len(long):
            raise ValueError(
                f"TwoStageIndex.add: {len(short)} addresses for {len(long)} codes, expected as many"
            )
        with self._lock:
            self._remove_the_incomplete()
            ids = np.arange(self._n_added, self._n_added + len(short))
            # Long codes first: a search that runs beside this finds no address without its code.
            for index, rows in ((self._codes, long), (self.addresses, short)):
                if self._adds_ids:
                    index.add_with_ids(rows, ids)
                else:
                    index.add(rows)
            self._n_added += len(short)

    def _remove_the_incomplete(self) -> None:
        """An interrupt may come between any two steps of an addition; what it left is removed by the next call."""
        for index in (self.addresses, self._codes):
            if index.ntotal > self._n_added:
                self._adds_ids = True
                index.remove_ids(range(self._n_added, 1 << 62))

    def shortlists(
        self, addresses: NDArray[np.uint8], radius: int, *, n_jobs: int | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Ids of all codes whose addresses lie within a radius, that included.

        Parameters
        ----------
        addresses : ndarray of shape (n_queries, n_address_bits // 8), uint8
        radius : int
        n_jobs : int, default=None

        Returns
        -------
        lims : ndarray of shape (n_queries + 1,), int64
        ids : ndarray of shape (lims[-1],), int64
            Those of query i are ``ids[lims[i] : lims[i + 1]]``, in ascending order.
        """
        rows = packed_rows(addresses, self.addresses.n_bits, "TwoStageIndex: addresses")
        with self._lock:
            self._remove_the_incomplete()
        lims, _, ids = self.addresses.range_search(rows, radius, inclusive=True, n_jobs=n_jobs)
        return lims, ids

    def search(
        self,
        addresses: NDArray[np.uint8],
        codes: NDArray[np.uint8],
        k: int = 10,
        *,
        radius: int = 5,
        n_jobs: int | None = None,
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Of the codes whose addresses lie within a radius of the query's, the k nearest by long codes.

        Parameters
        ----------
        addresses : ndarray of shape (n_queries, n_address_bits // 8), uint8
        codes : ndarray of shape (n_queries, n_bits // 8), uint8
        k : int, default=10
        radius : int, default=5
            Of the addresses, itself included.
        n_jobs : int, default=None
            Threads; None takes `get_num_threads`.

        Returns
        -------
        D : ndarray of shape (n_queries, k), int32
            Distances of the long codes; 2147483647 where the shortlist ends.
        I : ndarray of shape (n_queries, k), int64
            Ids, smaller first where distances are equal; -1 where the shortlist ends.

        Raises
        ------
        TypeError
            If an array is not uint8, or k or radius no integer.
        ValueError
            If shapes do not fit, k is below 1, or radius negative.
        """
        function = "TwoStageIndex.search"
        long = packed_rows(codes, self._codes.n_bits, f"{function}: codes")
        if len(long) != len(addresses):
            raise ValueError(
                f"{function}: {len(addresses)} addresses for {len(long)} codes, expected as many"
            )
        count = checked_k(k, len(long), function)
        radius = as_index(radius, f"{function}: radius")
        if radius < 0:
            raise ValueError(f"{function}: radius must be >= 0, got {radius}")
        D = np.full((len(long), count), _FAR, np.int32)
        I = np.full((len(long), count), _NONE, np.int64)  # noqa: E741
        n_threads = resolve_n_jobs(n_jobs)
        for first in range(0, len(long), _QUERIES):  # shortlists of all queries may not fit memory
            block = slice(first, first + _QUERIES)
            lims, ids = self.shortlists(addresses[block], radius, n_jobs=n_jobs)
            self._rank(long[block], lims, ids, D[block], I[block], n_threads)
        return D, I

    def _rank(
        self,
        queries: NDArray[np.uint8],
        lims: NDArray[np.int64],
        ids: NDArray[np.int64],
        D: NDArray[np.int32],
        I: NDArray[np.int64],  # noqa: E741
        n_threads: int,
    ) -> None:
        """Write the nearest of each query's shortlist."""
        for query in range(len(queries)):
            some = ids[lims[query] : lims[query + 1]]
            if len(some):
                rows = self._codes.reconstruct_batch(some)
                n = min(D.shape[1], len(some))
                found = _core.hamming_search(
                    rows, queries[query : query + 1], n, n_threads, some, True
                )
                D[query, :n], I[query, :n] = found[0][0], found[1][0]
