"""Codes of an index, read back by their ids."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .codes import MAX_ID, as_index, id_array
from .state import IndexState


class IndexReading(IndexState):
    """Mixin: FAISS's names for codes under one id, several, and ids in a row."""

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
        if not 0 <= wanted <= MAX_ID:
            raise self._no_code("HammingIndex.reconstruct", wanted)
        return self._codes(np.array([wanted], np.int64), "HammingIndex.reconstruct").reshape(-1)

    def reconstruct_batch(self, ids: ArrayLike) -> NDArray[np.uint8]:
        """The codes stored under several ids.

        Parameters
        ----------
        ids : array-like of shape (n,), integers

        Returns
        -------
        ndarray of shape (n, n_bits // 8), uint8

        Raises
        ------
        TypeError
            If `ids` are no integers that fit int64.
        IndexError
            If the index has no code of one of the ids.

        Examples
        --------
        >>> import numpy as np
        >>> from udl_fast import HammingIndex
        >>> index = HammingIndex(8)
        >>> index.add(np.array([[7], [8], [9]], dtype=np.uint8))
        >>> index.reconstruct_batch([2, 0])
        array([[9],
               [7]], dtype=uint8)
        """
        function = "HammingIndex.reconstruct_batch"
        return self._codes(id_array(ids, f"{function}: ids"), function)

    def reconstruct_n(self, first: int = 0, n: int = -1) -> NDArray[np.uint8]:
        """The codes stored under consecutive ids.

        Parameters
        ----------
        first : int, default=0
            The first id.
        n : int, default=-1
            How many; -1 means ``ntotal - first``, as in FAISS.

        Returns
        -------
        ndarray of shape (n, n_bits // 8), uint8

        Raises
        ------
        TypeError
            If `first` or `n` is not an integer.
        IndexError
            If the index has no code of one of the ids.

        Examples
        --------
        >>> import numpy as np
        >>> from udl_fast import HammingIndex
        >>> index = HammingIndex(8)
        >>> index.add(np.array([[7], [8], [9]], dtype=np.uint8))
        >>> index.reconstruct_n(1)
        array([[8],
               [9]], dtype=uint8)
        """
        function = "HammingIndex.reconstruct_n"
        begin, count = as_index(first, f"{function}: first"), as_index(n, f"{function}: n")
        with self._store.lock:
            count = self.ntotal - begin if count == -1 else count
            if begin < 0 or not 0 <= count <= self.ntotal or begin > MAX_ID - count:
                raise IndexError(
                    f"{function}: the index, of {self.ntotal} codes, has no {count} codes from id {begin} on"
                )
            return self._codes(np.arange(begin, begin + count, dtype=np.int64), function)

    def _codes(self, ids: NDArray[np.int64], function: str) -> NDArray[np.uint8]:
        with self._store.lock:
            positions = self._store.positions(ids)
            if (positions < 0).any():
                raise self._no_code(function, int(ids[positions < 0][0]))
            return self._store.codes(positions)

    def _no_code(self, function: str, id: int) -> IndexError:
        return IndexError(f"{function}: no code has id {id}; the index holds {self.ntotal} codes")
