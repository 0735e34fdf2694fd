"""`udl-fast search`: files in, files out, errors in words."""

import json
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest

from tests.commands.running import run
from tests.oracle import hamming as oracle
from udl_fast import HammingIndex, cli
from udl_fast.commands import search as search_command


def random_codes(n, n_bytes=5, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, n_bytes), dtype=np.uint8)


CODES, QUERIES = random_codes(200), random_codes(30, seed=1)
IDS = np.random.default_rng(2).permutation(1000)[:200]


def written(folder, kind):
    """A file of CODES and the ids they have in it."""
    path = folder / f"codes.{kind}"
    index = HammingIndex(40)
    if kind in ("npy", "fortran"):
        with open(path, "wb") as file:
            np.save(file, np.asfortranarray(CODES) if kind == "fortran" else CODES)
        return path, None
    if kind == "npz":
        np.savez(path, codes=CODES, other=np.zeros(3))
        return f"{path}:codes", None
    if kind.endswith("ids"):
        index.add_with_ids(CODES, IDS)
    else:
        index.add(CODES)
    (index.write_faiss if kind.startswith("faiss") else index.save)(path)
    return path, IDS if kind.endswith("ids") else None


@pytest.fixture
def queries(tmp_path):
    np.save(tmp_path / "queries.npy", QUERIES)
    return tmp_path / "queries.npy"


@pytest.mark.parametrize("kind", ["udl", "udl-ids", "faiss", "faiss-ids", "npy", "fortran", "npz"])
def test_search_reads_every_kind_of_codes(kind, queries, tmp_path, capsys):
    path, ids = written(tmp_path, kind)
    output = tmp_path / "found.npz"
    code, out, _ = run(capsys, "search", path, queries, output, "-k", 7)
    assert code == 0
    assert "the 7 nearest among 200 codes of 40 bits for 30 queries" in out
    expected = oracle.search(QUERIES, CODES, 7, ids)
    with np.load(output) as found:
        assert sorted(found) == ["D", "I"]
        for name, values in zip("DI", expected, strict=True):
            assert found[name].dtype == values.dtype
            np.testing.assert_array_equal(found[name], values)


@pytest.mark.parametrize("kind", ["udl", "faiss-ids", "npz"])
def test_queries_may_be_of_every_kind(kind, tmp_path, capsys):
    path, _ = written(tmp_path, kind)
    np.save(tmp_path / "base.npy", QUERIES)
    code, _, _ = run(capsys, "search", tmp_path / "base.npy", path, tmp_path / "f.npz")
    assert code == 0
    with np.load(tmp_path / "f.npz") as found:
        np.testing.assert_array_equal(found["D"], oracle.search(CODES, QUERIES, 10)[0])


