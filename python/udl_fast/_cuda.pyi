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

def read_dlpack(capsule: Any) -> tuple[Any, ...]:
    """(address, shape, strides in values or None, type code, bits, lanes, kind of device, its number, owner) of a
    capsule, which is used up; the tensor is let go with the owner."""

class Device:
    """A device with a stream of its own, for arrays of callers."""

    number: int
    stream: int  # its handle
    def __init__(self, number: int = 0, driver: Any = None) -> None: ...
    def device_of(self, address: int) -> int:
        """Number of the device whose memory is there; -1 where it is none's."""
    def rows(
        self,
        address: int,
        shape: tuple[int, int],
        strides: tuple[int, int],
        dtype: str,
        owner: Any,
        stream: int | None,
        threshold: float | None,
        name: str,
    ) -> DeviceRows:
        """A matrix in the device's memory as rows, complete, once the work of `stream` is done; strides are in
        bytes. A ValueError, which begins with `name`, if a value is no number."""
    def download(self, codes: GivenCodes) -> NDArray[np.uint8]: ...
    def upload(self, values: NDArray[Any]) -> DeviceArray:
        """Of int32, int64, and all else as float64."""

class GivenCodes:
    """Packed codes of a caller in a device's memory; strides are in bytes."""

    def __init__(
        self,
        address: int,
        shape: tuple[int, int],
        strides: tuple[int, int],
        owner: Any,
        stream: int | None,
    ) -> None: ...

class DeviceArray:
    """Values in a device's memory, in C order and complete."""

    address: int  # 0 where there are none
    shape: tuple[int, ...]
    dtype: str
    nbytes: int
    device: int
    def as_float64(self) -> DeviceArray: ...
    def to_numpy(self) -> NDArray[Any]: ...
    def to_dlpack(self, shape: list[int]) -> Any: ...

class DeviceRows:
    """_core.Rows in a device's memory: a copy, bits or float32. Draws of a device are such rows."""

    kind: str  # "bits" or "dense"
    shape: tuple[int, int]
    nbytes: int
    device: int
    def value_range(self, n_threads: int = 1) -> tuple[float, float]: ...  # of bits bounds
    def column_means(self) -> NDArray[np.float64]: ...
    def select(self, indices: NDArray[np.int64]) -> DeviceRows: ...
    def with_held(self, mask: Rows, values: Rows) -> DeviceRows: ...
    def to_array(self, dtype: str) -> DeviceArray: ...
    def to_host(self) -> Rows: ...

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
    def append_given(self, rows: GivenCodes) -> None: ...
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
    def search_given(
        self,
        queries: GivenCodes,
        k: int,
        n_codes: int,
        allowed: NDArray[np.uint64] | None = None,
        way: str = "automatic",
        ids: NDArray[np.int64] | None = None,
    ) -> tuple[DeviceArray, DeviceArray]:
        """Of queries on the device, where the answer stays, with these ids in place of positions."""
    def range(
        self,
        queries: NDArray[np.uint8],
        largest: int,
        n_codes: int,
        allowed: NDArray[np.uint64] | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]: ...
    def range_given(
        self,
        queries: GivenCodes,
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
    def histogram_given(
        self,
        queries: GivenCodes,
        n_codes: int,
        allowed: NDArray[np.uint64] | None = None,
    ) -> NDArray[np.int64]: ...

class RbmEngine(_core.RbmEngine):
    """Methods, arguments and bits of the CPU's, and its Rows. What it does not do is a NotImplementedError.

    train, means, samples, chains and free_energy take DeviceRows too; what they find is DeviceRows then, or a
    DeviceArray. Of a clamp the values may be DeviceRows.
    """

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
    def set_sampling(
        self, kernels: str, tiles: str | None = None, work_bytes: int = 1 << 28
    ) -> None:
        """The same of means, samples and chains; automatic: rows of bits, 16 or more. Means and free energies of
        rows of the host take about `work_bytes` of the device at a time."""

    @property
    def device(self) -> int: ...  # its number
