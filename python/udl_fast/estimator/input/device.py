"""Matrices that live on a GPU, where the model computes: checked there, and made rows there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ... import _devices
from ..._device_arrays import is_device_array, read, result_for

if TYPE_CHECKING:
    from ... import _cuda

_AS_THEY_ARE = ("bool", "uint8", "float32", "float64")


class DeviceMatrix:
    """A matrix of the right shape on a GPU: what `input_matrix` makes of one. Its values are looked at where it
    becomes rows.

    Attributes
    ----------
    shape : tuple of (int, int)
    dtype : dtype
        That of the values, or what values of another type become.
    is_row : bool
        It was one row of one dimension.
    """

    ndim = 2

    def __init__(
        self, source: Any, name: str, place: _cuda.Device, default_dtype: Any, *, may_be_row: bool
    ) -> None:
        given = read(source, name, place)
        self.is_row = may_be_row and len(given.shape) == 1
        if self.is_row:
            given = given._replace(shape=(1, *given.shape), strides=(0, *given.strides))
        if len(given.shape) != 2:
            raise ValueError(f"{name} has shape {given.shape}, expected 2 dimensions")
        if 0 in given.shape:
            raise ValueError(f"{name} has shape {given.shape}, expected at least one value")
        self._source, self._name, self._place, self._given = source, name, place, given
        self.shape: tuple[int, int] = (given.shape[0], given.shape[1])
        taken = given.dtype.name in _AS_THEY_ARE
        self.dtype: np.dtype[Any] = given.dtype if taken else np.dtype(default_dtype)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """The same array, for callbacks that are given it."""
        given = self._given
        return {
            "shape": given.shape,
            "strides": given.strides,
            "typestr": given.dtype.str,
            "data": (given.address, True),
            "stream": given.stream,
            "version": 3,
        }

    def __getitem__(self, rows: Any) -> Any:
        raise TypeError(
            f"{self._name} is an array on a GPU, of which this method cannot choose rows: it is worked out on the "
            "CPU. Give a copy in the host's memory (X.get() of CuPy, X.cpu() of PyTorch)"
        )

    def rows(self, threshold: float | None) -> _cuda.DeviceRows:
        """Rows on the device: bits where all values are 0 or 1 or there is a threshold.

        Raises
        ------
        ValueError
            If a value is NaN or infinite.
        """
        given = self._given
        return self._place.rows(
            given.address,
            self.shape,
            (given.strides[0], given.strides[1]),
            given.dtype.name,
            given.owner,
            given.stream,
            threshold,
            self._name,
        )

    def answer(self, found: Any, *, may_be_row: bool = True) -> Any:
        """A result for whom gave the matrix: on the device, too."""
        if isinstance(found, np.ndarray):
            found = self._place.upload(np.ascontiguousarray(found, np.float64))
        is_row = may_be_row and self.is_row
        return result_for(self._source, found, tuple(found.shape[1:]) if is_row else None)


def device_matrix(
    source: Any,
    name: str,
    owner: str,
    device: str,
    default_dtype: Any,
    *,
    may_be_row: bool = False,
) -> DeviceMatrix:
    """An array on a GPU as a matrix for a model that computes on `device`.

    Raises
    ------
    TypeError
        If the model computes on the CPU, saying what can be done; or as `_device_arrays.read`.
    ValueError
        If it has another number of dimensions, or no values; or as `_device_arrays.read`.
    RuntimeError
        If there is no such device, with the reason.
    """
    if device == "cpu":
        raise TypeError(
            f"{owner}: {name} is an array on a GPU, but the model computes on the CPU: fit an RBM with "
            "device='cuda', or give a copy in the host's memory (X.get() of CuPy, X.cpu() of PyTorch)"
        )
    place = _devices.place(device, owner)
    return DeviceMatrix(source, f"{owner}: {name}", place, default_dtype, may_be_row=may_be_row)


def on_host(rows: Any) -> Any:
    """Rows in the host's memory, for what is worked out on the CPU."""
    return rows.to_host() if hasattr(rows, "to_host") else rows


__all__ = ["DeviceMatrix", "device_matrix", "is_device_array", "on_host"]
