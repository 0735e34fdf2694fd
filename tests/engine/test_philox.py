"""Draws: Random123's known answers, the counter layout, and uniformity."""

import numpy as np
import pytest
from scipy import stats

from tests.oracle import philox
from udl_fast import _core

ONES = 0xFFFFFFFF


@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((ONES,) * 4, (ONES, ONES), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_known_answers_of_random123(counter, key, answer):
    for philox4x32 in (_core.philox4x32, philox.philox4x32):
        assert tuple(philox4x32(np.array([counter], np.uint32), key)[0]) == answer


@pytest.mark.parametrize("stream", philox.STREAMS)
@pytest.mark.parametrize(("layer", "step"), [(0, 0), (1, 2**32 - 1), (1023, 2**32), (7, 2**48 - 1)])
def test_draws_are_the_oracles(stream, layer, step):
    seed = 0x0123456789ABCDEF
    expected = philox.draws(seed, stream, layer, step, 5, 3, 37)
    np.testing.assert_array_equal(_core.draws(seed, stream, layer, step, 5, 3, 37), expected)


def test_every_unit_has_a_draw_of_its_own():
    places = {tuple(int(x) for x in philox.draw_position(unit)) for unit in range(160)}
    assert len(places) == 160
    assert {block for block, _ in places} == set(range(40))


def test_draws_are_uniform_in_every_lane():
    draws = _core.draws(1, "gibbs", 0, 0, 0, 20000, 16)
    for unit in range(16):
        counts = np.bincount(draws[:, unit] >> 26, minlength=64)
        assert stats.chisquare(counts).pvalue > 1e-6, unit


def test_shuffled_order_is_a_fresh_permutation_each_epoch():
    orders = [_core.shuffled_order(1000, 3, epoch) for epoch in range(3)]
    for order in orders:
        np.testing.assert_array_equal(np.sort(order), np.arange(1000))
    assert (orders[0] != orders[1]).mean() > 0.9
    np.testing.assert_array_equal(orders[2], _core.shuffled_order(1000, 3, 2))
    assert len(_core.shuffled_order(0, 1, 0)) == 0


def test_shuffled_order_puts_every_row_everywhere():
    first = np.array([_core.shuffled_order(8, 7, epoch) for epoch in range(8000)])
    for position in range(8):
        counts = np.bincount(first[:, position], minlength=8)
        assert stats.chisquare(counts).pvalue > 1e-6, position


def test_fields_that_do_not_fit_are_errors():
    with pytest.raises(ValueError, match="step must be between 0 and 2"):
        _core.draws(0, "gibbs", 0, 2**48, 0, 1, 1)
    with pytest.raises(ValueError, match="layer must be below 1024"):
        _core.draws(0, "gibbs", 1024, 0, 0, 1, 1)
    with pytest.raises(ValueError, match="do not fit in 32 bits"):
        _core.draws(0, "gibbs", 0, 0, 2**32 - 1, 2, 1)
    with pytest.raises(ValueError, match="stream must be one of"):
        _core.draws(0, "gibs", 0, 0, 0, 1, 1)
