"""The module of CUDA devices in tests."""

import importlib
import importlib.util
from types import ModuleType


def cuda_module() -> ModuleType | None:
    """The module, or None where the package was built without."""
    if importlib.util.find_spec("udl_fast._cuda") is None:
        return None
    return importlib.import_module("udl_fast._cuda")
