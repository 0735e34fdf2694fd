"""Integers of weights are kept on the device while the weights stay, and chains allocate nothing on the way."""

import numpy as np
import pytest

from udl_fast import _core

from ...support.rbm_on_device import SETTINGS, WHERE, Pair, binary_rows


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
