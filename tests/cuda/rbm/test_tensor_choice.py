"""Which kernels answer: tensor cores where rows are bits and enough, plain ones elsewhere."""

import numpy as np
import pytest

from ...support.rbm_on_device import WHERE, Pair, binary_rows, grey_rows


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
