"""How far long work has come, for somebody who watches: a bar on stderr, or lines of a training run.

The bar serves trainings and commands alike. It appears after two seconds and vanishes at the end.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import IO, Any

_DELAY_SECONDS = 2.0  # shorter work shows nothing
_INTERVAL_SECONDS = 0.1
_SHARE_STEPS = 1000  # of work whose share alone is known
_MOST_PLAIN_LINES = 20  # of a run whose output is a file or a pipe
_suppressed = ContextVar("suppressed", default=False)
_is_forked = False  # a child shares the terminal, and a lock of tqdm that its parent may have held


def _note_fork() -> None:
    global _is_forked
    _is_forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


@contextmanager
def no_progress_bar() -> Iterator[None]:
    """No bar in this scope: whoever runs it shows progress in another way."""
    token = _suppressed.set(True)
    try:
        yield
    finally:
        _suppressed.reset(token)


def is_watched() -> bool:
    """Whether a bar makes sense: stderr is a terminal that nobody else draws on, and this is no worker
    of a parallel run and no child of a fork.

    The environment variable UDL_FAST_PROGRESS=0 turns bars off.
    """
    return (
        not _suppressed.get()
        and os.environ.get("UDL_FAST_PROGRESS", "1").lower() not in ("0", "off", "false", "no")
        and multiprocessing.current_process().name == "MainProcess"
        and threading.current_thread() is threading.main_thread()
        and not _is_forked
        and sys.stderr is not None
        and sys.stderr.isatty()
        and not _is_display_of_rich()
    )


def _is_display_of_rich() -> bool:
    """Whether a display of rich is on the terminal. It puts a proxy before stderr, which would make a
    line above the display of each state of a bar."""
    return type(sys.stderr).__module__.startswith("rich.")


class ProgressBar:
    """Share of the rows of all epochs that were presented.

    Parameters
    ----------
    title : str
    n_epochs : int
    n_rows : int
        Rows of an epoch.
    """

    def __init__(self, title: str, n_epochs: int, n_rows: int) -> None:
        self._title = title
        self._stage = ""
        self._n_epochs = n_epochs
        self._n_rows = n_rows
        self._bar = _new_bar(n_epochs * n_rows)

    def name_stage(self, name: str) -> None:
        """Epochs from here on are of this stage."""
        self._stage = f", {name},"

    def update(self, epochs_done: int, rows_done: int) -> None:
        """Called often; draws seldom. `rows_done` counts within the present epoch."""
        epoch = min(epochs_done + 1, self._n_epochs)
        text = f"{self._title}{self._stage} epoch {epoch}/{self._n_epochs}"
        _show(self._bar, text, epochs_done * self._n_rows + rows_done)

    def close(self) -> None:
        """Remove the bar."""
        self._bar.close()


class WorkProgress:
    """How many of some units of work are done; nothing is drawn where nobody watches.

    Parameters
    ----------
    total : int
        Units of work in all.
    label : str
        What is being done.
    """

    def __init__(self, total: int, label: str) -> None:
        self._total, self._label, self._done = total, label, 0
        self._bar = _new_bar(total) if is_watched() else None

    def update(self, n: int = 1) -> None:
        """`n` more units are done."""
        self._done += n
        if self._bar is not None:
            _show(self._bar, f"{self._label} {self._done:,} of {self._total:,}", self._done)

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()


@contextmanager
def progress(total: int, label: str) -> Iterator[WorkProgress]:
    """A :class:`WorkProgress` that is removed at the end, whatever happens."""
    found = WorkProgress(total, label)
    try:
        yield found
    finally:
        found.close()


@contextmanager
def progress_of_share(label: str) -> Iterator[Callable[[float], None]]:
    """A function that takes the share of the work that is done, for work that knows no more."""
    shown = 0
    with progress(_SHARE_STEPS, label) as bar:

        def watch(share: float) -> None:
            nonlocal shown
            steps = int(_SHARE_STEPS * share)
            bar.update(steps - shown)
            shown = steps

        yield watch


def _show(bar: Any, text: str, done: int) -> None:
    bar.set_description_str(text, refresh=False)
    bar.update(done - bar.n)


def _new_bar(total: int) -> Any:
    """A bar of tqdm (extra `progress`); without it a plain line."""
    try:
        from tqdm import tqdm
    except ImportError:
        return _PlainBar(total)

    class Bar(tqdm):
        monitor_interval = 0  # starts no thread

    columns, lines = shutil.get_terminal_size()  # 80 x 24 where tqdm finds 0 x 0 and hides the bar
    return Bar(
        total=total,
        file=sys.stderr,
        ncols=columns - 1,
        nrows=lines,
        leave=False,
        delay=_DELAY_SECONDS,
        mininterval=_INTERVAL_SECONDS,
        miniters=0,  # time alone decides
        smoothing=0,
        bar_format="{desc} {bar} {percentage:3.0f}% {remaining} left",
    )


class _PlainBar:
    """One line of stderr, written again and again; as much of tqdm as is used here."""

    _WIDTH = 24

    def __init__(self, total: int) -> None:
        self.n = 0
        self._total = total
        self._text = ""
        self._start = time.perf_counter()
        self._next = self._start + _DELAY_SECONDS
        self._is_drawn = False

    def set_description_str(self, text: str, refresh: bool) -> None:
        self._text = text

    def update(self, n: int) -> None:
        self.n += n
        now = time.perf_counter()
        if now < self._next:
            return
        self._next = now + _INTERVAL_SECONDS
        self._is_drawn = True
        share = self.n / self._total if self._total else 1.0
        elapsed = now - self._start
        left = _clock(elapsed / share - elapsed) if share > 0 else "?"
        filled = round(share * self._WIDTH)
        bar = "#" * filled + "-" * (self._WIDTH - filled)
        sys.stderr.write(f"\r{self._text} [{bar}] {share:4.0%} {left} left\x1b[K")
        sys.stderr.flush()

    def close(self) -> None:
        if self._is_drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


class EpochLines:
    """Epoch, speed, measurement and time left of a training run that a command reports.

    On a terminal one line is written again and again; elsewhere at most 20 plain lines appear.

    Parameters
    ----------
    n_epochs : int
        Epochs to come.
    n_examples : int
        Examples in each.
    stream : text stream
        Where to write.
    n_before : int, default=0
        Epochs made before, of a training that goes on: lines count them.
    """

    def __init__(
        self,
        n_epochs: int,
        n_examples: int,
        stream: IO[str],
        *,
        n_before: int = 0,
    ) -> None:
        self._n_epochs = n_epochs
        self._n_before = n_before
        self._n_examples = n_examples
        self._stream = stream
        self._live = stream.isatty()
        self._every = -(-n_epochs // _MOST_PLAIN_LINES)
        self._start = time.perf_counter()
        self._training_seconds = 0.0
        self._stage = ""
        self._begun_at = 0  # epochs before the stage
        self._width = 0

    def update(
        self,
        epoch: int,
        seconds: float,
        score: float | None = None,
        measured: str = "pseudo-likelihood",
        stage: str = "",
    ) -> None:
        """After epoch `epoch` of those to come (from 1), in this stage, that took `seconds` to train and scored
        `score`, which is what `measured` says."""
        if stage != self._stage:  # which has a speed of its own
            self._stage, self._begun_at, self._training_seconds = stage, epoch - 1, 0.0
        self._training_seconds += seconds
        last = epoch == self._n_epochs
        if not (self._live or last or epoch == 1 or epoch % self._every == 0):
            return
        text = self._text(epoch, stage, "" if score is None else f"{measured} {score:8.2f}")
        if self._live:
            blank = " " * max(0, self._width - len(text))
            self._stream.write("\r" + text + blank + ("\n" if last else ""))
            self._width = 0 if last else len(text)
        else:
            self._stream.write(text + "\n")
        self._stream.flush()

    def close(self) -> None:
        """End the line of a training that was stopped before its last epoch."""
        if self._width:
            self._stream.write("\n")
            self._stream.flush()
            self._width = 0

    def _text(self, epoch: int, stage: str, score: str) -> str:
        elapsed = time.perf_counter() - self._start
        left = elapsed / epoch * (self._n_epochs - epoch)
        rate = (epoch - self._begun_at) * self._n_examples / self._training_seconds
        number, n_in_all = self._n_before + epoch, self._n_before + self._n_epochs
        parts = [
            f"epoch {number:{len(str(n_in_all))}d}/{n_in_all}",
            *([stage] if stage else []),
            f"{rate:>9,.0f} examples/s",
            *([score] if score else []),
            f"took {_clock(elapsed)}" if epoch == self._n_epochs else f"ETA {_clock(left)}",
        ]
        return "   ".join(parts)


def _clock(seconds: float) -> str:
    """Minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
