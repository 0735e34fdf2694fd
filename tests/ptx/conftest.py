"""Devices that are the interpreter, with the library's kernels or a test's own."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from .compile import compile_ptx, compile_text, nvcc, shipped
from .interpreter.driver import Interpreter


@pytest.fixture(scope="session")
def need_nvcc() -> None:
    """Skip where nothing makes PTX."""
    if nvcc() is None:
        pytest.skip("no nvcc here: PTX of the kernels cannot be made")


@pytest.fixture(scope="session")
def shipped_ptx(need_nvcc: None) -> list[Path]:
    """PTX of all kernels of the library; of two workers of pytest-xdist each begins at another end."""
    sources = shipped()
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    made = {source: compile_ptx(source) for source in sources[:: -1 if worker % 2 else 1]}
    return [made[source] for source in sources]


@pytest.fixture
def ptx_driver(shipped_ptx: list[Path]) -> Interpreter:
    """A device with the kernels of the library."""
    return Interpreter(shipped_ptx)


@pytest.fixture(scope="session")
def device_of(need_nvcc: None) -> Callable[..., Interpreter]:
    """A function that makes a device with the kernels of some CUDA source text."""

    def make(text: str, architecture: str = "compute_80", **options: object) -> Interpreter:
        return Interpreter([compile_text(text, architecture)], **options)

    return make
