"""Generated data: every image where they can be listed, probabilities and shapes where they are drawn."""

import numpy as np
import pytest

from udl_fast import datasets


def test_bars_and_stripes_are_all_there_once():
    full = datasets.make_bars_and_stripes(3)
    assert full.data.shape == (2**4 - 2, 9)
    assert len(np.unique(full.data, axis=0)) == len(full.data)
    for image in full.data.reshape(-1, 3, 3):
        assert (image == image[0]).all() or (image == image[:, :1]).all()
    assert full.probabilities.sum() == pytest.approx(1)
    both_ways = full.data.sum(axis=1) % 9 == 0
    np.testing.assert_allclose(full.probabilities[both_ways], 2 / 16)
    np.testing.assert_allclose(full.probabilities[~both_ways], 1 / 16)


def test_drawn_bars_and_stripes_follow_their_probabilities():
    full = datasets.make_bars_and_stripes(2, dtype=np.uint8)
    drawn = datasets.make_bars_and_stripes(2, 20000, dtype=np.uint8, random_state=0).data
    code = np.array([1, 2, 4, 8])
    frequency = np.bincount(drawn @ code, minlength=16)[full.data @ code] / 20000
    assert frequency.sum() == 1
    sigma = np.sqrt(full.probabilities * (1 - full.probabilities) / 20000)
    assert (np.abs(frequency - full.probabilities) < 5 * sigma).all()


def test_shifter_shifts():
    shifter = datasets.make_shifter(500, 8, random_state=0)
    first, second, label = np.split(shifter.data, [8, 16], axis=1)
    for bits, moved, one_hot, target in zip(first, second, label, shifter.target, strict=True):
        np.testing.assert_array_equal(moved, np.roll(bits, target - 1))
        assert one_hot.argmax() == target
        assert one_hot.sum() == 1
    assert set(shifter.target) == {0, 1, 2}


def test_curves_pass_through_their_points():
    curves = datasets.make_curves(300, random_state=0)
    images = curves.data.reshape(-1, 28, 28)
    assert images.min() == 0
    assert images.max() == 1
    for image, points in zip(images, curves.points, strict=True):
        for x, y in points:
            assert image[round(y), round(x)] > 0.3
    np.testing.assert_array_equal(curves.data, datasets.make_curves(300, random_state=0).data)


def test_curves_of_a_soft_pen_go_from_left_to_right():
    curves = datasets.make_curves(200, ordered=True, pen_width=1.5, ink=0.5, random_state=0)
    x = curves.points[:, :, 0]
    thirds = 1 + 25 / 3 * np.arange(4)
    assert ((x > thirds[:3]) & (x < thirds[1:])).all()
    images = curves.data.reshape(-1, 28, 28)
    for image, points in zip(images, curves.points, strict=True):
        for column, row in points.round().astype(int):
            # No pixel is farther from its point than half a diagonal.
            assert 0.5 * np.exp(-0.5 / 4.5) - 0.01 < image[row, column] <= 0.5


def test_curves_are_sparse_strokes():
    data = datasets.make_curves(500, random_state=1).data
    assert 0.02 < data.mean() < 0.15


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: datasets.make_bars_and_stripes(0), "n_side must be in 1..16, got 0"),
        (lambda: datasets.make_bars_and_stripes(3, 0), "n_samples must be >= 1, got 0"),
        (lambda: datasets.make_shifter(0), "n_samples must be >= 1, got 0"),
        (lambda: datasets.make_shifter(5, 1), "n_units must be >= 2, got 1"),
        (lambda: datasets.make_curves(-1), "n_samples must be >= 1, got -1"),
        (lambda: datasets.make_curves(1, 7), "image_size must be >= 8, got 7"),
        (lambda: datasets.make_curves(1, pen_width=0), "pen_width must be > 0 or None, got 0"),
        (lambda: datasets.make_curves(1, ink=1.5), "ink must be > 0 and <= 1, got 1.5"),
        (lambda: datasets.make_curves(1, dtype=bool), "bool cannot hold grey values"),
    ],
)
def test_generator_sizes_are_checked(make, message):
    with pytest.raises(ValueError, match=message):
        make()
