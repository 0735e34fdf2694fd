"""`load` says what a file is that holds no model."""

import pickle

import numpy as np
import pytest

import udl_fast


def test_other_files_are_named(tmp_path):
    index = udl_fast.HammingIndex(64)
    index.add(np.zeros((2, 8), np.uint8))
    index.save(tmp_path / "index")
    index.write_faiss(tmp_path / "faiss")
    np.savez(tmp_path / "x.npz", x=np.zeros(3))
    np.save(tmp_path / "x.npy", np.zeros(3))
    (tmp_path / "pickle").write_bytes(pickle.dumps([1] * 9))
    (tmp_path / "x.py").write_text("import udl_fast")
    for name, words in {
        "index": "an index of codes, which HammingIndex.load reads",
        "faiss": "an index of FAISS, which HammingIndex.read_faiss reads",
        "x.npz": "a zip archive",
        "x.npy": "an array, which numpy.load reads",
        "pickle": "a pickle",
        "x.py": "writes files of safetensors, and it is none",
    }.items():
        with pytest.raises(ValueError, match=rf"load: .*{name} is no valid model file: .*{words}"):
            udl_fast.load(tmp_path / name)


def test_what_is_no_file_is_named(tmp_path):
    with pytest.raises(
        IsADirectoryError, match=r"is a folder; udl_fast\.callbacks\.Checkpoint\.latest"
    ):
        udl_fast.load(tmp_path)
    with pytest.raises(
        TypeError, match=r"path must be a str or path-like, got None; Checkpoint\.lat"
    ):
        udl_fast.load(None)
    with pytest.raises(TypeError, match="path must be a str or path-like, got 0"):
        udl_fast.load(0)
