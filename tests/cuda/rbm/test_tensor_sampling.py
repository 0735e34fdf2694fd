"""Means, samples and Gibbs chains on interpreted tensor cores: every bit is that of the CPU's engine."""

import signal
from dataclasses import dataclass

import numpy as np
import pytest

from udl_fast import _core

from ...support.rbm_on_device import SETTINGS, Pair, binary_rows, grey_rows
from ...support.threads import at_once

WHERE = (4, "gibbs", 1, 2, 1)  # seed, stream, step, first chain, threads
TILES = ("large", "medium", "small")


@dataclass
class Case:
    n_visible: int
    n_hidden: int
    n_rows: int
    precision: str = "fixed"

    def pair(self, driver, tiles=None):
        sizes = self.n_visible, self.n_hidden
        return Pair(driver, *sizes, self.precision, sampling="tensor", tiles=tiles)


CASES = {
    "one of each": Case(1, 1, 1),
    "7 by 33": Case(7, 33, 21),
    "33 by 7, fast": Case(33, 7, 21, "fast"),
    "45 by 300": Case(45, 300, 35),
    "45 by 300, fast": Case(45, 300, 35, "fast"),
    "whole tiles": Case(128, 64, 128),
    "130 by 17": Case(130, 17, 131, "fast"),
}
RUNS = [(name, None) for name in CASES]
RUNS += [(name, tiles) for name in ("45 by 300", "130 by 17") for tiles in TILES]


def check_half_steps(case, driver, tiles=None):
    """Means and samples of both layers."""
    pair = case.pair(driver, tiles)
    visible, hidden = (
        binary_rows(pair.rng, case.n_rows, n) for n in (case.n_visible, case.n_hidden)
    )
    np.testing.assert_array_equal(*pair.both("mean_hidden", visible, 1))
    np.testing.assert_array_equal(*pair.both("mean_visible", hidden, 1))
    np.testing.assert_array_equal(*pair.both("sample_hidden", visible, *WHERE))
    np.testing.assert_array_equal(*pair.both("sample_visible", hidden, *WHERE))


def check_chains(case, driver, tiles=None, n_steps=3, beta=1.0, where=WHERE):
    """States of both layers, and means of the last step."""
    pair = case.pair(driver, tiles)
    rows = binary_rows(pair.rng, case.n_rows, case.n_visible)
    asked = rows, n_steps, *where, None, beta
    np.testing.assert_array_equal(*pair.both("gibbs", *asked))
    np.testing.assert_array_equal(*pair.both("gibbs_means", *asked))


@pytest.mark.parametrize(("name", "tiles"), RUNS)
def test_half_steps_have_the_bits_of_the_cpu(ptx_driver, name, tiles):
    check_half_steps(CASES[name], ptx_driver, tiles)
    assert not [launch for launch in ptx_driver.launches if "half_step" in launch]


@pytest.mark.parametrize(("name", "tiles"), RUNS)
def test_chains_have_the_bits_of_the_cpu(ptx_driver, name, tiles):
    check_chains(CASES[name], ptx_driver, tiles)


@pytest.mark.parametrize("beta", [0.4, 0.0])
@pytest.mark.parametrize("precision", ["fixed", "fast"])
def test_chains_at_other_temperatures(ptx_driver, precision, beta):
    check_chains(Case(33, 17, 18, precision), ptx_driver, beta=beta)


@pytest.mark.parametrize("n_steps", [1, 2, 17, 18, 34])
def test_graphs_of_steps(ptx_driver, n_steps):
    """The last step is not of a graph; what is left of the others goes launch by launch."""
    check_chains(Case(5, 3, 17), ptx_driver, n_steps=n_steps)


@pytest.mark.parametrize(
    "where",
    [
        (1 << 40 | 7, "cd", 0, 0, 1),
        (7, "gibbs", (1 << 32) - 9, 5, 1),  # steps pass 32 bits on the way
        (7, "gibbs", (1 << 48) - 40, (1 << 32) - 17, 1),
    ],
)
def test_where_draws_come_from(ptx_driver, where):
    check_chains(Case(5, 3, 17), ptx_driver, n_steps=20, where=where)


