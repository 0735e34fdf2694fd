"""Rows of numbers separated by commas."""

import gzip
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def read_csv(path: Path) -> NDArray[np.float32]:
    """The numbers of a file, which may be packed (.gz); `#` begins a comment.

    Raises
    ------
    ValueError
        Saying the line and column of what is no number, or the line of another length.
    """
    try:
        with warnings.catch_warnings():  # of a file without rows, which callers refuse
            warnings.simplefilter("ignore", UserWarning)
            found = np.loadtxt(path, delimiter=",", dtype=np.float32, ndmin=2)
    except (ValueError, EOFError, gzip.BadGzipFile) as error:
        raise ValueError(f"{path}: {_fault(path) or error}") from error
    if found.size == 0:
        raise ValueError(f"{path} holds no rows")
    return found


def _fault(path: Path) -> str:
    """The first line that is no row of numbers; looked for when reading has failed."""
    n_columns = 0
    with (gzip.open if path.suffix.lower() == ".gz" else open)(path, "rb") as file:
        for line, content in enumerate(file, start=1):
            text = content.decode(errors="replace").split("#")[0].strip()
            if not text:
                continue
            fields = text.split(",")
            is_header = not n_columns and not any(map(_is_number, fields))
            for column, field in enumerate(fields, start=1):
                if not _is_number(field):
                    hint = "; a header line has to go" if is_header else ""
                    return f"line {line}, column {column} is {field!r}, expected a number{hint}"
            if n_columns and len(fields) != n_columns:
                return f"line {line} has {len(fields)} values, those before have {n_columns}"
            n_columns = len(fields)
    return ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
