"""Files of `HammingIndex`: a 64-byte header, the ids if any (int64) and zeros up to a multiple of
64 bytes, the packed codes; all little-endian.
"""

from __future__ import annotations

import math
import os
import struct
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..persistence.replaced_file import replaced_file
from .codes import MAX_BITS, MAX_ID
from .id_lists import hold_twice

IndexType = Literal["auto", "scan", "mih"]

MAGIC = b"UDLHAMM\x00"
VERSION = 2  # in version 1, which was never released, codes came first and were padded to words
# Magic, version, n_bits, count, next id, flags, index type; 64 bytes. The byte of the index type was zero
# before it had a meaning, and readers of that time pass over it.
HEADER = struct.Struct("<8sIIqqIB27x")
HAS_IDS = 1
_INDEX_TYPES: tuple[IndexType, ...] = ("auto", "scan", "mih")  # by the byte that stands for them
_LINE = 64  # bytes of a cache line
_ROWS, _IDS = np.dtype(np.uint8), np.dtype("<i8")


class Contents(NamedTuple):
    """What a file holds: (count, n_bits // 8) codes, their ids or None, the id of the next code added, and how
    codes are to be found."""

    n_bits: int
    rows: NDArray[np.uint8]
    ids: NDArray[np.int64] | None
    next_id: int
    index_type: IndexType = "auto"


def write_index(path: str | os.PathLike[str], contents: Contents) -> None:
    """Write beside `path` and move into place, so that an old file stays whole whatever happens."""
    flags = 0 if contents.ids is None else HAS_IDS
    header = HEADER.pack(
        MAGIC,
        VERSION,
        contents.n_bits,
        len(contents.rows),
        contents.next_id,
        flags,
        _INDEX_TYPES.index(contents.index_type),
    )
    with replaced_file(path) as file:
        file.write(header)
        if contents.ids is not None:
            ids = np.ascontiguousarray(contents.ids, _IDS)
            file.write(ids.data)
            file.write(bytes(_padded(ids.nbytes) - ids.nbytes))
        file.write(np.ascontiguousarray(contents.rows).data)


def read_index(path: str | os.PathLike[str], mmap: bool) -> Contents:
    """Read a file of `write_index`; every count is checked against the size before anything is allocated."""
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        n_bits, count, next_id, has_ids, index_type = _read_header(file.read(HEADER.size), path)
        code_size = n_bits // 8
        ids_size = _padded(_IDS.itemsize * count) if has_ids else 0
        expected = HEADER.size + ids_size + count * code_size
        if size != expected:
            raise ValueError(
                f"HammingIndex.load: {path} has {size} bytes, its header says {expected}: truncated or damaged"
            )
        ids = _read_array(file, _IDS, (count,), HEADER.size, mmap) if has_ids else None
        rows = _read_array(file, _ROWS, (count, code_size), HEADER.size + ids_size, mmap)
    _check_ids(path, count, ids, next_id)
    return Contents(n_bits, rows, ids, next_id, index_type)


def aligned_empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """An uninitialised array that starts with a cache line, so that codes cross as few as possible."""
    n_bytes = math.prod(shape) * dtype.itemsize
    memory = np.empty(n_bytes + _LINE, np.uint8)
    start = -memory.ctypes.data % _LINE
    return memory[start : start + n_bytes].view(dtype).reshape(shape)


def _padded(n_bytes: int) -> int:
    return -(-n_bytes // _LINE) * _LINE


def _read_header(
    header: bytes, path: str | os.PathLike[str]
) -> tuple[int, int, int, bool, IndexType]:
    if len(header) < HEADER.size or header[: len(MAGIC)] != MAGIC:
        raise ValueError(f"HammingIndex.load: {path} is not a HammingIndex file{_advice(header)}")
    _, version, n_bits, count, next_id, flags, type_byte = HEADER.unpack(header)
    if version != VERSION:
        raise ValueError(
            f"HammingIndex.load: {path} has format version {version}, expected {VERSION}"
        )
    if not 8 <= n_bits <= MAX_BITS or n_bits % 8 or count < 0 or next_id < 0 or flags & ~HAS_IDS:
        raise ValueError(
            f"HammingIndex.load: {path} has an impossible header: n_bits={n_bits}, count={count}, "
            f"next_id={next_id}, flags={flags}"
        )
    if type_byte >= len(_INDEX_TYPES):
        raise ValueError(f"HammingIndex.load: {path} has index type {type_byte}: damaged")
    return n_bits, count, next_id, bool(flags & HAS_IDS), _INDEX_TYPES[type_byte]


def _advice(header: bytes) -> str:
    """Who reads a file that begins so."""
    if header[:2] == b"IB":
        return " but one of FAISS, which HammingIndex.read_faiss reads"
    if header[:6] == b"\x93NUMPY":
        return " but an array of NumPy: HammingIndex.from_codes takes what numpy.load gives"
    return ""


def _read_array(
    file: Any, dtype: np.dtype[Any], shape: tuple[int, ...], offset: int, mmap: bool
) -> NDArray[Any]:
    if mmap and shape[0] > 0:
        return np.memmap(file, dtype, "r", offset, shape)
    file.seek(offset)
    array = aligned_empty(shape, dtype)
    if file.readinto(array.reshape(-1).view(np.uint8)) != array.nbytes:
        raise ValueError("HammingIndex.load: the file became shorter while it was read")
    return array


def _check_ids(
    path: str | os.PathLike[str], count: int, ids: NDArray[np.int64] | None, next_id: int
) -> None:
    lowest, highest = (
        (0, count - 1) if ids is None or not count else (int(ids.min()), int(ids.max()))
    )
    if lowest < 0 or (highest >= next_id and next_id != MAX_ID):  # which has no next
        raise ValueError(
            f"HammingIndex.load: {path} has ids from {lowest} to {highest}, expected 0 to {next_id - 1}: damaged"
        )
    if ids is not None and hold_twice(ids):
        raise ValueError(f"HammingIndex.load: {path} has an id more than once: damaged")
