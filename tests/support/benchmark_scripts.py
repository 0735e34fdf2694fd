"""Scripts of benchmarks/: run in a process of their own, or loaded."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def module_of(name):
    """The script or helper of that name, whatever its room."""
    (path,) = (ROOT / "benchmarks").glob(f"*/{name}.py")
    return f"benchmarks.{path.parent.name}.{name}"


def run(name, tmp_path, *arguments):
    output = tmp_path / "result.json"
    command = [sys.executable, "-m", module_of(name), "--quick", "--output", str(output)]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads(output.read_text())
    assert record["benchmark"] == name
    assert record["command"].startswith(f"python -m {module_of(name)} --quick")
    assert str(tmp_path) not in output.read_text()
    return record


def load(name, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module(module_of(name))
