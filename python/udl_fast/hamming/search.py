"""What an index answers: neighbours, ranges, pairs and histograms."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..runtime import resolve_n_jobs
from .codes import as_index, checked_k, room_for_neighbours
from .device import DevicePlan
from .device_codes import CodesOnDevice
from .state import IndexState


class IndexSearch(IndexState):
    """Mixin: everything that leaves the codes alone."""

    def search(
        self,
        queries: NDArray[np.uint8],
        k: int,
        *,
        ids: ArrayLike | range | None = None,
        mask: ArrayLike | None = None,
        n_jobs: int | None = None,
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The `k` nearest codes of each query.

        Parameters
        ----------
        queries : ndarray of shape (n_queries, n_bits // 8), uint8
        k : int
            At least 1. More than there are codes is allowed.
        ids : array-like of integers or range, default=None
            Search only codes of these ids; ids not in the index are passed over.
        mask : array-like of shape (ntotal,), bool, default=None
            Search only codes where it is True, in the order of the attribute `ids`.
            With both, a code must pass both.
        n_jobs : int, default=None
            Threads; None takes `get_num_threads`, -1 all processors. A GPU takes no notice.

        Returns
        -------
        D : ndarray of shape (n_queries, k), int32
            Distances in bits, ascending; 2147483647 where there are not k codes.
        I : ndarray of shape (n_queries, k), int64
            Ids; of equal distances the smaller id first; -1 where there are not k codes.

        Raises
        ------
        TypeError
            If `queries` is not uint8, `mask` not bool, or `k` or `ids` not integers.
        ValueError
            If shapes do not fit or `k` is below 1.

        Examples
        --------
        >>> import numpy as np
        >>> from udl_fast import HammingIndex
        >>> index = HammingIndex(8)
        >>> index.add(np.array([[1], [2], [4]], dtype=np.uint8))
        >>> index.search(np.array([[1]], dtype=np.uint8), 2, ids=range(1, 3))
        (array([[2, 2]], dtype=int32), array([[1, 2]]))
        """
        function = "HammingIndex.search"
        rows = self._queries(queries, f"{function}: queries")
        count = checked_k(k, len(rows), function)
        codes = self._store.snapshot(ids, mask, function)
        plan = self._plan
        with room_for_neighbours(count, len(rows), function):
            if isinstance(rows, CodesOnDevice) and isinstance(plan, DevicePlan):
                return plan.nearest_on_device(codes, rows, count)
            return plan.nearest(codes, rows, count, resolve_n_jobs(n_jobs))

    def assign(
        self,
        queries: NDArray[np.uint8],
        k: int = 1,
        *,
        ids: ArrayLike | range | None = None,
        mask: ArrayLike | None = None,
        n_jobs: int | None = None,
    ) -> NDArray[np.int64]:
        """The ids of the `k` nearest codes of each query: the second result of `search`.

        Parameters
        ----------
        queries : ndarray of shape (n_queries, n_bits // 8), uint8
        k : int, default=1
            As in FAISS.
        ids, mask, n_jobs
            As in `search`.

        Returns
        -------
        ndarray of shape (n_queries, k), int64

        Raises
        ------
        TypeError, ValueError
            As in `search`.

        Examples
        --------
        >>> import numpy as np
        >>> from udl_fast import HammingIndex
        >>> index = HammingIndex(8)
        >>> index.add(np.array([[1], [2], [4]], dtype=np.uint8))
        >>> index.assign(np.array([[5]], dtype=np.uint8), 2)
        array([[0, 2]])
        """
        return self.search(queries, k, ids=ids, mask=mask, n_jobs=n_jobs)[1]

    def range_search(
        self,
        queries: NDArray[np.uint8],
        radius: int,
        *,
        inclusive: bool = False,
        ids: ArrayLike | range | None = None,
        mask: ArrayLike | None = None,
        n_jobs: int | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
        """All codes nearer to a query than a radius.

        Parameters
        ----------
        queries : ndarray of shape (n_queries, n_bits // 8), uint8
        radius : int
            In bits. As in FAISS a code is found if its distance is less than the radius: 1 finds duplicates.
        inclusive : bool, default=False
            Find codes at a distance of exactly `radius` too.
        ids, mask, n_jobs
            As in `search`.

        Returns
        -------
        lims : ndarray of shape (n_queries + 1,), int64
            Results of query q are at ``lims[q]:lims[q + 1]``.
        D : ndarray of shape (lims[-1],), int32
            Distances.
        I : ndarray of shape (lims[-1],), int64
            Ids, ascending for each query.

        Raises
        ------
        TypeError
            If `queries` is not uint8, `mask` not bool, or `radius` or `ids` not integers.
        ValueError
            If shapes do not fit or `radius` is negative.

        Examples
        --------
        >>> import numpy as np
        >>> from udl_fast import HammingIndex
        >>> index = HammingIndex(8)
        >>> index.add(np.array([[1], [3], [255]], dtype=np.uint8))
        >>> index.range_search(np.array([[1]], dtype=np.uint8), 2)
        (array([0, 2]), array([0, 1], dtype=int32), array([0, 1]))
        """
        rows = self._queries(queries, "HammingIndex.range_search: queries")
        largest = self._largest(radius, inclusive, "HammingIndex.range_search")
        codes = self._store.snapshot(ids, mask, "HammingIndex.range_search")
        found = self._plan.within(codes, rows, largest, resolve_n_jobs(n_jobs))
        if isinstance(rows, CodesOnDevice):
            return rows.answer(found[0]), rows.answer(found[1]), rows.answer(found[2])
        return found

    def pairs_within(
        self, radius: int, *, inclusive: bool = False, n_jobs: int | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
        """All pairs of codes of the index nearer to each other than a radius: near duplicates.

        Parameters
        ----------
        radius : int
            In bits; a pair is found if its distance is less, as in `range_search`.
        inclusive : bool, default=False
            Find pairs at a distance of exactly `radius` too.
        n_jobs : int, default=None
            As in `search`.

        Returns
        -------
        I, J : ndarray of shape (n_pairs,), int64
            Ids of each pair, I < J; ordered by I, then by J.
        D : ndarray of shape (n_pairs,), int32
            Distances.

        Raises
        ------
        TypeError
            If `radius` is not an integer.
        ValueError
            If it is negative.

        Examples
        --------
        >>> import numpy as np
        >>> from udl_fast import HammingIndex
        >>> index = HammingIndex(8)
        >>> index.add(np.array([[1], [255], [3], [1]], dtype=np.uint8))
        >>> index.pairs_within(2)
        (array([0, 0, 2]), array([2, 3, 3]), array([1, 0, 1], dtype=int32))
        """
        largest = self._largest(radius, inclusive, "HammingIndex.pairs_within")
        codes = self._store.snapshot(None, None, "HammingIndex.pairs_within")
        return self._plan.pairs(codes, largest, resolve_n_jobs(n_jobs))

    def distance_histogram(
        self,
        queries: NDArray[np.uint8],
        *,
        ids: ArrayLike | range | None = None,
        mask: ArrayLike | None = None,
        n_jobs: int | None = None,
    ) -> NDArray[np.int64]:
        """How many codes lie at each distance from each query.

        Parameters
        ----------
        queries : ndarray of shape (n_queries, n_bits // 8), uint8
        ids, mask, n_jobs
            As in `search`.

        Returns
        -------
        ndarray of shape (n_queries, n_bits + 1), int64
            Entry d is the number of codes that differ from the query in d bits.

        Raises
        ------
        TypeError, ValueError
            As in `search`.

        Examples
        --------
        >>> import numpy as np
        >>> from udl_fast import HammingIndex
        >>> index = HammingIndex(8)
        >>> index.add(np.array([[1], [3], [2]], dtype=np.uint8))
        >>> index.distance_histogram(np.array([[1]], dtype=np.uint8))
        array([[1, 1, 1, 0, 0, 0, 0, 0, 0]])
        """
        rows = self._queries(queries, "HammingIndex.distance_histogram: queries")
        codes = self._store.snapshot(ids, mask, "HammingIndex.distance_histogram")
        found = self._plan.histogram(codes, rows, resolve_n_jobs(n_jobs))
        return rows.answer(found) if isinstance(rows, CodesOnDevice) else found

    def build_tables(self, *, n_jobs: int | None = None) -> None:
        """Build tables of buckets now, for all codes, instead of during a later search.

        Parameters
        ----------
        n_jobs : int, default=None
            As in `search`.

        Raises
        ------
        ValueError
            If `index_type` is "scan", or the index is on a GPU.

        Examples
        --------
        >>> import numpy as np
        >>> from udl_fast import HammingIndex
        >>> index = HammingIndex(16, index_type="mih")
        >>> index.add(np.arange(8, dtype=np.uint8).reshape(4, 2))
        >>> index.build_tables()
        >>> index.tables_nbytes > 0
        True
        """
        if self.index_type == "scan":
            raise ValueError("HammingIndex.build_tables: index_type 'scan' keeps no tables")
        codes = self._store.snapshot(None, None, "HammingIndex.build_tables")
        self._plan.build(codes, resolve_n_jobs(n_jobs))

    def _largest(self, radius: int, inclusive: bool, function: str) -> int:
        """The largest distance that lies within a radius."""
        limit = as_index(radius, f"{function}: radius")
        if limit < 0:
            raise ValueError(f"{function}: radius must be >= 0, got {limit}")
        return min(limit if inclusive else limit - 1, self.n_bits)
