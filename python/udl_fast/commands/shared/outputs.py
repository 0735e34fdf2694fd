"""What commands share: outputs that can be written and harm nothing, JSON."""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from ..inputs.data_sets import DATA_SETS
from ..inputs.rows import split_npz


def check_outputs(
    arguments: argparse.Namespace,
    inputs: Mapping[str, Any],
    outputs: Mapping[tuple[str, str], Path | None],
) -> None:
    """Wrong usage if an output would replace an input or another output, or has another ending than
    its name in the help; then make the outputs' folders. Nothing else has been done before.

    Parameters
    ----------
    arguments : argparse.Namespace
        Of the command line.
    inputs : mapping of str to str, path or None
        Files that are read, by their names on the command line.
    outputs : mapping of (str, str) to path or None
        Files that are written, by their names on the command line and endings; any with "".
    """
    taken = {
        os.path.realpath(split_npz(str(source))[0]): name
        for name, source in inputs.items()
        if source is not None and source not in DATA_SETS
    }
    for (name, ending), path in outputs.items():
        if path is None:
            continue
        if ending and path.suffix.lower() != ending:
            arguments.usage_error(f"{name} {path} must end in {ending}")
        other = next((other for other in taken if _is_same(other, path)), None)
        if other is not None:
            arguments.usage_error(f"{name} {path} would overwrite {taken[other]}, the same file")
        taken[os.path.realpath(path)] = name
    for path in outputs.values():
        if path is not None:
            make_folder(path.absolute().parent)


def _is_same(one: str, other: Path) -> bool:
    """Whether two paths lead to one file, which need not exist."""
    if os.path.realpath(other) == one:
        return True
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


def make_folder(path: Path) -> None:
    """Make the folder, or find out before any work that it cannot be written.

    Raises
    ------
    OSError
        Saying which path and why.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise OSError(f"cannot write to {path}: {error.strerror or error}") from error


def print_json(record: dict[str, Any]) -> None:
    """One JSON object on stdout."""
    print(json.dumps(record, indent=1))


def text_stream(as_json: bool) -> IO[str]:
    """Where words for people go: stderr when stdout is to hold JSON only."""
    return sys.stderr if as_json else sys.stdout
