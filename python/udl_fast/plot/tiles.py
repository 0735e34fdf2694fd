"""Rows of a matrix as one picture of tiles. NumPy only."""

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray


def image_shape_of(n_features: int, *, caller: str) -> tuple[int, int]:
    """The square shape with n_features pixels.

    Raises
    ------
    ValueError
        If there is none.
    """
    side = math.isqrt(n_features)
    if side * side != n_features:
        raise ValueError(
            f"{caller}: {n_features} features are no square image; give image_shape=(height, width)"
        )
    return side, side


def tile_images(
    images: ArrayLike,
    image_shape: tuple[int, ...] | None = None,
    n_columns: int | None = None,
    padding: int = 1,
    normalize: Literal["each", "all"] | None = None,
    fill: float = 0.0,
) -> NDArray[np.floating]:
    """Lay images out on a grid, row by row, as one picture.

    Parameters
    ----------
    images : array-like of shape (n_images, n_pixels) or (n_images, ...)
        Any real or bool dtype.
    image_shape : tuple, default=None
        (height, width), (height, width, 3) or, channels first, (3, height, width). None takes the
        shape of `images` beyond the first axis, or a square if that is one axis.
    n_columns : int, default=None
        Images in a row; None makes the grid about square.
    padding : int, default=1
        Pixels between neighbours and around the picture.
    normalize : {"each", "all"} or None, default=None
        Map the smallest value to 0 and the largest to 1, image by image or over all images. A
        constant image becomes 0. None keeps the values.
    fill : float, default=0.0
        Value of the padding and of empty places.

    Returns
    -------
    ndarray of shape (height, width) or (height, width, 3)
        float32, or float64 if `images` is float64.

    Raises
    ------
    ValueError
        If a shape does not fit or an option is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from udl_fast.plot import tile_images
    >>> tile_images(np.ones((6, 4)), n_columns=3).shape
    (7, 10)
    """
    tiles = _as_images(images, image_shape)
    n_images, height, width, n_channels = tiles.shape
    if n_columns is None:
        n_columns = math.ceil(math.sqrt(n_images))
    if n_columns < 1:
        raise ValueError(f"tile_images: n_columns must be >= 1, got {n_columns}")
    if padding < 0:
        raise ValueError(f"tile_images: padding must be >= 0, got {padding}")
    if normalize is not None:
        tiles = _normalized(tiles, normalize)
    n_rows = math.ceil(n_images / n_columns)
    step_y, step_x = height + padding, width + padding
    size = (padding + n_rows * step_y, padding + n_columns * step_x, n_channels)
    picture = np.full(size, fill, tiles.dtype)
    for index, tile in enumerate(tiles):
        top = padding + index // n_columns * step_y
        left = padding + index % n_columns * step_x
        picture[top : top + height, left : left + width] = tile
    return picture[:, :, 0] if n_channels == 1 else picture


def _as_images(images: ArrayLike, image_shape: tuple[int, ...] | None) -> NDArray[Any]:
    """The images as floats of shape (n_images, height, width, 1 or 3)."""
    values = np.asarray(images)
    if values.ndim < 2 or len(values) == 0:
        raise ValueError(
            f"tile_images: images must be a non-empty array of at least 2 axes, "
            f"got shape {values.shape}"
        )
    if image_shape is None:
        image_shape = values.shape[1:]
        if len(image_shape) == 1:
            image_shape = image_shape_of(image_shape[0], caller="tile_images")
    if len(image_shape) not in (2, 3) or (len(image_shape) == 3 and 3 not in image_shape[::2]):
        raise ValueError(
            f"tile_images: image_shape must be (height, width), (height, width, 3) or "
            f"(3, height, width), got {image_shape}"
        )
    if math.prod(values.shape[1:]) != math.prod(image_shape):
        raise ValueError(
            f"tile_images: images of shape {values.shape[1:]} do not have the "
            f"{math.prod(image_shape)} values of image_shape {image_shape}"
        )
    if values.dtype != np.float64:
        values = values.astype(np.float32)
    values = values.reshape(len(values), *image_shape)
    if len(image_shape) == 2:
        return values[..., None]
    if image_shape[2] != 3:
        return np.moveaxis(values, 1, 3)
    return values


def _normalized(tiles: NDArray[Any], how: str) -> NDArray[Any]:
    if how not in ("each", "all"):
        raise ValueError(f'tile_images: normalize must be None, "each" or "all", got {how!r}')
    axes = (1, 2, 3) if how == "each" else (0, 1, 2, 3)
    low = tiles.min(axis=axes, keepdims=True)
    span = tiles.max(axis=axes, keepdims=True) - low
    result: NDArray[Any] = (tiles - low) / np.where(span > 0, span, 1)
    return result
