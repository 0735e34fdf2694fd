"""The progress bar: silent for short work and without a terminal, otherwise one line on stderr."""

import io
import sys

import pytest

from udl_fast import _progress
from udl_fast._progress import Progress, progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass when told to."""
    now = [100.0]
    monkeypatch.setattr(_progress.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def plain(monkeypatch):
    monkeypatch.setitem(sys.modules, "rich", None)
    monkeypatch.setitem(sys.modules, "rich.progress", None)


@pytest.mark.usefixtures("plain")
def test_long_work_writes_one_line_and_takes_it_away(clock):
    stream = Terminal()
    with progress(400, "search", stream=stream) as bar:
        bar.update(50)
        assert stream.getvalue() == ""
        clock[0] += 3
        bar.update(50)
        assert stream.getvalue() == "\rsearch  25% (100 of 400)   0:09 left"
        bar.update(1)  # too soon for another
        clock[0] += 3
        bar.update(99, note="4.5 nats")
        assert stream.getvalue().endswith("\rsearch  50% (200 of 400)   4.5 nats   0:06 left")
    longest = len("search  50% (200 of 400)   4.5 nats   0:06 left")
    assert stream.getvalue().endswith("\r" + " " * longest + "\r")
    assert stream.getvalue().count("\r") == 4
    assert "\n" not in stream.getvalue()


@pytest.mark.usefixtures("plain")
def test_a_shorter_line_covers_a_longer_one(clock):
    stream = Terminal()
    bar = Progress(2000, "x", stream=stream)
    clock[0] += 1000
    bar.update(1, note="a long note")
    clock[0] += 1
    bar.update(1999)
    first, second = stream.getvalue().split("\r")[1:]
    assert len(first) == len(second)
    assert second.rstrip() == "x 100% (2,000 of 2,000)   0:00 left"


def test_short_work_writes_nothing(clock):
    stream = Terminal()
    with progress(3, "work", stream=stream) as bar:
        clock[0] += 1.9
        bar.update(3)
    assert stream.getvalue() == ""


def test_pipes_and_files_get_nothing(clock, capsys):
    with progress(3, "work") as bar:
        clock[0] += 100
        bar.update(1)
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("plain")
def test_the_line_goes_when_work_fails(clock):
    stream = Terminal()

    def fail():
        with progress(3, "work", stream=stream) as bar:
            clock[0] += 3
            bar.update(1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert stream.getvalue().endswith(" \r")


@pytest.mark.usefixtures("plain")
def test_no_work_divides_by_nothing(clock):
    stream = Terminal()
    with progress(0, "work", stream=stream) as bar:
        clock[0] += 3
        bar.update(0)
    assert "(0 of 0)" in stream.getvalue()


def test_rich_draws_where_it_is_installed(clock):
    pytest.importorskip("rich")
    stream = Terminal()
    with progress(400, "search", stream=stream) as bar:
        bar.update(50)
        assert stream.getvalue() == ""
        clock[0] += 3
        bar.update(50, note="4.5 nats")
        assert bar._bar._bar.tasks[0].completed == 100
        bar._bar._bar.refresh()
        assert "search" in stream.getvalue()
        assert "25%" in stream.getvalue()
        assert "4.5 nats" in stream.getvalue()
