"""Rows of numbers separated by commas, or by semicolons; a first line of names is skipped."""

import gzip
import warnings
from pathlib import Path
from typing import IO, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray


class _Layout(NamedTuple):
    separator: str
    n_skipped: int  # lines up to that of the names


def read_csv(path: Path) -> NDArray[np.float32]:
    """The numbers of a file, which may be packed (.gz); `#` begins a comment.

    Raises
    ------
    ValueError
        Saying the line and column of what is no number, or the line of another length.
    """
    layout = _Layout(",", 0)
    try:
        layout = _layout(path)
        with warnings.catch_warnings():  # of a file without rows, which callers refuse
            warnings.simplefilter("ignore", UserWarning)
            found = np.loadtxt(
                path,
                delimiter=layout.separator,
                skiprows=layout.n_skipped,
                dtype=np.float32,
                ndmin=2,
            )
    except (ValueError, EOFError, gzip.BadGzipFile) as error:
        raise ValueError(f"{path}: {_fault(path, layout) or error}") from error
    if found.size == 0:
        raise ValueError(f"{path} holds no rows")
    return found


def _opened(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path)) if path.suffix.lower() == ".gz" else open(path, "rb")


def _content(line: bytes) -> str:
    return line.decode(errors="replace").split("#")[0].strip()


def _layout(path: Path) -> _Layout:
    """What the first line with content says."""
    with _opened(path) as file:
        for number, line in enumerate(file, start=1):
            if text := _content(line):
                separator = ";" if ";" in text else ","
                fields = text.split(separator)
                is_header = not any(map(_is_number, fields)) and any(map(_is_name, fields))
                return _Layout(separator, number if is_header else 0)
    return _Layout(",", 0)


def _fault(path: Path, layout: _Layout) -> str:
    """The first line that is no row of numbers; looked for when reading has failed."""
    n_columns = 0
    with _opened(path) as file:
        for line, content in enumerate(file, start=1):
            text = _content(content)
            if not text or line <= layout.n_skipped:
                continue
            fields = text.split(layout.separator)
            for column, field in enumerate(fields, start=1):
                if not _is_number(field):
                    hint = _hint(field)
                    return f"line {line}, column {column} is {field!r}, expected a number{hint}"
            if n_columns and len(fields) != n_columns:
                return f"line {line} has {len(fields)} values, those before have {n_columns}"
            n_columns = len(fields)
    return ""


def _hint(field: str) -> str:
    if "," in field and _is_number(field.replace(",", ".")):
        return " with a decimal point"
    if len(parts := field.split()) > 1 and all(map(_is_number, parts)):
        return "; values are separated by commas or semicolons"
    return ""


def _is_name(text: str) -> bool:
    """Whether it begins as names of columns do: decimals with a comma and several numbers do not."""
    return text.strip().strip("\"'")[:1].isalpha()


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
