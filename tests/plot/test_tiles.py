"""Images as tiles of one picture."""

import numpy as np
import pytest

from udl_fast.plot import tile_images


def test_tiles_lie_row_by_row_inside_padding():
    images = np.arange(5 * 6).reshape(5, 6)
    picture = tile_images(images, (2, 3), n_columns=2, padding=1, fill=-1)
    assert picture.shape == (1 + 3 * 3, 1 + 2 * 4)
    assert picture.dtype == np.float32
    for index in range(5):
        row, column = divmod(index, 2)
        tile = picture[1 + 3 * row : 3 + 3 * row, 1 + 4 * column : 4 + 4 * column]
        np.testing.assert_array_equal(tile, images[index].reshape(2, 3))
    rest = np.ones_like(picture, bool)
    for index in range(5):
        row, column = divmod(index, 2)
        rest[1 + 3 * row : 3 + 3 * row, 1 + 4 * column : 4 + 4 * column] = False
    assert (picture[rest] == -1).all()


def test_tiles_without_padding_and_with_square_defaults():
    picture = tile_images(np.arange(4 * 4.0).reshape(4, 4), padding=0)
    np.testing.assert_array_equal(picture[:2, :2], [[0, 1], [2, 3]])
    np.testing.assert_array_equal(picture[2:, 2:], [[12, 13], [14, 15]])
    assert picture.dtype == np.float64


def test_channels_first_and_last_are_the_same_picture():
    images = np.random.RandomState(0).rand(3, 3, 4, 5)
    first = tile_images(images.reshape(3, -1), (3, 4, 5))
    last = tile_images(np.moveaxis(images, 1, 3))
    assert first.shape == (1 + 2 * 5, 1 + 2 * 6, 3)
    np.testing.assert_array_equal(first, last)


def test_normalize_each_and_all():
    images = np.array([[0.0, 1, 2, 4], [10, 10, 10, 10], [4, 6, 8, 8]])
    each = tile_images(images, normalize="each", padding=0, n_columns=3)
    np.testing.assert_allclose(each[:, 0:2], [[0, 0.25], [0.5, 1]])
    np.testing.assert_array_equal(each[:, 2:4], 0)
    np.testing.assert_allclose(each[:, 4:6], [[0, 0.5], [1, 1]])
    together = tile_images(images, normalize="all", padding=0, n_columns=3)
    np.testing.assert_allclose(together[:, 4:6], [[0.4, 0.6], [0.8, 0.8]])


@pytest.mark.parametrize(
    ("images", "options", "message"),
    [
        (np.ones((2, 5)), {}, "5 features are no square image"),
        (np.ones((2, 4)), {"image_shape": (2, 3)}, r"do not have the 6 values"),
        (np.ones((2, 4)), {"image_shape": (4,)}, r"image_shape must be \(height, width\)"),
        (np.ones((2, 8)), {"image_shape": (2, 2, 2)}, "image_shape must be"),
        (np.ones((0, 4)), {}, "non-empty"),
        (np.ones(4), {}, r"got shape \(4,\)"),
        (np.ones((2, 4)), {"n_columns": 0}, "n_columns must be >= 1, got 0"),
        (np.ones((2, 4)), {"padding": -1}, "padding must be >= 0, got -1"),
        (np.ones((2, 4)), {"normalize": "both"}, "got 'both'"),
    ],
)
def test_tile_options_are_checked(images, options, message):
    with pytest.raises(ValueError, match=message):
        tile_images(images, **options)
