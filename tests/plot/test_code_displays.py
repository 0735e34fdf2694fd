"""Displays of codes: points, what is retrieved, statistics of bits, precision and recall."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from udl_fast import pack_bits
from udl_fast.evaluation import precision_recall_by_radius
from udl_fast.hashing import CodeDiagnosis
from udl_fast.plot import (
    CodeScatterDisplay,
    CodeStatisticsDisplay,
    PrecisionRecallDisplay,
    RetrievalDisplay,
)
from udl_fast.plot.retrieval import nearest_rows


def test_codes_are_points_of_the_colours_of_their_labels():
    X = np.random.default_rng(0).random((30, 9))
    labels = np.array(["b", "a", "c"] * 10)
    display = CodeScatterDisplay.from_estimator(PCA(3).fit(X), X, labels, components=(0, 2))
    codes = PCA(3).fit_transform(X)[:, [0, 2]]
    assert [points.get_label() for points in display.points_] == ["a", "b", "c"]
    np.testing.assert_allclose(display.points_[1].get_offsets(), codes[labels == "b"], atol=1e-12)
    colors = {tuple(points.get_facecolor()[0]) for points in display.points_}
    assert len(colors) == 3
    (all_points,) = CodeScatterDisplay.from_values(codes).points_
    assert len(all_points.get_offsets()) == 30


class Coder:
    """Codes that are the pixels themselves."""

    def encode(self, X):
        return pack_bits(np.asarray(X) > 0.5)


@pytest.mark.parametrize("shape", [(2, 4), (4, 2, 3), (3, 4, 2)])
def test_retrieval_sheets_show_query_and_neighbours(shape):
    images = np.random.default_rng(0).random((30, np.prod(shape)))
    display = RetrievalDisplay.from_estimator(
        Coder(), images[:3], images, n_found=4, image_shape=shape
    )
    assert list(display.found) == ["code", "pixels"]
    for found in display.found.values():
        np.testing.assert_array_equal(found[:, 0], images[:3])  # nearest to itself
    distances = np.linalg.norm(images[:3, None] - images, axis=2)
    np.testing.assert_array_equal(
        display.found["pixels"], images[np.argsort(distances, axis=1)[:, :4]]
    )
    assert [text.get_text() for text in display.ax_.get_yticklabels()] == 3 * ["code", "pixels"]
    height, width = {(2, 4): (2, 4), (4, 2, 3): (4, 2), (3, 4, 2): (4, 2)}[shape]
    picture = np.asarray(display.image_.get_array())
    assert picture.shape[:2] == (1 + 6 * (height + 1), 1 + 6 * (width + 1))
    paper = 1 if len(shape) == 3 else 0
    assert (picture[1 : 1 + height, 1 + width + 1 : 1 + 2 * width + 1] == paper).all()  # the gap
    with pytest.raises(ValueError, match="every search must have found as many images"):
        RetrievalDisplay.from_values(
            images[:1], {"a": images[None, :2], "b": images[None, :3]}, image_shape=shape
        )
    with pytest.raises(ValueError, match="queries must have shape"):
        RetrievalDisplay.from_values(images[:1], {"a": images[:2]}, image_shape=shape)


def test_code_statistics_show_means_and_correlations():
    bits = np.random.default_rng(0).random((400, 16)) < np.linspace(0, 0.9, 16)
    display = CodeStatisticsDisplay.from_diagnosis(CodeDiagnosis.of(pack_bits(bits)))
    means = display.axes_[0].lines[0].get_ydata()
    np.testing.assert_allclose(means, np.sort(bits.mean(axis=0)))
    assert "1 dead" in display.axes_[0].get_title()
    counted = sum(bar.get_height() for bar in display.axes_[1].patches)
    assert counted == 15 * 14 / 2  # pairs of bits that change


def test_precision_recall_has_a_point_for_each_radius():
    rng = np.random.default_rng(0)
    codes, labels = rng.integers(0, 256, (200, 1), dtype=np.uint8), rng.integers(0, 3, 200)
    relevance = {"labels": (labels[:20], labels)}
    display = PrecisionRecallDisplay.from_codes({"8 bits": (codes[:20], codes)}, **relevance)
    curve = precision_recall_by_radius(codes[:20], codes, nothing_found="skip", **relevance)
    np.testing.assert_array_equal(display.lines_[0].get_xdata(), curve.recall)
    np.testing.assert_array_equal(display.lines_[0].get_ydata(), curve.precision)
    assert display.lines_[0].get_label() == "8 bits"


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int8, np.float32])
def test_neighbours_by_pixels_are_those_of_any_dtype(dtype):
    rng = np.random.default_rng(0)
    rows = (rng.random((50, 300)) * (1 if dtype is np.float32 else 2)).astype(dtype)
    if dtype in (np.uint8, np.int8):
        rows *= 100
    exact = np.square(rows[:5, None].astype(float) - rows.astype(float)).sum(axis=2)
    expected = np.argsort(exact, axis=1, kind="stable")[:, :4]
    np.testing.assert_array_equal(nearest_rows(rows[:5], rows, 4), expected)
