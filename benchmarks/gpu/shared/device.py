"""What is measured: the first GPU, or in a rehearsal the interpreter of its kernels."""

import re
import subprocess
from typing import Any, NamedTuple


class NotHere(Exception):
    """Something that a measurement needs is not on this machine; the text says what."""


class Device(NamedTuple):
    """A device for `udl_fast._cuda`, whose `driver` is None where it is a real one."""

    driver: Any
    card: str
    rehearsed: bool


def interpreter() -> Device:
    """Kernels are interpreted from their PTX on the CPU."""
    from tests.ptx.compile import compile_ptx, nvcc, shipped
    from tests.ptx.interpreter.driver import Interpreter

    if nvcc() is None:
        raise NotHere("no nvcc: PTX of the kernels cannot be made")
    return Device(Interpreter([compile_ptx(path) for path in shipped()]), "interpreted", True)


def first_gpu() -> Device:
    """The card by the name that its driver gives it."""
    from udl_fast import _cuda

    if not _cuda.device_count():
        raise NotHere(_cuda.status())
    found = re.search(r"cuda:0 is ([^,]+)", _cuda.status())
    return Device(None, found[1] if found else "unknown card", False)


def clocks() -> str | None:
    """Clocks, power and driver as nvidia-smi tells them; None where there is no nvidia-smi."""
    query = "name,driver_version,clocks.sm,clocks.mem,power.draw,temperature.gpu"
    command = ["nvidia-smi", f"--query-gpu={query}", "--format=csv,noheader"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return None
