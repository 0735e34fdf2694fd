"""Ctrl-C in the middle of a call."""

import os
import signal
import threading
import time
from contextlib import contextmanager

import pytest

PRESSED = 0.2  # seconds after the call began
PATIENCE = 1.0  # seconds from then on; calls that are tested would take many more


@contextmanager
def default_ctrl_c():
    """Ctrl-C raises, also where the tests run in the background and so began with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def alarms_as_ctrl_c():
    """SIGALRM raises what Ctrl-C does."""

    def interrupt(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with default_ctrl_c():
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def interrupted(call, seconds):
    """Whether an alarm, so many seconds after the call began, came before its end."""
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, seconds)
            call()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        return True
    return False


def assert_ends_soon(call):
    """Ctrl-C, pressed during the call, ends it with KeyboardInterrupt."""
    timer = threading.Timer(PRESSED, lambda: os.kill(os.getpid(), signal.SIGINT))
    with default_ctrl_c():
        timer.start()
        start = time.monotonic()
        try:
            with pytest.raises(KeyboardInterrupt):
                call()
            seconds = time.monotonic() - start
        finally:
            timer.cancel()
            timer.join()
    assert seconds < PRESSED + PATIENCE, f"ended after {seconds:.2f} s"
