"""Result files: where and when something was measured, written whole or not at all."""

import datetime
import json
import os
import platform
import subprocess
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

from ..persistence.replaced_file import replaced_file

_PACKAGE = Path(__file__).resolve().parents[1]
# Results and texts are what a measurement changes; they do not change what is measured.
_SOURCES = (":(top)", ":(top,exclude)benchmarks/results", ":(top,exclude)*.md")
_LIBRARIES = ("udl-fast", "numpy", "scipy", "scikit-learn", "torch", "faiss-cpu", "usearch")


def machine_class() -> dict[str, Any]:
    """What kind of machine this is: nothing that tells which one."""
    usable = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    found: dict[str, Any] = {
        "cpu": _cpu_model(),
        "cores": usable,
        "system": f"{platform.system()} {platform.machine()}",
    }
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        found["memory_gib"] = round(memory / 2**30)
    return found


def versions() -> dict[str, str]:
    """Versions of Python and of the installed libraries that benchmarks use."""
    found = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def commit(folder: Path | None = None) -> str | None:
    """The commit of the source being run, with "+changes" if files differ from it.

    A folder counts only if git tracks files in it: an installed copy inside someone else's
    repository has no commit. An installed copy of the checkout one stands in has its commit.
    """
    for place in (folder, _PACKAGE, Path("python/udl_fast")):
        if place is None or not _git(place, "ls-files", "--", "."):
            continue
        if place not in (folder, _PACKAGE) and not _same_sources(place, _PACKAGE):
            continue
        found = _git(place, "rev-parse", "--short=12", "HEAD")
        changed = _git(place, "status", "--porcelain", "--untracked-files=no", "--", *_SOURCES)
        return found + "+changes" if changed else found
    return None


def new_record(name: str, arguments: list[str], folder: Path | None = None) -> dict[str, Any]:
    """The head of a result file.

    Parameters
    ----------
    name : str
        The benchmark.
    arguments : list of str
        Its command line. Absolute paths are cut to their last part.
    folder : Path, default=None
        Folder of the calling script, for the commit.
    """
    return {
        "benchmark": name,
        "command": " ".join(_without_folders(argument) for argument in arguments),
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "commit": commit(folder),
        "machine": machine_class(),
        "versions": versions(),
    }


def check_writable(path: Path) -> None:
    """Find out now, not after hours of work, that a file cannot be written.

    Raises
    ------
    OSError
        Saying which path and why.
    """
    folder = path.parent
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder, expected a file name")
    if not folder.is_dir():
        raise FileNotFoundError(f"cannot write {path}: there is no folder {folder}")
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise type(error)(f"cannot write {path}: {error.strerror}") from error


def write_json(path: Path, record: dict[str, Any]) -> None:
    """Write the record so that a reader sees the old file or the new one, never a part."""
    with replaced_file(path) as file:
        file.write((json.dumps(record, indent=1) + "\n").encode())


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _same_sources(one: Path, other: Path) -> bool:
    names = sorted(path.relative_to(one) for path in one.rglob("*.py"))
    return all(
        (other / name).is_file() and (other / name).read_bytes() == (one / name).read_bytes()
        for name in names
    )


def _without_folders(argument: str) -> str:
    name, equals, value = argument.rpartition("=")
    return name + equals + (Path(value).name if Path(value).is_absolute() else value)
