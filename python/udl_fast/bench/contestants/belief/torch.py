"""Deep belief nets in PyTorch for the CPU: addmm, sigmoid, uniforms below probabilities, updates in place.

Products of float32 or of bfloat16 numbers, each as single calls or compiled as a whole by `torch.compile`. With
bfloat16 products, weights that learn, sums, probabilities, uniforms and biases stay float32.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from .._torch import OnTorch, check_bfloat16
from ._greedy import GreedySteps
from ._steps import Layers, Learned, UpDownSteps


class _Float32:
    """How values are multiplied."""

    dtype = torch.float32

    def _factor(self, weights: torch.Tensor) -> torch.Tensor:
        """Weights as products of a step take them."""
        return weights

    def _mean(self, x: torch.Tensor, factor: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """Of units, whose weights are the rows of the factor."""
        return torch.addmm(bias, x, factor.t()).sigmoid_()

    def _add_pairs(
        self, weights: torch.Tensor, units: torch.Tensor, x: torch.Tensor, rate: float
    ) -> None:
        weights.addmm_(units.t(), x, alpha=rate)

    def _sample(self, p: torch.Tensor) -> torch.Tensor:
        return (torch.rand_like(p) < p).to(self.dtype)


class _Rounded:
    """The same with products of bfloat16 numbers; mixin, to stand before it."""

    dtype = torch.bfloat16

    def __init__(self, n_threads: int) -> None:
        super().__init__(n_threads)  # type: ignore[call-arg]
        check_bfloat16()

    def _factor(self, weights: torch.Tensor) -> torch.Tensor:
        return weights.bfloat16()

    def _mean(self, x: torch.Tensor, factor: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        return torch.mm(x.bfloat16(), factor.t()).float().add_(bias).sigmoid_()

    def _add_pairs(
        self, weights: torch.Tensor, units: torch.Tensor, x: torch.Tensor, rate: float
    ) -> None:
        weights.add_(torch.mm(units.bfloat16().t(), x.bfloat16()), alpha=rate)


class UpDown(OnTorch, _Float32, UpDownSteps):
    """Single calls."""

    def versions(self) -> dict[str, str]:
        """What computes."""
        return OnTorch.versions(self)

    def load(self, layers: Layers) -> None:
        torch.manual_seed(self.seed)
        *below, last = layers
        self.up = [(torch.tensor(w), torch.tensor(c)) for w, c, _ in below]
        self.down = [(torch.tensor(w.T.copy()), torch.tensor(b)) for w, _, b in below]
        self.top_weights, self.top_hidden, self.top_visible = (torch.tensor(a) for a in last)
        self.batches = list(torch.tensor(self.rows, dtype=self.dtype).split(self.batch_size))

    def learned(self) -> Learned:
        found = {f"up.{n}": layer for n, layer in enumerate(self.up)}
        found |= {f"down.{n}": layer for n, layer in enumerate(self.down)}
        found["top"] = (self.top_weights, self.top_hidden)
        return {n: np.column_stack([w.numpy(), b.numpy()]) for n, (w, b) in found.items()}

    def run(self, n: int) -> None:
        """n minibatches, a step each."""
        for index in range(n):
            self._step(self.batches[index % len(self.batches)])

    def _step(self, rows: torch.Tensor) -> None:
        rate = self.learning_rate / len(rows)
        up = [self._factor(w) for w, _ in self.up]
        down = [self._factor(w) for w, _ in self.down]
        wake = [rows]
        for factor, (_, bias) in zip(up, self.up, strict=True):
            wake.append(self._sample(self._mean(wake[-1], factor, bias)))
        sleep = [self._run_chains(wake[-1], rate)]
        for factor, (_, bias) in zip(reversed(down), reversed(self.down), strict=True):
            sleep.insert(0, self._sample(self._mean(sleep[0], factor, bias)))
        for number in range(len(up)):
            self._learn(self.down[number], down[number], wake[number + 1], wake[number], rate)
            self._learn(self.up[number], up[number], sleep[number], sleep[number + 1], rate)

    def _run_chains(self, v0: torch.Tensor, rate: float) -> torch.Tensor:
        """CD-k at the top; the last visible states."""
        factor = self._factor(self.top_weights)
        p0 = p1 = self._mean(v0, factor, self.top_hidden)
        for _ in range(self.k):
            v1 = self._sample(self._mean(self._sample(p1), factor.t(), self.top_visible))
            p1 = self._mean(v1, factor, self.top_hidden)
        self._add_pairs(self.top_weights, p0, v0, rate)
        self._add_pairs(self.top_weights, p1, v1, -rate)
        self.top_hidden.add_(p0.sum(0) - p1.sum(0), alpha=rate)
        visible = v0.sum(0, dtype=torch.float32) - v1.sum(0, dtype=torch.float32)
        self.top_visible.add_(visible, alpha=rate)
        return v1

    def _learn(
        self,
        layer: tuple[torch.Tensor, torch.Tensor],
        factor: torch.Tensor,
        inputs: torch.Tensor,
        states: torch.Tensor,
        rate: float,
    ) -> None:
        """The delta rule."""
        weights, bias = layer
        errors = states - self._mean(inputs, factor, bias)
        self._add_pairs(weights, errors, inputs, rate)
        bias.add_(errors.sum(0), alpha=rate)


class CompiledUpDown(UpDown):
    """A whole step compiled for its size, so that only products are calls."""

    def load(self, layers: Layers) -> None:
        super().load(layers)
        torch.compiler.reset()
        self._compiled_step = torch.compile(super()._step, dynamic=False)

    def _step(self, rows: torch.Tensor) -> None:
        self._compiled_step(rows)


class Bfloat16UpDown(_Rounded, UpDown):
    """Products of bfloat16 numbers."""


class CompiledBfloat16UpDown(_Rounded, CompiledUpDown):
    """Both."""


class Greedy(OnTorch, _Float32, GreedySteps):
    """Single calls."""

    def versions(self) -> dict[str, str]:
        """What computes."""
        return OnTorch.versions(self)

    def load(self, weights: NDArray[np.float32], biases: NDArray[np.float32]) -> None:
        torch.manual_seed(self.seed)
        n_visible = weights.shape[1]
        self.weights = torch.tensor(weights)
        self.hidden, self.visible = (
            torch.tensor(biases[n_visible:]),
            torch.tensor(biases[:n_visible]),
        )
        self.velocity = torch.zeros_like(self.weights)
        self.of_hidden, self.of_visible = map(torch.zeros_like, (self.hidden, self.visible))
        self.batches = list(torch.tensor(self.rows, dtype=self.dtype).split(self.batch_size))

    def learned(self) -> NDArray[Any]:
        parts = (self.weights, self.visible, self.hidden)
        return np.concatenate([part.numpy().ravel() for part in parts])

    def run(self, n: int) -> None:
        """n minibatches, a step each."""
        for index in range(n):
            self._step(self.batches[index % len(self.batches)])

    def _step(self, v0: torch.Tensor) -> None:
        factor, share = self._factor(self.weights), 1 / len(v0)
        p0 = self._mean(v0, factor, self.hidden)
        v1 = self._mean(self._sample(p0), factor.t(), self.visible)
        if self.sample_visibles:
            v1 = self._sample(v1)
        p1 = self._mean(v1, factor, self.hidden)
        self.velocity.mul_(self.momentum).add_(self.weights, alpha=-self._decay())
        self._add_phases(v0, p0, v1, p1, self.learning_rate * share)
        self.weights.add_(self.velocity)
        self._move(self.hidden, self.of_hidden, p0, p1, share)
        self._move(self.visible, self.of_visible, v0, v1, share)

    def _decay(self) -> float:
        return self.learning_rate * self.weight_decay

    def _add_phases(
        self, v0: torch.Tensor, p0: torch.Tensor, v1: torch.Tensor, p1: torch.Tensor, rate: float
    ) -> None:
        self._add_pairs(self.velocity, p0, v0, rate)
        self._add_pairs(self.velocity, p1, v1, -rate)

    def _move(
        self,
        bias: torch.Tensor,
        velocity: torch.Tensor,
        up: torch.Tensor,
        down: torch.Tensor,
        share: float,
    ) -> None:
        change = up.sum(0, dtype=torch.float32) - down.sum(0, dtype=torch.float32)
        velocity.mul_(self.momentum).add_(change, alpha=self.learning_rate * share)
        bias.add_(velocity)


class CompiledGreedy(Greedy):
    """A whole step compiled for its size, so that only products are calls."""

    def load(self, weights: NDArray[np.float32], biases: NDArray[np.float32]) -> None:
        super().load(weights, biases)
        torch.compiler.reset()
        self._compiled_step = torch.compile(super()._step, dynamic=False)

    def _step(self, v0: torch.Tensor) -> None:
        self._compiled_step(v0)


class Bfloat16Greedy(_Rounded, Greedy):
    """Products of bfloat16 numbers; both phases of the gradient are one."""

    def _add_phases(
        self, v0: torch.Tensor, p0: torch.Tensor, v1: torch.Tensor, p1: torch.Tensor, rate: float
    ) -> None:
        self._add_pairs(self.velocity, torch.cat([p0, -p1]), torch.cat([v0, v1]), rate)


class CompiledBfloat16Greedy(Bfloat16Greedy):
    """A whole step of it compiled for its size."""

    def load(self, weights: NDArray[np.float32], biases: NDArray[np.float32]) -> None:
        super().load(weights, biases)
        torch.compiler.reset()
        self._compiled_step = torch.compile(super()._step, dynamic=False)

    def _step(self, v0: torch.Tensor) -> None:
        self._compiled_step(v0)
