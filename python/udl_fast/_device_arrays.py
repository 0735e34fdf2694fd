"""Arrays that live on a GPU: how other libraries' are read, and those that are results."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from . import _cuda

TAKEN = ("bool", "uint8", "int32", "int64", "float32", "float64")
_IN_WORDS = "bool, uint8, int32, int64, float32 or float64"
_HOSTS, _CUDA_KINDS = (1, 3), (2, 13)  # kinds of devices of DLPack: the host, plain or pinned; CUDA
_DEFAULT_STREAM = 1
_DLPACK_DTYPES = {
    (0, 32): "int32",
    (0, 64): "int64",
    (1, 8): "uint8",
    (2, 32): "float32",
    (2, 64): "float64",
    (6, 8): "bool",
}


class Given(NamedTuple):
    """What an array on a GPU says of itself."""

    address: int  # 0 where there are no values
    shape: tuple[int, ...]
    strides: tuple[int, ...]  # bytes
    dtype: np.dtype[Any]
    stream: int | None  # whose work makes it; None: it is made. Of DLPack that of who asked
    owner: Any  # keeps its memory

    @property
    def is_in_c_order(self) -> bool:
        """Whether nothing lies between the values."""
        return self.strides == _strides(self.shape, self.dtype.itemsize)


def is_device_array(x: Any) -> bool:
    """Whether it lives on a GPU, or on another device that is not the host."""
    if x is None or isinstance(x, np.ndarray | np.generic | list | tuple | str | int | float):
        return False
    return _interface(x) is not None or _kind(x) not in (None, *_HOSTS)


def read(x: Any, name: str, place: _cuda.Device) -> Given:
    """What it says of itself, by `__cuda_array_interface__` or DLPack, checked.

    Version 3 of the interface names a stream. So does DLPack, which is asked for where there is only an older
    interface: that says of no stream, so the default one is waited for.

    Parameters
    ----------
    x : array
        One for which `is_device_array` is true.
    name : str
        What errors call it.
    place : _cuda.Device
        Where it is to be.

    Raises
    ------
    TypeError
        If it is of a dtype that is not taken, or speaks another version.
    ValueError
        If it is masked, names stream 0, or is not on that device.
    """
    interface = _interface(x)
    if interface is not None and (interface.get("version", 0) >= 3 or _kind(x) is None):
        given = _by_interface(x, interface, name)
    else:
        given = _by_dlpack(x, name, place)
    _check_place(given, name, place)
    return given


def _interface(x: Any) -> Any:
    return getattr(x, "__cuda_array_interface__", None)


def _kind(x: Any) -> int | None:
    """Of the device, as DLPack numbers them; None where it does not speak DLPack."""
    asks = getattr(x, "__dlpack_device__", None)
    return int(asks()[0]) if callable(asks) and hasattr(x, "__dlpack__") else None


def _by_interface(x: Any, interface: dict[str, Any], name: str) -> Given:
    version = interface.get("version")
    if version not in (2, 3):
        raise TypeError(
            f"{name} has version {version!r} of __cuda_array_interface__, expected 2 or 3"
        )
    if interface.get("mask") is not None:
        raise ValueError(f"{name} has a mask; fill masked entries first")
    dtype = _taken(np.dtype(interface["typestr"]), name)
    shape = tuple(int(n) for n in interface["shape"])
    strides = interface.get("strides") or _strides(shape, dtype.itemsize)
    stream = _stream(interface.get("stream"), name) if version == 3 else _DEFAULT_STREAM
    address = int(interface["data"][0] or 0)  # may be read-only: nobody writes here
    return Given(address, shape, tuple(int(s) for s in strides), dtype, stream, x)


def _stream(stream: Any, name: str) -> int | None:
    if stream is None:
        return None
    if isinstance(stream, bool) or not isinstance(stream, int) or stream < 1:
        raise ValueError(
            f"{name} names stream {stream!r} in __cuda_array_interface__, expected None, 1 (the default stream), "
            "2 (that of the thread) or the handle of one"
        )
    return stream


def _by_dlpack(x: Any, name: str, place: _cuda.Device) -> Given:
    kind = _kind(x)
    if kind not in _CUDA_KINDS:
        raise TypeError(
            f"{name} is on a device of DLPack's kind {kind}, expected a GPU of CUDA (2) or the host"
        )
    from . import _cuda  # whoever has a place has it

    found = _cuda.read_dlpack(x.__dlpack__(stream=place.stream))
    address, shape, strides, code, bits, lanes, _, _, owner = found
    if lanes != 1 or (code, bits) not in _DLPACK_DTYPES:
        raise TypeError(
            f"{name} has DLPack's type code {code} of {bits} bits in {lanes} lanes, expected {_IN_WORDS}"
        )
    dtype = np.dtype(_DLPACK_DTYPES[code, bits])
    in_bytes = (
        _strides(shape, dtype.itemsize)
        if strides is None
        else tuple(n * dtype.itemsize for n in strides)
    )
    return Given(address, tuple(shape), in_bytes, dtype, place.stream, owner)


def _taken(dtype: np.dtype[Any], name: str) -> np.dtype[Any]:
    if dtype.name not in TAKEN or not dtype.isnative:
        raise TypeError(f"{name} has dtype {dtype}, expected {_IN_WORDS} on a GPU")
    return dtype


def _strides(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Of C order, in bytes."""
    return tuple(itemsize * int(np.prod(shape[d + 1 :], dtype=np.int64)) for d in range(len(shape)))


