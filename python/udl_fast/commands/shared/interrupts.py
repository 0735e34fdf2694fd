"""Ctrl-C and SIGTERM, as batch systems and containers send it, end a command in the same way."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_FAILED = 1
_BY_SIGNAL = 128  # of the exit codes of shells, to which the number of the signal is added


class Terminated(KeyboardInterrupt):
    """SIGTERM came."""


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """In this scope SIGTERM raises `Terminated`, unless somebody else has a use for it already."""
    is_ours = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    )
    if not is_ours:
        yield
        return
    signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def exit_code(interrupt: KeyboardInterrupt) -> int:
    """1 for Ctrl-C, 143 for SIGTERM."""
    return _BY_SIGNAL + signal.SIGTERM if isinstance(interrupt, Terminated) else _FAILED


def _terminate(*_: Any) -> None:
    raise Terminated
