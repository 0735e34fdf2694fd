"""Graphs of ONNX: nets of dense layers, and the file of any graph."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..persistence.replaced_file import replaced_file

_OPSET = 13  # of 2020: the operators below have not changed since
_IR_VERSION = 7  # that goes with it; older runtimes refuse newer ones
_FLOAT = 1  # TensorProto.FLOAT
_OPERATORS = {"logistic": "Sigmoid", "tanh": "Tanh", "relu": "Relu", "softmax": "Softmax"}


class DenseLayer(NamedTuple):
    """What a layer computes: activation(x W' + b), where "binary" is "logistic" rounded to 0 or 1."""

    weights: NDArray[Any]  # (outputs, inputs)
    bias: NDArray[Any]
    activation: str


class Operation(NamedTuple):
    """A node of a graph."""

    operator: str
    inputs: list[str]
    output: str
    attributes: Mapping[str, Any] = {}


def write_layers(
    path: str | os.PathLike[str],
    layers: Iterable[DenseLayer],
    *,
    name: str,
    names: tuple[str, str],
) -> None:
    """Write layers one after another, from an input to an output of these names.

    Raises
    ------
    ImportError
        Without the package onnx.
    """
    layers = list(layers)
    constants: dict[str, NDArray[Any]] = {}
    operations = []
    x = names[0]
    for number, layer in enumerate(layers):
        constants |= {f"W{number}": layer.weights, f"b{number}": layer.bias}
        y = names[1] if number == len(layers) - 1 else f"h{number}"
        sums = y if layer.activation == "linear" else f"s{number}"
        operations.append(Operation("Gemm", [x, f"W{number}", f"b{number}"], sums, {"transB": 1}))
        if layer.activation == "binary":
            constants["half"] = np.array(0.5)
            operations += _rounded_logistic(sums, y, str(number))
        elif layer.activation != "linear":
            operations.append(Operation(_OPERATORS[layer.activation], [sums], y))
        x = y
    sizes = (layers[0].weights.shape[1], layers[-1].weights.shape[0])
    write_graph(path, operations, constants, name=name, names=names, sizes=sizes)


def _rounded_logistic(sums: str, y: str, number: str) -> list[Operation]:
    mean, bit = f"p{number}", f"c{number}"
    return [
        Operation("Sigmoid", [sums], mean),
        Operation("GreaterOrEqual", [mean, "half"], bit),
        Operation("Cast", [bit], y, {"to": _FLOAT}),
    ]


def write_graph(
    path: str | os.PathLike[str],
    operations: Iterable[Operation],
    constants: Mapping[str, NDArray[Any]],
    *,
    name: str,
    names: tuple[str, str],
    sizes: tuple[int, int],
) -> None:
    """Write a graph from rows of float32 to rows of float32; the file appears whole or not at all.

    Raises
    ------
    ImportError
        Without the package onnx.
    """
    try:
        from onnx import TensorProto, checker, helper, numpy_helper
    except ImportError as error:
        raise ImportError("to_onnx needs onnx: pip install 'udl-fast[onnx]'") from error
    ends = [
        helper.make_tensor_value_info(end, TensorProto.FLOAT, ["n", size])
        for end, size in zip(names, sizes, strict=True)
    ]
    graph = helper.make_graph(
        [
            helper.make_node(node.operator, node.inputs, [node.output], **node.attributes)
            for node in operations
        ],
        name,
        ends[:1],
        ends[1:],
        [
            numpy_helper.from_array(np.ascontiguousarray(array, np.float32), constant)
            for constant, array in constants.items()
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
