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
    assert isinstance(mapped._store._held.rows, np.memmap) == bool(index.ntotal)
    assert not mapped._store._held.rows.flags.writeable or not index.ntotal


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
        (36, "<B", 3, "index type 3"),
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


@pytest.mark.parametrize("index_type", ["auto", "scan", "mih"])
def test_the_index_type_is_kept(tmp_path, index_type):
    path = tmp_path / "codes.udl"
    index = HammingIndex(32)
    index.add(random_codes(500))
    index.index_type = index_type
    index.save(path)
    assert path.read_bytes()[36] == ["auto", "scan", "mih"].index(index_type)
    for again in (HammingIndex.load(path), pickle.loads(pickle.dumps(index)), copy.copy(index)):
        assert again.index_type == index_type
        again.search(random_codes(2), 1)
        assert (again.tables_nbytes > 0) == (index_type == "mih")


def test_a_changed_index_type_takes_effect():
    index = index_of(random_codes(500))
    with pytest.raises(ValueError, match="index_type must be"):
        index.index_type = "hnsw"
    index.index_type = "mih"
    index.search(random_codes(2), 1)
    assert index.tables_nbytes > 0
    index.index_type = "scan"
    assert index.tables_nbytes == 0
    index.search(random_codes(2), 1)
    assert index.tables_nbytes == 0


def test_files_of_others_are_named(tmp_path):
    path = tmp_path / "codes"
    index_of(random_codes(5)).write_faiss(path)
    with pytest.raises(ValueError, match=r"HammingIndex\.read_faiss reads"):
        HammingIndex.load(path)
    index_of(random_codes(5)).save(path)
    with pytest.raises(ValueError, match=r"HammingIndex\.load reads"):
        HammingIndex.read_faiss(path)
    with open(path, "wb") as file:
        np.save(file, random_codes(5))
    with pytest.raises(ValueError, match="from_codes"):
        HammingIndex.load(path)


def test_an_index_over_an_array_that_stays_where_it_is(tmp_path):
    codes = random_codes(300, 9)
    np.save(tmp_path / "codes.npy", codes)
    expected = index_of(codes).search(codes[:4], 3)
    for array in (codes, np.load(tmp_path / "codes.npy", mmap_mode="r")):
        index = HammingIndex.from_codes(array, index_type="scan")
        assert np.shares_memory(index._store._held.rows, array)
        assert_equal(index.search(codes[:4], 3), expected)
        before = np.array(array)
        index.add(codes[:1])
        index.remove_ids([0])
        assert index.ids[-1] == 300
        np.testing.assert_array_equal(array, before)
    assert codes.flags.writeable
    with pytest.raises(TypeError, match="from_codes: codes has dtype float64"):
        HammingIndex.from_codes(np.zeros((2, 2)))
