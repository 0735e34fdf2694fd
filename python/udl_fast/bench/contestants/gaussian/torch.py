"""CD-1 with Gaussian visible units in PyTorch for the CPU: addmm, sigmoid, draws, updates in place.

Five forms, since which is fastest depends on the processor and on whether sigma is learned: a product
for each phase of the gradient; both phases as one product; that compiled as a whole; and the last two
with products of bfloat16 numbers, the parameters, sums and everything else staying float32.
"""

from typing import Any

import torch
from numpy.typing import NDArray

from .._torch import OnTorch, check_bfloat16
from ._steps import GaussianSteps, Parameters


class Eager(OnTorch, GaussianSteps):
    """A product for each phase of the gradient."""

    def load(self, parameters: Parameters) -> None:
        torch.manual_seed(self.seed)
        self.weights = torch.tensor(parameters["weights"])
        self.hidden_bias = torch.tensor(parameters["hidden_bias"])
        self.visible_bias = torch.tensor(parameters["visible_bias"])
        self.log_variance = torch.tensor(parameters["log_variance"])
        self.batches = list(torch.tensor(self.rows).split(self.batch_size))

    def mean_hidden(self) -> NDArray[Any]:
        scaled = self.batches[0] * torch.exp(-self.log_variance)
        found: NDArray[Any] = self._mean_hidden(scaled).numpy().copy()
        return found

    def parameters(self) -> dict[str, NDArray[Any]]:
        return {
            "weights": self.weights.numpy(),
            "hidden_bias": self.hidden_bias.numpy(),
            "visible_bias": self.visible_bias.numpy(),
            "log_variance": self.log_variance.numpy(),
        }

    def run(self, n: int) -> None:
        """n minibatches."""
        for index in range(n):
            self._step(self.batches[index % len(self.batches)])

    def _mean_hidden(self, scaled: torch.Tensor) -> torch.Tensor:
        return torch.addmm(self.hidden_bias, scaled, self.weights.t()).sigmoid_()

    def _mean_visible(self, h: torch.Tensor) -> torch.Tensor:
        return torch.addmm(self.visible_bias, h, self.weights)

    def _step(self, v0: torch.Tensor) -> None:
        inverse = torch.exp(-self.log_variance)
        p0 = self._mean_hidden(v0 * inverse)
        h = (torch.rand_like(p0) < p0).to(p0.dtype)
        mean = self._mean_visible(h)
        v1 = mean.addcmul_(torch.randn_like(mean), torch.exp(0.5 * self.log_variance))
        p1 = self._mean_hidden(v1 * inverse)
        rate = self.learning_rate / len(v0)
        if self.learn_sigma:
            pairs = self._pairs(v0, p0, v1, p1)
            far = (v0 - self.visible_bias) ** 2 - (v1 - self.visible_bias) ** 2
            change = far.sum(0) / 2 - (self.weights * pairs).sum(0)
            self.log_variance.add_(change * inverse, alpha=rate)
            self.weights.add_(pairs, alpha=rate)
        else:
            self._add_pairs(v0, p0, v1, p1, rate)
        self.hidden_bias.add_((p0 - p1).sum(0), alpha=rate)
        self.visible_bias.add_((v0 - v1).sum(0), alpha=rate)

    def _pairs(
        self, v0: torch.Tensor, p0: torch.Tensor, v1: torch.Tensor, p1: torch.Tensor
    ) -> torch.Tensor:
        return torch.mm(p0.t(), v0).addmm_(p1.t(), v1, alpha=-1)

    def _add_pairs(
        self, v0: torch.Tensor, p0: torch.Tensor, v1: torch.Tensor, p1: torch.Tensor, rate: float
    ) -> None:
        self.weights.addmm_(p0.t(), v0, alpha=rate)
        self.weights.addmm_(p1.t(), v1, alpha=-rate)


class Joined(Eager):
    """Both phases of the gradient as one product."""

    def _pairs(
        self, v0: torch.Tensor, p0: torch.Tensor, v1: torch.Tensor, p1: torch.Tensor
    ) -> torch.Tensor:
        return torch.mm(torch.cat([p0, -p1]).t(), torch.cat([v0, v1]))

    def _add_pairs(
        self, v0: torch.Tensor, p0: torch.Tensor, v1: torch.Tensor, p1: torch.Tensor, rate: float
    ) -> None:
        self.weights.addmm_(torch.cat([p0, -p1]).t(), torch.cat([v0, v1]), alpha=rate)


class Compiled(Joined):
    """A whole step compiled for its size, so that only products are calls."""

    def load(self, parameters: Parameters) -> None:
        super().load(parameters)
        torch.compiler.reset()
        self._compiled_step = torch.compile(super()._step, dynamic=False)

    def _step(self, v0: torch.Tensor) -> None:
        self._compiled_step(v0)


class Bfloat16(Joined):
    """Products of bfloat16 numbers; the weights they multiply are rounded once a step."""

    def __init__(self, n_threads: int) -> None:
        super().__init__(n_threads)
        check_bfloat16()

    def mean_hidden(self) -> NDArray[Any]:
        self.rounded = self.weights.bfloat16()
        return super().mean_hidden()

    def _step(self, v0: torch.Tensor) -> None:
        self.rounded = self.weights.bfloat16()
        super()._step(v0)

    def _mean_hidden(self, scaled: torch.Tensor) -> torch.Tensor:
        product = torch.mm(scaled.bfloat16(), self.rounded.t())
        return torch.sigmoid(product.float() + self.hidden_bias)

    def _mean_visible(self, h: torch.Tensor) -> torch.Tensor:
        return torch.mm(h.bfloat16(), self.rounded).float() + self.visible_bias

    def _pairs(
        self, v0: torch.Tensor, p0: torch.Tensor, v1: torch.Tensor, p1: torch.Tensor
    ) -> torch.Tensor:
        p, v = torch.cat([p0, -p1]).bfloat16(), torch.cat([v0, v1]).bfloat16()
        return torch.mm(p.t(), v).float()

    def _add_pairs(
        self, v0: torch.Tensor, p0: torch.Tensor, v1: torch.Tensor, p1: torch.Tensor, rate: float
    ) -> None:
        self.weights.add_(self._pairs(v0, p0, v1, p1), alpha=rate)


class CompiledBfloat16(Bfloat16):
    """A whole step of it compiled for its size."""

    def load(self, parameters: Parameters) -> None:
        super().load(parameters)
        torch.compiler.reset()
        self._compiled_step = torch.compile(super()._step, dynamic=False)

    def _step(self, v0: torch.Tensor) -> None:
        self._compiled_step(v0)
