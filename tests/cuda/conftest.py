"""A device for tests of single kernels: the interpreter, with the kernels of tensor cores."""

from collections.abc import Iterator

import pytest

from ..ptx.compile import KERNELS, compile_ptx
from ..ptx.conftest import need_nvcc
from ..ptx.driver import Interpreter
from .tensor_kernels import Device

__all__ = ["need_nvcc"]
SOURCES = ("fetch.cu", "find_scale.cu", "half_step.cu", "learn.cu", "rescale.cu")


@pytest.fixture(scope="session")
def tensor_interpreter(need_nvcc: None) -> Interpreter:
    """Shared by all tests, so that PTX is read once."""
    return Interpreter([compile_ptx(KERNELS / "tensor" / name) for name in SOURCES])


@pytest.fixture
def device(tensor_interpreter: Interpreter) -> Iterator[Device]:
    """Its memory is given back after the test."""
    device = Device(tensor_interpreter)
    yield device
    device.free_all()
