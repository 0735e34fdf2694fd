"""Which devices there are, why there is none, and what drivers are asked for."""

import subprocess
import sys

import numpy as np
import pytest

from udl_fast import _core, _devices, runtime

from ..support.cuda import cuda_module

_cuda = cuda_module()
needs_module = pytest.mark.skipif(_cuda is None, reason="built without CUDA")
without_gpu = pytest.mark.skipif(
    _cuda is not None and _cuda.device_count() > 0, reason="there is a GPU"
)


class Memory:
    """Device memory in NumPy arrays. It knows no kernel."""

    def __init__(self):
        self.blocks = {}
        self.freed = []

    def facts(self):
        return "memory alone", 80, 1

    def allocate(self, n_bytes):
        address = 4096 * (len(self.blocks) + 1)
        self.blocks[address] = np.full(n_bytes, 255, np.uint8)
        return address

    def free(self, address):
        self.freed.append(address)

    def copy_to_host(self, address, n_bytes):
        return self.blocks[address][:n_bytes].tobytes()

    def launch(self, name, blocks, threads, shared_bytes, arguments):
        self.launched = name, blocks, threads, shared_bytes, len(arguments)


@pytest.mark.parametrize("name", ["cpu", "cuda", "cuda:0", "cuda:12"])
def test_names_of_devices(name):
    assert _devices.is_device(name)


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:-1", "cuda:a", "CUDA", " cuda", 0, None])
def test_other_names_are_none(name):
    assert not _devices.is_device(name)


def test_numbers_of_devices():
    assert _devices.cuda_number("cpu") is None
    assert _devices.cuda_number("cuda") == 0
    assert _devices.cuda_number("cuda:12") == 12


def test_the_configuration_says_what_there_is_of_cuda():
    said = runtime.show_config(as_dict=True)["cuda"]
    assert said.startswith("built with CUDA " if _cuda else "built without CUDA: ")


@without_gpu
def test_a_missing_gpu_is_an_error_with_its_reason():
    with pytest.raises(RuntimeError) as caught:
        _devices.check_device("cuda:1", "Model")
    reason = _devices.cuda_status()
    assert str(caught.value) == f"Model: device='cuda:1' is not available: {reason}"
    assert "built with" in reason


@needs_module
@without_gpu
def test_without_a_device_the_module_counts_none_and_says_why():
    assert _cuda.device_count() == 0
    assert ", but " in _cuda.status()
    with pytest.raises(RuntimeError, match="no CUDA device: built with CUDA"):
        _cuda.draws(0, "cd", 0, 0, 0, 1, 1)


@needs_module
def test_the_module_is_loaded_for_those_who_ask():
    code = "import sys, udl_fast; udl_fast.RBM; print('udl_fast._cuda' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


@needs_module
def test_both_modules_are_of_one_version():
    assert _cuda.__version__ == _core.__version__


@needs_module
def test_a_driver_is_told_what_to_launch():
    device = Memory()
    found = _cuda.draws(1, "cd", 1, 2, 3, 30, 9, driver=device)
    assert device.launched == ("udl_draws", (3, 1, 1), (128, 1, 1), 0, 48)
    assert (found == 2**32 - 1).all()  # what was in memory
    assert device.freed == list(device.blocks)


@needs_module
def test_what_a_driver_raises_arrives_and_its_memory_is_freed():
    class Broken(Memory):
        def launch(self, *_):
            raise OSError("the cable is out")

    device = Broken()
    with pytest.raises(OSError, match="the cable is out"):
        _cuda.draws(1, "cd", 1, 2, 3, 4, 5, driver=device)
    assert device.freed == list(device.blocks)
    assert len(device.freed) == 1


@needs_module
def test_bytes_that_are_not_there_are_an_error():
    class Short(Memory):
        def copy_to_host(self, address, n_bytes):
            return super().copy_to_host(address, n_bytes - 1)

    with pytest.raises(ValueError, match="copy_to_host gave 79 bytes, expected 80"):
        _cuda.draws(1, "cd", 1, 2, 3, 4, 5, driver=Short())
