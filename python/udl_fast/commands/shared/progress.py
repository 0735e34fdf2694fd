"""A progress bar for commands that work through many rows or queries."""

import contextlib
import time
from collections.abc import Iterator

from ... import progress as _progress


class WorkProgress:
    """How much of some work is done; drawn on stderr as the bar of trainings is, by the same rules.

    Nothing is drawn for two seconds, nor unless stderr is a terminal.

    Parameters
    ----------
    total : int
        Units of work in all.
    label : str
        What is being done.
    """

    def __init__(self, total: int, label: str) -> None:
        self._total, self._label, self._done = total, label, 0
        self._start = time.perf_counter()
        watched = _progress.is_watched()
        self._next = self._start + _progress._DELAY_SECONDS if watched else float("inf")
        self._line: _progress._Line | None = None

    def update(self, n: int = 1) -> None:
        """`n` more units are done."""
        self._done += n
        now = time.perf_counter()
        if now < self._next:
            return
        self._next = now + _progress._INTERVAL_SECONDS
        if self._line is None:
            self._line = _progress._new_line()
        share = self._done / self._total if self._total else 1.0
        elapsed = now - self._start
        left = elapsed / share - elapsed if share > 0 else None
        self._line.draw(f"{self._label} {self._done:,} of {self._total:,}", share, left)

    def close(self) -> None:
        """Remove the bar."""
        if self._line is not None:
            self._line.remove()


@contextlib.contextmanager
def progress(total: int, label: str) -> Iterator[WorkProgress]:
    """A :class:`WorkProgress` that is removed at the end, whatever happens."""
    found = WorkProgress(total, label)
    try:
        yield found
    finally:
        found.close()
