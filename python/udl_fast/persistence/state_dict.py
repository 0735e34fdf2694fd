"""Arrays from a `state_dict` of PyTorch, which is not imported."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["StateDict", "read_state_dict"]

StateDict = Mapping[str, Any] | str | os.PathLike[str]


def read_state_dict(state: StateDict) -> dict[str, NDArray[Any]]:
    """Arrays of float32 or float64 by name, of tensors, arrays or a .safetensors file."""
    if not isinstance(state, Mapping):
        if Path(state).suffix != ".safetensors":
            raise ValueError(
                f"from_state_dict reads .safetensors files, got {os.fspath(state)!r}; of a file of "
                "torch.save give torch.load(path, weights_only=True)"
            )
        from safetensors.numpy import load_file

        state = load_file(state)
    return {str(name): _array(value) for name, value in state.items()}


def _array(value: Any) -> NDArray[Any]:
    """A tensor or array as float32 or float64."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        if value.dtype.itemsize < np.dtype(np.float32).itemsize:  # NumPy has no bfloat16
            value = value.float()
        value = value.numpy()
    array = np.asarray(value)
    return array if array.dtype == np.float64 else array.astype(np.float32)
