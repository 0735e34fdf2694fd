"""The same by PyTorch for the CPU, NumPy's packing and FAISS's flat index, in the forms of `encoding_torch`."""

from typing import Any, ClassVar

import faiss
import numpy as np
from numpy.typing import NDArray

from . import encoding_torch as forms
from ._retrieval import Retrieval
from ._steps import Layers


class Eager(Retrieval):
    """float32, as most would write it."""

    form: ClassVar[type[forms.Eager]] = forms.Eager

    def __init__(self, n_threads: int) -> None:
        super().__init__(n_threads)
        self.net = self.form(n_threads)
        faiss.omp_set_num_threads(n_threads)

    def versions(self) -> dict[str, str]:
        """What computes."""
        return {**self.net.versions(), "faiss": faiss.__version__}

    def load(self, layers: Layers) -> None:
        self.net.load(layers)

    def encode(self, chunk_size: int) -> NDArray[np.uint8]:
        parts = []
        for first in range(0, len(self.rows), chunk_size):
            # Code units are linear there: a logistic one is above one half where its input is above 0.
            inputs = self.net.encode(self.rows[first : first + chunk_size])
            parts.append(np.packbits(inputs > 0, axis=1, bitorder="little"))
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def search(self, codes: NDArray[np.uint8]) -> tuple[NDArray[Any], NDArray[Any]]:
        index = faiss.IndexBinaryFlat(8 * codes.shape[1])
        index.add(codes)
        distances, numbers = index.search(codes[: self.n_queries], self.k)
        return distances, numbers


class Compiled(Eager):
    """The whole net compiled."""

    form = forms.Compiled


class Frozen(Eager):
    """The same, of weights that are known not to change."""

    form = forms.Frozen


class Int8(Eager):
    """Products of 8-bit integers."""

    form = forms.Int8


class Autocast(Eager):
    """Products of bfloat16 numbers, weights of float32."""

    form = forms.Autocast


class Bfloat16(Eager):
    """Weights and units in bfloat16."""

    form = forms.Bfloat16


class CompiledBfloat16(Eager):
    """The same, compiled."""

    form = forms.CompiledBfloat16


class FrozenBfloat16(Eager):
    """The same, of weights that are known not to change."""

    form = forms.FrozenBfloat16
