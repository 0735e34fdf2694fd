"""The progress bar: only for somebody who watches, and gone at the end."""

import io
import re
import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest

from udl_fast import RBM
from udl_fast import progress as _progress
from udl_fast.callbacks import History


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def rows():
    return (np.random.default_rng(0).random((20000, 100)) < 0.3).astype(np.uint8)


@pytest.fixture
def terminal(monkeypatch):
    """A terminal without tqdm, and no patience."""
    stream = Terminal()
    monkeypatch.setattr(_progress, "sys", SimpleNamespace(stderr=stream))
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setattr(_progress, "_DELAY_SECONDS", 0.0)
    monkeypatch.setattr(_progress, "_INTERVAL_SECONDS", 0.0)
    monkeypatch.delenv("UDL_FAST_PROGRESS", raising=False)
    return stream


def test_a_watched_fit_shows_its_progress_and_clears_up(rows, terminal):
    watched = RBM(100, n_iter=3, random_state=0).fit(rows)
    text = terminal.getvalue()
    assert "\rRBM epoch 2/3 [########----------------]  33%" in text
    shares = [int(found) for found in re.findall(r"(\d+)%", text)]
    assert shares == sorted(shares)
    assert shares[-1] == 100
    assert text.endswith("\r\x1b[K")
    assert "\n" not in text
    alone = RBM(100, n_iter=3, random_state=0)
    terminal.isatty = lambda: False
    np.testing.assert_array_equal(watched.components_, alone.fit(rows).components_)


def test_long_epochs_move_the_bar_too(rows, terminal):
    RBM(300, n_iter=1, k=20, random_state=0).fit(rows)
    assert len(set(re.findall(r"(\d+)%", terminal.getvalue()))) > 3


def test_short_fits_show_nothing(rows, terminal, monkeypatch):
    monkeypatch.setattr(_progress, "_DELAY_SECONDS", 60.0)
    RBM(10, n_iter=2).fit(rows)
    assert terminal.getvalue() == ""


@pytest.mark.parametrize("reason", ["pipe", "variable", "verbose", "scope", "worker", "own bar"])
def test_nothing_is_shown_where_nobody_watches(rows, terminal, monkeypatch, capsys, reason):
    class ProgressBar(History):
        """As scikit-learn's is named."""

    options = {}
    if reason == "pipe":
        terminal.isatty = lambda: False
    elif reason == "variable":
        monkeypatch.setenv("UDL_FAST_PROGRESS", "0")
    elif reason == "verbose":
        options["verbose"] = 1
    elif reason == "worker":
        worker = SimpleNamespace(name="LokyProcess-1")
        monkeypatch.setattr(_progress.multiprocessing, "current_process", lambda: worker)
    elif reason == "own bar":
        options["callbacks"] = [ProgressBar()]
    model = RBM(10, n_iter=2, **options)
    if reason == "scope":
        with _progress.no_progress_bar():
            model.fit(rows)
    else:
        model.fit(rows)
    assert terminal.getvalue() == ""
    assert (reason == "verbose") == ("Iteration 2, pseudo-likelihood" in capsys.readouterr().out)


def test_the_bar_vanishes_when_fit_fails(rows, terminal):
    def callback(model, info):
        if info["epoch"] == 2:
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        RBM(10, n_iter=9, callbacks=[callback]).fit(rows)
    assert terminal.getvalue().endswith("\r\x1b[K")


@pytest.fixture
def terminal_of_tqdm(monkeypatch):
    """A terminal that tqdm draws on, and no patience."""
    pytest.importorskip("tqdm")
    stream = Terminal()
    monkeypatch.setattr(_progress, "sys", SimpleNamespace(stderr=stream))
    monkeypatch.setattr(_progress, "_DELAY_SECONDS", 0.0)
    monkeypatch.setattr(_progress, "_INTERVAL_SECONDS", 0.0)
    monkeypatch.delenv("UDL_FAST_PROGRESS", raising=False)
    return stream


def test_tqdm_draws_where_it_is_installed(rows, terminal_of_tqdm):
    n_threads = threading.active_count()
    RBM(100, n_iter=3, random_state=0).fit(rows)
    text = terminal_of_tqdm.getvalue()
    assert "RBM epoch 2/3" in text
    assert re.search(r"33% \d+:\d+ left", text)
    shares = [int(found) for found in re.findall(r"(\d+)%", text)]
    assert shares == sorted(shares)
    assert shares[-1] == 100
    assert text.split("\r")[-2].strip() == ""  # the last thing written is blank
    assert "\n" not in text
    assert threading.active_count() == n_threads


def test_tqdm_shows_nothing_of_short_fits(rows, terminal_of_tqdm, monkeypatch):
    monkeypatch.setattr(_progress, "_DELAY_SECONDS", 60.0)
    RBM(10, n_iter=2).fit(rows)
    assert terminal_of_tqdm.getvalue() == ""


def test_a_display_of_rich_is_left_alone(rows, terminal, monkeypatch):
    """Each state of a bar would be a line above it."""
    pytest.importorskip("rich")
    from rich.console import Console
    from rich.live import Live

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(_progress, "sys", sys)
    with Live("mine", console=Console(file=terminal)):
        RBM(100, n_iter=2, random_state=0).fit(rows)
    assert "mine" in terminal.getvalue()
    assert "RBM epoch" not in terminal.getvalue()
