"""A progress bar on stderr for work that lasts; nothing for short work or where nobody looks."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import IO, Any

_QUIET_SECONDS = 2.0  # work that is over by then needs no bar
_REDRAW_SECONDS = 0.1


class Progress:
    """How much of some work is done.

    Nothing is written during the first two seconds, nor unless the stream is a terminal. With rich installed
    the bar is rich's, otherwise one line that is written again and again.

    Parameters
    ----------
    total : int
        Units of work in all.
    label : str
        What is being done.
    stream : text stream, default=None
        None takes stderr, so that results on stdout stay clean.
    """

    def __init__(self, total: int, label: str, *, stream: IO[str] | None = None) -> None:
        self.total, self.label, self.done, self.note = total, label, 0, ""
        self._stream = sys.stderr if stream is None else stream
        self._start = time.monotonic()
        self._next = self._start + _QUIET_SECONDS if self._stream.isatty() else float("inf")
        self._bar: _RichBar | _PlainBar | None = None

    def update(self, n: int = 1, note: str = "") -> None:
        """`n` more units are done; `note` says something about them."""
        self.done, self.note = self.done + n, note
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _REDRAW_SECONDS
        if self._bar is None:
            self._bar = _new_bar(self, self._stream)
        self._bar.draw(self, now - self._start)

    def close(self) -> None:
        """Take the bar away."""
        self._next = float("inf")
        if self._bar is not None:
            self._bar.close()
            self._bar = None


@contextlib.contextmanager
def progress(total: int, label: str, *, stream: IO[str] | None = None) -> Iterator[Progress]:
    """A :class:`Progress` that is closed at the end, whatever happens."""
    found = Progress(total, label, stream=stream)
    try:
        yield found
    finally:
        found.close()


class _PlainBar:
    """One line, written over again."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._width = 0

    def draw(self, state: Progress, elapsed: float) -> None:
        left = elapsed * (state.total - state.done) / max(state.done, 1)
        share = state.done / max(state.total, 1)
        words = [
            f"{state.label} {share:4.0%} ({state.done:,} of {state.total:,})",
            state.note,
            f"{clock(left)} left",
        ]
        text = "   ".join(filter(None, words))
        self._stream.write("\r" + text.ljust(self._width))
        self._stream.flush()
        self._width = len(text)

    def close(self) -> None:
        self._stream.write("\r" + " " * self._width + "\r")
        self._stream.flush()


class _RichBar:
    """A bar of rich; its columns are those rich chooses, and the note."""

    def __init__(self, state: Progress, stream: IO[str]) -> None:
        from rich import progress as rich
        from rich.console import Console

        columns = (*rich.Progress.get_default_columns(), rich.TextColumn("{task.fields[note]}"))
        self._bar: Any = rich.Progress(*columns, console=Console(file=stream), transient=True)
        self._task = self._bar.add_task(state.label, total=state.total, note="")
        self._bar.start()

    def draw(self, state: Progress, elapsed: float) -> None:
        self._bar.update(self._task, completed=state.done, note=state.note)

    def close(self) -> None:
        self._bar.stop()


def _new_bar(state: Progress, stream: IO[str]) -> _RichBar | _PlainBar:
    try:
        return _RichBar(state, stream)
    except ImportError:
        return _PlainBar(stream)


def clock(seconds: float) -> str:
    """Minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