@pytest.mark.parametrize("inclusive", [False, True])
@pytest.mark.parametrize("block", [4, 1 << 16])
def test_radius_search_in_blocks(inclusive, block, queries, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(search_command, "_BLOCK_QUERIES", (1, block))
    path, ids = written(tmp_path, "udl-ids")
    output = tmp_path / "found.npz"
    options = ["--radius", 14, "--json", "--threads", 1, *(["--inclusive"] if inclusive else [])]
    code, out, err = run(capsys, "search", path, queries, output, *options)
    assert code == 0
    assert f"{'at most' if inclusive else 'below'} 14 bits away among 200 codes" in err
    expected = oracle.range_search(QUERIES, CODES, 14, inclusive, ids)
    result = json.loads(out)
    assert result.pop("seconds") >= 0
    assert result == {
        "output": str(output), "n_codes": 200, "n_bits": 40, "n_queries": 30, "radius": 14,
        "inclusive": inclusive, "n_found": len(expected[1]),
    }  # fmt: skip
    with np.load(output) as found:
        for name, values in zip(("lims", "D", "I"), expected, strict=True):
            assert found[name].dtype == values.dtype
            np.testing.assert_array_equal(found[name], values)


@pytest.mark.parametrize("index_type", ["auto", "scan", "mih"])
def test_k_search_in_blocks(index_type, queries, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(search_command, "_BLOCK_QUERIES", (1, 7))
    path, _ = written(tmp_path, "npy")
    options = ["-k", 300, "--index-type", index_type, "--json"]
    code, out, _ = run(capsys, "search", path, queries, tmp_path / "f.npz", *options)
    assert (code, json.loads(out)["n_found"]) == (0, 30 * 200)
    with np.load(tmp_path / "f.npz") as found:
        for name, values in zip("DI", oracle.search(QUERIES, CODES, 300), strict=True):
            np.testing.assert_array_equal(found[name], values)


@pytest.mark.parametrize(("n", "n_queries"), [(0, 3), (5, 0), (0, 0)])
@pytest.mark.parametrize("kind", ["npy", "udl"])
@pytest.mark.parametrize("options", [["-k", 2], ["--radius", 9]])
def test_no_codes_and_no_queries(n, n_queries, kind, options, tmp_path, capsys):
    for name, count in (("codes", n), ("queries", n_queries)):
        if kind == "npy":
            with open(tmp_path / name, "wb") as file:
                np.save(file, random_codes(count))
        else:
            index = HammingIndex(40)
            index.add(random_codes(count))
            index.save(tmp_path / name)
    output = tmp_path / "f.npz"
    code, _, err = run(capsys, "search", tmp_path / "codes", tmp_path / "queries", output, *options)
    assert code == 0, err
    with np.load(output) as found:
        if "lims" in found:
            np.testing.assert_array_equal(found["lims"] > 0, False)
        else:
            assert found["D"].shape == (n_queries, 2)


def test_codes_stay_in_the_file(queries, tmp_path, monkeypatch, capsys):
    """Mapped, so that an index larger than memory can be searched."""
    from udl_fast.commands.inputs import codes as _codes_input

    for kind in ("udl", "npy"):
        rows = _codes_input.read_codes(str(written(tmp_path, kind)[0])).rows
        base = rows if isinstance(rows, np.memmap) else rows.base
        assert isinstance(base, np.memmap)


# Errors


@pytest.mark.parametrize(
    "options",
    [
        ["-k", "0"],
        ["-k", "x"],
        ["--radius", "-1"],
        ["-k", "3", "--radius", "4"],
        ["-k", "10", "--radius", "4"],  # also the value that is taken where none is given
        ["--inclusive"],
        ["--threads", "0"],
    ],
)
def test_wrong_usage_of_search_is_2(options, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["search", "a", "b", "c.npz", *options])
    assert caught.value.code == 2
    assert "usage: udl-fast search" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file"),
        (b"", "of no known kind"),
        (b"1,2,3", "of no known kind"),
        (b"UDLHAMM\0", "is not a HammingIndex file"),
        (b"IBxF", "is truncated"),
        (b"IxFI" + bytes(40), "of no known kind"),
        (b"\x93NUMPY", "(?i)magic|header|EOF"),
        (b"PK\3\4", "(?i)zip"),
        (np.zeros((2, 5), np.float32), "float32 of shape"),
        (np.zeros((2, 5), np.int8), "expected packed codes"),
        (np.zeros(5, np.uint8), "expected .n, n_bytes."),
        (np.zeros((2, 4), np.uint8), "holds codes of 40 bits"),
    ],
)
def test_bad_files_are_1_without_a_traceback(content, message, queries, tmp_path, capsys):
    path, output = tmp_path / "codes", tmp_path / "found.npz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        with open(path, "wb") as file:
            np.save(file, content)
    code, out, err = run(capsys, "search", path, queries, output)
    assert (code, out) == (1, "")
    assert err.startswith("udl-fast search: error: ")
    assert "Traceback" not in err
    assert re.search(message, err), err
    assert not output.exists()


def test_an_output_that_cannot_be_written_is_found_before_the_work(queries, tmp_path, capsys):
    (tmp_path / "file").touch()
    path, _ = written(tmp_path, "npy")
    code, _, err = run(capsys, "search", path, queries, tmp_path / "file" / "found.npz")
    assert code == 1
    assert "search: error: cannot write to" in err


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_ends_a_long_search_and_leaves_nothing(tmp_path):
    """4 million queries among 4 million codes take many minutes; who does not listen is killed."""
    codes = np.zeros((1 << 22, 8), np.uint8)
    codes.view("<u8")[:, 0] = np.random.default_rng(0).integers(0, 2**63, 1 << 22)
    np.save(tmp_path / "codes.npy", codes)
    # A shell has its background jobs ignore SIGINT, which children inherit.
    program = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from udl_fast import cli; print('ready', flush=True); sys.exit(cli.main())"
    )
    arguments = [tmp_path / "codes.npy", tmp_path / "codes.npy", tmp_path / "found.npz", "-k", "1"]
    child = subprocess.Popen(
        [sys.executable, "-c", program, "search", "--index-type", "scan", *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with child:
        try:
            assert child.stdout.readline() == "ready\n"
            with pytest.raises(subprocess.TimeoutExpired):
                child.wait(timeout=1.5)
            os.kill(child.pid, signal.SIGINT)
            _, err = child.communicate(timeout=60)
        finally:
            child.kill()
    assert child.returncode == 1
    assert "udl-fast: interrupted" in err
    assert [entry.name for entry in tmp_path.iterdir()] == ["codes.npy"]
