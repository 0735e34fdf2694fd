"""Downloading the files of a data set."""

from os import PathLike
from pathlib import Path

from ._files import fetch_missing
from ._sources import SOURCES


def fetch(name: str, *, data_home: str | PathLike[str] | None = None) -> list[Path]:
    """Download the files of a data set that are not at hand; needs pooch (extra "data").

    ``udl-fast datasets fetch NAME`` on the command line does the same.

    Parameters
    ----------
    name : str
        "mnist", "cifar10", "usps" or one of :func:`list_density_sets`.
    data_home : path-like, default=None
        Where the files go. None takes the folder named by the environment variable UDL_FAST_DATA,
        else the user's cache folder.

    Returns
    -------
    list of Path
        Every file of the set, wherever it was found; all have been checked by their sha256.

    Raises
    ------
    ValueError
        If the name is unknown, or what was sent is not the recorded file.
    FileNotFoundError
        If the set cannot be downloaded, because it was repacked.
    ImportError
        Without pooch.
    OSError
        If the folder cannot be written or the server cannot be reached.

    Examples
    --------
    >>> from udl_fast.datasets import fetch
    >>> len(fetch("mnist"))  # doctest: +SKIP
    4
    """
    if name not in SOURCES:
        known = ", ".join(name for name, source in SOURCES.items() if source.downloads)
        raise ValueError(f"fetch: name must be one of {known}, got {name!r}")
    return fetch_missing(SOURCES[name], data_home)
