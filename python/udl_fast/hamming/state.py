"""What an index holds: its codes, and the tables that speed up searches of them."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .._device_arrays import is_device_array
from .codes import checked_width, packed_rows
from .device import DevicePlan, present_device
from .faiss_file import METRIC_TYPE
from .index_file import Contents, IndexType
from .store import CodeStore, no_contents
from .tables import HashPlan, checked_index_type


class IndexState:
    """Mixin: construction and attributes."""

    def __init__(self, n_bits: int, *, index_type: IndexType = "auto", device: str = "cpu") -> None:
        empty = no_contents(checked_width(n_bits))
        contents = empty._replace(index_type=checked_index_type(index_type))
        self._hold(contents, present_device(device))

    def _hold(self, contents: Contents, device: str) -> None:
        """Begin with these arrays, which are not copied."""
        self._store = CodeStore(contents)
        self._plan = _plan_for(device, contents.index_type, contents.n_bits)

    @property
    def n_bits(self) -> int:
        return self._store.n_bits

    @property
    def code_size(self) -> int:
        return self.n_bits // 8

    @property
    def index_type(self) -> IndexType:
        return self._plan.index_type

    @index_type.setter
    def index_type(self, index_type: IndexType) -> None:
        self._plan.set_index_type(checked_index_type(index_type))

    @property
    def device(self) -> str:
        return self._plan.device

    @device.setter
    def device(self, device: str) -> None:
        if present_device(device) != self.device:
            self._plan = _plan_for(device, self.index_type, self.n_bits)

    @property
    def device_nbytes(self) -> int:
        return self._plan.device_nbytes

    @property
    def metric_type(self) -> int:
        return METRIC_TYPE

    @property
    def d(self) -> int:
        return self.n_bits

    @property
    def is_trained(self) -> bool:
        return True

    @property
    def ntotal(self) -> int:
        return self._store.count

    @property
    def ids(self) -> NDArray[np.int64]:
        return self._store.ids()

    @property
    def tables_nbytes(self) -> int:
        return self._plan.nbytes

    def __len__(self) -> int:
        return self.ntotal

    def __bool__(self) -> bool:
        return True  # also while it is empty: as FAISS's indexes, which have no length

    def _queries(self, queries: Any, name: str) -> Any:
        """Packed rows, checked: of the host, or where the index is searched."""
        plan = self._plan
        if not is_device_array(queries):
            return packed_rows(queries, self.n_bits, name)
        if isinstance(plan, HashPlan):
            raise TypeError(
                f"{name} is an array on a GPU, but the index is on the CPU: set index.device = 'cuda', or give a "
                "copy in the host's memory (X.get() of CuPy, X.cpu() of PyTorch)"
            )
        return plan.given(queries, name)

    def _contents(self) -> Contents:
        return self._store.contents()._replace(index_type=self.index_type)

    def _replace(self, contents: Contents) -> None:
        self._store.replace(contents)
        self._plan.drop()

    @classmethod
    def _of(
        cls, contents: Contents, index_type: IndexType | None = None, *, device: str = "cpu"
    ) -> Self:
        """An index of these arrays, which are not copied; None: found as they say."""
        index = cls(contents.n_bits, index_type=index_type or contents.index_type)
        index.device = device
        index._replace(contents)
        return index


def _plan_for(device: str, index_type: IndexType, n_bits: int) -> HashPlan | DevicePlan:
    if device == "cpu":
        return HashPlan(index_type, n_bits)
    return DevicePlan(device, index_type, n_bits)
