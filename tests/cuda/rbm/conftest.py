"""Devices of these tests are the interpreter of PTX, with the kernels of the library."""

from ...ptx.conftest import need_nvcc, ptx_driver, shipped_ptx

__all__ = ["need_nvcc", "ptx_driver", "shipped_ptx"]
