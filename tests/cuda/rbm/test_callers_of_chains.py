"""Chains on tensor cores and those who ask for them: Ctrl-C, several threads, handlers of signals."""

import signal

import numpy as np
import pytest

from ...support.rbm_on_device import WHERE, Pair, binary_rows
from ...support.threads import at_once


def test_ctrl_c_ends_chains(ptx_driver, monkeypatch):
    """Long before they are done; the engine answers afterwards."""
    pair = Pair(ptx_driver, 5, 3, sampling="tensor")
    rows, replay, n_replays = binary_rows(pair.rng, 17, 5), ptx_driver.replay, []

    def pressed(graph):
        n_replays.append(1)
        assert len(n_replays) < 100  # chains that go on would take hours
        if len(n_replays) == 2:
            signal.raise_signal(signal.SIGINT)
        replay(graph)

    monkeypatch.setattr(ptx_driver, "replay", pressed)
    with pytest.raises(KeyboardInterrupt):
        pair.device.gibbs(rows, 100_000, *WHERE)
    np.testing.assert_array_equal(*pair.both("gibbs", rows, 3, *WHERE))


def test_threads_that_ask_wait_for_each_other(ptx_driver):
    pair = Pair(ptx_driver, 20, 9, sampling="tensor")
    rows = binary_rows(pair.rng, 17, 20)
    wanted, found = pair.cpu.gibbs(rows, 20, *WHERE)[0].to_packed(), []

    def ask():
        found.append(pair.device.gibbs(rows, 20, *WHERE)[0].to_packed())

    at_once(ask, 3)
    assert len(found) == 3
    for each in found:
        np.testing.assert_array_equal(each, wanted)


def test_a_handler_that_asks_does_not_wait_for_the_call_it_interrupts(ptx_driver, monkeypatch):
    pair = Pair(ptx_driver, 5, 3, sampling="tensor")
    rows, replay, heard = binary_rows(pair.rng, 17, 5), ptx_driver.replay, []

    def signalled(graph):
        if not heard:
            signal.raise_signal(signal.SIGUSR1)
        replay(graph)

    before = signal.signal(
        signal.SIGUSR1, lambda *_: heard.append(pair.device.mean_hidden(rows, 1))
    )
    try:
        monkeypatch.setattr(ptx_driver, "replay", signalled)
        np.testing.assert_array_equal(*pair.both("gibbs", rows, 20, *WHERE))
    finally:
        signal.signal(signal.SIGUSR1, before)
    np.testing.assert_array_equal(heard[0], pair.cpu.mean_hidden(rows, 1))
