"""Where data files are looked for, and how they are opened and checked."""

import gzip
import hashlib
import lzma
import os
import shlex
import sys
import zlib
from collections.abc import Callable
from os import PathLike
from pathlib import Path

from ._download import download_file
from ._sources import Download, Source
from .checksums import content_sums

DATA_VARIABLE = "UDL_FAST_DATA"
Folder = str | PathLike[str] | None

_OPENERS: dict[str, Callable[[Path], bytes]] = {
    ".gz": lambda path: gzip.decompress(path.read_bytes()),
    ".xz": lambda path: lzma.decompress(path.read_bytes()),
    "": lambda path: path.read_bytes(),
}


def cache_folder() -> Path:
    """The user's cache folder of this package (not created here)."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or _expanded("~/AppData/Local"))
    elif sys.platform == "darwin":
        base = _expanded("~/Library/Caches")
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or _expanded("~/.cache"))
    return base / "udl_fast"


def _expanded(folder: str | PathLike[str]) -> Path:
    """With the home folder for ~; as it stands where there is none, as shells leave it, so that errors about
    missing files show it."""
    return Path(os.path.expanduser(folder))


def search_folders(data_home: Folder) -> list[Path]:
    """Where to look, in order: data_home alone if given, else the variable, then the cache.

    The first is also where downloads go.
    """
    if data_home is not None:
        return [_expanded(data_home)]
    named = os.environ.get(DATA_VARIABLE)
    return [*([_expanded(named)] if named else []), cache_folder()]


def find_file(name: str, data_home: Folder) -> Path | None:
    """The file `name`, compressed or not; None if no folder holds it."""
    for folder in search_folders(data_home):
        for ending in (".gz", ".xz", ""):
            path = folder / (name + ending)
            if path.is_file():
                return path
    return None


def read_content(
    source: Source, name: str, data_home: Folder = None, download: bool = False
) -> bytes:
    """The decompressed and verified content of a file of a data set.

    Parameters
    ----------
    source : Source
        The data set.
    name : str
        Path below the data folder without the ending of a compressor.
    data_home : path-like or None
        The folder to look in; None searches `UDL_FAST_DATA` and then the cache folder.
    download : bool
        Fetch the file if no folder holds it.

    Raises
    ------
    FileNotFoundError
        If no folder holds the file and it was not to be downloaded, or cannot be.
    ValueError
        If the file is truncated or its content is not the recorded one.
    ImportError, OSError
        If the download needs pooch, or fails.
    """
    path = find_file(name, data_home)
    if path is None and download:
        for offered in source.downloads:
            if name in offered.contents:
                download_file(offered, search_folders(data_home)[0], caller=source.loader)
        path = find_file(name, data_home)
    if path is None:
        raise FileNotFoundError(_missing(source, name, data_home))
    opener = _OPENERS.get(path.suffix, _OPENERS[""])
    try:
        content = opener(path)
    except (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error) as error:
        raise ValueError(
            f"{source.loader}: {path} is truncated or corrupt ({error}); remove or replace it. "
            f"{how_to_get(source, data_home)}"
        ) from error
    wrong = _difference(content, name)
    if wrong:
        raise ValueError(
            f"{source.loader}: {path} {wrong}; remove or replace it. "
            f"{how_to_get(source, data_home)}"
        )
    return content


def fetch_missing(source: Source, data_home: Folder) -> list[Path]:
    """Download what is not at hand whole; the files of the set that can be downloaded.

    Raises
    ------
    FileNotFoundError
        If nothing of the set can be downloaded.
    ValueError
        If a download, or a file that is found before it, is not the recorded one.
    ImportError, OSError
        If pooch is missing, or a download fails.
    """
    if not source.downloads:
        raise FileNotFoundError(f"fetch: {how_to_get(source, data_home)}")
    for offered in source.downloads:
        if not _at_hand(source, offered, data_home):
            download_file(offered, search_folders(data_home)[0], caller="fetch")
    found = []
    for name in source.files:
        read_content(source, name, data_home)
        path = find_file(name, data_home)
        assert path is not None
        found.append(path)
    return found


def how_to_get(source: Source, data_home: Folder) -> str:
    """Sentences that say what the files are and which command fetches them."""
    if not source.downloads:
        return f"{source.note} It was made from the published files and cannot be downloaded."
    option = "" if data_home is None else f" --data-home {shlex.quote(str(data_home))}"
    return (
        f"{source.note} To download: udl-fast datasets fetch {source.name}{option} "
        "(it needs pooch: pip install 'udl-fast[data]')."
    )


def _at_hand(source: Source, offered: Download, data_home: Folder) -> bool:
    try:
        for name in offered.contents:
            read_content(source, name, data_home)
    except (FileNotFoundError, ValueError):
        return False
    return True


def _missing(source: Source, name: str, data_home: Folder) -> str:
    looked_in = " or ".join(str(folder) for folder in search_folders(data_home))
    variable = os.environ.get(DATA_VARIABLE)
    return (
        f"{source.loader}: found neither {name}.gz nor {name} in {looked_in} "
        f"({DATA_VARIABLE} is {'not set' if not variable else repr(variable)}). "
        f"{how_to_get(source, data_home)} If you have the files, set {DATA_VARIABLE} to their "
        "folder, or pass data_home=<folder>."
    )


def _difference(content: bytes, name: str) -> str:
    """What sets the content apart from the recorded one; empty if nothing does."""
    expected = content_sums().get(name)
    found = hashlib.sha256(content).hexdigest()
    if expected is None or found == expected:
        return ""
    return (
        f"holds {len(content)} bytes with sha256 {found}, expected {expected}: truncated, corrupt "
        "or not the published file"
    )
