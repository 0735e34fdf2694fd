"""The compiled module of CUDA devices, where it was built: it loads without a driver. Private; `_devices`
picks it.

`driver` stands in for a device where one is wanted: an object with the methods of
csrc/bindings/cuda/callback_driver.h.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__version__: str

def device_count() -> int: ...  # 0 without a driver
def status() -> str: ...  # what was found, or why there is no device
def draws(
    seed: int,
    stream: str,
    layer: int,
    step: int,
    first_chain: int,
    n_chains: int,
    n_units: int,
    device: int = 0,
    driver: Any = None,
) -> NDArray[np.uint32]:
    """_core.draws, made on a device."""
