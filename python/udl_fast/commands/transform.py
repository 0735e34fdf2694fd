"""`udl-fast transform`: hidden values of rows under a saved model, such as P(h | v) of an RBM."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..persistence.replaced_file import replaced_file
from .shared.model_input import add_data, add_model, given_model, given_rows
from .shared.outputs import check_outputs, print_json, text_stream


def add_arguments(parser: argparse.ArgumentParser, _: Sequence[str]) -> None:
    """The options of this command."""
    add_model(parser)
    add_data(parser)
    parser.add_argument("output", type=Path, metavar="OUTPUT", help=".npy file to write")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Transform and write; returns the exit code."""
    check_outputs(
        arguments,
        {"MODEL": arguments.model, "DATA": arguments.data},
        {("OUTPUT", ".npy"): arguments.output},
    )
    model = given_model(arguments, "transform")
    found = model.transform(given_rows(arguments, model, arguments.data))
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
