"""Files of HammingIndex: round trips, replacement in one step, damage."""

import copy
import os
import pickle
import struct

import numpy as np
import pytest

from tests.support.codes import assert_equal, index_of, random_codes
from udl_fast import HammingIndex


@pytest.fixture(params=["positions", "ids", "empty"])
def saved(request, tmp_path):
    """An index and its file; 9 bytes leave part of a word unused."""
    codes = random_codes(100, 9)
    ids = np.random.default_rng(0).permutation(500)[:100]
    index = {"positions": index_of(codes), "ids": index_of(codes, ids), "empty": HammingIndex(72)}[
        request.param
    ]
    path = tmp_path / "codes.udl"
    index.save(path)
    return index, path


@pytest.mark.parametrize("way", ["load", "mmap", "pickle", "copy"])
def test_round_trips(saved, way):
    index, path = saved
    other = {
        "load": lambda: HammingIndex.load(path),
        "mmap": lambda: HammingIndex.load(path, mmap=True),
        "pickle": lambda: pickle.loads(pickle.dumps(index)),
        "copy": lambda: copy.deepcopy(index),
    }[way]()
    queries = random_codes(5, 9, 1)
    assert repr(other) == repr(index)
    assert type(other.ids) is np.ndarray
    assert_equal(other.search(queries, 7), index.search(queries, 7))
    other.add(queries)
    assert index.ntotal == other.ntotal - 5
    index.add(queries)
    np.testing.assert_array_equal(other.ids, index.ids)
    assert_equal(other.search(queries, 7), index.search(queries, 7))


def test_a_mapped_index_holds_no_copy_of_the_codes(saved):
    index, path = saved
    mapped = HammingIndex.load(path, mmap=True)
    assert isinstance(mapped._store._rows, np.memmap) == bool(index.ntotal)
    assert not mapped._store._rows.flags.writeable or not index.ntotal


def test_saving_replaces_in_one_step(saved, monkeypatch):
    index, path = saved
    before = path.read_bytes()
    index.add(random_codes(3, 9, 5))

    def fail(descriptor):
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", fail)
        with pytest.raises(OSError, match="disk full"):
            index.save(path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    index.save(path)
    assert HammingIndex.load(path).ntotal == index.ntotal


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_saving_keeps_permissions(tmp_path):
    path = tmp_path / "codes.udl"
    HammingIndex(8).save(path)
    ordinary = tmp_path / "ordinary"
    ordinary.touch()
    assert path.stat().st_mode == ordinary.stat().st_mode
    path.chmod(0o600)
    HammingIndex(8).save(path)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mmap", [False, True])
def test_truncated_files_are_refused(saved, mmap):
    _, path = saved
    whole = path.read_bytes()
    for size in {0, 7, 63, len(whole) - 8, len(whole) - 1, len(whole) + 1}:
        path.write_bytes(whole[:size].ljust(size, b"\0"))
        with pytest.raises(ValueError, match="HammingIndex"):
            HammingIndex.load(path, mmap=mmap)


@pytest.mark.parametrize(
    ("offset", "form", "value", "message"),
    [
        (0, "8s", b"IBxF\0\0\0\0", "not a HammingIndex file"),
        (8, "<I", 1, "version 1"),
        (12, "<I", 0, "n_bits=0"),
        (12, "<I", 71, "n_bits=71"),
        (12, "<I", 2**32 - 8, "impossible"),
        (12, "<I", 136, "truncated or damaged"),
        (16, "<q", -1, "count=-1"),
        (16, "<q", 2**63 - 1, "truncated or damaged"),
        (16, "<q", 2**60, "truncated or damaged"),
        (24, "<q", -5, "next_id=-5"),
        (24, "<q", 3, "has ids"),
        (32, "<I", 6, "flags=6"),
        (64, "<q", 3, "an id more than once"),
        (64, "<q", -1, "ids from -1"),
    ],
)
@pytest.mark.parametrize("mmap", [False, True])
def test_damaged_files_are_refused(tmp_path, offset, form, value, message, mmap):
    path = tmp_path / "codes.udl"
    index_of(random_codes(10, 9), np.arange(10)[::-1]).save(path)
    damaged = bytearray(path.read_bytes())
    struct.pack_into(form, damaged, offset, value)
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match=message):
        HammingIndex.load(path, mmap=mmap)
