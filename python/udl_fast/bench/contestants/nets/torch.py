"""The same step in PyTorch for the CPU: `Linear` layers, `binary_cross_entropy_with_logits`, `optim.SGD`.

Seven forms, since none is the fastest at every size: eager, with the fused optimizer, and with forward,
loss and backward compiled; products of bfloat16 numbers by autocast, eager and compiled; and everything in
bfloat16, weights included, eager and compiled.
"""

from collections.abc import Callable
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import binary_cross_entropy_with_logits

from .._torch import OnTorch, check_bfloat16
from ._steps import MOMENTUM, Layers, NetSteps


class Eager(OnTorch, NetSteps):
    """float32, as most would write it."""

    fused: ClassVar[bool] = False
    compiled: ClassVar[bool] = False
    autocast: ClassVar[bool] = False
    dtype: ClassVar[torch.dtype] = torch.float32

    def __init__(self, n_threads: int) -> None:
        super().__init__(n_threads)
        torch.set_grad_enabled(True)
        if self.autocast or self.dtype == torch.bfloat16:
            check_bfloat16()

    def load(self, layers: Layers) -> None:
        modules: list[torch.nn.Module] = []
        for number, (weights, bias) in enumerate(layers):
            linear = torch.nn.Linear(weights.shape[1], weights.shape[0])
            linear.weight.data, linear.bias.data = torch.tensor(weights), torch.tensor(bias)
            modules.append(linear)
            if number not in (self.code, len(layers) - 1):  # outputs stay logits
                modules.append(torch.nn.Sigmoid())
        self.net = torch.nn.Sequential(*modules).to(self.dtype)
        self.batches = list(torch.tensor(self.rows).to(self.dtype).split(self.batch_size))
        self.optimizer = torch.optim.SGD(
            self.net.parameters(), lr=self.learning_rate, momentum=MOMENTUM, fused=self.fused
        )
        self.loss: Callable[[torch.Tensor], torch.Tensor] = self._loss
        if self.compiled:
            torch.compiler.reset()
            self.loss = torch.compile(self._loss, dynamic=False)

    def _loss(self, x: torch.Tensor) -> torch.Tensor:
        if self.autocast:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = self.net(x)
            logits = logits.float()
        else:
            logits = self.net(x)
        return binary_cross_entropy_with_logits(logits, x, reduction="sum") / x.shape[0]

    def gradient(self) -> Layers:
        self.loss(self.batches[0]).backward()
        found = [(w.grad, b.grad) for w, b in self._linear()]
        self.optimizer.zero_grad(set_to_none=True)
        return [(_array(w), _array(b)) for w, b in found]

    def layers(self) -> Layers:
        return [(_array(w.detach()), _array(b.detach())) for w, b in self._linear()]

    def run(self, n: int) -> None:
        """n minibatches."""
        for index in range(n):
            self.optimizer.zero_grad(set_to_none=True)
            self.loss(self.batches[index % len(self.batches)]).backward()
            self.optimizer.step()

    def _linear(self) -> list[tuple[torch.nn.Parameter, torch.nn.Parameter]]:
        return [(m.weight, m.bias) for m in self.net if isinstance(m, torch.nn.Linear)]


def _array(values: torch.Tensor | None) -> NDArray[np.float32]:
    assert values is not None
    found: NDArray[np.float32] = values.float().numpy().copy()
    return found


class Fused(Eager):
    """The optimizer as one kernel."""

    fused = True


class Compiled(Fused):
    """Forward, loss and backward compiled as well."""

    compiled = True


class Autocast(Fused):
    """Products of bfloat16 numbers, weights of float32."""

    autocast = True


class CompiledAutocast(Autocast):
    """The same, compiled."""

    compiled = True


class Bfloat16(Fused):
    """Weights, velocities and everything else in bfloat16."""

    dtype = torch.bfloat16


class CompiledBfloat16(Bfloat16):
    """The same, compiled."""

    compiled = True
