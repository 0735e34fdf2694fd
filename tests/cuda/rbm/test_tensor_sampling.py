"""Means, samples and Gibbs chains on interpreted tensor cores: every bit is that of the CPU's engine."""

from dataclasses import dataclass

import numpy as np
import pytest

from udl_fast import _core

from ...support.rbm_on_device import WHERE, Pair, binary_rows

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
