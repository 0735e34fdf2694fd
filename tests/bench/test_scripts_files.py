"""The scripts of benchmarks/ about memory, files and interrupts, in their quick forms."""

import os
import re
import sys

import numpy as np
import pytest

from tests.support.benchmark_scripts import load, run
from udl_fast import registry
from udl_fast.estimator.training import transaction


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory(tmp_path):
    record = run("memory_mnist", tmp_path)
    assert record["array_mb"] == 47.0
    assert 0 < record["added_mb"] <= record["limit_mb"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_peak_sees_memory_that_is_freed_again(monkeypatch):
    memory = load("memory_mnist", monkeypatch)
    before = memory.status_mb("VmRSS")
    with memory.Peak() as peak:
        block = np.ones(60_000_000, np.uint8)
        del block
    assert peak.highest - before > 50


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_of_nets(tmp_path):
    results = run("memory_nets", tmp_path)["results"]
    assert list(results) == ["sgd", "adam"]
    added = [found["udl_fast"]["added_mb"] for found in results.values()]
    parameters_mb = 4 * (2 * 784 * 400 + 2 * 400 * 30) / 1e6
    assert all(2 * parameters_mb < megabytes < 15 * parameters_mb + 20 for megabytes in added)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_of_mapped_files(tmp_path):
    record = run("memory_memmap", tmp_path)
    assert [found["way"] for found in record["results"]] == ["states", "grey", "chunks"]
    for found in record["results"]:
        assert found["file_mb"] > 2.5 * record["limit_mb"]
        assert 0 < found["added_mb"] <= record["limit_mb"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_sparse_rows(tmp_path):
    results = run("sparse_rows", tmp_path)["results"]
    assert {found["work"] for found in results} == {"transform", "score_samples", "fit"}
    for found in results:
        assert found["added_mb"]["udl_fast"] <= found["limit_mb"]
        assert min(found["least_seconds"].values()) > 0


def test_fuzz_model_files(tmp_path):
    record = run("fuzz_model_files", tmp_path)
    assert sum(record["outcomes"].values()) == record["files"] == 500
    assert list(record["outcomes_by_kind"]) == ["format 2", "format 1", "models inside"]
    assert record["outcomes"]["loaded"] > 0  # of one kind in some hundred files there may be none
    for found in record["outcomes_by_kind"].values():
        assert found["refused"] > 0


def test_fuzz_index_files(tmp_path):
    record = run("fuzz_index_files", tmp_path)
    assert record["crashed_files"] == []
    assert record["refused"] + record["loaded_and_searched"] == record["files"] == 1000
    for found in record["by_reader"].values():
        assert min(found["refused"], found["loaded"]) > 0


def test_fuzzing_of_index_files_goes_past_a_crash(tmp_path, monkeypatch, capsys):
    """The second process dies at the first file that loads."""
    patch = "import os\nfrom udl_fast import HammingIndex\n"
    patch += "HammingIndex.pairs_within = lambda *_: os.abort()\n"
    (tmp_path / "sitecustomize.py").write_text(patch)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    fuzz = load("fuzz_index_files", monkeypatch)
    monkeypatch.setattr(fuzz, "MOST_CRASHES", 2)
    monkeypatch.setattr(sys, "argv", ["fuzz_index_files", "--quick"])
    assert fuzz.main() == 1
    first, second = re.findall(r"file (\d+) crashed", capsys.readouterr().out)
    assert int(first) < int(second)


@pytest.mark.skipif(sys.platform != "linux", reason="kills a process")
def test_killed_save(tmp_path):
    record = run("killed_save", tmp_path)
    assert record["damaged_files"] == 0
    assert record["kills"] == len(record["moments"]) == 6
    assert {moment["file"] for moment in record["moments"]} <= {"old", "new"}
    assert record["leftovers_at_the_end"] == 0


def test_calls_interrupted_at_every_point(tmp_path):
    record = run("every_point", tmp_path, "--only", "RBM: refit")
    assert {call["points_in"] for call in record["calls"]} == {"the library", "everywhere"}
    assert record["interrupts"] == sum(call["interrupts"] for call in record["calls"]) >= 30
    assert record["torn"] == 0


def test_torn_states_are_found(monkeypatch):
    """Training that is not undone, and a merge of indexes in two steps."""
    campaign = load("every_point", monkeypatch)
    monkeypatch.setattr(registry, "_ENTRIES", dict(registry._ENTRIES))  # the campaign has its own
    monkeypatch.setattr(transaction.Turn, "undo_pass", lambda turn: None)
    (goes_on,) = (o for o in campaign.models.operations() if o.name == "RBM: fit that goes on")
    assert campaign.campaign(goes_on, 200, everywhere=False)["torn"]

    def merge(index, other):
        index.add(other.reconstruct_batch(other.ids))
        other.reset()

    monkeypatch.setattr(campaign.indexes.HammingIndex, "merge_from", merge)
    (merging,) = (o for o in campaign.indexes.operations() if o.name == "HammingIndex: merge_from")
    assert campaign.campaign(merging, 200, everywhere=False)["torn"]
