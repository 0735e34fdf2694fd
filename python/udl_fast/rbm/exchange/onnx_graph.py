"""The encoder of an RBM as an ONNX graph."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...nets.onnx_graph import Operation, write_graph
from ...packing import compared_threshold

_FLOAT = 1  # onnx.TensorProto.FLOAT


def write_encoder(
    path: str | os.PathLike[str],
    weights: NDArray[Any],
    hidden_bias: NDArray[Any],
    *,
    threshold: float | None,
) -> None:
    """Write H = sigmoid(X W' + c), of X > threshold if there is one.

    Raises
    ------
    ImportError
        Without the package onnx.
    """
    n_hidden, n_visible = weights.shape
    constants = {"W": weights, "c": hidden_bias}
    operations = []
    states = "X"
    if threshold is not None:
        constants["threshold"] = np.array(compared_threshold(np.dtype(np.float32), threshold))
        states = "V"
        operations += [
            Operation("Greater", ["X", "threshold"], "above"),
            Operation("Cast", ["above"], states, {"to": _FLOAT}),
        ]
    operations += [
        Operation("Gemm", [states, "W", "c"], "input", {"transB": 1}),
        Operation("Sigmoid", ["input"], "H"),
    ]
    write_graph(
        path,
        operations,
        constants,
        name="rbm_encoder",
        names=("X", "H"),
        sizes=(n_visible, n_hidden),
    )