@pytest.mark.parametrize("precision", ["fixed", "fast"])
@pytest.mark.parametrize("n_masks", [1, 21])
@pytest.mark.parametrize("n_values", [1, 21])
def test_held_units(ptx_driver, precision, n_masks, n_values):
    pair = Case(70, 37, 21, precision).pair(ptx_driver)
    mask, values = binary_rows(pair.rng, n_masks, 70), binary_rows(pair.rng, n_values, 70)
    held, wanted = mask.to_array("bool"), values.to_array("bool")
    start = np.where(held, wanted, pair.rng.random((21, 70)) < 0.5)
    rows = _core.Rows.from_array(start)
    for n_steps in (2, 18):
        asked = rows, n_steps, *WHERE, (mask, values)
        np.testing.assert_array_equal(*pair.both("gibbs", *asked))
        np.testing.assert_array_equal(*pair.both("gibbs_means", *asked))
    visible, _ = pair.device.gibbs(rows, 2, *WHERE, (mask, values))
    assert ((visible.to_array("bool") == wanted) | ~held).all()


def test_rows_that_are_lists(ptx_driver):
    pair = Case(45, 33, 20).pair(ptx_driver)
    dense = binary_rows(pair.rng, 20, 45, 0.05).to_array("bool")
    places = np.nonzero(dense)
    starts = np.concatenate([[0], np.cumsum(dense.sum(1))])
    rows = _core.Rows.from_csr(starts, places[1], np.ones(len(places[1])), 45)
    np.testing.assert_array_equal(*pair.both("mean_hidden", rows, 1))
    np.testing.assert_array_equal(*pair.both("gibbs", rows, 2, *WHERE))


# ---- which kernels work ----


def names_of(driver, ask):
    """Kernels that the call launches."""
    driver.launches.clear()
    ask()
    return set(driver.launches)


@pytest.mark.parametrize(("kind", "n_rows"), [("bits", 15), ("bits", 16), ("grey", 30)])
def test_rows_of_bits_of_a_tile_go_to_tensor_cores(ptx_driver, kind, n_rows):
    pair = Pair(ptx_driver, 20, 9, sampling="automatic")
    rows = (binary_rows if kind == "bits" else grey_rows)(pair.rng, n_rows, 20)
    for ask in (
        lambda: pair.device.mean_hidden(rows, 1),
        lambda: pair.device.sample_hidden(rows, *WHERE),
        lambda: pair.device.gibbs(rows, 2, *WHERE),
    ):
        names = names_of(ptx_driver, ask)
        by_tensor_cores = any(name.startswith("udl_infer_") for name in names)
        assert by_tensor_cores == ((kind, n_rows) == ("bits", 16))
        assert ("udl_plain_half_step" in names) != by_tensor_cores


def test_what_tensor_cores_do_not_do(ptx_driver, monkeypatch):
    """Real values, and older cards: asked for alone they refuse."""
    pair = Pair(ptx_driver, 20, 9, sampling="tensor")
    with pytest.raises(NotImplementedError, match="mean_hidden: tensor cores do not do this"):
        pair.device.mean_hidden(grey_rows(pair.rng, 20, 20), 1)
    rows = binary_rows(pair.rng, 20, 20)
    monkeypatch.setattr(ptx_driver, "capability", 75)
    old = Pair(ptx_driver, 20, 9, sampling="tensor")
    with pytest.raises(NotImplementedError, match="gibbs: tensor cores do not do this"):
        old.device.gibbs(rows, 1, *WHERE)
    old.device.set_sampling("automatic")
    np.testing.assert_array_equal(*old.both("mean_hidden", rows, 1))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("fast",), "set_sampling: kernels must be 'automatic', 'plain' or 'tensor', got 'fast'"),
        (("tensor", "huge"), "set_sampling: tiles must be None, 'large', 'medium' or 'small'"),
    ],
)
def test_names_that_there_are_not(ptx_driver, arguments, text):
    with pytest.raises(ValueError, match=text):
        Pair(ptx_driver, 3, 2).device.set_sampling(*arguments)


# ---- integers of weights are kept while the weights stay ----


