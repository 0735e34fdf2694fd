"""`udl-fast reconstruct`: what a saved model makes of rows: up to its hidden values or code, and back."""

import argparse
from collections.abc import Sequence

from .shared.model_output import add_rows_to_file, write_rows


def add_arguments(parser: argparse.ArgumentParser, _: Sequence[str]) -> None:
    """The options of this command."""
    add_rows_to_file(parser)


def run(arguments: argparse.Namespace) -> int:
    """Reconstruct and write; returns the exit code."""
    return write_rows(arguments, "reconstruct")
