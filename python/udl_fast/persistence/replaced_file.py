"""Files that are replaced in one step: readers find the old file or the new one, never a part."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

if sys.platform != "win32":
    import fcntl


_LONGEST_NAME = 255 - len("..0123456789abcdef")  # bytes, on the usual file systems


@contextlib.contextmanager
def replaced_file(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A file to write that becomes `path` in one step at the end, or vanishes if the body raises.

    It is written beside `path`, since only a move within a file system is one step, and is on the disk
    before it is moved. A process that is killed leaves `.NAME.<16 hex digits>` behind, which the next
    writer of `path` removes. A link is followed.

    Raises
    ------
    OSError
        If there is no such folder, or it or `path` cannot be written; it names `path`.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise OSError(f"{path} exists and is no regular file")
    _refuse_folder_name(path)
    _remove_leftovers(target)
    temporary = target.with_name(f"{_stem(target)}{secrets.token_hex(8)}")
    try:  # before the file is there: an interrupt finds it there or not
        with _naming(path, temporary):
            with _locked_file(temporary) as file:
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
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(target.parent)


@contextlib.contextmanager
def _naming(path: str | os.PathLike[str], temporary: Path) -> Iterator[None]:
    """Errors name the file that was asked for, where they name none, as those of a full disk, or the one
    beside it that nobody has heard of. Others are of other files that the body uses."""
    try:
        yield
    except OSError as error:
        if error.filename is not None and str(error.filename) != str(temporary):
            raise
        if error.errno is None:  # as NumPy raises it
            raise OSError(f"{os.fsdecode(path)}: {error}") from None
        raise OSError(error.errno, error.strerror, os.fspath(path)) from None


def _refuse_folder_name(path: str | os.PathLike[str]) -> None:
    """As open() does: what ends with a slash or a dot is the name of a folder."""
    if os.path.basename(os.fsdecode(path)) in ("", ".", ".."):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))


def _stem(target: Path) -> str:
    """What the names of its temporary files begin with; of a long name, which leaves no room, a hash."""
    name = os.fsencode(target.name)
    is_long = len(name) > _LONGEST_NAME
    return f".{hashlib.sha256(name).hexdigest() if is_long else target.name}."


def _locked_file(temporary: Path) -> IO[bytes]:
    while True:
        file = open(temporary, "xb")  # noqa: SIM115 - the caller closes it
        # Another writer may have taken it for a leftover before it was locked.
        if not _locked(file, wait=True) or os.fstat(file.fileno()).st_nlink:
            return file
        file.close()


def _remove_leftovers(target: Path) -> None:
    """Remove what killed writers of `target` left: their locks went with them, those of living writers hold."""
    pattern = re.compile(re.escape(_stem(target)) + "[0-9a-f]{16}")
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
