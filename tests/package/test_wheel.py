"""The wheel works in an empty environment, away from the checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

TRAINS = """
import sys
import numpy as np, udl_fast as udl
X = (np.random.default_rng(0).random((200, 30)) < 0.3).astype(np.uint8)
model = udl.RBM(8, n_iter=2, random_state=0).fit(X)
assert model.transform(X).shape == (200, 8)
assert "udl_fast._cuda" not in sys.modules
print(udl.__file__, udl.show_config(as_dict=True)["version"])
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """UDL_FAST_WHEEL, or one built from this checkout."""
    if "UDL_FAST_WHEEL" in os.environ:
        return Path(os.environ["UDL_FAST_WHEEL"])
    if not (ROOT / "pyproject.toml").exists():
        pytest.skip("no checkout to build from")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, ROOT]
    subprocess.run(command, check=True)
    (built,) = folder.glob("udl_fast-*.whl")
    return built


def test_wheel_holds_stubs_licence_and_no_sources(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert "udl_fast/py.typed" in names
    assert "udl_fast/_core.pyi" in names
    assert "udl_fast/datasets/checksums.txt" in names
    assert any(
        name.startswith("udl_fast/_core.") and name.endswith((".so", ".pyd")) for name in names
    )
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.endswith((".cpp", ".h")) or name.startswith("tests")]


def test_what_the_gpu_adds_to_the_wheel_is_one_module(wheel):
    """No library of a driver or toolkit travels along; without the module, the wheel is that of the CPU."""
    names = zipfile.ZipFile(wheel).namelist()
    compiled = (".so", ".pyd", ".dll", ".dylib", ".a", ".fatbin", ".cubin", ".ptx")
    modules = [name.split(".")[0] for name in names if ".so." in name or name.endswith(compiled)]
    assert sorted(modules) in (["udl_fast/_core"], ["udl_fast/_core", "udl_fast/_cuda"])


def test_wheel_trains_in_an_empty_environment(wheel, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    scripts = "Scripts" if os.name == "nt" else "bin"
    python = tmp_path / "venv" / scripts / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", wheel], check=True)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    run = subprocess.run(
        [python, "-c", TRAINS], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    location, version = run.stdout.split()
    assert Path(location).is_relative_to(tmp_path)
    assert version in wheel.name
