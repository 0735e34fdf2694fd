"""The module of CUDA devices in tests."""

import importlib
import importlib.util
from types import ModuleType

import pytest


def cuda_module() -> ModuleType | None:
    """The module, or None where the package was built without."""
    if importlib.util.find_spec("udl_fast._cuda") is None:
        return None
    return importlib.import_module("udl_fast._cuda")


def _has_device() -> bool:
    module = cuda_module()
    return module is not None and module.device_count() > 0


# Of tests that no interpreter can stand in for.
ON_A_REAL_GPU = [
    pytest.mark.gpu,
    pytest.mark.skipif(cuda_module() is None, reason="built without CUDA"),
    pytest.mark.skipif(not _has_device(), reason="no CUDA device here"),
]
