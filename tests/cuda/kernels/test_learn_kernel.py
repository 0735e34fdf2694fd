"""Learning by tensor cores, interpreted: what NumPy finds when it rounds where the CPU's engine does."""

import numpy as np
import pytest

from udl_fast import _core

from . import layouts
from .learning import MINIBATCH, Case, Expected, Inputs, Learned
from .tensor_kernels import LEARN_SHAPES, learn_launch, quantise


def bits(array):
    return np.asarray(array).view(np.uint32)


def check(learned, expected, exponent):
    assert np.array_equal(learned.weights, expected.weights)
    if learned.velocity is not None:
        assert np.array_equal(learned.velocity, expected.velocity)
    for layer in range(2):
        assert np.array_equal(learned.biases[layer], expected.biases[layer])
        assert np.array_equal(learned.bias_velocities[layer], expected.bias_velocities[layer])
    if hasattr(expected, "mean_activation"):
        assert np.array_equal(learned.mean_activation, expected.mean_activation)
    case, state = learned.case, learned.state
    z = quantise(expected.weights, exponent)
    for found, integers in zip(learned.image_pair(), (z, z.T), strict=True):
        assert np.array_equal(found, layouts.images(integers, case.n_slices))
    assert not any(norms.any() for norms in learned.norms())
    next_exponent = _core.weight_scale_exponent(expected.weights, case.narrow)
    assert state.exponent == next_exponent
    assert (state.scale, state.inverse_scale) == (2.0**next_exponent, 2.0**-next_exponent)
    assert state.minibatch == MINIBATCH + 1
    assert state.rescaled == (state.minibatch if next_exponent != exponent else 0)
    assert (state.finished, state.largest_bits, state.largest_norm) == (0, 0, 0)
    assert not state.not_finite


MORE = {"momentum": 0.5, "weight_decay": 0.0003, "l1": 0.0001}
SPARSITY = {"sparsity_target": 0.1, "sparsity_cost": 0.4, "sparsity_damping": 0.9}
CASES = {
    "means": Case(),
    "momentum, decay and l1": Case(settings=MORE),
    "sparsity": Case(settings={**SPARSITY, "momentum": 0.9}),
    "samples": Case(statistics="samples", settings=MORE),
    "dithered": Case(statistics="dithered", n_slices=2),
    "dithered, many rows": Case(
        65, 66, (130, 130), "dithered", 2, settings={"momentum": 0.5}, size=0.05
    ),
    "samples of fast": Case(70, 70, statistics="samples", n_slices=2),
    "other chains": Case(70, 33, rows=(40, 100), settings=MORE),
    "other chains, samples": Case(70, 33, rows=(24, 7), statistics="samples"),
    "other chains, dithered": Case(70, 33, (24, 33), "dithered", 2),
    "other chains, sparsity": Case(70, 33, rows=(40, 20), settings=SPARSITY),
    "one of all": Case(1, 1, rows=(1, 1)),
    "small": Case(7, 33, rows=(3, 3), settings={"momentum": 0.5}),
}


@pytest.mark.parametrize("shape", LEARN_SHAPES)
@pytest.mark.parametrize("name", CASES)
def test_parameters_images_and_scale(device, name, shape):
    case = CASES[name]
    inputs = Inputs(case)
    exponent = _core.weight_scale_exponent(inputs.weights, case.narrow)
    check(Learned(device, case, inputs, shape), Expected(case, inputs), exponent)


@pytest.mark.parametrize("n_slices", [2, 3])
@pytest.mark.parametrize("off", [-3, 2])
def test_a_scale_that_was_wrong_is_found(device, n_slices, off):
    """Whatever the scale was: of integers out of range nothing follows."""
    statistics = "dithered" if n_slices == 2 else "means"
    case = Case(70, 70, (3, 3), statistics, n_slices)
    inputs = Inputs(case)
    right = _core.weight_scale_exponent(inputs.weights, case.narrow)
    learned = Learned(device, case, inputs, "small", right + off)
    expected = Expected(case, inputs)
    assert learned.state.exponent == _core.weight_scale_exponent(expected.weights, case.narrow)
    assert learned.state.rescaled == MINIBATCH + 1


@pytest.mark.parametrize("n_slices", [2, 3])
@pytest.mark.parametrize("signs", [(1, 1), (-1, -1), (1, -1)], ids=str)
def test_norms_bind_where_many_units_are_large(device, n_slices, signs):
    """The largest integer would fit one bit more. Positive and negative ones are added up apart."""
    case = Case(600, 1, (3, 3), "dithered" if n_slices == 2 else "means", n_slices)
    inputs = Inputs(case)
    inputs.weights[:] = 0.9 * np.tile(signs, 300)
    learned = Learned(device, case, inputs, "small")
    expected = Expected(case, inputs)
    exponent = _core.weight_scale_exponent(expected.weights, case.narrow)
    of_one = _core.weight_scale_exponent(expected.weights[:, :1], case.narrow)
    assert exponent > of_one
    check(learned, expected, _core.weight_scale_exponent(inputs.weights, case.narrow))
    # From where integers are in range and their sums are not.
    assert Learned(device, case, inputs, "small", of_one).state.exponent == exponent


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_weight_that_is_no_number_ends_learning(device, value):
    case = Case(33, 7, (3, 3))
    inputs = Inputs(case)
    inputs.weights[6, 32] = value
    learned = Learned(device, case, inputs, "large", exponent=-24)
    assert learned.state.not_finite == 1
    assert learned.state.minibatch == MINIBATCH + 1
    assert learned.state.exponent == -24
    before = learned.weights.copy()
    name, blocks, threads, shared = learn_launch("large", "means", 3, 33, 7, 3)
    device.launch(name, blocks, threads, learned.addresses, shared)
    assert np.array_equal(bits(device.get(learned.addresses.weights, before)), bits(before))
