"""Exact search by Hamming distance over packed binary codes."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from ._code_store import CodeStore, check_new_ids
from ._codes import MAX_ID, as_index, checked_k, checked_width, id_array, packed_rows
from ._faiss_file import read_faiss, write_faiss
from ._hash_plan import HashPlan, IndexType, checked_index_type
from ._index_file import Contents, read_index, write_index
from .runtime import resolve_n_jobs

__all__ = ["HammingIndex"]


class HammingIndex:
    """Exact nearest neighbours of binary codes by Hamming distance.

    Neighbours are ordered by distance, and by smaller id where distances are equal, so results do not
    depend on the number of threads, the instruction set or the order of calls.

    Parameters
    ----------
    n_bits : int
        Width of the codes: a multiple of 8, from 8 to 65528.
    index_type : {"auto", "scan", "mih"}, default="auto"
        How neighbours are found; the results are the same. "scan" compares queries with all codes.
        "mih" keeps tables of buckets (multi-index hashing, Norouzi, Punjani and Fleet 2014) beside
        the codes, which find codes within small distances without looking at the others; codes of
        at most 28 bits are addresses of one table. Queries for which a scan is cheaper are scanned.
        "auto" starts with scans and builds the tables once searches have lost as much time
        without them as building takes.

    Attributes
    ----------
    n_bits : int
    code_size : int
        Bytes of a code, ``n_bits // 8``.
    index_type : str
    ntotal : int
        Number of codes.
    ids : ndarray of shape (ntotal,), int64
        Id of each code, in the order in which they are stored.
    tables_nbytes : int
        Bytes that tables take beside the codes; 0 while there are none.

    Raises
    ------
    TypeError
        If `n_bits` is not an integer.
    ValueError
        If it is not a multiple of 8 in that range, or `index_type` is unknown.

    Notes
    -----
    Codes are kept as they come, ``n_bits // 8`` bytes each; ids take 8 bytes more where they were given or
    codes removed. Tables take 4 to 8 bytes for each code and each
    ``log2(ntotal)`` bits of its width; they are not saved. Searches may run from several threads at
    once, also while one thread adds or removes codes: each search sees the index as it was when it started.

    Examples
    --------
    >>> import numpy as np
    >>> from udl_fast import HammingIndex
    >>> index = HammingIndex(16)
    >>> index.add(np.array([[0, 0], [1, 0], [255, 255]], dtype=np.uint8))
    >>> D, I = index.search(np.array([[3, 0]], dtype=np.uint8), k=2)
    >>> D, I
    (array([[1, 2]], dtype=int32), array([[1, 0]]))
    """

    def __init__(self, n_bits: int, *, index_type: IndexType = "auto") -> None:
        self.n_bits = checked_width(n_bits)
        self.code_size = self.n_bits // 8
        self.index_type = checked_index_type(index_type)
        self._store = CodeStore.empty(self.n_bits)
        self._plan = HashPlan(self.index_type, self.n_bits)

    @property
    def ntotal(self) -> int:
        return self._store.count

    @property
    def ids(self) -> NDArray[np.int64]:
        return self._store.ids()

    @property
    def tables_nbytes(self) -> int:
        return self._plan.nbytes

    def __len__(self) -> int:
        return self.ntotal

    def __repr__(self) -> str:
        return f"HammingIndex(n_bits={self.n_bits}, ntotal={self.ntotal})"

    def reset(self) -> None:
        """Remove all codes; ids start from 0 again."""
        self._replace(CodeStore.empty(self.n_bits).contents())

    def add(self, codes: NDArray[np.uint8]) -> None:
        """Add codes under the next ids: one above the largest ever used, or from 0.

        Parameters
        ----------
        codes : ndarray of shape (n, n_bits // 8), uint8
            Packed codes, as `pack_bits` makes them.

        Raises
        ------
        TypeError
            If `codes` is not uint8: packed codes are never converted.
        ValueError
            If its shape does not fit, or ids would exceed 2^63 - 1.

        Examples
        --------
        >>> import numpy as np
        >>> from udl_fast import HammingIndex
        >>> index = HammingIndex(8)
        >>> index.add(np.array([[7]], dtype=np.uint8))
        >>> index.ntotal
        1
        """
        rows = packed_rows(codes, self.n_bits, "HammingIndex.add: codes")
        store = self._store
        with store.lock:
            if len(rows) > MAX_ID - store.next_id:
                raise ValueError(
                    f"HammingIndex.add: ids from {store.next_id} for {len(rows)} codes exceed 2^63 - 1"
                )
            store.append(rows, None, store.next_id + len(rows))

    def add_with_ids(self, codes: NDArray[np.uint8], ids: ArrayLike) -> None:
        """Add codes under ids of the caller's choice.

        Parameters
        ----------
        codes : ndarray of shape (n, n_bits // 8), uint8
        ids : array-like of shape (n,), integers
            From 0 to 2^63 - 2; none may be in the index already.

        Raises
        ------
        TypeError
            If `codes` is not uint8 or `ids` are not integers.
        ValueError
            If shapes do not fit, or an id is negative, too large, repeated or in use.

        Examples
        --------
        >>> import numpy as np
        >>> from udl_fast import HammingIndex
        >>> index = HammingIndex(8)
        >>> index.add_with_ids(np.array([[7], [8]], dtype=np.uint8), [40, 20])
        >>> index.search(np.array([[8]], dtype=np.uint8), 1)[1]
        array([[20]])
        """
        rows = packed_rows(codes, self.n_bits, "HammingIndex.add_with_ids: codes")
        new = id_array(ids, "HammingIndex.add_with_ids: ids")
        store = self._store
        with store.lock:
            check_new_ids(store, new, len(rows), "HammingIndex.add_with_ids")
            if len(new):
                store.append(rows, new, max(store.next_id, int(new.max()) + 1))

    def remove_ids(self, ids: ArrayLike) -> int:
        """Remove codes by id; the others keep theirs.

        Parameters
        ----------
        ids : array-like of shape (n,), integers
            Ids that are not in the index are passed over.

        Returns
        -------
        int
            Number of codes removed.

        Examples
        --------
        >>> import numpy as np
        >>> from udl_fast import HammingIndex
        >>> index = HammingIndex(8)
        >>> index.add(np.array([[1], [2], [3]], dtype=np.uint8))
        >>> index.remove_ids([1, 7])
        1
        >>> index.ids
        array([0, 2])
        """
        removed = self._store.remove(id_array(ids, "HammingIndex.remove_ids: ids"))
        if removed:
            self._plan.drop()
        return removed

    def reconstruct(self, id: int) -> NDArray[np.uint8]:
        """The code stored under an id.

        Parameters
        ----------
        id : int

        Returns
        -------
        ndarray of shape (n_bits // 8,), uint8

        Raises
        ------
        IndexError
            If the index has no code of that id.

        Examples
        --------
        >>> import numpy as np
        >>> from udl_fast import HammingIndex
        >>> index = HammingIndex(8)
        >>> index.add(np.array([[7]], dtype=np.uint8))
        >>> index.reconstruct(0)
        array([7], dtype=uint8)
        """
        wanted = as_index(id, "HammingIndex.reconstruct: id")
        with self._store.lock:
            known = 0 <= wanted <= MAX_ID
            position = int(self._store.positions(np.array([wanted], np.int64))[0]) if known else -1
            if position < 0:
                raise IndexError(
                    f"HammingIndex.reconstruct: no code has id {wanted}; the index holds {self.ntotal} codes"
                )
            return self._store.code(position)

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
            Threads; None takes `get_num_threads`, -1 all processors.

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
        rows = packed_rows(queries, self.n_bits, "HammingIndex.search: queries")
        count = checked_k(k, "HammingIndex.search")
        codes = self._store.snapshot(ids, mask, "HammingIndex.search")
        return self._plan.nearest(codes, rows, count, resolve_n_jobs(n_jobs))

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
        rows = packed_rows(queries, self.n_bits, "HammingIndex.range_search: queries")
        largest = self._largest(radius, inclusive, "HammingIndex.range_search")
        codes = self._store.snapshot(ids, mask, "HammingIndex.range_search")
        return self._plan.within(codes, rows, largest, resolve_n_jobs(n_jobs))

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
        rows = packed_rows(queries, self.n_bits, "HammingIndex.distance_histogram: queries")
        codes = self._store.snapshot(ids, mask, "HammingIndex.distance_histogram")
        return _core.hamming_histogram(codes.rows, rows, resolve_n_jobs(n_jobs), codes.allowed)

    def build_tables(self, *, n_jobs: int | None = None) -> None:
        """Build tables of buckets now, for all codes, instead of during a later search.

        Parameters
        ----------
        n_jobs : int, default=None
            As in `search`.

        Raises
        ------
        ValueError
            If `index_type` is "scan".

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

    def merge_from(self, other: HammingIndex) -> None:
        """Move all codes of another index here, which leaves it empty.

        Where neither index was given ids, the codes of `other` get the next ids of this one, as if they
        had been added; otherwise they keep theirs.

        Parameters
        ----------
        other : HammingIndex
            Of the same `n_bits`.

        Raises
        ------
        TypeError
            If `other` is no HammingIndex.
        ValueError
            If it is this index, its `n_bits` differs, or both hold the same id; both stay as they are.

        Examples
        --------
        >>> import numpy as np
        >>> from udl_fast import HammingIndex
        >>> first, second = HammingIndex(8), HammingIndex(8)
        >>> first.add(np.array([[1]], dtype=np.uint8))
        >>> second.add(np.array([[2]], dtype=np.uint8))
        >>> first.merge_from(second)
        >>> first.ntotal, second.ntotal
        (2, 0)
        """
        if not isinstance(other, HammingIndex):
            raise TypeError(
                f"HammingIndex.merge_from: other must be a HammingIndex, got {type(other).__name__}"
            )
        if other is self or other.n_bits != self.n_bits:
            raise ValueError(
                f"HammingIndex.merge_from: other must be another index of {self.n_bits} bits, got {other!r}"
            )
        first, second = sorted((self, other), key=id)  # one order of locks for any two indexes
        with first._store.lock, second._store.lock:
            contents = other._store.contents()
            codes = contents.rows
            if self._store.has_ids or other._store.has_ids:
                self.add_with_ids(codes, other.ids)
                self._store.skip_ids(contents.next_id)
            else:
                self.add(codes)
            other.reset()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the index to a file. A file of that name is replaced in one step, or not at all.

        Parameters
        ----------
        path : str or path-like

        Raises
        ------
        OSError
            If the file cannot be written.

        Examples
        --------
        >>> import tempfile, pathlib
        >>> from udl_fast import HammingIndex
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "codes.udl")
        ...     HammingIndex(64).save(path)
        ...     HammingIndex.load(path)
        HammingIndex(n_bits=64, ntotal=0)
        """
        write_index(path, self._store.contents())

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, mmap: bool = False) -> HammingIndex:
        """Read an index from a file of `save`.

        Parameters
        ----------
        path : str or path-like
        mmap : bool, default=False
            Leave codes in the file and let the system read what is searched. The file must not be
            written in place meanwhile; replacing it, as `save` does, is safe. The first `add` copies.

        Returns
        -------
        HammingIndex

        Raises
        ------
        OSError
            If the file cannot be read.
        ValueError
            If it is no such file, truncated or damaged.

        Examples
        --------
        See `save`.
        """
        return cls._of(read_index(path, mmap))

    def write_faiss(self, path: str | os.PathLike[str]) -> None:
        """Write a file that ``faiss.read_index_binary`` reads.

        It holds an ``IndexBinaryFlat``, inside an ``IndexBinaryIDMap2`` where ids were given or codes removed.
        A file of that name is replaced in one step, or not at all.

        Parameters
        ----------
        path : str or path-like

        Raises
        ------
        OSError
            If the file cannot be written.

        Examples
        --------
        >>> import tempfile, pathlib
        >>> from udl_fast import HammingIndex
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "codes.faiss")
        ...     HammingIndex(64).write_faiss(path)
        ...     HammingIndex.read_faiss(path)
        HammingIndex(n_bits=64, ntotal=0)
        """
        write_faiss(path, self._store.contents())

    @classmethod
    def read_faiss(cls, path: str | os.PathLike[str]) -> HammingIndex:
        """Read a file of FAISS: ``IndexBinaryFlat``, alone or inside an ``IndexBinaryIDMap``.

        Parameters
        ----------
        path : str or path-like

        Returns
        -------
        HammingIndex

        Raises
        ------
        OSError
            If the file cannot be read.
        ValueError
            If it holds another kind of index, negative or repeated ids, or is truncated or damaged.

        Examples
        --------
        See `write_faiss`.
        """
        return cls._of(read_faiss(path))

    @classmethod
    def _of(cls, contents: Contents) -> HammingIndex:
        index = cls(contents.n_bits)
        index._replace(contents)
        return index

    def __getstate__(self) -> dict[str, Any]:
        contents = self._store.contents()._asdict()
        contents["rows"] = np.array(contents["rows"])  # a plain copy, also of a memory map
        contents["ids"] = None if contents["ids"] is None else np.array(contents["ids"])
        return {**contents, "index_type": self.index_type}

    def __setstate__(self, state: dict[str, Any]) -> None:
        index_type = state.pop("index_type")
        self.__init__(state["n_bits"], index_type=index_type)  # type: ignore[misc]
        self._replace(Contents(**state))

    def _replace(self, contents: Contents) -> None:
        self._store.replace(contents)
        self._plan.drop()

    def _largest(self, radius: int, inclusive: bool, function: str) -> int:
        """The largest distance that lies within a radius."""
        limit = as_index(radius, f"{function}: radius")
        if limit < 0:
            raise ValueError(f"{function}: radius must be >= 0, got {limit}")
        return min(limit if inclusive else limit - 1, self.n_bits)