def test_integers_are_made_once_while_weights_stay(ptx_driver):
    pair = Pair(ptx_driver, 20, 9, sampling="tensor", kernels="plain")
    rows = binary_rows(pair.rng, 17, 20)

    def made():
        ptx_driver.launches.clear()
        np.testing.assert_array_equal(*pair.both("mean_hidden", rows, 1))
        return ptx_driver.launches.count("udl_rescale_3")

    assert [made(), made()] == [1, 0]
    for engine in pair.engines:
        engine.snapshot()
    assert made() == 0
    pair.train(rows)
    assert [made(), made()] == [1, 0]
    for engine in pair.engines:
        engine.restore()
    assert [made(), made()] == [1, 0]
    weights = pair.rng.normal(0, 2, (9, 20))
    for engine in pair.engines:
        engine.set_parameters(weights, np.zeros(9), np.ones(20))
    assert [made(), made()] == [1, 0]


def test_biases_are_those_of_the_model(ptx_driver):
    """They are no part of what is kept: the same weights with other biases give other means."""
    pair = Pair(ptx_driver, 20, 9, sampling="tensor")
    rows = binary_rows(pair.rng, 17, 20)
    before = pair.device.mean_hidden(rows, 1)
    for engine in pair.engines:
        engine.set_parameters(pair.cpu.weights(), np.full(9, 0.5), np.zeros(20))
    here, there = pair.both("mean_hidden", rows, 1)
    np.testing.assert_array_equal(there, here)
    assert (there != before).all()


@pytest.mark.parametrize("kernels", ["plain", "tensor"])
@pytest.mark.parametrize("precision", ["fixed", "fast"])
def test_callbacks_see_the_weights_of_the_moment(ptx_driver, kernels, precision):
    """They ask while a pass goes on, and the model asks again when it is over."""
    pair = Pair(ptx_driver, 12, 5, precision, kernels=kernels, sampling="tensor")
    rows, seen = binary_rows(pair.rng, 80, 12), []

    def poll(_):
        other = _core.RbmEngine(12, 5, precision)
        other.set_parameters(
            pair.device.weights(), pair.device.hidden_bias(), pair.device.visible_bias()
        )
        seen.append((other.mean_hidden(rows, 1), pair.device.mean_hidden(rows, 1)))
        return False

    settings = SETTINGS | {"batch_size": 2, "learning_rate": 0.5}
    pair.device.train(rows, None, settings, 7, 0, 1, poll)
    pair.cpu.train(rows, None, settings, 7, 0, 1)
    assert len(seen) > 1
    for here, there in seen:
        np.testing.assert_array_equal(there, here)
    np.testing.assert_array_equal(*pair.both("mean_hidden", rows, 1))


def test_training_gives_the_memory_of_integers_back(ptx_driver, monkeypatch):
    held = {}
    allocate, free = ptx_driver.allocate, ptx_driver.free

    def noted(n_bytes):
        address = allocate(n_bytes)
        held[address] = n_bytes
        return address

    monkeypatch.setattr(ptx_driver, "allocate", noted)
    monkeypatch.setattr(ptx_driver, "free", lambda address: (held.pop(address), free(address)))
    pair = Pair(ptx_driver, 20, 9, sampling="tensor")
    rows, before = binary_rows(pair.rng, 30, 20), dict(held)
    pair.device.gibbs(rows, 20, *WHERE)
    pair.device.mean_hidden(rows, 1)
    kept = sorted(held[address] for address in held.keys() - before.keys())
    assert kept == [3 * 16 * 128, 3 * 32 * 128]  # bytes of both directions, whole tiles
    pair.train(rows)
    assert held == before


def test_chains_allocate_nothing_on_the_way(ptx_driver, monkeypatch):
    """As many allocations and copies as of one step, however many steps there are."""
    pair = Pair(ptx_driver, 20, 9, sampling="tensor")
    rows, calls = binary_rows(pair.rng, 17, 20), []
    for name in ("allocate", "free", "copy_to_host", "copy_to_device"):
        work = getattr(ptx_driver, name)
        monkeypatch.setattr(
            ptx_driver, name, lambda *a, work=work, name=name: calls.append(name) or work(*a)
        )
    counts = []
    for n_steps in (1, 1, 40):
        calls.clear()
        pair.device.gibbs(rows, n_steps, *WHERE)
        counts.append(sorted(calls))
    assert counts[1] == counts[2]


# ---- who asks ----


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
