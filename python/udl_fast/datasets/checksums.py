"""Sums of the data files, from the text file beside this one."""

from functools import cache
from importlib.resources import files

__all__ = ["content_sums"]


@cache
def content_sums() -> dict[str, str]:
    """sha256 of the decompressed content of each file, by its path below the data folder."""
    lines = files(__package__).joinpath("checksums.txt").read_text("utf-8").splitlines()
    return dict(line.split() for line in lines if not line.startswith("#"))
