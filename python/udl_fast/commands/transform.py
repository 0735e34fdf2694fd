"""`udl-fast transform`: hidden probabilities of rows under a saved model."""

import argparse
from pathlib import Path

import numpy as np

from . import _input
from ._output import make_folder, print_json, text_stream

HELP = "write P(h | v) of a data set or file under a saved model"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.add_argument("model", type=Path, metavar="MODEL", help="file that `train` wrote")
    parser.add_argument("data", metavar="DATA", help=_input.HELP)
    parser.add_argument("output", type=Path, metavar="OUTPUT", help=".npy file to write")
    parser.add_argument("--data-home", type=Path, metavar="FOLDER", help="folder of the data sets")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Transform and write; returns the exit code."""
    from .._model_file import load

    make_folder(arguments.output.absolute().parent, caller="transform")
    model = load(arguments.model)
    rows = _input.read_rows(arguments.data, arguments.data_home)
    found = model.transform(rows.values)
    with open(arguments.output, "wb") as file:  # np.save adds an ending to names without one
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