def _check_place(given: Given, name: str, place: _cuda.Device) -> None:
    if 0 in given.shape:
        return
    found = place.device_of(given.address)
    if found < 0:
        raise ValueError(f"{name} says that it is on a GPU, but its memory is none of a GPU")
    if found != place.number:
        raise ValueError(
            f"{name} is on cuda:{found}, but computations are on cuda:{place.number}: copy it there, or set "
            f"device='cuda:{found}'"
        )


class DeviceArray:
    """An array on a GPU that is a result: other libraries read it by `__cuda_array_interface__` or DLPack.

    It is complete, in C order, and keeps its memory, whatever becomes of the model that made it.
    ``numpy.asarray`` copies it to the host. Nobody writes into it but those who take it over.
    """

    def __init__(self, memory: _cuda.DeviceArray, shape: tuple[int, ...] | None = None) -> None:
        self._memory = memory
        self.shape: tuple[int, ...] = tuple(memory.shape) if shape is None else shape
        self.dtype: np.dtype[Any] = np.dtype(memory.dtype)

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of values."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def nbytes(self) -> int:
        """Bytes of the GPU's memory."""
        return int(self._memory.nbytes)

    @property
    def device(self) -> str:
        """Where it is, as in "cuda:0"."""
        return f"cuda:{self._memory.device}"

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return {
            "shape": self.shape,
            "typestr": self.dtype.str,
            "data": (self._memory.address, False),
            "strides": None,
            "stream": None,  # it is complete
            "version": 3,
        }

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, self._memory.device

    def __dlpack__(
        self,
        *,
        stream: int | None = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        """A capsule of DLPack's first version; whichever stream reads it need not wait."""
        if dl_device not in (None, self.__dlpack_device__()):
            raise BufferError(f"DeviceArray: dl_device is {dl_device}, but it is on {self.device}")
        if copy:
            raise BufferError("DeviceArray: copy=True is not there; copy the array that you make")
        return self._memory.to_dlpack(list(self.shape))

    def numpy(self) -> NDArray[Any]:
        """A copy in the host's memory."""
        return np.asarray(self._memory.to_numpy().reshape(self.shape))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("DeviceArray: numpy cannot see a GPU's memory without a copy")
        return self.numpy() if dtype is None else self.numpy().astype(dtype, copy=False)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("DeviceArray: len() of a single value")
        return self.shape[0]

    def __repr__(self) -> str:
        return f"DeviceArray(shape={self.shape}, dtype={self.dtype}, device={self.device!r})"


def result_for(source: Any, memory: _cuda.DeviceArray, shape: tuple[int, ...] | None = None) -> Any:
    """A result for whom gave `source`: an array of CuPy where that was one, else a `DeviceArray`."""
    array = DeviceArray(memory, shape)
    if type(source).__module__.partition(".")[0] == "cupy":
        return sys.modules["cupy"].asarray(array)
    return array
