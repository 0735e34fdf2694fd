"""The progress bar of commands: silent for short work and where nobody watches, gone at the end."""

import io
import sys
from types import SimpleNamespace

import pytest

from udl_fast import progress as _progress
from udl_fast.progress import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass when told to."""
    now = [100.0]
    monkeypatch.setattr(_progress.time, "perf_counter", lambda: now[0])
    return now


@pytest.fixture
def terminal(monkeypatch):
    """A terminal without tqdm."""
    stream = Terminal()
    monkeypatch.setattr(_progress, "sys", SimpleNamespace(stderr=stream))
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.delenv("UDL_FAST_PROGRESS", raising=False)
    return stream


def test_long_work_writes_one_line_and_takes_it_away(clock, terminal):
    with progress(4000, "search") as bar:
        bar.update(500)
        assert terminal.getvalue() == ""
        clock[0] += 3
        bar.update(500)
        assert terminal.getvalue().startswith("\rsearch 1,000 of 4,000 [######---")
        assert terminal.getvalue().endswith("]  25% 0:09 left\x1b[K")
        bar.update(10)  # too soon for another
        clock[0] += 3
        bar.update(990)
        assert terminal.getvalue().endswith("]  50% 0:06 left\x1b[K")
    assert terminal.getvalue().endswith("\r\x1b[K")
    assert terminal.getvalue().count("\r") == 3
    assert "\n" not in terminal.getvalue()


def test_short_work_writes_nothing(clock, terminal):
    with progress(3, "work") as bar:
        clock[0] += 1.9
        bar.update(3)
    assert terminal.getvalue() == ""


def test_pipes_and_files_get_nothing(clock, terminal):
    terminal.isatty = lambda: False
    with progress(3, "work") as bar:
        clock[0] += 100
        bar.update(1)
    assert terminal.getvalue() == ""


def test_the_line_goes_when_work_is_interrupted(clock, terminal):
    def work():
        with progress(3, "work") as bar:
            clock[0] += 3
            bar.update(1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert terminal.getvalue().endswith("left\x1b[K\r\x1b[K")


def test_no_work_divides_by_nothing(clock, terminal):
    with progress(0, "work") as bar:
        clock[0] += 3
        bar.update(0)
    assert "work 0 of 0" in terminal.getvalue()
