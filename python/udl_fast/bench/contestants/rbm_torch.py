"""CD-k, PCD-k and Gibbs chains in PyTorch for the CPU: addmm, sigmoid, samples, updates in place."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ._steps import Steps


class Bernoulli(Steps):
    """Samples by torch.bernoulli."""

    def __init__(self, n_threads: int) -> None:
        super().__init__(n_threads)
        torch.set_num_threads(n_threads)
        torch.set_grad_enabled(False)

    def versions(self) -> dict[str, str]:
        """What computes."""
        return {"torch": torch.__version__, "capability": torch.backends.cpu.get_cpu_capability()}

    def load(
        self,
        weights: NDArray[np.float32],
        hidden_bias: NDArray[np.float32],
        visible_bias: NDArray[np.float32],
    ) -> None:
        torch.manual_seed(self.seed)
        self.weights = torch.tensor(weights)
        self.hidden_bias = torch.tensor(hidden_bias)
        self.visible_bias = torch.tensor(visible_bias)
        self.batches = list(torch.tensor(self.rows, dtype=torch.float32).split(self.batch_size))
        self.chains = torch.zeros(self.batch_size, len(hidden_bias))

    def mean_hidden(self) -> NDArray[Any]:
        found: NDArray[Any] = self._mean_hidden(self.batches[0]).numpy().copy()
        return found

    def parameters(self) -> dict[str, NDArray[Any]]:
        return {
            "weights": self.weights.numpy(),
            "hidden_bias": self.hidden_bias.numpy(),
            "visible_bias": self.visible_bias.numpy(),
        }

    def run(self, n: int) -> None:
        if self.algorithm == "gibbs":
            self._gibbs(self.batches[0], n)
            return
        for index in range(n):
            self._step(self.batches[index % len(self.batches)])

    def _gibbs(self, v: torch.Tensor, n: int) -> None:
        for _ in range(n):
            v = self._reconstruction(self.sample(self._mean_hidden(v)))

    def _reconstruction(self, h: torch.Tensor) -> torch.Tensor:
        return self.sample(torch.addmm(self.visible_bias, h, self.weights).sigmoid_())

    def sample(self, p: torch.Tensor) -> torch.Tensor:
        """0/1 states with probabilities p."""
        return torch.bernoulli(p)

    def _mean_hidden(self, v: torch.Tensor) -> torch.Tensor:
        return torch.addmm(self.hidden_bias, v, self.weights.t()).sigmoid_()

    def _step(self, v0: torch.Tensor) -> None:
        rate = self.learning_rate / len(v0)
        p0 = self._mean_hidden(v0)
        v1 = self._reconstruction(self.sample(p0) if self.algorithm == "cd" else self.chains)
        p1 = self._mean_hidden(v1)
        for _ in range(self.k - 1):
            v1 = self._reconstruction(self.sample(p1))
            p1 = self._mean_hidden(v1)
        if self.algorithm == "pcd":
            self.chains = self.sample(p1)
        self.weights.addmm_(p0.t(), v0, alpha=rate)
        self.weights.addmm_(p1.t(), v1, alpha=-rate)
        self.hidden_bias.add_(p0.sum(0) - p1.sum(0), alpha=rate)
        self.visible_bias.add_(v0.sum(0) - v1.sum(0), alpha=rate)


class UniformBelow(Bernoulli):
    """Samples by comparing uniforms with the probabilities: faster than torch.bernoulli."""

    def sample(self, p: torch.Tensor) -> torch.Tensor:
        """0/1 states with probabilities p."""
        return (torch.rand_like(p) < p).to(p.dtype)
