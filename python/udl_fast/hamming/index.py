"""Exact search by Hamming distance over packed binary codes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..exceptions import name_methods_of
from .codes import id_array, next_id_after
from .device import DevicePlan
from .device_codes import CodesOnDevice, on_host
from .files import IndexPersistence
from .reading import IndexReading
from .search import IndexSearch
from .state import IndexState
from .store import Snapshot, check_new_ids, check_next_ids, no_contents

__all__ = ["HammingIndex"]


class HammingIndex(IndexSearch, IndexReading, IndexPersistence):
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
        without them as building takes. A GPU scans, whatever it says.
    device : str, default="cpu"
        Where searches run: "cpu", or "cuda" or "cuda:1" for an NVIDIA GPU, which keeps a copy of the codes. The
        results are the same. Queries and codes may be arrays on that GPU (``__cuda_array_interface__`` or
        DLPack); answers are there then, too. See docs/gpu.md.

    Attributes
    ----------
    n_bits : int
        Also as `d`, FAISS's name.
    code_size : int
        Bytes of a code, ``n_bits // 8``.
    index_type : {"auto", "scan", "mih"}
        Can be set: searches from then on follow it. It is saved; "scan" lets go of the tables.
    device : str
        Can be set: searches from then on run there. Pickles hold it, files do not.
    device_nbytes : int
        Bytes of a GPU's memory that are in use; 0 before the first search there.
    metric_type : int
        1, as of FAISS's binary indexes.
    ntotal : int
        Number of codes.
    is_trained : bool
        True, as of FAISS's flat indexes: codes can be added at once.
    ids : ndarray of shape (ntotal,), int64
        Id of each code, in the order in which they are stored.
    tables_nbytes : int
        Bytes that tables take beside the codes; 0 while there are none.

    Raises
    ------
    TypeError
        If `n_bits` is not an integer.
    ValueError
        If it is not a multiple of 8 in that range, `index_type` is unknown, or `device` no device, or a GPU
        beyond those there are.
    RuntimeError
        If `device` is a GPU and there is none; the message says why.

    Notes
    -----
    Codes are kept as they come, ``n_bits // 8`` bytes each; ids take 8 bytes more where they were given or
    codes removed. Tables take 4 to 8 bytes for each code and each
    ``log2(ntotal)`` bits of its width; they are not saved. Searches may run from several threads at
    once, also while one thread adds or removes codes: each search sees the index as it was when it started.
    A change that is interrupted, by Ctrl-C or for want of memory, has happened or has not; a child of
    ``os.fork`` finds a whole index whatever other threads were doing. An empty index is true, as in FAISS.

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

    def __repr__(self) -> str:
        return f"HammingIndex(n_bits={self.n_bits}, ntotal={self.ntotal})"

    def reset(self) -> None:
        """Remove all codes; ids start from 0 again."""
        self._replace(no_contents(self.n_bits))

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
        given = self._queries(codes, "HammingIndex.add: codes")
        rows = on_host(given)
        store = self._store
        with store.lock:
            check_next_ids(store, len(rows), "HammingIndex.add")
            store.append(rows, None, store.next_id + len(rows))
            stored = store.snapshot(None, None, "HammingIndex.add")
        self._append_on_device(given, stored)

    def add_with_ids(self, codes: NDArray[np.uint8], ids: ArrayLike) -> None:
        """Add codes under ids of the caller's choice.

        Parameters
        ----------
        codes : ndarray of shape (n, n_bits // 8), uint8
        ids : array-like of shape (n,), integers
            From 0 to 2^63 - 1; none may be in the index already. Behind the largest id `add`
            finds none to give.

        Raises
        ------
        TypeError
            If `codes` is not uint8, or `ids` are no integers that fit int64.
        ValueError
            If shapes do not fit, or an id is negative, repeated or in use.

        Examples
        --------
        >>> import numpy as np
        >>> from udl_fast import HammingIndex
        >>> index = HammingIndex(8)
        >>> index.add_with_ids(np.array([[7], [8]], dtype=np.uint8), [40, 20])
        >>> index.search(np.array([[8]], dtype=np.uint8), 1)[1]
        array([[20]])
        """
        given = self._queries(codes, "HammingIndex.add_with_ids: codes")
        rows = on_host(given)
        new = id_array(ids, "HammingIndex.add_with_ids: ids")
        store = self._store
        with store.lock:
            check_new_ids(store, new, len(rows), "HammingIndex.add_with_ids")
            if len(new):
                store.append(rows, new, max(store.next_id, next_id_after(new)))
            stored = store.snapshot(None, None, "HammingIndex.add_with_ids")
        self._append_on_device(given, stored)

    def _append_on_device(self, rows: Any, codes: Snapshot) -> None:
        """Codes that are added on a GPU, the last of these, need not come back from the host for its searches."""
        plan = self._plan
        if isinstance(rows, CodesOnDevice) and isinstance(plan, DevicePlan) and len(rows):
            plan.append(codes, rows)

    def remove_ids(self, ids: ArrayLike | range) -> int:
        """Remove codes by id; the others keep theirs.

        Parameters
        ----------
        ids : array-like of shape (n,), integers, or range
            Ids that are not in the index are passed over. Of a range no list is made.

        Returns
        -------
        int
            Number of codes removed.

        Raises
        ------
        TypeError
            If `ids` are no integers that fit int64.
        ValueError
            If they are not 1-D.

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
        removed = self._store.remove(ids, "HammingIndex.remove_ids: ids")
        if removed:
            self._plan.drop()
        return removed

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
        self._store.take_all(other._store, "HammingIndex.merge_from")
        other._plan.drop()


name_methods_of(HammingIndex, IndexState, IndexSearch, IndexReading, IndexPersistence)
