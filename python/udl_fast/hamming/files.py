"""How an index is written, read and pickled."""

from __future__ import annotations

import os
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .codes import packed_rows, width_of
from .faiss_file import read_faiss, write_faiss
from .index_file import Contents, IndexType, read_index, write_index
from .state import IndexState
from .tables import checked_index_type


class IndexPersistence(IndexState):
    """Mixin: files of our own and of FAISS, and the state of pickles."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the index to a file. A file of that name is replaced in one step, or not at all.

        Codes, ids and `index_type` are written, tables are not.

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
    def load(cls, path: str | os.PathLike[str], *, mmap: bool = False, device: str = "cpu") -> Self:
        """Read an index from a file of `save`.

        Parameters
        ----------
        path : str or path-like
        mmap : bool, default=False
            Leave codes in the file and let the system read what is searched. The file must not be
            written in place meanwhile; replacing it, as `save` does, is safe. The first `add` copies.
        device : str, default="cpu"
            Where searches run: files hold no device.

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
        return cls._of(read_index(path, mmap), device=device)

    @classmethod
    def from_codes(
        cls,
        codes: NDArray[np.uint8],
        *,
        index_type: IndexType = "auto",
        device: str = "cpu",
    ) -> Self:
        """An index of an array of packed codes, which stays where it is.

        Parameters
        ----------
        codes : ndarray of shape (n, n_bits // 8), uint8
            Packed codes; their ids are their rows. C-ordered arrays and memory maps, such as
            ``numpy.load("codes.npy", mmap_mode="r")``, are not copied and must not be changed meanwhile.
            The first `add` copies.
        index_type : {"auto", "scan", "mih"}, default="auto"
        device : str, default="cpu"

        Returns
        -------
        HammingIndex

        Raises
        ------
        TypeError
            If `codes` is not uint8.
        ValueError
            If its shape is no (n, n_bits // 8), or `index_type` is unknown.

        Examples
        --------
        >>> import numpy as np
        >>> from udl_fast import HammingIndex
        >>> index = HammingIndex.from_codes(np.array([[1, 2], [3, 4]], dtype=np.uint8))
        >>> index
        HammingIndex(n_bits=16, ntotal=2)
        """
        name = "HammingIndex.from_codes: codes"
        rows = packed_rows(codes, width_of(codes, name), name).view()
        rows.setflags(write=False)  # what `add` finds written behind codes is its own memory
        return cls._of(
            Contents(8 * rows.shape[1], rows, None, len(rows), checked_index_type(index_type)),
            device=device,
        )

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
    def read_faiss(
        cls, path: str | os.PathLike[str], *, mmap: bool = False, device: str = "cpu"
    ) -> Self:
        """Read a file of FAISS: ``IndexBinaryFlat``, alone or inside an ``IndexBinaryIDMap``.

        Parameters
        ----------
        path : str or path-like
        mmap : bool, default=False
            Leave codes in the file, as in `load`. FAISS does not align them to words, so that searches of
            few queries take longer than those of a file of `save`. Ids are read.
        device : str, default="cpu"
            As in `load`.

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
        return cls._of(read_faiss(path, mmap), device=device)

    def __getstate__(self) -> dict[str, Any]:
        state = self._contents()._asdict()
        state["rows"] = np.array(state["rows"])  # a plain copy, also of a memory map
        state["ids"] = None if state["ids"] is None else np.array(state["ids"])
        state["device"] = self.device
        own = ("_store", "_plan")
        state["attributes"] = {
            name: value for name, value in self.__dict__.items() if name not in own
        }
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        attributes = state.pop("attributes", None)
        device = state.pop("device", "cpu")  # one that is not here is missed by the first search
        contents = Contents(**state)
        if attributes is None:  # an earlier version wrote it: subclasses begin anew
            self.__init__(contents.n_bits, index_type=contents.index_type)  # type: ignore[misc]
            attributes = {}
        self.__dict__.update(attributes)
        self._hold(contents, device)
