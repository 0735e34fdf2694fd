"""Exact search by Hamming distance over packed binary codes."""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from ._codes import MAX_ID, as_index, checked_k, checked_width, id_array, packed_words, width_of
from ._index_file import Contents, read_index, write_index
from .runtime import resolve_n_jobs

__all__ = ["HammingIndex", "hamming_distances", "hamming_knn"]


class HammingIndex:
    """Binary codes held in memory and compared exactly, one by one, with every query.

    Neighbours are ordered by distance, and by smaller id where distances are equal, so results do not
    depend on the number of threads, the instruction set or the order of calls.

    Parameters
    ----------
    n_bits : int
        Width of the codes: a multiple of 8, from 8 to 65528.

    Attributes
    ----------
    n_bits : int
    code_size : int
        Bytes of a code, ``n_bits // 8``.
    ntotal : int
        Number of codes.
    ids : ndarray of shape (ntotal,), int64
        Id of each code, in the order in which they are stored.

    Raises
    ------
    TypeError
        If `n_bits` is not an integer.
    ValueError
        If it is not a multiple of 8 in that range.

    Notes
    -----
    Codes are kept as 64-bit words, so memory is ``8 * ceil(n_bits / 64)`` bytes a code, and 8 more where
    ids were given or codes removed. Searches may run from several threads at once, also while one
    thread adds or removes codes: each search sees the index as it was when it started.

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

    def __init__(self, n_bits: int) -> None:
        self.n_bits = checked_width(n_bits)
        self.code_size = self.n_bits // 8
        self._lock = threading.RLock()
        self._next_id = 0
        self.reset()

    @property
    def ntotal(self) -> int:
        return self._count

    @property
    def ids(self) -> NDArray[np.int64]:
        contents = self._contents()
        return np.arange(len(contents.words)) if contents.ids is None else contents.ids.copy()

    def __len__(self) -> int:
        return self._count

    def __repr__(self) -> str:
        return f"HammingIndex(n_bits={self.n_bits}, ntotal={self.ntotal})"

    def reset(self) -> None:
        """Remove all codes; ids start from 0 again."""
        with self._lock:
            self._set(
                Contents(self.n_bits, np.empty((0, -(-self.n_bits // 64)), np.uint64), None, 0)
            )

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
        words = packed_words(codes, self.n_bits, "HammingIndex.add: codes")
        with self._lock:
            if len(words) > MAX_ID - self._next_id:
                raise ValueError(
                    f"HammingIndex.add: ids from {self._next_id} for {len(words)} codes exceed 2^63 - 1"
                )
            ids = None
            if self._ids is not None:
                ids = np.arange(self._next_id, self._next_id + len(words), dtype=np.int64)
            self._append(words, ids, self._next_id + len(words))

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
        words = packed_words(codes, self.n_bits, "HammingIndex.add_with_ids: codes")
        new = id_array(ids, "HammingIndex.add_with_ids: ids")
        if len(new) != len(words):
            raise ValueError(f"HammingIndex.add_with_ids: {len(new)} ids for {len(words)} codes")
        if not len(new):
            return
        if new.min() < 0 or new.max() == MAX_ID:
            raise ValueError(
                f"HammingIndex.add_with_ids: ids must be from 0 to 2^63 - 2, got {new.min()} to {new.max()}"
            )
        if len(np.unique(new)) != len(new):
            raise ValueError("HammingIndex.add_with_ids: ids holds an id more than once")
        with self._lock:
            found = new[self._positions(new) >= 0]
            if len(found):
                raise ValueError(
                    f"HammingIndex.add_with_ids: id {found[0]} is in the index already"
                )
            self._append(words, new, max(self._next_id, int(new.max()) + 1))

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
        unwanted = id_array(ids, "HammingIndex.remove_ids: ids")
        with self._lock:
            positions = self._positions(unwanted)
            keep = np.ones(self._count, bool)
            keep[positions[positions >= 0]] = False
            removed = int(self._count - keep.sum())
            if removed:
                contents = self._contents()
                self._set(
                    Contents(self.n_bits, contents.words[keep], self.ids[keep], self._next_id)
                )
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
        with self._lock:
            known = 0 <= wanted <= MAX_ID
            position = int(self._positions(np.array([wanted], np.int64))[0]) if known else -1
            if position < 0:
                raise IndexError(
                    f"HammingIndex.reconstruct: no code has id {wanted}; the index holds {self._count} codes"
                )
            code: NDArray[np.uint8] = self._words[position].view(np.uint8)[: self.code_size].copy()
            return code

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
        words = packed_words(queries, self.n_bits, "HammingIndex.search: queries")
        count = checked_k(k, "HammingIndex.search")
        with self._lock:
            contents, ascending = self._contents(), self._ascending
            allowed = self._allowed(ids, mask, "HammingIndex.search")
        return _core.hamming_search(
            contents.words,
            self.n_bits,
            words,
            count,
            resolve_n_jobs(n_jobs),
            contents.ids,
            ascending,
            allowed,
        )

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
        words = packed_words(queries, self.n_bits, "HammingIndex.range_search: queries")
        limit = as_index(radius, "HammingIndex.range_search: radius")
        if limit < 0:
            raise ValueError(f"HammingIndex.range_search: radius must be >= 0, got {limit}")
        largest = min(limit if inclusive else limit - 1, self.n_bits)
        with self._lock:
            contents, ascending = self._contents(), self._ascending
            allowed = self._allowed(ids, mask, "HammingIndex.range_search")
        return _core.hamming_range(
            contents.words,
            self.n_bits,
            words,
            largest,
            resolve_n_jobs(n_jobs),
            contents.ids,
            ascending,
            allowed,
        )

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
        with first._lock, second._lock:
            codes = other._contents().words.view(np.uint8)[:, : self.code_size]
            if self._ids is None and other._ids is None:
                self.add(codes)
            else:
                self.add_with_ids(codes, other.ids)
                self._next_id = max(self._next_id, other._next_id)
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
        write_index(path, self._contents())

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
        contents = read_index(path, mmap)
        index = cls(contents.n_bits)
        index._set(contents)
        return index

    def __getstate__(self) -> dict[str, Any]:
        contents = self._contents()._asdict()
        contents["words"] = np.array(contents["words"])  # a plain copy, also of a memory map
        contents["ids"] = None if contents["ids"] is None else np.array(contents["ids"])
        return contents

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["n_bits"])  # type: ignore[misc]
        self._set(Contents(**state))

    def _set(self, contents: Contents) -> None:
        """Take over arrays as they are; those of a file may be read-only."""
        self._words, self._ids = contents.words, contents.ids
        self._count, self._next_id = len(contents.words), contents.next_id
        self._ascending = contents.ids is None or bool((contents.ids[1:] > contents.ids[:-1]).all())

    def _contents(self) -> Contents:
        """Views of what is stored now. Later changes write behind them or into new arrays."""
        with self._lock:
            ids = None if self._ids is None else self._ids[: self._count]
            return Contents(self.n_bits, self._words[: self._count], ids, self._next_id)

    def _append(
        self, words: NDArray[np.uint64], ids: NDArray[np.int64] | None, next_id: int
    ) -> None:
        if ids is not None and self._ids is None:
            self._ids = np.arange(self._count, dtype=np.int64)
        end = self._count + len(words)
        grown = _grown(self._words, self._count, end)
        if ids is not None:
            assert self._ids is not None
            last = int(self._ids[self._count - 1]) if self._count else -1
            grown_ids = _grown(self._ids, self._count, end)
            grown_ids[self._count : end] = ids
            self._ids = grown_ids
            self._ascending = bool(
                self._ascending and (not len(ids) or ids[0] > last) and (ids[1:] > ids[:-1]).all()
            )
        grown[self._count : end] = words
        self._words, self._count, self._next_id = grown, end, next_id

    def _positions(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where codes of these ids are stored; -1 for ids not in the index."""
        stored = self._contents().ids
        if stored is None:
            return np.where((ids >= 0) & (ids < self._count), ids, -1)
        if not len(stored):
            return np.full(len(ids), -1, np.int64)
        order = None if self._ascending else np.argsort(stored)
        at = np.minimum(np.searchsorted(stored, ids, sorter=order), len(stored) - 1)
        at = at if order is None else order[at]
        return np.where(stored[at] == ids, at, -1)

    def _allowed(
        self, ids: ArrayLike | range | None, mask: ArrayLike | None, function: str
    ) -> NDArray[np.uint64] | None:
        """Bitmap of the positions to search, 64 to a word."""
        if ids is None and mask is None:
            return None
        chosen = np.ones(self._count, bool)
        if mask is not None:
            given = np.asarray(mask)
            if given.dtype != np.bool_:
                raise TypeError(f"{function}: mask has dtype {given.dtype}, expected bool")
            if given.shape != (self._count,):
                raise ValueError(
                    f"{function}: mask has shape {given.shape}, expected ({self._count},)"
                )
            chosen &= given
        if ids is not None:
            chosen &= self._has_id(ids, f"{function}: ids")
        bits = np.zeros(-(-self._count // 64) * 8, np.uint8)
        packed = np.packbits(chosen, bitorder="little")
        bits[: len(packed)] = packed
        return bits.view("<u8")

    def _has_id(self, ids: ArrayLike | range, name: str) -> NDArray[np.bool_]:
        chosen = np.zeros(self._count, bool)
        if isinstance(ids, range) and ids.step == 1:
            stored = self._contents().ids
            if stored is None:
                chosen[max(0, ids.start) : max(0, ids.stop)] = True
                return chosen
            return np.asarray((stored >= ids.start) & (stored < ids.stop))
        positions = self._positions(id_array(ids, name))
        chosen[positions[positions >= 0]] = True
        return chosen


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
    a = packed_words(A, n_bits, "hamming_distances: A")
    b = packed_words(B, n_bits, "hamming_distances: B")
    return _core.hamming_distances(b, n_bits, a, resolve_n_jobs(n_jobs))


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
    q = packed_words(queries, n_bits, "hamming_knn: queries")
    words = packed_words(codes, n_bits, "hamming_knn: codes")
    return _core.hamming_search(
        words, n_bits, q, checked_k(k, "hamming_knn"), resolve_n_jobs(n_jobs)
    )


def _grown(array: NDArray[Any], used: int, needed: int) -> NDArray[Any]:
    """`array` with room for `needed` rows: twice the room when it is full, so that adding costs O(1) a row."""
    if needed <= len(array) and array.flags.writeable:
        return array
    grown = np.empty(
        (max(needed, 2 * used), *array.shape[1:]) if used else (needed, *array.shape[1:]),
        array.dtype,
    )
    grown[:used] = array[:used]
    return grown
