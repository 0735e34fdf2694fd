"""Arrays from a `state_dict` of PyTorch, which is not imported."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .model_file import is_of_model

__all__ = ["StateDict", "read_state_dict"]

StateDict = Mapping[str, Any] | str | os.PathLike[str]


def read_state_dict(state: Any) -> dict[str, NDArray[Any]]:
    """Arrays of float32 or float64 by name, of tensors, arrays or a .safetensors file.

    Raises
    ------
    TypeError
        If it is none of these.
    ValueError
        If the file is of another kind, or a model file, which says more than arrays.
    """
    if isinstance(state, Mapping):
        return {str(name): _array(value) for name, value in state.items()}
    if not isinstance(state, (str, os.PathLike)):
        raise TypeError(
            "from_state_dict: state must be a mapping of names to tensors or arrays, or a path of a .safetensors "
            f"file, got {type(state).__name__}; arrays without names go to from_parameters"
        )
    if Path(state).suffix != ".safetensors":
        raise ValueError(
            f"from_state_dict reads .safetensors files, got {os.fspath(state)!r}; of a file of "
            "torch.save give torch.load(path, weights_only=True)"
        )
    from safetensors import safe_open

    with safe_open(state, framework="numpy") as file:
        if is_of_model(file.metadata()):
            raise ValueError(
                f"from_state_dict: {os.fspath(state)!r} is a model file, which says which units the model has: "
                "udl_fast.load reads it"
            )
        return {name: _array(file.get_tensor(name)) for name in file.keys()}  # noqa: SIM118


def _array(value: Any) -> NDArray[Any]:
    """A tensor or array as float32 or float64."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        if value.dtype.itemsize < np.dtype(np.float32).itemsize:  # NumPy has no bfloat16
            value = value.float()
        value = value.numpy()
    array = np.asarray(value)
    return array if array.dtype == np.float64 else array.astype(np.float32)
