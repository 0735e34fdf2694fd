"""What an index holds: its codes, and the tables that speed up searches of them."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from .codes import checked_width
from .index_file import Contents
from .store import CodeStore
from .tables import HashPlan, IndexType, checked_index_type


class IndexState:
    """Mixin: construction and attributes."""

    def __init__(self, n_bits: int, *, index_type: IndexType = "auto") -> None:
        self.n_bits = checked_width(n_bits)
        self.code_size = self.n_bits // 8
        self.index_type = checked_index_type(index_type)
        self._store = CodeStore.empty(self.n_bits)
        self._plan = HashPlan(self.index_type, self.n_bits)

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

    def _replace(self, contents: Contents) -> None:
        self._store.replace(contents)
        self._plan.drop()

    @classmethod
    def _of(cls, contents: Contents, index_type: IndexType = "auto") -> Self:
        """An index of these arrays, which are not copied."""
        index = cls(contents.n_bits, index_type=index_type)
        index._replace(contents)
        return index
