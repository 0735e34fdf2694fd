"""The same codes by PyTorch for the CPU: `Linear` layers and `Sigmoid`, without gradients.

In float32 eager, compiled, and compiled with the weights frozen in, which packs them once; products of 8-bit
integers by dynamic quantisation; products of bfloat16 numbers by autocast; and everything in bfloat16 in the
three ways of float32.
"""

import warnings
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from .._torch import OnTorch, check_bfloat16
from ._encoding import Encoding
from ._steps import Layers


class Eager(OnTorch, Encoding):
    """float32, as most would write it."""

    compiled: ClassVar[bool] = False
    frozen: ClassVar[bool] = False
    autocast: ClassVar[bool] = False
    dtype: ClassVar[torch.dtype] = torch.float32

    def __init__(self, n_threads: int) -> None:
        super().__init__(n_threads)
        if self.autocast or self.dtype == torch.bfloat16:
            check_bfloat16()

    def load(self, layers: Layers) -> None:
        modules: list[torch.nn.Module] = []
        for weights, bias in layers:
            linear = torch.nn.Linear(weights.shape[1], weights.shape[0])
            linear.weight.data, linear.bias.data = torch.tensor(weights), torch.tensor(bias)
            modules += [linear, torch.nn.Sigmoid()]
        self.net = torch.nn.Sequential(*modules[:-1]).to(self.dtype).eval()
        self.codes_of = self.net
        if self.compiled:
            from torch._inductor import config

            torch.compiler.reset()
            config.freezing = self.frozen
            self.codes_of = torch.compile(self.net, dynamic=False)

    def encode(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        x = torch.from_numpy(rows).to(self.dtype)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.autocast):
            found = self.codes_of(x)
        codes: NDArray[np.float32] = found.float().numpy()
        return codes


class Compiled(Eager):
    """The whole net compiled."""

    compiled = True


class Frozen(Compiled):
    """The same, of weights that are known not to change."""

    frozen = True


class Int8(Eager):
    """Weights of 8 bits, values rounded to 8 bits layer by layer."""

    def load(self, layers: Layers) -> None:
        super().load(layers)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # says which package will have this
            self.codes_of = torch.ao.quantization.quantize_dynamic(
                self.net, {torch.nn.Linear}, dtype=torch.qint8
            )


class Autocast(Eager):
    """Products of bfloat16 numbers, weights of float32."""

    autocast = True


class Bfloat16(Eager):
    """Weights and units in bfloat16."""

    dtype = torch.bfloat16


class CompiledBfloat16(Bfloat16):
    """The same, compiled."""

    compiled = True


class FrozenBfloat16(CompiledBfloat16):
    """The same, of weights that are known not to change."""

    frozen = True
