"""Models and rows that both engines and their peers are given."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from udl_fast import _core

from .device import Device


class Parameters(NamedTuple):
    """Of an RBM."""

    weights: NDArray[np.float32]  # (n_hidden, n_visible)
    hidden_bias: NDArray[np.float32]
    visible_bias: NDArray[np.float32]


def random_parameters(n_visible: int, n_hidden: int, deviation: float) -> Parameters:
    """Normal weights of that deviation, no biases."""
    weights = np.random.default_rng(0).normal(0, deviation, (n_hidden, n_visible))
    zeros = np.zeros(n_hidden, np.float32), np.zeros(n_visible, np.float32)
    return Parameters(weights.astype(np.float32), *zeros)


def structured_bits(n_rows: int, n_columns: int) -> NDArray[np.bool_]:
    """Noisy copies of 32 random patterns: something that can be learned."""
    rng = np.random.default_rng(5)
    patterns = rng.random((32, n_columns), np.float32) < 0.3
    noise = rng.random((n_rows, n_columns), np.float32) < 0.05
    return patterns[rng.integers(32, size=n_rows)] ^ noise


def random_bits(n_rows: int, n_columns: int) -> _core.Rows:
    """Each bit on or off alike."""
    shape = n_rows, -(-n_columns // 8)
    packed = np.random.default_rng(6).integers(0, 256, shape, dtype=np.uint8)
    packed[:, -1] &= 0xFF >> (-n_columns % 8)  # no bit beyond the last unit
    return _core.Rows.from_packed(packed, n_columns)


@dataclass
class Engines:
    """The same model on the CPU and on the device that is measured."""

    cpu: _core.RbmEngine
    gpu: Any

    @classmethod
    def of(cls, parameters: Parameters, precision: str, device: Device) -> "Engines":
        """With these parameters."""
        from udl_fast import _cuda

        n_hidden, n_visible = parameters.weights.shape
        made = cls(
            _core.RbmEngine(n_visible, n_hidden, precision),
            _cuda.RbmEngine(n_visible, n_hidden, precision, driver=device.driver),
        )
        for engine in (made.cpu, made.gpu):
            engine.set_parameters(*parameters)
        return made
