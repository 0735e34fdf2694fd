"""Where indexes are put: the interpreter of PTX, with the kernels of searches, or a GPU."""

from typing import Any

import pytest

from udl_fast import HammingIndex, _devices
from udl_fast.hamming.device import DevicePlan

from ..ptx.compile import KERNELS, compile_ptx, nvcc
from ..ptx.interpreter.driver import Interpreter
from ..support.cuda import cuda_module


@pytest.fixture(scope="session")
def hamming_ptx():
    """PTX of the kernels of searches."""
    if cuda_module() is None:
        pytest.skip("built without CUDA")
    if nvcc() is None:
        pytest.skip("no nvcc here: PTX of the kernels cannot be made")
    return [compile_ptx(source) for source in sorted((KERNELS / "hamming").glob("*.cu"))]


@pytest.fixture
def interpreter(hamming_ptx):
    return Interpreter(hamming_ptx)


@pytest.fixture(params=["interpreter", pytest.param("gpu", marks=pytest.mark.gpu)])
def driver(request):
    """A device for `_cuda`: the interpreter, or None for the first GPU."""
    if request.param == "interpreter":
        return request.getfixturevalue("interpreter")
    module = cuda_module()
    if module is None or not module.device_count():
        pytest.skip(_devices.cuda_status())
    return None


def on_device(index: HammingIndex, driver: Any) -> HammingIndex:
    """The same codes, searched by a device."""
    other = HammingIndex._of(index._contents())
    other._plan = DevicePlan("cuda", index.index_type, index.n_bits, driver)
    return other
