"""The products of a training step as torch.mm, and its epilogues."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray


class Products:
    """float32 matrices, results written into place."""

    def __init__(self, n_threads: int) -> None:
        torch.set_num_threads(n_threads)
        torch.set_grad_enabled(False)

    def versions(self) -> dict[str, str]:
        """What computes."""
        return {"torch": torch.__version__, "capability": torch.backends.cpu.get_cpu_capability()}

    def check(self, **case: NDArray[Any]) -> dict[str, float]:
        """The sum of all elements of each product."""
        self.prepare(**case)
        found = {}
        for part, (_, _, out) in self.products.items():
            self.run(1, part)
            found[part] = float(out.sum(dtype=torch.float64))
        return found

    def prepare(
        self, visible: NDArray[np.uint8], hidden: NDArray[np.uint8], weights: NDArray[np.float32]
    ) -> None:
        """Load a minibatch of states and the weights."""
        v, h = (torch.tensor(states, dtype=torch.float32) for states in (visible, hidden))
        w = torch.tensor(weights)
        self.products = {
            "hidden": (v, w.t(), torch.empty_like(h)),
            "visible": (h, w, torch.empty_like(v)),
            "gradient": (h.t(), v, torch.empty_like(w)),
        }
        self.logits = v @ w.t()

    def run(self, n: int, part: str) -> None:
        """n times one product, or one epilogue of the hidden side: probabilities and samples."""
        for _ in range(n):
            if part == "bernoulli":
                torch.bernoulli(torch.sigmoid(self.logits))
            elif part == "rand":
                p = torch.sigmoid(self.logits)
                (torch.rand_like(p) < p).to(p.dtype)
            else:
                left, right, out = self.products[part]
                torch.mm(left, right, out=out)
