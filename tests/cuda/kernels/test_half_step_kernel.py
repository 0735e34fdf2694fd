"""Half steps by tensor cores, interpreted: bits and probabilities of the CPU's engine in every shape of tiles."""

import numpy as np
import pytest

from udl_fast import _core

from . import layouts
from .tensor_kernels import HALF_STEP_SHAPES, HalfStep, half_step_launch, put_images, run_state

SEED, STEP, FIRST_CHAIN = 0x1234567890ABCDEF, 11, 100
STREAMS = {"cd": 3, "pcd": 4}
SIZES = [(1, 1, 1), (45, 333, 70), (33, 7, 33), (130, 31, 17)]


class Model:
    def __init__(self, n_visible, n_hidden, precision, seed):
        rng = np.random.default_rng(seed)
        self.weights = (rng.standard_normal((n_hidden, n_visible)) * 0.2).astype(np.float32)
        self.weights[0, 0] = 4
        self.hidden_bias = rng.standard_normal(n_hidden).astype(np.float32)
        self.visible_bias = rng.standard_normal(n_visible).astype(np.float32)
        self.engine = _core.RbmEngine(n_visible, n_hidden, precision)
        self.engine.set_parameters(self.weights, self.hidden_bias, self.visible_bias)
        self.exponent = _core.weight_scale_exponent(self.weights, precision == "fast")


