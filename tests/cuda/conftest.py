"""The interpreter of PTX as a device: with all kernels of the library, and, for tests of single kernels, with
those of tensor cores."""

from collections.abc import Iterator

import pytest

from udl_fast import _devices

from ..ptx.compile import KERNELS, compile_ptx
from ..ptx.conftest import need_nvcc, ptx_driver, shipped_ptx
from ..ptx.interpreter.driver import Interpreter
from ..support.gpu_stand_in import stand_in
from .kernels.tensor_kernels import Device

__all__ = ["need_nvcc", "ptx_driver", "shipped_ptx"]
SOURCES = (
    "fetch.cu",
    "sampling/half_step.cu",
    "scale/find_scale.cu",
    "scale/rescale.cu",
    "learning/learn.cu",
)


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


@pytest.fixture
def gpu(ptx_driver: Interpreter, monkeypatch: pytest.MonkeyPatch) -> Interpreter:
    """There is a GPU, the interpreter."""
    module = stand_in(ptx_driver)
    monkeypatch.setattr(_devices, "_load_cuda", lambda: (module, ""))
    return ptx_driver
