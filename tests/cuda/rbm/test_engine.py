"""An RBM engine of a device answers as that of the CPU does, to the bit."""

import numpy as np
import pytest

from udl_fast import _core

from ...support.cuda import cuda_module
from ...support.rbm_on_device import SETTINGS, WHERE, Pair, binary_rows, grey_rows


@pytest.fixture(params=["fixed", "fast"])
def pair(request, ptx_driver):
    """37 hidden units: a word of 64 bits is not full, a tile of 16 neither."""
    return Pair(ptx_driver, 70, 37, request.param)


def rows_of(pair, kind, layer="visible"):
    n = getattr(pair.cpu, f"n_{layer}")
    return (binary_rows if kind == "bits" else grey_rows)(pair.rng, 21, n)


@pytest.mark.parametrize("kind", ["bits", "grey"])
def test_means_and_samples(pair, kind):
    visible, hidden = rows_of(pair, kind), rows_of(pair, kind, "hidden")
    np.testing.assert_array_equal(*pair.both("mean_hidden", visible, 1))
    np.testing.assert_array_equal(*pair.both("mean_visible", hidden, 1))
    np.testing.assert_array_equal(*pair.both("sample_hidden", visible, *WHERE))
    np.testing.assert_array_equal(*pair.both("sample_visible", hidden, *WHERE))


@pytest.mark.parametrize("kind", ["bits", "grey"])
def test_free_energies(pair, kind):
    rows = rows_of(pair, kind)
    here, there = pair.both("free_energy", rows, 1)
    np.testing.assert_allclose(there, here, rtol=1e-12)


@pytest.mark.parametrize("beta", [1.0, 0.4, 0.0])
@pytest.mark.parametrize("kind", ["bits", "grey"])
def test_chains(pair, kind, beta):
    rows = rows_of(pair, kind)
    np.testing.assert_array_equal(*pair.both("gibbs", rows, 3, *WHERE, None, beta))
    np.testing.assert_array_equal(*pair.both("gibbs_means", rows, 3, *WHERE, None, beta))


@pytest.mark.parametrize("n_masks", [1, 21])
@pytest.mark.parametrize("n_values", [1, 21])
def test_held_units(pair, n_masks, n_values):
    mask = binary_rows(pair.rng, n_masks, 70)
    values = binary_rows(pair.rng, n_values, 70)
    held, wanted = mask.to_array("bool"), values.to_array("bool")
    start = np.where(held, wanted, rows_of(pair, "bits").to_array("bool"))
    rows = _core.Rows.from_array(start)
    found = pair.both("gibbs", rows, 2, *WHERE, (mask, values))
    np.testing.assert_array_equal(*found)
    np.testing.assert_array_equal(*pair.both("gibbs_means", rows, 2, *WHERE, (mask, values)))
    visible, _ = pair.device.gibbs(rows, 2, *WHERE, (mask, values))
    assert ((visible.to_array("bool") == wanted) | ~held).all()


def test_no_rows(pair):
    none = _core.Rows.from_array(np.zeros((0, 70), np.uint8))
    assert pair.device.mean_hidden(none, 1).shape == (0, 37)
    assert pair.device.sample_hidden(none, *WHERE).shape == (0, 37)
    assert [rows.shape for rows in pair.device.gibbs(none, 2, *WHERE)] == [(0, 70), (0, 37)]
    assert pair.device.free_energy(none, 1).shape == (0,)


def test_states_come_and_go(pair):
    pair.set_chains(5)
    pair.train(binary_rows(pair.rng, 30, 70), algorithm="pcd", momentum=0.5)
    state = pair.cpu.state()
    other = Pair(pair.driver, 70, 37, pair.cpu.precision)
    other.device.set_state(state)
    found = other.device.state()
    assert found.keys() == state.keys()
    for name, values in state.items():
        np.testing.assert_array_equal(found[name], values)
    assert other.device.n_chains == 5


def test_snapshots(pair):
    rows = binary_rows(pair.rng, 30, 70)
    numbers = [engine.snapshot() for engine in pair.engines]
    before = pair.device.state()
    pair.train(rows, momentum=0.5)
    np.testing.assert_array_equal(*(e.change_since_snapshot() for e in pair.engines))
    kept = pair.device.snapshot_state(numbers[1])
    assert all(np.array_equal(kept[name], before[name]) for name in before)
    assert pair.device.snapshot_state(numbers[1] + 1) is None
    for engine in pair.engines:
        engine.restore()
    pair.assert_same_state()
    assert "weight_velocity" not in pair.device.state()


def test_memory_is_given_back(ptx_driver, monkeypatch):
    held = set()
    allocate, free = ptx_driver.allocate, ptx_driver.free

    def noted(n_bytes):
        address = allocate(n_bytes)
        held.add(address)
        return address

    monkeypatch.setattr(ptx_driver, "allocate", noted)
    monkeypatch.setattr(ptx_driver, "free", lambda address: (held.remove(address), free(address)))
    pair = Pair(ptx_driver, 20, 9)
    rows, before = binary_rows(pair.rng, 30, 20), set(held)
    assert before
    pair.train(rows)
    pair.device.gibbs(rows, 2, *WHERE)
    pair.device.free_energy(rows, 1)
    assert held == before
    del pair
    assert not held


def test_memory_that_is_not_there_changes_nothing(ptx_driver, monkeypatch):
    pair = Pair(ptx_driver, 20, 9)

    def none_left(n_bytes):
        raise MemoryError(f"{n_bytes} bytes")

    with monkeypatch.context() as without:
        without.setattr(ptx_driver, "allocate", none_left)
        with pytest.raises(MemoryError):
            pair.device.train(
                binary_rows(pair.rng, 30, 20), None, SETTINGS | {"momentum": 0.5}, 1, 0, 1
            )
    pair.assert_same_state()


def test_what_a_gpu_does_not_do(pair):
    rows = rows_of(pair, "bits")
    for call in (
        lambda: pair.device.pseudo_likelihood(rows, 1),
        lambda: pair.device.log_partition_exact(1),
    ):
        with pytest.raises(NotImplementedError, match="make an engine of the CPU"):
            call()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((3, 2, "float64"), "a GPU has no precision='float64'; use device='cpu'"),
        ((3, 2, "fixed", "gaussian"), "a GPU has no visible='gaussian' with hidden='bernoulli'"),
    ],
)
def test_engines_that_a_gpu_does_not_have(ptx_driver, arguments, text):
    with pytest.raises(NotImplementedError, match=text):
        cuda_module().RbmEngine(*arguments, driver=ptx_driver)


def test_a_state_of_a_centred_model_is_refused(pair):
    state = pair.device.state() | {
        "hidden_offset": np.zeros(37, np.float32),
        "visible_offset": np.zeros(70, np.float32),
    }
    with pytest.raises(NotImplementedError, match="centred"):
        pair.device.set_state(state)
