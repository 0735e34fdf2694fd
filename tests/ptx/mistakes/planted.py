"""Kernels whose bodies have pieces left out, or replaced by wrong ones."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..calls import Unwritten, call
from ..interpreter.driver import Interpreter


def filled(text: str, *pieces: str) -> str:
    """A body with {0}, {1}, ... replaced."""
    for i, piece in enumerate(pieces):
        text = text.replace(f"{{{i}}}", piece)
    return text


def source_of(bodies: dict[str, str], *headers: str) -> str:
    """CUDA source with a kernel for each body, whose parameters are arrays a and out."""
    kernels = (
        f'extern "C" __global__ void {name}(const int* a, int* out) {{\n{body}\n}}'
        for name, body in bodies.items()
    )
    return "\n".join([*(f"#include <{header}>" for header in headers), *kernels])


def ints(n: int) -> np.ndarray:
    """What many kernels are given: 0, 1, .. n - 1."""
    return np.arange(n, dtype=np.int32)


@dataclass(frozen=True)
class Launcher:
    """A device whose kernels are called by name."""

    device: Interpreter

    def __call__(
        self, name: str, *arguments: np.ndarray | np.generic | Unwritten, **options: Any
    ) -> list[np.ndarray]:
        """The arrays after the launch."""
        return call(self.device, name, *arguments, **options)
