"""Outputs by products of integers: bit for bit those of NumPy, near those of float64."""

import sys

import numpy as np
import pytest
from scipy import sparse
from scipy.special import expit

from tests.oracle import int8, int16
from tests.support.interruption import assert_ends_soon
from udl_fast import _core, runtime

ORACLES = {"int16": int16, "int8": int8}
# (rows, inputs, outputs): panels, pairs and fours of them that are not full, blocks of inputs, groups of panels.
SHAPES = [
    (1, 1, 1),
    (7, 16, 17),
    (33, 33, 31),
    (45, 300, 20),
    (5, 193, 150),
    (200, 192, 16),
    (400, 785, 40),
    (31, 64, 33),
    (3, 1560, 16),
]
RNG = np.random.default_rng(0)

pytestmark = pytest.mark.parametrize("rounding", list(ORACLES))


def normal(*shape, scale=1.0):
    return RNG.normal(0, scale, shape).astype(np.float32)


def one_layer(weights, biases, activation="linear", precision="float32"):
    engine = _core.NetEngine(list(weights.shape[::-1]), [activation], "squared", precision)
    engine.set_parameters(np.concatenate([weights.ravel(), biases]).astype(float))
    return engine


def outputs(rounding, engine, x, n_threads=2):
    """Found the same on every target."""
    rows = _core.Rows.from_array(x)
    found = []
    for target in _core.available_targets():
        with runtime.forced_target(target):
            found.append(engine.forward(rows, n_threads, rounding=rounding))
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])
    return found[0]


def assert_as_numpy_says(rounding, x, weights, biases, n_threads=2):
    found = outputs(rounding, one_layer(weights, biases), x, n_threads)
    np.testing.assert_array_equal(found, ORACLES[rounding].outputs(x, weights, biases))


def spread(rounding, x, w):
    """Standard deviation of outputs by independent roundings, each uniform within a step."""
    weight_steps = ORACLES[rounding].rounded_weights(w)[1].astype(float)
    x, w = x.astype(float), w.astype(float)
    if rounding == "int16":
        value_steps, about = np.full(len(x), 1 / 4080), x
    else:
        value_steps, about = np.ptp(x, axis=1) / 127, x - x.mean(axis=1, keepdims=True)
    by_values = np.outer(value_steps, np.linalg.norm(w, axis=1))
    by_weights = np.outer(np.linalg.norm(about, axis=1), weight_steps)
    return np.hypot(by_values, by_weights) / 12**0.5


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("shape", SHAPES)
def test_bits_are_those_of_the_oracle(rounding, shape, n_threads):
    n_rows, n_inputs, n_outputs = shape
    x, w = normal(n_rows, n_inputs), normal(n_outputs, n_inputs, scale=0.3)
    assert_as_numpy_says(rounding, x, w, normal(n_outputs), n_threads)
    found = outputs(rounding, one_layer(w, np.zeros(n_outputs, np.float32), "relu"), x, n_threads)
    expected = np.maximum(ORACLES[rounding].outputs(x, w, np.float32(0)), 0)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("shape", SHAPES)
def test_they_are_near_those_of_float64(rounding, shape):
    """Of 12 bits of values and some 13 of weights, or of 7 and some 6."""
    n_rows, n_inputs, n_outputs = shape
    x = RNG.uniform(0, 1, (n_rows, n_inputs)).astype(np.float32)
    w, b = normal(n_outputs, n_inputs), normal(n_outputs)
    exact = x.astype(float) @ w.T.astype(float)
    limit = 6 * spread(rounding, x, w)
    error = outputs(rounding, one_layer(w, b), x) - (exact + b)
    assert (np.abs(error) < limit + 1e-6 * (1 + np.abs(exact))).all()
    share = np.linalg.norm(error) / np.linalg.norm(exact)
    assert share < (3e-4 if rounding == "int16" else 0.02)
    probabilities = outputs(rounding, one_layer(w, b, "logistic"), x)
    assert (np.abs(probabilities - expit(exact + b)) < limit / 4 + 2e-6).all()


def test_sums_at_the_edge_of_what_integers_hold(rounding):
    """All of one sign and of one size, or with one that is far larger than the others."""
    for n in (31, 191, 192, 193, 400, 769):
        x = np.ones((4, n), np.float32)
        x[1] *= -1
        x[2] = 0.999
        x[3] = 0.999
        x[2, 3] = x[3, 3:] = 0
        w = np.full((4, n), 0.7, np.float32)
        w[1] *= -1
        w[2, 5:] = 1e-4
        w[3] = RNG.uniform(0.5, 1.0, n)
        assert_as_numpy_says(rounding, x, w, np.zeros(4, np.float32))


def test_levels_stay_what_they_are(rounding):
    """Those of bytes, and of seven bits. A weight of one is the largest that occurs: what is left are some
    roundings of float32."""
    most = {"int16": 255, "int8": 127}[rounding]
    levels = np.arange(256, dtype=np.float32) % (most + 1) / np.float32(most)
    x = np.tile(levels, (2, 1))
    x[1] = levels[[37] * 256]
    eye, none = np.eye(256, dtype=np.float32), np.zeros(256, np.float32)
    np.testing.assert_allclose(outputs(rounding, one_layer(eye, none), x), x, rtol=3e-7, atol=1e-7)


