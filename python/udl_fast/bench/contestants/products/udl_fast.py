"""The products and epilogues of this package by themselves, and what bounds them on this machine."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

import udl_fast
from udl_fast import _core

_BLOCKS = 256  # blocks of a ceiling in one run: about a million rows of sixteen lanes a thread


class Products:
    """Tables of 32-bit entries."""

    narrow = False

    def __init__(self, n_threads: int) -> None:
        self.n_threads = n_threads

    def versions(self) -> dict[str, str]:
        """What computes."""
        return {"udl-fast": udl_fast.__version__, "target": _core.current_target()}

    def check(self, **case: NDArray[Any]) -> dict[str, float]:
        """The sum of all elements of the products; the tests compare the gradient, too."""
        self.prepare(**case)
        scale = 2.0 ** _core.weight_scale_exponent(case["weights"], self.narrow)
        return {name: self.rates.total(name) * scale for name in ("hidden", "visible")}

    def prepare(
        self, visible: NDArray[np.uint8], hidden: NDArray[np.uint8], weights: NDArray[np.float32]
    ) -> None:
        """Load a minibatch of states and the weights."""
        v, h = _core.Rows.from_array(visible), _core.Rows.from_array(hidden)
        self.rates = _core.KernelRates(v, h, weights, self.narrow)

    def rows_of_a_ceiling(self) -> int:
        """Rows of sixteen lanes that one run of a ceiling takes, of all threads together."""
        return _BLOCKS * _core.CEILING_BLOCK * self.n_threads

    def run(self, n: int, part: str) -> None:
        """n times one kernel over all units, or n times one ceiling."""
        if part == "multiply_adds":
            _core.run_multiply_adds(n * _BLOCKS, self.n_threads)
        elif part == "entry_additions":
            _core.run_entry_additions(n * _BLOCKS, self.n_threads)
        else:
            self.rates.run(part, n, self.n_threads)


class FastProducts(Products):
    """Tables of 16-bit entries: precision="fast"."""

    narrow = True
