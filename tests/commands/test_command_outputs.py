"""Outputs of commands never replace what the command reads, and end as the help says."""

import os

import numpy as np
import pytest

import udl_fast
from udl_fast import cli


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Files that commands read, in the current folder."""
    monkeypatch.chdir(tmp_path)
    rows = (np.random.default_rng(0).random((20, 16)) < 0.3).astype(np.float32)
    model = udl_fast.RBM(8, n_iter=1, random_state=0).fit(rows)
    model.save("m.safetensors")
    os.rename("m.safetensors", "m.npy")  # the first bytes say what it is, not the name
    np.save("rows.npy", rows)
    np.savez("rows.npz", rows=rows)
    np.save("t.npy", np.full(8, 0.5))
    np.savez("codes.npz", codes=udl_fast.pack_bits(rows > 0))
    os.symlink("rows.npy", "link.npy")
    os.link("codes.npz", "hard.npz")
    return tmp_path


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("search codes.npz codes.npz codes.npz", ["OUTPUT", "CODES"]),
        ("search codes.npz:codes codes.npz codes.npz", ["OUTPUT", "codes.npz"]),
        ("search codes.npz codes.npz hard.npz", ["OUTPUT hard.npz"]),
        ("encode m.npy digits m.npy", ["OUTPUT", "MODEL"]),
        ("encode m.npy rows.npy rows.npy --index", ["OUTPUT", "DATA"]),
        ("encode m.npy rows.npy ./link.npy", ["OUTPUT", "DATA"]),
        ("encode m.npy rows.npy t.npy --threshold t.npy", ["OUTPUT", "--threshold"]),
        ("encode m.npy rows.npy new.npy --save-thresholds new.npy", ["--save-thresholds"]),
        ("encode m.npy rows.npy new.npy --save-thresholds rows.npy", ["--save-thresholds", "DATA"]),
        ("transform m.npy rows.npy rows.npy", ["OUTPUT", "DATA"]),
        ("transform m.npy rows.npy m.npy", ["OUTPUT", "MODEL"]),
        ("sample m.npy m.npy", ["OUTPUT", "MODEL"]),
        ("search codes.npz codes.npz found.npy", ["must end in .npz"]),
        ("encode m.npy rows.npy codes.udl", ["must end in .npy"]),
        ("transform m.npy rows.npy hidden", ["must end in .npy"]),
        ("sample m.npy samples.txt", ["must end in .npy"]),
        ("sample m.npy samples.npy --picture samples.txt", ["--picture", "must end in .png"]),
        ("train rows.npy --model rows.npy", ["must end in .safetensors"]),
    ],
)
def test_outputs_that_would_harm_are_wrong_usage(line, names, folder, capsys):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(SystemExit) as caught:
        cli.main(line.split())
    assert caught.value.code == 2
    err = capsys.readouterr().err
    assert all(name in err for name in names), err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_an_index_may_have_any_name_and_old_outputs_are_replaced(folder, capsys):
    for _ in range(2):
        assert cli.main(["encode", "m.npy", "rows.npy", "codes.udl", "--index"]) == 0
    assert cli.main(["search", "codes.udl", "codes.udl", "found.npz"]) == 0
