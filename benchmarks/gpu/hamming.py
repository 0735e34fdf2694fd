"""Milliseconds of searches for the 100 nearest among 2 million codes of 256 bits, from queries of the host
to distances and ids of the host.
"""

import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from udl_fast import _core
from udl_fast.runtime import get_num_threads

from .peers import hamming as others
from .shared import floors
from .shared.device import Device
from .shared.turns import Task, Wrong

BYTES = 32  # of a code
CHECKED = 100  # queries at most that are compared with the CPU


class Case(NamedTuple):
    """How many codes, queries and neighbours."""

    n_codes: int
    n_queries: int
    k: int

    @property
    def name(self) -> str:
        """As lines of peers are named."""
        if (self.n_codes, self.n_queries) == (2_000_000, 10_000):
            return "hamming_10kx2M"
        codes = "2M" if self.n_codes == 2_000_000 else str(self.n_codes)
        return f"hamming_{self.n_queries}x{codes}"

    def floor(self, device: Device) -> dict[str, float]:
        """Codes are read once, and every bit of a code meets every bit of a query."""
        read = floors.of_bytes(device, self.n_codes * BYTES)
        n = 2.0 * self.n_codes * self.n_queries * BYTES * 8
        multiplied = floors.of_operations(device, n, "mma_sync_b1")
        return max(read, multiplied, key=lambda floor: floor.get("floor_us", 0.0))


CASES = [Case(2_000_000, n, 100) for n in (1, 100, 10_000)]
TINY = [Case(300, 1, 5), Case(300, 3, 5)]


def codes_of(case: Case) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Codes and queries, uniform bits."""
    rng = np.random.default_rng(4)
    codes = rng.integers(0, 256, (case.n_codes, BYTES), dtype=np.uint8)
    return codes, rng.integers(0, 256, (case.n_queries, BYTES), dtype=np.uint8)


class Ours:
    """Codes that lie on the device."""

    who = "udl_fast"

    def __init__(self, case: Case, device: Device) -> None:
        from udl_fast import _cuda

        self.case, self.fields = case, {}
        self.codes, self.queries = codes_of(case)
        self.on_device = _cuda.HammingCodes(8 * BYTES, driver=device.driver)
        self.on_device.append(self.codes)

    def search(self):
        """Distances and positions."""
        return self.on_device.search(self.queries, self.case.k, self.case.n_codes)

    def check(self) -> None:
        """Those of the CPU, ties by position."""
        some = self.queries[:CHECKED]
        wanted = _core.hamming_search(self.codes, some, self.case.k, get_num_threads())
        for what, here, there in zip(("distances", "ids"), wanted, self.search(), strict=True):
            if not np.array_equal(there[: len(some)], here):
                raise Wrong(f"{what} differ from the CPU's")

    def sample(self) -> float:
        """Milliseconds of a call."""
        start = time.perf_counter()
        self.search()
        return (time.perf_counter() - start) * 1e3


def tasks(device: Device) -> Iterator[Task]:
    """One query, some, many."""
    for case in TINY if device.rehearsed else CASES:
        yield Task(
            case.name,
            "ms",
            lambda case=case: Ours(case, device),
            [form.on(device) for form in others.forms(case)],
            case.floor(device),
        )
