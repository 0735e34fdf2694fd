"""scripts/preflight.sh names what is missing and how to get it, all at once."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts/preflight.sh"

pytestmark = pytest.mark.skipif(
    os.name != "posix" or not SCRIPT.exists(), reason="needs a POSIX shell and the checkout"
)

GOOD_COMPILER = "exit 0"


def python_that(*, has_venv: str = "exit 0", include: str = "/nowhere") -> str:
    """Shell text of a Python that answers the questions of the script."""
    return f"""case "$2" in
*version_info*) exit 0 ;;
*ensurepip*) {has_venv} ;;
*sysconfig*) echo {include} ;;
esac"""


@pytest.fixture
def preflight(tmp_path):
    """Runs the script where only the given programs exist; each is a line of shell."""

    def run(programs: dict[str, str], **variables: str) -> subprocess.CompletedProcess[str]:
        for name, text in programs.items():
            (tmp_path / name).write_text(f"#!{shutil.which('sh')}\n{text}\n")
            (tmp_path / name).chmod(0o755)
        return subprocess.run(
            [shutil.which("sh"), SCRIPT],
            env={"PATH": str(tmp_path)} | variables,
            capture_output=True,
            text=True,
        )

    return run


@pytest.fixture
def include(tmp_path):
    """A folder with Python.h."""
    folder = tmp_path / "include"
    folder.mkdir()
    (folder / "Python.h").touch()
    return str(folder)


def test_everything_there_prints_the_python(preflight, include, tmp_path):
    result = preflight({"python3": python_that(include=include), "c++": GOOD_COMPILER})
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.strip() == str(tmp_path / "python3")


def test_nothing_there_is_told_at_once(preflight):
    result = preflight({})
    assert result.returncode == 1
    assert result.stdout == ""
    assert "needs Python 3.11 or newer" in result.stderr
    assert "apt-get install python3 python3-venv python3-dev" in result.stderr
    assert "needs a C++17 compiler" in result.stderr
    assert "apt-get install g++" in result.stderr


def test_old_python_is_passed_over_for_a_newer_one(preflight, include, tmp_path):
    programs = {"python3": "exit 1", "python3.12": python_that(include=include), "g++": "exit 0"}
    result = preflight(programs)
    assert result.stdout.strip() == str(tmp_path / "python3.12")


def test_chosen_python_that_is_too_old_is_named(preflight, include):
    programs = {"python3": python_that(include=include), "python3.9": "exit 1", "c++": "exit 0"}
    result = preflight(programs, PYTHON="python3.9")
    assert result.returncode == 1
    assert "found none at PYTHON=python3.9" in result.stderr


def test_missing_venv_module(preflight, include):
    python = python_that(has_venv="exit 1", include=include)
    result = preflight({"python3": python, "c++": GOOD_COMPILER})
    assert result.returncode == 1
    assert "apt-get install python3-venv" in result.stderr
    assert "compiler" not in result.stderr


def test_missing_headers(preflight):
    result = preflight({"python3": python_that(), "c++": GOOD_COMPILER})
    assert result.returncode == 1
    assert "(/nowhere/Python.h)" in result.stderr
    assert "apt-get install python3-dev" in result.stderr


def test_compiler_that_fails(preflight, include):
    result = preflight({"python3": python_that(include=include), "g++": "exit 1"})
    assert result.returncode == 1
    assert "g++ cannot compile C++17" in result.stderr


def test_this_machine_can_build():
    """The real interpreter and compiler: whoever runs these tests has just built with them."""
    if shutil.which("c++") is None:
        pytest.skip("no compiler on this machine")
    environment = os.environ | {"PYTHON": sys.executable}
    result = subprocess.run(["sh", SCRIPT], env=environment, capture_output=True, text=True)
    assert result.stdout.strip() == sys.executable, result.stderr