class Outputs:
    """Room for what a half step may write, of n_rows rows and n_units units."""

    def __init__(self, device, n_rows, n_units):
        self.device, self.n_rows, self.n_units = device, n_rows, n_units
        self.row_words = layouts.state_stride(n_rows)
        self.rows = np.zeros((n_rows, layouts.state_stride(n_units)), np.uint32)
        self.units = np.zeros((n_units, self.row_words), np.uint32)
        eights = 2 * -(-n_units // 16)
        self.p = np.zeros((eights, self.row_words, 8, 32), np.uint16)
        self.at = [device.put(array) for array in (self.rows, self.units, self.p)]

    def row_bits(self):
        return layouts.unpack(self.device.get(self.at[0], self.rows), self.n_units)

    def padding_of_rows(self):
        return layouts.unpack(self.device.get(self.at[0], self.rows), 32 * self.rows.shape[1])[
            :, self.n_units :
        ]

    def unit_bits(self):
        words = self.device.get(self.at[1], self.units)
        assert not layouts.unpack(words, 32 * self.row_words)[:, self.n_rows :].any()
        return layouts.unpack(words, self.n_rows).T

    def probabilities(self):
        stored = self.device.get(self.at[2], self.p)
        whole = layouts.read_probabilities(stored, 32 * self.row_words, 8 * len(stored))
        assert not whole[self.n_rows :].any()
        return whole[: self.n_rows, : self.n_units]


def run(device, model, states, n_slices, shape, direction, outputs, wanted):
    n_rows, n_summed = states.shape
    state = run_state(model.exponent, n_rows, seed=SEED, first_step=STEP)
    images = put_images(device, model.weights, model.exponent, n_slices)
    to_hidden = direction == "hidden"
    arguments = HalfStep(
        states=device.put(layouts.pack(states, layouts.state_stride(n_summed))),
        images=images[0 if to_hidden else 1],
        bias=device.put(model.hidden_bias if to_hidden else model.visible_bias),
        run=device.put_state(state),
        n_summed=n_summed,
        n_units=outputs.n_units,
        stream=STREAMS["pcd"],
        layer=int(to_hidden),
        first_chain=FIRST_CHAIN,
        row_words=outputs.row_words,
    )
    for name, address in zip(("row_bits", "unit_bits", "probabilities"), outputs.at, strict=True):
        setattr(arguments, name, address if name in wanted else 0)
    name, blocks, threads, shared = half_step_launch(shape, n_slices, n_rows, outputs.n_units)
    device.launch(name, blocks, threads, arguments, shared)


ALL = ("row_bits", "unit_bits", "probabilities")


def to_16_bits(means):
    return np.minimum(65535, np.rint(means.astype(np.float64) * 65536)).astype(np.int64)


@pytest.mark.parametrize("shape", HALF_STEP_SHAPES)
@pytest.mark.parametrize("precision", ["fixed", "fast"])
@pytest.mark.parametrize("sizes", SIZES)
def test_hidden_units_are_those_of_the_cpu(device, shape, precision, sizes):
    n_rows, n_visible, n_hidden = sizes
    model = Model(n_visible, n_hidden, precision, 9)
    visible = np.random.default_rng(4).random((n_rows, n_visible)) < 0.35
    rows = _core.Rows.from_array(visible)
    drawn = model.engine.sample_hidden(rows, SEED, "pcd", STEP, FIRST_CHAIN, 1).to_array("bool")
    outputs = Outputs(device, n_rows, n_hidden)
    run(device, model, visible, 2 if precision == "fast" else 3, shape, "hidden", outputs, ALL)
    assert np.array_equal(outputs.row_bits(), drawn)
    assert not outputs.padding_of_rows().any()
    assert np.array_equal(outputs.unit_bits(), drawn)
    expected = to_16_bits(model.engine.mean_hidden(rows, 1))
    assert np.array_equal(outputs.probabilities(), expected)


@pytest.mark.parametrize("shape", HALF_STEP_SHAPES)
@pytest.mark.parametrize("precision", ["fixed", "fast"])
def test_visible_units_are_those_of_the_cpu(device, shape, precision):
    model = Model(300, 45, precision, 7)
    hidden = np.random.default_rng(5).random((40, 45)) < 0.5
    rows = _core.Rows.from_array(hidden)
    drawn = model.engine.sample_visible(rows, SEED, "pcd", STEP, FIRST_CHAIN, 1).to_array("bool")
    outputs = Outputs(device, 40, 300)
    n_slices = 2 if precision == "fast" else 3
    run(device, model, hidden, n_slices, shape, "visible", outputs, ("row_bits", "unit_bits"))
    assert np.array_equal(outputs.row_bits(), drawn)
    assert np.array_equal(outputs.unit_bits(), drawn)


@pytest.mark.parametrize("wanted", ALL)
def test_what_is_not_wanted_stays(device, wanted):
    model = Model(70, 33, "fixed", 3)
    visible = np.random.default_rng(6).random((34, 70)) < 0.5
    outputs = Outputs(device, 34, 33)
    run(device, model, visible, 3, "small", "hidden", outputs, (wanted,))
    found = {
        "row_bits": outputs.row_bits,
        "unit_bits": outputs.unit_bits,
        "probabilities": outputs.probabilities,
    }
    assert [name for name in ALL if found[name]().any()] == [wanted]


def test_extreme_integers_and_inputs(device):
    """Sums near 2^31, whose slices add up beyond it, and units that are surely on or off."""
    model = Model(256, 16, "fixed", 3)
    model.weights[:] = 1.0
    model.weights[1::2] = -1.0
    model.engine.set_parameters(model.weights, model.hidden_bias, model.visible_bias)
    model.exponent = _core.weight_scale_exponent(model.weights)
    visible = np.ones((3, 256), bool)
    visible[1] = False
    outputs = Outputs(device, 3, 16)
    run(device, model, visible, 3, "medium", "hidden", outputs, ALL)
    rows = _core.Rows.from_array(visible)
    drawn = model.engine.sample_hidden(rows, SEED, "pcd", STEP, FIRST_CHAIN, 1).to_array("bool")
    assert np.array_equal(outputs.row_bits(), drawn)
    assert np.array_equal(outputs.probabilities(), to_16_bits(model.engine.mean_hidden(rows, 1)))
    assert set(np.unique(outputs.probabilities()[0])) == {0, 65535}
