"""A call to be interrupted, and what may be found afterwards."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Found = list[str]  # what is wrong, in words


@dataclass(frozen=True)
class Operation:
    """What is done to a subject.

    Attributes
    ----------
    name : str
    make : callable
        Makes the subject in its old state; a folder to itself is given.
    call : callable
        The call on it.
    torn : callable
        Given the subject after the call was interrupted, what is wrong with it.
    """

    name: str
    make: Callable[[Path], Any]
    call: Callable[[Any], Any]
    torn: Callable[[Any], Found]

    def made(self) -> tuple[tempfile.TemporaryDirectory[str], Any]:
        """A folder, to be cleaned up, and the subject."""
        folder = tempfile.TemporaryDirectory()
        return folder, self.make(Path(folder.name))


def leftovers(folder: Path) -> Found:
    """Temporary files that a save has not removed."""
    return [f"{path.name} was left" for path in folder.iterdir() if path.name.startswith(".")]
