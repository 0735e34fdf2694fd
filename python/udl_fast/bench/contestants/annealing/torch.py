"""Annealed importance sampling in PyTorch for the CPU, in four forms: products of float32 or of bfloat16
numbers, each as single calls or with the work of a temperature compiled by `torch.compile`."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import softplus

from .._torch import OnTorch, check_bfloat16
from ._annealing import Annealing


class Float32(OnTorch, Annealing):
    """float32 tensors; one product up serves both log terms and the sample."""

    dtype = torch.float32

    def load(
        self,
        weights: NDArray[np.float32],
        hidden_bias: NDArray[np.float32],
        visible_bias: NDArray[np.float32],
    ) -> None:
        torch.manual_seed(self.seed)
        self.weights = torch.tensor(weights, dtype=self.dtype)
        self.hidden_bias = torch.tensor(hidden_bias)
        self.visible_bias = torch.tensor(visible_bias)
        self.base = torch.tensor(self.base_bias)

    def anneal(self, betas: NDArray[np.float32]) -> NDArray[np.float64]:
        temperatures = torch.tensor(betas)
        log_weights = torch.zeros(self.n_runs, dtype=torch.float64)
        v = self._sample(self.base.expand(self.n_runs, -1))
        for k in range(1, len(temperatures)):
            change, v = self._step(v, temperatures[k - 1], temperatures[k])
            log_weights += change
        found: NDArray[np.float64] = log_weights.numpy()
        return found

    def _step(
        self, v: torch.Tensor, before: torch.Tensor, now: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The change of the log weights, and the states after a Gibbs step."""
        x = self._up(v)
        change = (softplus(now * x) - softplus(before * x)).sum(1)
        change = change + (now - before) * (v.float() @ (self.visible_bias - self.base))
        h = self._sample(now * x)
        bias = (1 - now) * self.base + now * self.visible_bias
        return change, self._sample(now * self._down(h) + bias)

    def _up(self, v: torch.Tensor) -> torch.Tensor:
        return torch.addmm(self.hidden_bias, v, self.weights.t())

    def _down(self, h: torch.Tensor) -> torch.Tensor:
        return torch.mm(h, self.weights)

    def _sample(self, x: torch.Tensor) -> torch.Tensor:
        """0/1 states with the probabilities 1 / (1 + e^-x)."""
        return (torch.rand_like(x) < torch.sigmoid(x)).to(self.dtype)


class Bfloat16(Float32):
    """Products of bfloat16 numbers; all else is float32."""

    dtype = torch.bfloat16

    def __init__(self, n_threads: int) -> None:
        super().__init__(n_threads)
        check_bfloat16()

    def _up(self, v: torch.Tensor) -> torch.Tensor:
        return torch.mm(v, self.weights.t()).float() + self.hidden_bias

    def _down(self, h: torch.Tensor) -> torch.Tensor:
        return torch.mm(h, self.weights).float()


class Compiled(Float32):
    """The work of a temperature compiled for its size."""

    def load(
        self,
        weights: NDArray[np.float32],
        hidden_bias: NDArray[np.float32],
        visible_bias: NDArray[np.float32],
    ) -> None:
        super().load(weights, hidden_bias, visible_bias)
        torch.compiler.reset()
        self._compiled = torch.compile(super()._step, dynamic=False)

    def _step(
        self, v: torch.Tensor, before: torch.Tensor, now: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        found: tuple[torch.Tensor, torch.Tensor] = self._compiled(v, before, now)
        return found


class CompiledBfloat16(Compiled, Bfloat16):
    """Both."""
