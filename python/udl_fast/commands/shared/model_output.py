"""What a model computes of rows, written to a file."""

import argparse
from pathlib import Path

import numpy as np

from ...persistence.replaced_file import replaced_file
from .model_input import add_data, add_model, given_model, given_rows
from .outputs import check_outputs, print_json, text_stream


def add_rows_to_file(parser: argparse.ArgumentParser) -> None:
    """A model, rows, and the file that is to hold what it makes of them."""
    add_model(parser)
    add_data(parser)
    parser.add_argument("output", type=Path, metavar="OUTPUT", help=".npy file to write")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")


def write_rows(arguments: argparse.Namespace, method: str) -> int:
    """Write what a method of the model gives for the rows; returns the exit code."""
    check_outputs(
        arguments,
        {"MODEL": arguments.model, "DATA": arguments.data},
        {("OUTPUT", ".npy"): arguments.output},
    )
    model = given_model(arguments, method)
    found = getattr(model, method)(given_rows(arguments, model, arguments.data))
    with replaced_file(arguments.output) as file:
        np.save(file, found, allow_pickle=False)
    print(
        f"{arguments.output}: {found.shape[0]:,} x {found.shape[1]} {found.dtype}",
        file=text_stream(arguments.json),
    )
    if arguments.json:
        print_json(
            {"output": str(arguments.output), "shape": list(found.shape), "dtype": str(found.dtype)}
        )
    return 0
