"""This package: `encode` of a semantic hasher, and HammingIndex."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

import udl_fast
from udl_fast import _core

from ._retrieval import Retrieval
from ._steps import Layers


class Float32(Retrieval):
    """precision="float32"."""

    precision: ClassVar[str] = "float32"
    encode_precision: ClassVar[str] = "model"

    def __init__(self, n_threads: int) -> None:
        super().__init__(n_threads)
        try:
            _core.NetEngine([1, 1], ["linear"], "squared", self.precision)
        except NotImplementedError as refusal:
            raise ImportError(str(refusal)) from refusal

    def versions(self) -> dict[str, str]:
        """What computes."""
        return {"udl-fast": udl_fast.__version__, "target": _core.current_target()}

    def load(self, layers: Layers) -> None:
        self.model = udl_fast.SemanticHasher(
            [len(bias) for _, bias in layers],
            pretrain=False,
            precision=self.precision,
            encode_precision=self.encode_precision,
            n_iter=1,
            n_jobs=self.n_threads,
            random_state=0,
        ).fit(self.rows[:1])
        net = self.model._engine  # layers of no decoder can be given in public
        state = net.state()
        for number, (weights, bias) in enumerate(layers):
            state[f"layers.{number}/weights"], state[f"layers.{number}/bias"] = weights, bias
        net.set_state(state)

    def encode(self, chunk_size: int) -> NDArray[np.uint8]:
        parts = [
            self.model.encode(self.rows[first : first + chunk_size])
            for first in range(0, len(self.rows), chunk_size)
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def search(self, codes: NDArray[np.uint8]) -> tuple[NDArray[Any], NDArray[Any]]:
        index = udl_fast.HammingIndex(8 * codes.shape[1])
        index.add(codes)
        return index.search(codes[: self.n_queries], self.k, n_jobs=self.n_threads)


class Int16(Float32):
    """Products of 16-bit integers."""

    encode_precision = "int16"


class Int8(Float32):
    """Products of 8-bit integers."""

    encode_precision = "int8"


class Fast(Float32):
    """precision="fast": bfloat16 products."""

    precision: ClassVar[str] = "fast"
