"""How an index is written, read and pickled."""

from __future__ import annotations

import os
from typing import Any, Self

import numpy as np

from .faiss_file import read_faiss, write_faiss
from .index_file import Contents, read_index, write_index
from .state import IndexState


class IndexPersistence(IndexState):
    """Mixin: files of our own and of FAISS, and the state of pickles."""

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
    def load(cls, path: str | os.PathLike[str], *, mmap: bool = False) -> Self:
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
    def read_faiss(cls, path: str | os.PathLike[str]) -> Self:
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

    def __getstate__(self) -> dict[str, Any]:
        contents = self._store.contents()._asdict()
        contents["rows"] = np.array(contents["rows"])  # a plain copy, also of a memory map
        contents["ids"] = None if contents["ids"] is None else np.array(contents["ids"])
        return {**contents, "index_type": self.index_type}

    def __setstate__(self, state: dict[str, Any]) -> None:
        index_type = state.pop("index_type")
        self.__init__(state["n_bits"], index_type=index_type)  # type: ignore[misc]
        self._replace(Contents(**state))
