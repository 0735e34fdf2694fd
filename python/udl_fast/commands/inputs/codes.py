"""Packed codes for a command, from any file that holds some; the first bytes say which kind it is."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...hamming.codes import width_of
from ...hamming.faiss_file import read_faiss
from ...hamming.index_file import MAGIC, Contents, read_index
from .rows import NPY_MAGIC, npz_member, read_npy, split_npz

HELP = (
    "packed codes: an index file of `encode --index` or HammingIndex.save, a FAISS IndexBinaryFlat "
    "file, or .npy or .npz (FILE.npz:NAME picks an array) with uint8 of shape (n, bits / 8)"
)
_ZIP_MAGIC, _FAISS_MAGIC = b"PK", b"IB"


def names_beside(codes: Path) -> Path:
    """Where it is written which file each code is of, if rows were a folder of images."""
    return codes.with_name(codes.name + ".files.txt")


def read_codes(source: str) -> Contents:
    """The codes of a file; those of index files and of .npy stay in the file, which is mapped.

    Raises
    ------
    ValueError
        If the file's kind is unknown, or it is damaged or does not hold packed codes.
    OSError
        If it cannot be read.
    """
    name, member = split_npz(source)
    path = Path(name)
    with open(path, "rb") as file:
        start = file.read(len(MAGIC))
    if start == MAGIC:
        return read_index(path, mmap=True)
    if start.startswith(_FAISS_MAGIC):
        return read_faiss(path, mmap=True)
    if start.startswith(NPY_MAGIC):
        return _array_contents(read_npy(path), source)
    if start.startswith(_ZIP_MAGIC):
        return _array_contents(npz_member(path, member), source)
    raise ValueError(f"{source} is of no known kind; expected {HELP}")


def _array_contents(array: NDArray[Any], source: str) -> Contents:
    if array.dtype != np.uint8:
        raise ValueError(
            f"{source} holds {array.dtype} of shape {array.shape}, expected packed codes: uint8 of "
            "shape (n, bits / 8)"
        )
    n_bits = width_of(array, source)
    return Contents(n_bits, np.ascontiguousarray(array), None, len(array))
