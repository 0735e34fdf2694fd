"""CD-k, PCD-k and Gibbs chains in PyTorch for the CPU: addmm, sigmoid, samples, updates in place.

Four forms, since which is fastest depends on sizes and on the processor: products of float32 or of
bfloat16 numbers, each as single calls or compiled as a whole by `torch.compile`.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from .._torch import OnTorch, check_bfloat16
from ._steps import Steps


class Bernoulli(OnTorch, Steps):
    """Products of float32 numbers; samples by torch.bernoulli."""

    dtype = torch.float32

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
        self.batches = list(torch.tensor(self.rows, dtype=self.dtype).split(self.batch_size))
        self.chains = torch.zeros(self.batch_size, len(hidden_bias), dtype=self.dtype)

    def mean_hidden(self) -> NDArray[Any]:
        found: NDArray[Any] = self._mean_hidden(self.batches[0], self._factor()).numpy().copy()
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

    def sample(self, p: torch.Tensor) -> torch.Tensor:
        """0/1 states with probabilities p."""
        return torch.bernoulli(p)

    def _gibbs(self, v: torch.Tensor, n: int) -> None:
        w = self._factor()
        for _ in range(n):
            v = self._gibbs_step(v, w)

    def _gibbs_step(self, v: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        return self._reconstruction(self.sample(self._mean_hidden(v, w)), w)

    def _factor(self) -> torch.Tensor:
        """The weights as products take them."""
        return self.weights

    def _mean_hidden(self, v: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        return torch.addmm(self.hidden_bias, v, w.t()).sigmoid_()

    def _reconstruction(self, h: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        return self.sample(torch.addmm(self.visible_bias, h, w).sigmoid_())

    def _step(self, v0: torch.Tensor) -> None:
        w = self._factor()
        p0 = self._mean_hidden(v0, w)
        v1 = self._reconstruction(self.sample(p0) if self.algorithm == "cd" else self.chains, w)
        p1 = self._mean_hidden(v1, w)
        for _ in range(self.k - 1):
            v1 = self._reconstruction(self.sample(p1), w)
            p1 = self._mean_hidden(v1, w)
        if self.algorithm == "pcd":
            self.chains.copy_(self.sample(p1))
        self._learn(v0, p0, v1, p1, self.learning_rate / len(v0))

    def _learn(
        self, v0: torch.Tensor, p0: torch.Tensor, v1: torch.Tensor, p1: torch.Tensor, rate: float
    ) -> None:
        self.weights.addmm_(p0.t(), v0, alpha=rate)
        self.weights.addmm_(p1.t(), v1, alpha=-rate)
        self._learn_biases(v0, p0, v1, p1, rate)

    def _learn_biases(
        self, v0: torch.Tensor, p0: torch.Tensor, v1: torch.Tensor, p1: torch.Tensor, rate: float
    ) -> None:
        self.hidden_bias.add_(p0.sum(0) - p1.sum(0), alpha=rate)
        visible = v0.sum(0, dtype=torch.float32) - v1.sum(0, dtype=torch.float32)
        self.visible_bias.add_(visible, alpha=rate)


class UniformBelow(Bernoulli):
    """Samples by comparing uniforms with the probabilities: faster than torch.bernoulli."""

    def sample(self, p: torch.Tensor) -> torch.Tensor:
        """0/1 states with probabilities p."""
        return (torch.rand_like(p) < p).to(self.dtype)


class Bfloat16(UniformBelow):
    """Products of bfloat16 numbers, as mixed precision is done: sums, probabilities, uniforms, biases
    and the weights that learn are float32; what a product returns is rounded to bfloat16.
    """

    dtype = torch.bfloat16

    def __init__(self, n_threads: int) -> None:
        super().__init__(n_threads)
        check_bfloat16()

    def _factor(self) -> torch.Tensor:
        return self.weights.to(self.dtype)

    def _mean_hidden(self, v: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        return torch.mm(v, w.t()).float().add_(self.hidden_bias).sigmoid_()

    def _reconstruction(self, h: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        return self.sample(torch.mm(h, w).float().add_(self.visible_bias).sigmoid_())

    def _learn(
        self, v0: torch.Tensor, p0: torch.Tensor, v1: torch.Tensor, p1: torch.Tensor, rate: float
    ) -> None:
        # One product of both phases: the difference, not two large sums, is rounded.
        p = torch.cat([p0, -p1]).to(self.dtype)
        self.weights.add_(torch.mm(p.t(), torch.cat([v0, v1])), alpha=rate)
        self._learn_biases(v0, p0, v1, p1, rate)


class Compiled(UniformBelow):
    """A whole step compiled for its size, so that only products are calls."""

    def load(
        self,
        weights: NDArray[np.float32],
        hidden_bias: NDArray[np.float32],
        visible_bias: NDArray[np.float32],
    ) -> None:
        super().load(weights, hidden_bias, visible_bias)
        torch.compiler.reset()
        self._learn_step = torch.compile(super()._step, dynamic=False)
        self._sample_step = torch.compile(super()._gibbs_step, dynamic=False)

    def _step(self, v0: torch.Tensor) -> None:
        self._learn_step(v0)

    def _gibbs_step(self, v: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self._sample_step(v, w)
        return found


class CompiledBfloat16(Compiled, Bfloat16):
    """Both."""