@pytest.mark.parametrize("scale", [0.0, 1e-30, 3e-5, 1e4, 1e15, 1e35])
def test_rows_and_weights_of_any_size(rounding, scale):
    x, w = normal(9, 40), normal(18, 40)
    x[3] *= np.float32(scale)
    assert_as_numpy_says(rounding, x, w, normal(18))
    x, w[5] = normal(9, 40), w[5] * np.float32(scale)
    assert_as_numpy_says(rounding, x, w, normal(18))


@pytest.mark.parametrize("exponent", [-85, -40, -13, 30, 96, 120])
def test_all_sizes_are_rounded_alike(rounding, exponent):
    """Powers of two take nothing from the precision, as far as they leave room for sums."""
    x, w, b = normal(9, 300), normal(18, 300), np.zeros(18, np.float32)
    scale = np.float32(2.0**exponent)
    expected = outputs(rounding, one_layer(w, b), x) * scale
    np.testing.assert_array_equal(outputs(rounding, one_layer(w, b), x * scale), expected)
    if exponent < 100:
        np.testing.assert_array_equal(outputs(rounding, one_layer(w * scale, b), x), expected)


@pytest.mark.parametrize("place", [0, 200, 399])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_not_lost(rounding, value, place):
    """Elsewhere nothing changes."""
    x, w, b = normal(9, 400), normal(18, 400), normal(18)
    expected = outputs(rounding, one_layer(w, b), x)
    expected[4], expected[:, 3] = np.nan, np.nan
    x[4, place] = w[3, place] = value
    np.testing.assert_array_equal(outputs(rounding, one_layer(w, b), x), expected)


@pytest.mark.skipif(sys.platform == "win32", reason="signals a process as Unix does")
@pytest.mark.parametrize("n_threads", [1, 2])
def test_ctrl_c_ends_many_rows_soon(rounding, n_threads):
    """Blocks of rows take far longer than panels of weights, the smallest of which come right before them."""
    engine = _core.NetEngine([512, 4096, 4096, 16, 2048], ["logistic"] * 4, "squared", "float32")
    rows = _core.Rows.from_array(np.full((20_000, 512), 0.5, np.float32))
    assert_ends_soon(lambda: engine.forward(rows, n_threads, rounding=rounding))


def test_a_row_does_not_depend_on_those_beside_it(rounding):
    x, w = normal(700, 50), normal(20, 50)
    engine = one_layer(w, normal(20))
    found = outputs(rounding, engine, x, 3)
    np.testing.assert_array_equal(outputs(rounding, engine, x[300:333], 2), found[300:333])
    np.testing.assert_array_equal(outputs(rounding, engine, x[:1], 5), found[:1])
    assert outputs(rounding, engine, x[:0]).shape == (0, 20)


def test_layers_follow_each_other(rounding):
    sizes, kinds = [37, 50, 17, 50, 37], ["logistic", "tanh", "relu", "linear"]
    engine = _core.NetEngine(sizes, kinds, "squared", "float32")
    engine.set_parameters(RNG.normal(0, 0.4, engine.n_parameters).astype(np.float32).astype(float))
    x = RNG.uniform(0, 1, (90, 37)).astype(np.float32)
    rows = _core.Rows.from_array(x)
    whole = engine.forward(rows, 2, rounding=rounding)
    code = engine.forward(rows, 1, 0, 2, rounding=rounding)
    rest = engine.forward(_core.Rows.from_array(code), 3, 2, 4, rounding=rounding)
    np.testing.assert_array_equal(rest, whole)
    exact = engine.forward(rows, 2)
    share = np.linalg.norm(whole - exact) / np.linalg.norm(exact)
    assert 0 < share < (1e-3 if rounding == "int16" else 0.05)


@pytest.mark.parametrize("columns", [64, 70])  # rows of whole panels are read where they lie
@pytest.mark.parametrize("kind", ["bits", "csr", "dense"])
def test_rows_of_other_kinds(rounding, kind, columns):
    x = (RNG.random((60, columns)) < 0.2).astype(np.float32)
    if kind != "bits":
        x *= np.float32(0.25)
    csr = sparse.csr_array(x)
    rows = _core.Rows.from_csr(csr.indptr, csr.indices, csr.data, columns, None, 1)
    if kind == "dense":
        rows = _core.Rows.from_array(x.astype(np.float64))
    assert rows.kind == kind
    w, b = normal(20, columns), normal(20)
    expected = ORACLES[rounding].outputs(x, w, b)
    found = one_layer(w, b).forward(rows, 1, rounding=rounding)
    np.testing.assert_array_equal(found, expected)


def test_what_has_no_such_products(rounding):
    rows = _core.Rows.from_array(normal(4, 6))
    with pytest.raises(NotImplementedError, match="precision='float64' is not rounded"):
        one_layer(normal(3, 6), normal(3), precision="float64").forward(rows, 1, rounding=rounding)
    softmax = _core.NetEngine([6, 3], ["softmax"], "multinomial", "float32")
    with pytest.raises(NotImplementedError, match="layer 0 has softmax units"):
        softmax.forward(rows, 1, rounding=rounding)
    tied = _core.NetEngine([6, 3, 6], ["logistic"] * 2, "squared", "float32", [-1, 0])
    assert tied.forward(rows, 1, 0, 1, rounding=rounding).shape == (4, 3)
    with pytest.raises(NotImplementedError, match="layer 1 is tied to another"):
        tied.forward(rows, 1, rounding=rounding)
    with pytest.raises(ValueError, match="rounding must be 'int16', 'int8' or None, got 'int4'"):
        tied.forward(rows, 1, rounding="int4")
