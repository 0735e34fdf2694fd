"""Devices of these tests are the interpreter of PTX, with the kernels of the library."""

import pytest

from udl_fast import _devices

from ...ptx.conftest import need_nvcc, ptx_driver, shipped_ptx
from ...support.gpu_stand_in import stand_in

__all__ = ["need_nvcc", "ptx_driver", "shipped_ptx"]


@pytest.fixture
def gpu(ptx_driver, monkeypatch):
    """There is a GPU, the interpreter."""
    module = stand_in(ptx_driver)
    monkeypatch.setattr(_devices, "_load_cuda", lambda: (module, ""))
    return ptx_driver
