"""The module of CUDA devices where the interpreter is every device."""

from types import SimpleNamespace

from .cuda import cuda_module


def stand_in(driver, count=2):
    """The module where `count` devices are there, each of them this one."""
    module = cuda_module()

    def engine(*arguments, device):
        return module.RbmEngine(*arguments, device=device, driver=driver)

    return SimpleNamespace(
        RbmEngine=engine,
        Device=lambda number: module.Device(number, driver),
        device_count=lambda: count,
        status=lambda: "built with CUDA, devices of a test" if count else "no device for this test",
    )
