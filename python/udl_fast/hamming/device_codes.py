"""Packed codes that live on a GPU: queries of searches there, and codes that are added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._device_arrays import read, result_for

if TYPE_CHECKING:
    from .. import _cuda


class CodesOnDevice:
    """Rows of packed codes on a GPU, checked.

    Parameters
    ----------
    source : array
        For which `is_device_array` is true.
    n_bits : int
        Of a code.
    name : str
        What errors call it.
    place : _cuda.Device
        Where the index is searched.
    """

    def __init__(self, source: Any, n_bits: int, name: str, place: _cuda.Device) -> None:
        from .. import _cuda

        given = read(source, name, place)
        if given.dtype != np.uint8:
            raise TypeError(
                f"{name} has dtype {given.dtype}, expected packed uint8 (see pack_bits)"
            )
        if len(given.shape) != 2 or given.shape[1] != n_bits // 8:
            raise ValueError(
                f"{name} has shape {given.shape}, expected (n, {n_bits // 8}) for {n_bits} bits"
            )
        self._source, self._place = source, place
        shape, strides = (given.shape[0], given.shape[1]), (given.strides[0], given.strides[1])
        self.codes = _cuda.GivenCodes(given.address, shape, strides, given.owner, given.stream)
        self._n = given.shape[0]

    def __len__(self) -> int:
        return self._n

    def to_host(self) -> NDArray[np.uint8]:
        """A copy in the host's memory."""
        return self._place.download(self.codes)

    def answer(self, found: NDArray[Any] | _cuda.DeviceArray) -> Any:
        """A result for whom gave the rows, on the device."""
        memory = self._place.upload(found) if isinstance(found, np.ndarray) else found
        return result_for(self._source, memory)


def on_host(rows: NDArray[np.uint8] | CodesOnDevice) -> NDArray[np.uint8]:
    """The same rows in the host's memory."""
    return rows.to_host() if isinstance(rows, CodesOnDevice) else rows
