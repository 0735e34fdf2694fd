"""A progress bar for trainings of more than two seconds that somebody watches in a terminal."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_DELAY_SECONDS = 2.0  # shorter trainings show nothing
_INTERVAL_SECONDS = 0.1
_suppressed = ContextVar("suppressed", default=False)


@contextmanager
def no_progress_bar() -> Iterator[None]:
    """No bar in this scope: whoever runs it shows progress in another way."""
    token = _suppressed.set(True)
    try:
        yield
    finally:
        _suppressed.reset(token)


def is_watched() -> bool:
    """Whether a bar makes sense: stderr is a terminal, and this is no worker of a parallel run.

    The environment variable UDL_FAST_PROGRESS=0 turns bars off.
    """
    return (
        not _suppressed.get()
        and os.environ.get("UDL_FAST_PROGRESS", "1").lower() not in ("0", "off", "false", "no")
        and multiprocessing.current_process().name == "MainProcess"
        and threading.current_thread() is threading.main_thread()
        and sys.stderr is not None
        and sys.stderr.isatty()
    )


class ProgressBar:
    """Share of the rows of all epochs that were presented; appears after two seconds and vanishes
    at the end.

    Parameters
    ----------
    title : str
    n_epochs : int
    n_rows : int
        Rows of an epoch.
    """

    def __init__(self, title: str, n_epochs: int, n_rows: int) -> None:
        self._title = title
        self._n_epochs = n_epochs
        self._n_rows = n_rows
        self._start = time.perf_counter()
        self._next = self._start + _DELAY_SECONDS
        self._line: _Line | None = None

    def update(self, epochs_done: int, rows_done: int) -> None:
        """Called often; draws seldom. `rows_done` counts within the present epoch."""
        now = time.perf_counter()
        if now < self._next:
            return
        self._next = now + _INTERVAL_SECONDS
        share = (epochs_done + rows_done / self._n_rows) / self._n_epochs
        if self._line is None:
            self._line = _new_line()
        epoch = min(epochs_done + 1, self._n_epochs)
        elapsed = now - self._start
        left = elapsed / share - elapsed if share > 0 else None
        self._line.draw(f"{self._title} epoch {epoch}/{self._n_epochs}", share, left)

    def close(self) -> None:
        """Remove the bar."""
        if self._line is not None:
            self._line.remove()


class _Line:
    """Draws nothing."""

    def draw(self, text: str, share: float, seconds_left: float | None) -> None:
        """Show this share of the work."""

    def remove(self) -> None:
        """Leave no trace."""


class _PlainLine(_Line):
    """One line of stderr, written again and again."""

    _WIDTH = 24

    def draw(self, text: str, share: float, seconds_left: float | None) -> None:
        filled = round(share * self._WIDTH)
        bar = "#" * filled + "-" * (self._WIDTH - filled)
        sys.stderr.write(f"\r{text} [{bar}] {share:4.0%} {clock(seconds_left)} left\x1b[K")
        sys.stderr.flush()

    def remove(self) -> None:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


class _RichLine(_Line):
    def __init__(self, progress: Any) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=1.0, left="")
        progress.start()

    def draw(self, text: str, share: float, seconds_left: float | None) -> None:
        self._progress.update(
            self._task, description=text, completed=share, left=f"{clock(seconds_left)} left"
        )

    def remove(self) -> None:
        self._progress.stop()


def _new_line() -> _Line:
    """A bar of rich (extra `progress`), without it a plain line; nothing if rich already draws."""
    try:
        from rich.console import Console
        from rich.errors import LiveError
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
    except ImportError:
        return _PlainLine()
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[left]}"),
        console=Console(file=sys.stderr),
        transient=True,
    )
    try:
        return _RichLine(progress)
    except LiveError:
        return _Line()


def clock(seconds: float | None) -> str:
    """Minutes and seconds."""
    if seconds is None:
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
