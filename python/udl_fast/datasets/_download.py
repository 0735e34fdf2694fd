"""Downloads through pooch: checked before they are kept, and kept whole or not at all."""

import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..persistence.replaced_file import replaced_file
from ._sources import Download


def download_file(offered: Download, folder: Path, *, caller: str) -> None:
    """Put a file, or the members of an archive, below `folder`.

    Everything happens in a temporary folder beside the destination; what has the expected sum is
    then moved into place.

    Raises
    ------
    ImportError
        Without pooch.
    ValueError
        If what came is not the file that was expected.
    OSError
        If the folder cannot be written or the server cannot be reached.
    """
    pooch = _pooch(caller)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.TemporaryDirectory(dir=folder, prefix=".download-")
    except OSError as error:
        raise OSError(
            f"{caller}: cannot write to {folder}: {error.strerror or error}; name another folder "
            "by data_home or the variable UDL_FAST_DATA"
        ) from error
    with scratch as name:
        _retrieve(pooch, offered, name, caller)
        for path in offered.members or (offered.path,):
            destination = folder / path
            destination.parent.mkdir(parents=True, exist_ok=True)
            # Copied, not moved: files of pooch are for their owner alone.
            with (Path(name) / path).open("rb") as source, replaced_file(destination) as file:
                shutil.copyfileobj(source, file)


def _pooch(caller: str) -> Any:
    try:
        import pooch
    except ImportError as error:
        raise ImportError(
            f"{caller}: downloads need pooch: pip install 'udl-fast[data]'"
        ) from error
    return pooch


def _retrieve(pooch: Any, offered: Download, folder: str, caller: str) -> None:
    """The file, or an archive's members, under their paths below `folder`."""
    bar = sys.stderr.isatty() and find_spec("tqdm") is not None
    unpack = pooch.Untar(list(offered.members), extract_dir=".") if offered.members else None
    try:
        pooch.retrieve(
            offered.url,
            f"sha256:{offered.sha256}",
            fname=offered.path,
            path=folder,
            processor=unpack,
            progressbar=bar,
        )
    except OSError as error:  # requests' errors are among them
        raise OSError(f"{caller}: {offered.url} cannot be downloaded: {error}") from error
    except ValueError as error:
        raise ValueError(
            f"{caller}: {offered.url} did not send the file that was expected: {error}"
        ) from error
