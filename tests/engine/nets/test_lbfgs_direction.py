"""The direction of L-BFGS against the inverse of the Hessian as a matrix."""

import numpy as np
import pytest

from udl_fast import _core


def made(n, n_pairs, dtype):
    """A gradient, and pairs of a convex function: their products are positive."""
    rng = np.random.default_rng(0)
    steps = [rng.standard_normal(n).astype(dtype) for _ in range(n_pairs)]
    changes = [(s * rng.uniform(0.5, 2, n)).astype(dtype) for s in steps]
    products = zip(steps, changes, strict=True)
    curvatures = [float(s.astype(float) @ y.astype(float)) for s, y in products]
    return rng.standard_normal(n), steps, changes, curvatures


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_pairs", [1, 2, 7])
def test_direction(n_pairs, dtype):
    """Nocedal 1980: H is begun as a multiple of the identity and updated by pair after pair."""
    n = 30
    gradient, steps, changes, curvatures = made(n, n_pairs, dtype)
    last = changes[-1].astype(float)
    inverse = np.eye(n) * curvatures[-1] / (last @ last)
    for s, y, product in zip(steps, changes, curvatures, strict=True):
        s, y = s.astype(float), y.astype(float)
        change = np.eye(n) - np.outer(s, y) / product
        inverse = change @ inverse @ change.T + np.outer(s, s) / product
    found = _core.lbfgs_direction(gradient, steps, changes, curvatures, 2)
    np.testing.assert_allclose(found, -inverse @ gradient, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("n", [4096, 10_001])
def test_the_last_change_leads_back_along_the_last_step(n):
    """The secant equation, which holds for vectors of many blocks as well."""
    _, steps, changes, curvatures = made(n, 5, np.float64)
    found = _core.lbfgs_direction(changes[-1], steps, changes, curvatures, 2)
    np.testing.assert_allclose(found, -steps[-1], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("n", [1, 4095, 4097, 100_003])
def test_threads_change_no_bit(n):
    arguments = made(n, 4, np.float32)
    alone = _core.lbfgs_direction(*arguments, 1)
    for n_threads in (2, 3, 8):
        np.testing.assert_array_equal(_core.lbfgs_direction(*arguments, n_threads), alone)


def test_the_gradient_stays_what_it_was():
    gradient, *pairs = made(50, 2, np.float64)
    before = gradient.copy()
    _core.lbfgs_direction(gradient, *pairs, 1)
    np.testing.assert_array_equal(gradient, before)


@pytest.mark.parametrize("other", [np.float32, np.int64])
def test_pairs_are_of_one_dtype(other):
    gradient, steps, changes, curvatures = made(50, 2, np.float64)
    with pytest.raises(ValueError, match="all of float32 or all of float64"):
        _core.lbfgs_direction(gradient, steps, [y.astype(other) for y in changes], curvatures, 1)


def test_pairs_are_contiguous():
    gradient, steps, changes, curvatures = made(50, 2, np.float64)
    steps = [np.repeat(s, 2)[::2] for s in steps]
    with pytest.raises(ValueError, match="steps and changes must be contiguous"):
        _core.lbfgs_direction(gradient, steps, changes, curvatures, 1)


def test_wrong_arguments():
    gradient, steps, changes, curvatures = made(50, 2, np.float64)
    with pytest.raises(ValueError, match="curvatures is empty"):
        _core.lbfgs_direction(gradient, [], [], [], 1)
    with pytest.raises(ValueError, match="steps holds 1 vectors, expected 2 as curvatures"):
        _core.lbfgs_direction(gradient, steps[:1], changes, curvatures, 1)
    with pytest.raises(ValueError, match=r"changes has shape \(49,\), expected \(50,\)"):
        _core.lbfgs_direction(gradient, steps, [y[1:] for y in changes], curvatures, 1)
    with pytest.raises(ValueError, match="n_threads must be between 1"):
        _core.lbfgs_direction(gradient, steps, changes, curvatures, 0)
