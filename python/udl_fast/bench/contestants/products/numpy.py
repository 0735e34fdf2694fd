"""The products of a training step as NumPy's matmul: the sgemm of its BLAS, OpenBLAS in its wheels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Products:
    """float32 matrices, results written into place."""

    def __init__(self, n_threads: int) -> None:
        self.n_threads = n_threads  # set through the environment of this process

    def versions(self) -> dict[str, str]:
        """What computes."""
        config: Any = np.show_config(mode="dicts")
        blas = config["Build Dependencies"]["blas"]
        return {"numpy": np.__version__, blas["name"]: blas["version"]}

    def check(self, **case: NDArray[Any]) -> dict[str, float]:
        """The sum of all elements of each product."""
        self.prepare(**case)
        found = {}
        for part, (_, _, out) in self.products.items():
            self.run(1, part)
            found[part] = float(out.sum(dtype=np.float64))
        return found

    def prepare(
        self, visible: NDArray[np.uint8], hidden: NDArray[np.uint8], weights: NDArray[np.float32]
    ) -> None:
        """Load a minibatch of states and the weights."""
        v, h = visible.astype(np.float32), hidden.astype(np.float32)
        self.products = {
            "hidden": (v, weights.T, np.empty_like(h)),
            "visible": (h, weights, np.empty_like(v)),
            "gradient": (h.T, v, np.empty_like(weights)),
        }

    def run(self, n: int, part: str) -> None:
        """n times one product."""
        left, right, out = self.products[part]
        for _ in range(n):
            np.matmul(left, right, out=out)
