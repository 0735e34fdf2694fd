"""The scale of the weights' integers: found from weights alone, and images made anew where it has changed."""

import numpy as np
import pytest

from udl_fast import _core

from . import layouts
from .tensor_kernels import FindScale, Rescale, put_images, quantise, run_state

f32 = np.float32


@pytest.mark.parametrize("n_slices", [2, 3])
@pytest.mark.parametrize("due", [True, False])
def test_images_are_made_anew_where_the_scale_has_changed(device, n_slices, due):
    rng = np.random.default_rng(8)
    weights = (rng.standard_normal((70, 150)) * 0.1).astype(f32)
    exponent = _core.weight_scale_exponent(weights, n_slices == 2)
    state = run_state(exponent, 200, batch_size=40, minibatch=3, rescaled=3 if due else 2)
    empty = put_images(device, np.zeros_like(weights), exponent, n_slices)
    arguments = Rescale(device.put_state(state), device.put(weights), 150, 70, *empty)
    device.launch(f"udl_rescale_{n_slices}", (3, 2), 256, arguments)
    z = quantise(weights, exponent) if due else np.zeros((70, 150), np.int64)
    for address, integers in zip(empty, (z, z.T), strict=True):
        expected = layouts.images(integers, n_slices)
        assert np.array_equal(device.get(address, expected), expected)


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("off", [-2, 0, 5])
@pytest.mark.parametrize("size", [0.05, 20])
def test_a_scale_is_found_from_weights_alone(device, narrow, off, size):
    rng = np.random.default_rng(3)
    weights = (rng.standard_normal((70, 130)) * size).astype(f32)
    right = _core.weight_scale_exponent(weights, narrow)
    state = run_state(right + off, 40, minibatch=4, rescaled=1)
    arguments = FindScale(device.put_state(state), device.put(weights), 130, 70, narrow)
    device.launch("udl_find_scale", (1,), 256, arguments)
    found = device.get_state(arguments.run)
    assert found.exponent == right
    assert (found.scale, found.inverse_scale) == (2.0**right, 2.0**-right)
    assert (found.rescaled, found.minibatch, found.not_finite) == (4, 4, 0)


def test_weights_that_are_no_numbers_have_no_scale(device):
    weights = np.full((3, 5), np.nan, f32)
    arguments = FindScale(device.put_state(run_state(-20, 3)), device.put(weights), 5, 3, 0)
    device.launch("udl_find_scale", (1,), 256, arguments)
    found = device.get_state(arguments.run)
    assert (found.exponent, found.not_finite) == (-20, 1)
