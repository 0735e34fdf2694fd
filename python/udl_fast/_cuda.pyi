"""The compiled module of CUDA devices, where it was built: it loads without a driver. Private; `_devices`
picks it.

`driver` stands in for a device where one is wanted: an object with the methods of
csrc/bindings/cuda/callback_driver.h.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _core
from ._core import Rows as Rows

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

class HammingCodes:
    """Codes in a device's memory, in the order in which they came. One call at a time.

    Searches look at the first `n_codes` of them and answer with positions. `allowed` is a bitmap over these,
    64 to a word. `work_bytes`: memory that a search may take beside the codes; what one query finds may take
    more.
    """

    n_bits: int
    n_codes: int
    nbytes: int  # of the device's memory, codes and work
    def __init__(
        self, n_bits: int, device: int = 0, driver: Any = None, work_bytes: int = 1 << 28
    ) -> None: ...
    def reserve(self, n_codes: int) -> None: ...
    def append(self, rows: NDArray[np.uint8]) -> None: ...
    def search(
        self,
        queries: NDArray[np.uint8],
        k: int,
        n_codes: int,
        allowed: NDArray[np.uint64] | None = None,
        way: str = "automatic",
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """`way`: "automatic"; "listing", without the kernels for few queries and for many; "counting", without
        lists."""
    def range(
        self,
        queries: NDArray[np.uint8],
        largest: int,
        n_codes: int,
        allowed: NDArray[np.uint64] | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]: ...
    def pairs(
        self, largest: int, n_codes: int, watch: Callable[[float], None] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]: ...
    def histogram(
        self,
        queries: NDArray[np.uint8],
        n_codes: int,
        allowed: NDArray[np.uint64] | None = None,
    ) -> NDArray[np.int64]: ...

class RbmEngine(_core.RbmEngine):
    """Methods, arguments and bits of the CPU's, and its Rows. What it does not do is a NotImplementedError."""

    def __init__(
        self,
        n_visible: int,
        n_hidden: int,
        precision: str,  # "fixed" or "fast"
        visible: str = "bernoulli",
        hidden: str = "bernoulli",
        visible_groups: list[int] | None = None,
        device: int = 0,
        driver: Any = None,
    ) -> None: ...
    def set_training(self, kernels: str, tiles: str | None = None) -> None:
        """What trains: "automatic" (tensor cores where they serve), "plain" or "tensor"; and tiles of tensor
        cores, "large", "medium" or "small". Neither changes a bit."""
    def set_sampling(self, kernels: str, tiles: str | None = None) -> None:
        """The same of means, samples and chains; automatic: rows of bits, 16 or more."""

    @property
    def device(self) -> int: ...  # its number
