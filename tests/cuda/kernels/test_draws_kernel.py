"""Draws of a device are those of the CPU."""

import numpy as np
import pytest

from udl_fast import _core

from ...support.cuda import cuda_module


@pytest.mark.parametrize(
    ("first_chain", "n_chains", "n_units"), [(0, 1, 1), (5, 3, 45), (2**31, 33, 8)]
)
def test_draws_of_chains_and_units(ptx_driver, first_chain, n_chains, n_units):
    asked = 7, "gibbs", 2, 3, first_chain, n_chains, n_units
    found = cuda_module().draws(*asked, driver=ptx_driver)
    np.testing.assert_array_equal(found, _core.draws(*asked))
