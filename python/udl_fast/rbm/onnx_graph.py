"""The encoder of an RBM as an ONNX graph."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..packing import compared_threshold
from ..persistence.replaced_file import replaced_file

_OPSET = 13  # of 2020: Gemm, Sigmoid and Greater have not changed since
_IR_VERSION = 7  # that goes with it; older runtimes refuse newer ones


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
    try:
        from onnx import TensorProto, checker, helper, numpy_helper
    except ImportError as error:
        raise ImportError("to_onnx needs onnx: pip install 'udl-fast[onnx]'") from error
    n_hidden, n_visible = weights.shape
    constants = {"W": weights, "c": hidden_bias}
    nodes = []
    states = "X"
    if threshold is not None:
        constants["threshold"] = np.array(compared_threshold(np.dtype(np.float32), threshold))
        states = "V"
        nodes += [
            helper.make_node("Greater", ["X", "threshold"], ["above"]),
            helper.make_node("Cast", ["above"], [states], to=TensorProto.FLOAT),
        ]
    nodes += [
        helper.make_node("Gemm", [states, "W", "c"], ["input"], transB=1),
        helper.make_node("Sigmoid", ["input"], ["H"]),
    ]
    graph = helper.make_graph(
        nodes,
        "rbm_encoder",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["n", n_visible])],
        [helper.make_tensor_value_info("H", TensorProto.FLOAT, ["n", n_hidden])],
        [
            numpy_helper.from_array(np.ascontiguousarray(array, np.float32), name)
            for name, array in constants.items()
        ],
    )
    model = helper.make_model(
        graph,
        producer_name="udl_fast",
        ir_version=_IR_VERSION,
        opset_imports=[helper.make_opsetid("", _OPSET)],
    )
    checker.check_model(model)
    with replaced_file(path) as file:
        file.write(model.SerializeToString())
