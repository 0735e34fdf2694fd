"""pack_bits and RBM(binarize=...) against NumPy's comparisons, and what they refuse."""

import datetime
from fractions import Fraction

import numpy as np
import pytest
from scipy import sparse

from udl_fast import RBM, BernoulliRBM, pack_bits, unpack_bits

GREY = np.arange(256)[None]
BIG = 2**53


def packed(bits):
    return np.packbits(bits, axis=1, bitorder="little")


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, ">f4", ">f8"])
@pytest.mark.parametrize("scalar", [float, np.float32, np.float64, np.longdouble, np.array])
def test_thresholds_are_compared_as_numpy_compares(dtype, scalar):
    pixels = (GREY / np.float64(255)).astype(dtype)
    tenths = np.array([[0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, np.inf, -np.inf]]).astype(dtype)
    for threshold in (
        *(k / 255 for k in range(0, 256, 3)),
        0.05,
        0.1,
        0.2,
        0.3,
        0.4,
        0.6,
        0.8,
        1e39,
    ):
        with np.errstate(over="ignore"):
            threshold = scalar(threshold)
        for x in (pixels, tenths):
            with np.errstate(over="ignore"):
                expected = packed(x > threshold)
            np.testing.assert_array_equal(pack_bits(x, threshold), expected)


def test_a_pixel_equal_to_its_threshold_is_not_above_it():
    assert pack_bits(np.float32([[51]]) / 255, 51 / 255)[0, 0] == 0


@pytest.mark.parametrize(
    "threshold", [BIG, float(BIG), np.int64(BIG), np.uint64(BIG), -1, 0, 2**63, 2**70, -(2**70)]
)
@pytest.mark.parametrize("dtype", [np.int64, np.uint64, np.longdouble])
def test_integers_beyond_float64(dtype, threshold):
    x = (BIG + np.arange(-2, 9)).astype(dtype)[None]
    np.testing.assert_array_equal(pack_bits(x, threshold), packed(x > threshold))


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int8, np.uint16, np.int32])
@pytest.mark.parametrize("threshold", [-1, 0, 0.5, 1, 127, 127.5, 255, 300, np.float32(0.1)])
def test_small_integers(dtype, threshold):
    x = np.array([[0, 1, 2, 126, 127, 1, 0]]).astype(dtype)
    np.testing.assert_array_equal(pack_bits(x, threshold), packed(x > threshold))


def test_a_threshold_for_each_column():
    x = np.random.default_rng(0).random((3000, 9), np.float32)
    medians = np.median(x, axis=0)
    np.testing.assert_array_equal(pack_bits(x, medians), packed(x > medians))
    np.testing.assert_array_equal(pack_bits(x, medians[None].tolist()), packed(x > medians))
    for wrong in (medians[:3], x[:2], medians[:, None]):
        with pytest.raises(ValueError, match="threshold has shape"):
            pack_bits(x, wrong)


def test_objects_are_numbers_or_nothing():
    x = np.array([[0, True, 0.5, Fraction(1, 3)]], object)
    np.testing.assert_array_equal(pack_bits(x, 0.4), [[0b0110]])
    np.testing.assert_array_equal(pack_bits(x.astype(float), Fraction(2, 5)), [[0b0110]])
    with pytest.raises(ValueError, match="X holds numbers beyond float64"):
        pack_bits(np.array([[10**400]], object), 0)


@pytest.mark.parametrize(
    "x",
    [
        np.array([[1j, 0]]),
        np.array([[1, 0]], "m8[s]"),
        np.array([[0, 1]], "M8[s]"),
        np.array([["1", "0"]]),
        np.array([["1", "0"]], object),
        np.array([[b"1"]]),
        np.array([[datetime.date(2000, 1, 1)]]),
    ],
)
@pytest.mark.parametrize("threshold", [None, 0.5])
def test_what_is_no_real_number_is_refused(x, threshold):
    with pytest.raises(TypeError, match="pack_bits: X has dtype"):
        pack_bits(x, threshold)


@pytest.mark.parametrize("threshold", ["0.5", "median", 1j, {}, [None]])
def test_odd_thresholds_are_refused_by_name(threshold):
    with pytest.raises(TypeError, match="pack_bits: threshold has dtype"):
        pack_bits(np.zeros((2, 1)), threshold)


@pytest.mark.parametrize("threshold", [np.nan, np.float32("nan"), [0.5, np.nan]])
def test_nan_is_no_threshold(threshold):
    with pytest.raises(ValueError, match=r"pack_bits: threshold (is|holds) NaN"):
        pack_bits(np.zeros((3, 2)), threshold)


def test_states_of_any_dtype():
    bits = np.random.default_rng(0).random((40, 70)) < 0.5
    for dtype in (np.float16, np.int64, np.longdouble, ">f4", object):
        np.testing.assert_array_equal(pack_bits(bits.astype(dtype)), packed(bits))
    for near_one in (np.longdouble(1) + np.finfo(np.longdouble).eps, np.int64(2), np.float16(0.5)):
        with pytest.raises(ValueError, match="values other than 0 and 1"):
            pack_bits(np.array([[0, near_one]]))


def test_masked_entries_are_refused():
    hidden = np.ma.masked_array([[1, 0]], [[True, False]])
    with pytest.raises(ValueError, match="pack_bits: X is a masked array"):
        pack_bits(hidden)
    with pytest.raises(ValueError, match="unpack_bits: packed is a masked array"):
        unpack_bits(hidden.astype(np.uint8))
    np.testing.assert_array_equal(pack_bits(np.ma.masked_array([[1, 0]])), [[1]])


def test_odd_widths_are_refused_by_name():
    bytes_ = np.zeros((2, 2), np.uint8)
    for n_bits in (16.0, "16", 2.5):
        with pytest.raises(TypeError, match="unpack_bits: n_bits must be an integer"):
            unpack_bits(bytes_, n_bits)
    for n_bits, message in ((-5, "must be >= 0"), (17, "expected 3"), (2**70, "expected")):
        with pytest.raises(ValueError, match=f"unpack_bits: .*{message}"):
            unpack_bits(bytes_, n_bits)


@pytest.mark.parametrize("make", [RBM, BernoulliRBM])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("threshold", [51 / 255, 0.1, np.float64(0.1), 0])
def test_models_binarize_as_numpy_compares(make, dtype, threshold):
    pixels = np.array([[51 / 255, 0.1, 0.0, 0.2, 0.9, 0.05]] * 3).astype(dtype)
    bits = pixels > float(threshold)
    model = make(n_components=2, n_iter=1, random_state=0).fit(bits)
    expected = model.transform(bits)
    model.binarize = threshold
    for x in (pixels, sparse.csr_matrix(pixels)):
        np.testing.assert_array_equal(model.transform(x), expected.astype(dtype))
