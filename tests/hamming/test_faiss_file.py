"""Files of FAISS: bytes that FAISS 1.15.1 wrote are read, and written again byte for byte."""

import struct

import numpy as np
import pytest

from tests.oracle import hamming as oracle
from udl_fast import HammingIndex

CODES = np.array([[1, 2], [3, 4], [255, 0]], np.uint8)
HEADER = "10000000020000000300000000000000" + "01" + "01000000"
FLAT = "49427846" + HEADER + "0600000000000000" + "01020304ff00"
IDS = "0300000000000000" + "0700000000000000" + "0500000000000000" + "0000000000010000"
FILES = {
    "flat": (FLAT, [0, 1, 2]),
    "id map": ("49424d70" + HEADER + FLAT + IDS, [7, 5, 2**40]),
    "id map 2": ("49424d32" + HEADER + FLAT + IDS, [7, 5, 2**40]),
}


@pytest.fixture(params=FILES)
def file(request, tmp_path):
    content, ids = FILES[request.param]
    path = tmp_path / "codes.faiss"
    path.write_bytes(bytes.fromhex(content))
    return path, ids


@pytest.mark.parametrize("mmap", [False, True])
def test_reading(file, mmap):
    path, ids = file
    index = HammingIndex.read_faiss(path, mmap=mmap)
    assert isinstance(index._store._held.rows, np.memmap) == mmap
    assert (index.n_bits, index.ids.tolist()) == (16, ids)
    for id, code in zip(ids, CODES, strict=True):
        np.testing.assert_array_equal(index.reconstruct(id), code)
    found = index.search(CODES[:1], 3)
    for a, b in zip(found, oracle.search(CODES[:1], CODES, 3, ids), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("kind", ["flat", "id map 2"])
def test_writing_gives_the_bytes_of_faiss(tmp_path, kind):
    content, ids = FILES[kind]
    index = HammingIndex(16)
    if kind == "flat":
        index.add(CODES)
    else:
        index.add_with_ids(CODES, ids)
    path = tmp_path / "codes.faiss"
    index.write_faiss(path)
    assert path.read_bytes().hex() == content
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_codes_of_part_of_a_word(tmp_path):
    codes = np.random.default_rng(0).integers(0, 256, (50, 9), dtype=np.uint8)
    index = HammingIndex(72)
    index.add(codes)
    index.remove_ids([3])
    index.write_faiss(tmp_path / "codes.faiss")
    again = HammingIndex.read_faiss(tmp_path / "codes.faiss")
    np.testing.assert_array_equal(again.ids, np.delete(np.arange(50), 3))
    np.testing.assert_array_equal(again.reconstruct(49), codes[49])
    again.add(codes[:1])
    assert again.ids[-1] == 50


@pytest.mark.parametrize("mmap", [False, True])
def test_every_truncation_is_refused(file, mmap):
    path, _ = file
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"HammingIndex\.read_faiss"):
            HammingIndex.read_faiss(path, mmap=mmap)
    path.write_bytes(whole + b"\0")
    with pytest.raises(ValueError, match="goes on behind the index"):
        HammingIndex.read_faiss(path, mmap=mmap)


BIG = 2**62
OUTER = 25  # bytes of the header of an id map


@pytest.mark.parametrize("mmap", [False, True])
@pytest.mark.parametrize(
    ("offset", "form", "value", "message"),
    [
        (0, "4s", b"IBHh", "expected an IndexBinaryFlat"),
        (0, "4s", b"IxF2", "no file of a binary FAISS index"),
        (4, "<i", -16, "impossible header: d=-16"),
        (4, "<i", 2**31 - 8, "impossible header"),
        (8, "<i", 3, "impossible header: d=16, code_size=3"),
        (12, "<q", -1, "ntotal=-1"),
        (12, "<q", 2, "maps ids to"),
        (OUTER + 12, "<q", BIG, "maps ids to"),
        (OUTER + 25, "<Q", 2**64 - 1, "announces 18446744073709551615 entries where 6 belong"),
        (2 * OUTER + 14, "<Q", 2, "announces 2 entries where 3 belong"),
        (2 * OUTER + 22, "<q", -7, "ids below 0"),
        (2 * OUTER + 22, "<q", 5, "an id more than once"),
    ],
)
def test_damaged_files_are_refused(tmp_path, offset, form, value, message, mmap):
    damaged = bytearray.fromhex(FILES["id map"][0])
    struct.pack_into(form, damaged, offset, value)
    path = tmp_path / "codes.faiss"
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match=message):
        HammingIndex.read_faiss(path, mmap=mmap)


def test_counts_beyond_the_file_allocate_nothing(tmp_path):
    damaged = bytearray.fromhex(FLAT)
    struct.pack_into("<q", damaged, 12, BIG)
    struct.pack_into("<Q", damaged, 25, 2 * BIG)
    path = tmp_path / "codes.faiss"
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match="6 bytes are left"):
        HammingIndex.read_faiss(path)
