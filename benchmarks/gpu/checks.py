"""Right before fast: tests that need a GPU, and small cases under compute-sanitizer."""

import shutil
import subprocess
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

from . import small_cases
from .shared.budget import Budget
from .shared.device import Device
from .shared.record import ROOT, Record
from .shared.turns import Wrong

PHASE = "tests"
TESTS_SECONDS = 100
TOOL_SECONDS = 45
TOOLS = ("memcheck", "racecheck")
FOUND = 9  # exit status of compute-sanitizer where it found something
# What the tool says where it cannot watch this machine's device.
REFUSALS = ("Device not supported", "not supported on this")


def _run(command: list[str], seconds: float) -> tuple[int | None, str]:
    """Exit status, None where time ran out, and the end of what was said."""
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=max(seconds, 1),
        )
    except subprocess.TimeoutExpired as error:
        text = error.stdout or ""
        return None, text if isinstance(text, str) else text.decode(errors="replace")
    return done.returncode, done.stdout


def _counts(report: Path) -> dict[str, int]:
    """Of pytest's report."""
    suite = xml.parse(report).getroot().find("testsuite")
    assert suite is not None
    return {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")}


def run_tests(record: Record, budget: Budget) -> bool:
    """Those marked ``gpu``, until the third failure; without a GPU they are skipped."""
    report = record.path.with_suffix(".xml")
    report.unlink(missing_ok=True)
    options = ["-q", "-m", "gpu", "--maxfail=3", "-p", "no:cacheprovider", "-W", "default"]
    command = [sys.executable, "-m", "pytest", *options, f"--junitxml={report}", "tests/cuda"]
    status, said = _run(command, budget.left())
    if status is None or not report.exists():
        record.add(PHASE, "pytest", "timeout" if status is None else "failed", said=said[-2000:])
        return False
    counts = _counts(report)
    is_right = status == 0
    more = {} if is_right else {"said": said[-4000:]}
    record.add(PHASE, "pytest", "ok" if is_right else "wrong", **counts, **more)
    return is_right


def run_tool(tool: str, record: Record, budget: Budget) -> bool:
    """Small cases watched by one tool of compute-sanitizer. Left out, with the reason, where it cannot."""
    name = f"compute-sanitizer {tool}"
    program = shutil.which("compute-sanitizer")
    if program is None:
        record.add(PHASE, name, "left out", reason="no compute-sanitizer here")
        return True
    watched = [sys.executable, "-m", "benchmarks.gpu.small_cases"]
    command = [program, "--tool", tool, "--error-exitcode", str(FOUND), *watched]
    status, said = _run(command, budget.left())
    if any(text in said for text in REFUSALS):
        record.add(PHASE, name, "left out", reason="it does not support this device here")
        return True
    if status == 0:
        record.add(PHASE, name, "ok")
        return True
    kind = {None: "timeout", FOUND: "wrong"}.get(status, "failed")
    record.add(PHASE, name, kind, said=said[-4000:])
    return kind == "timeout"


def run(device: Device, record: Record, budget: Budget) -> bool:
    """False where something is wrong."""
    is_right = run_tests(record, budget.share(TESTS_SECONDS))
    if device.rehearsed:
        try:
            small_cases.check_all(device)
            record.add(PHASE, "small cases, interpreted", "ok")
        except Wrong as error:
            record.add(PHASE, "small cases, interpreted", "wrong", reason=str(error))
            is_right = False
    for tool in TOOLS:
        if device.rehearsed:
            record.add(PHASE, f"compute-sanitizer {tool}", "left out", reason="no GPU here")
        elif budget.left() < 10:
            record.add(PHASE, f"compute-sanitizer {tool}", "left out", reason="no time left")
        else:
            is_right &= run_tool(tool, record, budget.share(TOOL_SECONDS))
    return is_right
