"""Files that are replaced in one step: readers find the old file or the new one, never a part."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

if sys.platform != "win32":
    import fcntl


@contextlib.contextmanager
def replaced_file(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A file to write that becomes `path` in one step at the end, or vanishes if the body raises.

    It is written beside `path`, since only a move within a file system is one step, and is on the disk
    before it is moved. A process that is killed leaves `.NAME.<16 hex digits>` behind, which the next
    writer of `path` removes. A link is followed.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise OSError(f"{path} exists and is no regular file")
    _remove_leftovers(target)
    temporary, file = _new_temporary(target)
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            with contextlib.suppress(FileNotFoundError):
                os.chmod(temporary, target.stat().st_mode & 0o7777)
            if sys.platform != "win32":  # still locked, so that nobody takes it for a leftover
                os.replace(temporary, target)
        if sys.platform == "win32":  # open files cannot be moved
            os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
        raise
    _sync_folder(target.parent)


def _new_temporary(target: Path) -> tuple[Path, IO[bytes]]:
    while True:
        temporary = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
        file = open(temporary, "xb")  # noqa: SIM115 - the caller closes it
        # Another writer may have taken it for a leftover before it was locked.
        if not _locked(file, wait=True) or os.fstat(file.fileno()).st_nlink:
            return temporary, file
        file.close()


def _remove_leftovers(target: Path) -> None:
    """Remove what killed writers of `target` left: their locks went with them, those of living writers hold."""
    pattern = re.compile(re.escape(f".{target.name}.") + "[0-9a-f]{16}")
    with contextlib.suppress(OSError):
        for name in os.listdir(target.parent):
            if pattern.fullmatch(name):
                _remove_if_left(target.with_name(name))


def _remove_if_left(temporary: Path) -> None:
    with contextlib.suppress(OSError), open(temporary, "r+b") as file:
        if _locked(file, wait=False):
            temporary.unlink()


def _locked(file: IO[bytes], *, wait: bool) -> bool:
    """Lock a file until it is closed; False if another holds it or the file system knows no locks."""
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            return True
    return False


def _sync_folder(folder: Path) -> None:
    """The new name must survive a power cut too; systems that cannot open folders need no such call."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
