"""Files of FAISS's ``IndexBinaryFlat``, alone or wrapped in an ``IndexBinaryIDMap`` that gives ids.

All numbers are little-endian. A header is four letters of the kind, d (int32, bits), code_size
(int32, bytes), ntotal (int64), is_trained (1 byte), metric (int32). "IBxF" continues with the
number of bytes (uint64) and the codes; "IBMp" and "IBM2" with an index in the same form, the
number of ids (uint64) and the ids (int64).
"""

from __future__ import annotations

import os
import struct
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ..persistence.replaced_file import replaced_file
from .codes import MAX_BITS, next_id_after
from .id_lists import hold_twice
from .index_file import MAGIC, Contents

_HEADER = struct.Struct("<4siiqBi")
_COUNT = struct.Struct("<Q")
_FLAT = b"IBxF"
_ID_MAPS = (b"IBMp", b"IBM2")  # the second also finds codes by id
METRIC_TYPE = 1  # METRIC_L2, which FAISS writes for Hamming distances too


def write_faiss(path: str | os.PathLike[str], contents: Contents) -> None:
    """Write beside `path` and move into place."""
    n, code_size = len(contents.rows), contents.n_bits // 8

    def header(kind: bytes) -> bytes:
        return _HEADER.pack(kind, contents.n_bits, code_size, n, 1, METRIC_TYPE)

    with replaced_file(path) as file:
        if contents.ids is not None:
            file.write(header(_ID_MAPS[1]))
        file.write(header(_FLAT))
        file.write(_COUNT.pack(n * code_size))
        file.write(np.ascontiguousarray(contents.rows).data)
        if contents.ids is not None:
            file.write(_COUNT.pack(n))
            file.write(np.ascontiguousarray(contents.ids, "<i8").data)


def read_faiss(path: str | os.PathLike[str], mmap: bool) -> Contents:
    """Read a file; every number is checked against the size before anything is allocated. `mmap`: codes stay
    in the file."""
    with open(path, "rb") as file:
        reader = _Reader(file, path, mmap)
        kind, n_bits, n = reader.header()
        if kind not in _ID_MAPS:
            reader.expect(kind == _FLAT, f"holds {kind!r}, expected an IndexBinaryFlat")
            codes, ids = reader.codes(n_bits, n), None
        else:
            inner = reader.header()
            reader.expect(
                inner == (_FLAT, n_bits, n), f"maps ids to {inner}, expected an IndexBinaryFlat"
            )
            codes, ids = reader.codes(n_bits, n), reader.ids(n)
        reader.expect(file.read(1) == b"", "goes on behind the index")
    next_id = n if ids is None else next_id_after(ids)
    return Contents(n_bits, codes, ids, next_id)


class _Reader:
    def __init__(self, file: IO[bytes], path: str | os.PathLike[str], mmap: bool) -> None:
        self._file, self._path, self._mmap = file, path, mmap
        self._size = os.fstat(file.fileno()).st_size

    def expect(self, condition: bool, reason: str) -> None:
        if not condition:
            raise ValueError(f"HammingIndex.read_faiss: {self._path} {reason}")

    def header(self) -> tuple[bytes, int, int]:
        """Kind, bits and number of codes."""
        kind, n_bits, code_size, n, _, _ = _HEADER.unpack(self._read(_HEADER.size))
        own = "; HammingIndex.load reads it" if kind == MAGIC[:4] else ""
        self.expect(kind[:2] == b"IB", f"is no file of a binary FAISS index{own}")
        sane = 8 <= n_bits <= MAX_BITS and code_size * 8 == n_bits and n >= 0
        self.expect(
            sane, f"has an impossible header: d={n_bits}, code_size={code_size}, ntotal={n}"
        )
        return kind, n_bits, n

    def codes(self, n_bits: int, n: int) -> NDArray[np.uint8]:
        code_size = n_bits // 8
        if not self._mmap or not n:
            return self._array(np.dtype(np.uint8), n * code_size).reshape(n, code_size)
        self._check_count(n * code_size, 1)
        begin = self._file.tell()
        rows: NDArray[np.uint8] = np.memmap(self._file, np.uint8, "r", begin, (n, code_size))
        self._file.seek(begin + n * code_size)
        return rows

    def ids(self, n: int) -> NDArray[np.int64]:
        ids: NDArray[np.int64] = self._array(np.dtype("<i8"), n)
        self.expect(not n or ids.min() >= 0, "has ids below 0")
        self.expect(not hold_twice(ids), "has an id more than once")
        return ids

    def _check_count(self, expected: int, item_size: int) -> None:
        """Of entries that follow it."""
        (n,) = _COUNT.unpack(self._read(_COUNT.size))
        self.expect(n == expected, f"announces {n} entries where {expected} belong")
        left = self._size - self._file.tell()
        self.expect(n * item_size <= left, f"is truncated: {left} bytes are left of {n} entries")

    def _array(self, dtype: np.dtype[Any], n: int) -> NDArray[Any]:
        self._check_count(n, dtype.itemsize)
        array = np.empty(n, dtype)
        got = self._file.readinto(array.view(np.uint8))  # type: ignore[attr-defined]
        self.expect(got == array.nbytes, "became shorter while it was read")
        return array

    def _read(self, n: int) -> bytes:
        data = self._file.read(n)
        self.expect(len(data) == n, "is truncated")
        return data
