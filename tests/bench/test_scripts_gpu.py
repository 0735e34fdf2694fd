"""Scripts for machines with a GPU: without one they run in their interpreted form."""

import json
import subprocess
from pathlib import Path

import pytest
from benchmarks.gpu import learning

from ..ptx.compile import nvcc
from ..support.cuda import cuda_module

ROOT = Path(__file__).resolve().parents[2]
needs_cuda = pytest.mark.skipif(
    cuda_module() is None or nvcc() is None, reason="built without CUDA, or no nvcc here"
)


@needs_cuda
def test_learning_is_checked_and_recorded(tmp_path, monkeypatch):
    path = tmp_path / "learning.json"
    monkeypatch.setattr("sys.argv", ["learning", "--rehearse", "--output", str(path)])
    assert learning.main() == 0
    record = json.loads(path.read_text())
    assert [r["precision"] for r in record["results"]] == ["fixed", "fast"]
    assert {r["name"] for r in record["results"]} == {"cd1_20x9_B4"}


def test_unknown_options_are_refused():
    script = ROOT / "benchmarks/gpu/run.sh"
    found = subprocess.run(["bash", script, "--peers"], capture_output=True, text=True)
    assert found.returncode == 2
    assert "unknown option --peers" in found.stderr
