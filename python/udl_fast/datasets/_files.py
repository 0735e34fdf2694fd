"""Where data files are looked for, and how they are opened and checked."""

import gzip
import hashlib
import lzma
import os
import sys
import zlib
from collections.abc import Callable
from os import PathLike
from pathlib import Path

from .checksums import CONTENT

DATA_VARIABLE = "UDL_FAST_DATA"

_OPENERS: dict[str, Callable[[Path], bytes]] = {
    ".gz": lambda path: gzip.decompress(path.read_bytes()),
    ".xz": lambda path: lzma.decompress(path.read_bytes()),
    "": lambda path: path.read_bytes(),
}


def cache_folder() -> Path:
    """The user's cache folder of this package (not created here)."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "udl_fast"


def search_folders(data_home: str | PathLike[str] | None) -> list[Path]:
    """Where to look, in order: data_home alone if given, else the variable, then the cache."""
    if data_home is not None:
        return [Path(data_home).expanduser()]
    named = os.environ.get(DATA_VARIABLE)
    return [*([Path(named).expanduser()] if named else []), cache_folder()]


def read_content(
    name: str, data_home: str | PathLike[str] | None, *, caller: str, source: str
) -> bytes:
    """The decompressed and verified content of the file `name`.

    Parameters
    ----------
    name : str
        Path below the data folder without the ending of a compressor.
    data_home : path-like or None
        The folder to look in; None searches `UDL_FAST_DATA` and then the cache folder.
    caller : str
        The public function, named in errors.
    source : str
        A sentence that says how to get the file.

    Raises
    ------
    FileNotFoundError
        If no folder holds the file.
    ValueError
        If the file is truncated or its content is not the recorded one.
    """
    path = _find(name, data_home, caller=caller, source=source)
    opener = _OPENERS.get(path.suffix, _OPENERS[""])
    try:
        content = opener(path)
    except (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error) as error:
        raise ValueError(
            f"{caller}: {path} is truncated or corrupt ({error}); replace it. {source}"
        ) from error
    _verify(content, name, path, caller=caller, source=source)
    return content


def _find(name: str, data_home: str | PathLike[str] | None, *, caller: str, source: str) -> Path:
    folders = search_folders(data_home)
    for folder in folders:
        for ending in (".gz", ".xz", ""):
            path = folder / (name + ending)
            if path.is_file():
                return path
    looked_in = " or ".join(str(folder) for folder in folders)
    variable = os.environ.get(DATA_VARIABLE)
    raise FileNotFoundError(
        f"{caller}: found neither {name}.gz nor {name} in {looked_in} "
        f"({DATA_VARIABLE} is {'not set' if not variable else repr(variable)}). {source} "
        f"Then set {DATA_VARIABLE} to the folder that holds it, or pass data_home=<folder>."
    )


def _verify(content: bytes, name: str, path: Path, *, caller: str, source: str) -> None:
    if name not in CONTENT:
        return
    size, expected = CONTENT[name]
    if len(content) != size:
        raise ValueError(
            f"{caller}: {path} holds {len(content)} bytes, expected {size}: "
            f"truncated or not the published file; replace it. {source}"
        )
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise ValueError(
            f"{caller}: {path} has sha256 {found}, expected {expected}: "
            f"corrupt or not the published file; replace it. {source}"
        )
