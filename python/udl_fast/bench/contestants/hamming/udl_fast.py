"""Hamming search by this package: the index as it decides itself, or always a scan, or always tables."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

import udl_fast
from udl_fast import HammingIndex, show_config

from ._searches import Searches


class Scan(Searches):
    """Compares queries with all codes."""

    index_type: Literal["auto", "scan", "mih"] = "scan"

    def versions(self) -> dict[str, str]:
        """What computes."""
        config = show_config(as_dict=True) or {}
        return {"udl-fast": udl_fast.__version__, "target": config["target"]}

    def load(self, codes: NDArray[np.uint8]) -> None:
        self.index = HammingIndex(8 * codes.shape[1], index_type=self.index_type)
        self.index.add(codes)
        if self.index_type == "mih":
            self.index.build_tables(n_jobs=self.n_threads)

    def call(self, queries: NDArray[np.uint8]) -> tuple[NDArray[Any], ...]:
        if self.radius is None:
            assert self.k is not None
            return self.index.search(queries, self.k, n_jobs=self.n_threads)
        return self.index.range_search(queries, self.radius, n_jobs=self.n_threads)


class Auto(Scan):
    """Begins with scans and builds tables once these would have paid."""

    index_type = "auto"


class Tables(Scan):
    """Looks up buckets where that is cheaper."""

    index_type = "mih"
