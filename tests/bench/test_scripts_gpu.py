"""Scripts for machines with a GPU: without one they run in their interpreted form."""

import json
import subprocess
from pathlib import Path

import pytest
from benchmarks.gpu import checks, measure
from benchmarks.gpu.shared.budget import Budget
from benchmarks.gpu.shared.device import Device
from benchmarks.gpu.shared.record import Record
from benchmarks.gpu.shared.turns import Task, Wrong, take_turns

from ..ptx.compile import nvcc
from ..support.cuda import cuda_module

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "benchmarks/gpu/run.sh"
needs_cuda = pytest.mark.skipif(
    cuda_module() is None or nvcc() is None, reason="built without CUDA, or no nvcc here"
)


def lines_of(folder):
    (path,) = folder.glob("*.json")
    return json.loads(path.read_text())["results"]


@needs_cuda
def test_everything_is_rehearsed_without_a_gpu(tmp_path):
    """Tests and small cases run, ours is timed; peers too, or it is said why they are not."""
    assert measure.main(["--rehearse", "--output", str(tmp_path)]) == 0
    lines = lines_of(tmp_path)
    tests = {line["name"]: line for line in lines if line["phase"] == "tests"}
    assert tests["pytest"]["tests"] > 50
    if not cuda_module().device_count():
        assert tests["pytest"]["skipped"] == tests["pytest"]["tests"]
    assert tests["small cases, interpreted"]["status"] == "ok"
    assert tests["compute-sanitizer racecheck"]["reason"] == "no GPU here"
    lines = [line for line in lines if line["phase"] != "tests"]
    ours = [line for line in lines if line["phase"] == "bench"]
    assert {(line["status"], line["who"]) for line in ours} == {("ok", "udl_fast")}
    assert {line["name"].split("_")[0] for line in ours} == {
        "cd1",
        "pcd2",
        "gibbs",
        "hamming",
        "transform",
    }
    peers = [line for line in lines if line["who"] != "udl_fast"]
    assert {line["who"].split(",")[0] for line in peers} == {"PyTorch", "CuPy"}
    assert all(line["status"] == "ok" or line["reason"] for line in peers)
    assert {line["status"] for line in peers} <= {"ok", "left out"}


@needs_cuda
def test_what_was_measured_is_kept_when_a_run_is_stopped(tmp_path, monkeypatch):
    """Lines until then; a later run of the same day, device and commit adds its own."""
    take, n_taken = measure.take_turns, []

    def stopped(*arguments):
        if n_taken:
            raise KeyboardInterrupt
        n_taken.append(1)
        return take(*arguments)

    monkeypatch.setattr(measure, "take_turns", stopped)
    asked = ["--rehearse", "--only", "bench", "--output", str(tmp_path)]
    with pytest.raises(KeyboardInterrupt):
        measure.main(asked)
    (first,) = lines_of(tmp_path)
    monkeypatch.setattr(measure, "take_turns", take)
    monkeypatch.setattr(measure, "SUBJECTS", [measure.transform])
    assert measure.main(asked) == 0
    kept, *added = lines_of(tmp_path)
    assert kept == first
    assert {line["name"] for line in added} == {"transform_20x9_17rows"}


class Counter:
    """A contestant that takes one second more each time."""

    def __init__(self, who="udl_fast", wrong=""):
        self.who, self.fields, self.wrong, self.n = who, {}, wrong, 0

    def __call__(self):
        return self

    def check(self):
        if self.wrong:
            raise Wrong(self.wrong)

    def sample(self):
        self.n += 1
        return float(self.n)


def taken(tmp_path, ours, *peers):
    record = Record(tmp_path, Device(None, "no card", True), ["test"])
    task = Task("a task", "s", ours, list(peers))
    return take_turns(task, "peers", record, Budget(60), 2), record.results


def test_contestants_take_turns(tmp_path):
    """Once a round each, after a round that does not count."""
    one, other = Counter(), Counter("other")
    is_right, (ours, theirs) = taken(tmp_path, one, other)
    assert is_right
    assert (one.n, other.n) == (3, 3)
    assert (ours["value"], ours["p10"], ours["p90"]) == (2.5, 2.1, 2.9)
    assert "ours_is_faster" not in ours
    assert theirs["ours_is_faster"] == 1


def test_what_is_wrong_is_not_timed(tmp_path):
    """Ours: the run fails. A peer: its line says so."""
    peer = Counter("other", "bits differ")
    is_right, lines = taken(tmp_path, Counter(), peer)
    assert is_right
    assert peer.n == 0
    assert ("wrong", "bits differ") in [(line["status"], line.get("reason")) for line in lines]
    is_right, _ = taken(tmp_path, Counter(wrong="bits differ"), Counter("other"))
    assert not is_right


@pytest.mark.parametrize(
    ("program", "status", "is_right"),
    [
        ("exit 0", "ok", True),
        ("echo 'Error: Device not supported'; exit 1", "left out", True),
        ("echo 'Invalid __global__ write'; exit 9", "wrong", False),
        ("echo 'no module of that name'; exit 1", "failed", False),
    ],
)
def test_what_compute_sanitizer_says(tmp_path, monkeypatch, program, status, is_right):
    """A program of its name that ends as it does."""
    path = tmp_path / "compute-sanitizer"
    path.write_text(f"#!/bin/sh\n{program}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    record = Record(tmp_path, Device(None, "no card", True), ["test"])
    assert checks.run_tool("memcheck", record, Budget(60)) == is_right
    assert [line["status"] for line in record.results] == [status]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--peers"], 2, "unknown option --peers"),
        (["--rehearse", "--seconds", "9"], 1, "nothing more begins"),
    ],
)
def test_options(tmp_path, arguments, status, said):
    command = ["bash", SCRIPT, "--output", str(tmp_path), *arguments]
    found = subprocess.run(command, capture_output=True, text=True)
    if nvcc() is None and status == 1:
        said = "no nvcc here"
    assert found.returncode == status
    assert said in found.stderr


def test_phases_that_there_are_not_are_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        measure.main(["--rehearse", "--only", "bench,speed", "--output", str(tmp_path)])
    assert "must be some of tests, bench, peers, got 'speed'" in capsys.readouterr().err


@needs_cuda
@pytest.mark.skipif(
    cuda_module() is not None and cuda_module().device_count() > 0, reason="there is a GPU"
)
def test_without_a_gpu_nothing_is_measured(tmp_path, capsys):
    assert measure.main(["--output", str(tmp_path / "new")]) == 2
    assert "nothing is measured: built with CUDA" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
