"""Many rows are worked out some at a time, layers of millions of units by launches that a device takes."""

import itertools

import numpy as np
import pytest

from udl_fast import _core

from ...support.cuda import cuda_module
from ...support.device_exporters import InterfaceArray
from ...support.rbm_on_device import SETTINGS, Pair, binary_rows, grey_rows

N_VISIBLE, N_HIDDEN, N_ROWS = 20, 37, 70
ROWS_AT_ONCE = 17


@pytest.mark.parametrize("kind", ["bits", "grey"])
@pytest.mark.parametrize("kernels", ["plain", "automatic"])
def test_means_of_some_rows_at_a_time(ptx_driver, kernels, kind):
    pair = Pair(ptx_driver, N_VISIBLE, N_HIDDEN)
    for layer, n_from, n_to in (("hidden", N_VISIBLE, N_HIDDEN), ("visible", N_HIDDEN, N_VISIBLE)):
        pair.device.set_sampling(kernels, None, 4 * n_to * ROWS_AT_ONCE)
        rows = (binary_rows if kind == "bits" else grey_rows)(pair.rng, N_ROWS, n_from)
        ptx_driver.launches.clear()
        np.testing.assert_array_equal(*pair.both(f"mean_{layer}", rows, 1))
        steps = [n for n in ptx_driver.launches if "half_step" in n or "infer" in n]
        assert len(steps) == 5


@pytest.mark.parametrize("kind", ["bits", "grey"])
def test_free_energies_of_some_rows_at_a_time(ptx_driver, kind):
    """In blocks of 32: whole ones of what is added up together."""
    pair = Pair(ptx_driver, N_VISIBLE, N_HIDDEN)
    pair.device.set_sampling("plain", None, 8 * 3 * ROWS_AT_ONCE)
    values = pair.rng.random((N_ROWS, N_VISIBLE)).astype(np.float32)
    values = np.round(values) if kind == "bits" else values
    ptx_driver.launches.clear()
    here, there = pair.both("free_energy", _core.Rows.from_array(values), 1)
    np.testing.assert_array_equal(there, here)
    assert ptx_driver.launches == ["udl_plain_free_energy_terms"] * 3
    given = InterfaceArray(ptx_driver, values)
    rows = (
        cuda_module()
        .Device(0, ptx_driver)
        .rows(given.memory.address, values.shape, values.strides, "float32", given, None, None, "X")
    )
    np.testing.assert_array_equal(pair.device.free_energy(rows, 1).to_numpy(), here)


class Noting:
    """A device that notes what is launched and does nothing."""

    def __init__(self):
        self.blocks = {}
        self._addresses = itertools.count(1 << 20, 1 << 32)

    def facts(self):
        return "noting", 80, 132

    def allocate(self, n_bytes):
        return next(self._addresses)

    def launch(self, name, blocks, *_):
        self.blocks[name] = blocks

    def copy_to_host(self, address, n_bytes):
        return bytes(n_bytes)

    def free(self, *_):
        pass

    copy_to_device = copy_on_device = fill = synchronise = free


@pytest.mark.parametrize(("n_visible", "on_tensor_cores"), [(1_100_000, True), (4_200_000, False)])
def test_layers_of_millions_of_units(n_visible, on_tensor_cores):
    """65,535 blocks in y are the most that a launch has; beyond what large tiles reach, plain kernels work."""
    driver = Noting()
    engine = cuda_module().RbmEngine(n_visible, 2, "fixed", driver=driver)
    bits = np.zeros((16, 2), np.uint8)
    engine.sample_visible(_core.Rows.from_array(bits), 1, "gibbs", 0, 0, 1)
    rows = _core.Rows.from_array(np.zeros((16, n_visible), np.uint8))
    engine.train(rows, None, SETTINGS, 1, 0, 1)
    assert max(blocks[1] for blocks in driver.blocks.values()) <= 65535
    assert any(name.startswith("udl_infer_") for name in driver.blocks) == on_tensor_cores
    assert any(name.startswith("udl_half_step_") for name in driver.blocks) == on_tensor_cores
