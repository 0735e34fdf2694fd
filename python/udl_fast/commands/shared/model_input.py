"""The rows that a command gives to a saved model: which, and above which value a pixel counts as 1."""

import argparse
import sys
from pathlib import Path
from typing import Any

from ...estimator.parameters import parsed_number
from ..inputs.models import read_model
from ..inputs.rows import HELP, Rows, read_rows
from ..inputs.values import check_values, takes_states
from .options import positive_int, typed


def add_model(parser: argparse.ArgumentParser) -> None:
    """The model and how it takes rows."""
    parser.add_argument("model", type=Path, metavar="MODEL", help="file that `train` wrote")
    parser.add_argument(
        "--binarize",
        type=typed(parsed_number),
        metavar="THRESHOLD",
        help="take values above it as 1, others as 0, as the argument `binarize` does (default: as the "
        "model was trained)",
    )
    parser.add_argument("--data-home", type=Path, metavar="FOLDER", help="folder of the data sets")
    parser.add_argument("--threads", type=positive_int, help="default: all usable")


def add_data(parser: argparse.ArgumentParser) -> None:
    """The rows."""
    parser.add_argument("data", metavar="DATA", help=HELP)


def given_model(arguments: argparse.Namespace, method: str) -> Any:
    """The model that the command line names, told how to take rows and on how many threads.

    Raises
    ------
    ValueError
        If it lacks the method or takes no threshold.
    """
    model = read_model(arguments.model, method)
    if arguments.threads is not None:
        model.n_jobs = arguments.threads
    if arguments.binarize is not None:
        if not hasattr(model, "binarize"):
            raise ValueError(f"--binarize: {type(model).__name__} takes values as they are")
        if not takes_states(model):
            raise ValueError(f"--binarize: visible={model.visible!r} takes values as they are")
        model.binarize = arguments.binarize
    return model


def given_rows(arguments: argparse.Namespace, model: Any, source: str) -> Any:
    """The rows of a source, as the model takes them.

    Raises
    ------
    ValueError
        If the model has another number of features, or there are values outside [0, 1] that nothing makes
        states of.
    """
    return given_data(arguments, model, source).values


def given_data(arguments: argparse.Namespace, model: Any, source: str) -> Rows:
    """The rows of a source with what is known of them; errors are those of `given_rows`."""
    found = read_rows(source, arguments.data_home, model.n_features_in_)
    if found.values.shape[1] != model.n_features_in_:
        raise ValueError(
            f"{source} has rows of {found.values.shape[1]} values, the model takes {model.n_features_in_}"
        )
    name_left_out(found, source)
    check_values(found.values, model, source)
    return found


def name_left_out(rows: Rows, source: str) -> None:
    """Say which files of a folder are no rows, and why."""
    for name, reason in rows.left_out.items():
        print(f"left out: {Path(source) / name}: {reason}", file=sys.stderr)
