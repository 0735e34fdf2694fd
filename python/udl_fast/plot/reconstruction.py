"""Data beside what a model makes of them."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._axes import TEXT_COLOR, axes_for, label_rows, pixel_height, show_picture
from .tiles import image_shape_of, tile_images


class ReconstructionDisplay:
    """Images in one row, their reconstructions in the row below.

    Make it with `from_estimator` or `from_values`, then call `plot`.

    Parameters
    ----------
    images, reconstructions : ndarray of shape (n_images, n_features)
        Values in [0, 1].
    image_shape : tuple
        (height, width), or with three channels (height, width, 3) or (3, height, width).

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    image_ : matplotlib AxesImage

    Examples
    --------
    >>> from udl_fast import RBM
    >>> from udl_fast.datasets import load_digits
    >>> from udl_fast.plot import ReconstructionDisplay
    >>> X = load_digits().data
    >>> rbm = RBM(64, n_iter=30, random_state=0).fit(X)
    >>> ReconstructionDisplay.from_estimator(rbm, X).figure_  # doctest: +SKIP
    """

    ax_: Any
    figure_: Any
    image_: Any

    def __init__(
        self,
        images: NDArray[Any],
        reconstructions: NDArray[Any],
        image_shape: tuple[int, ...],
    ) -> None:
        self.images = images
        self.reconstructions = reconstructions
        self.image_shape = image_shape

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        *,
        image_shape: tuple[int, ...] | None = None,
        max_images: int = 20,
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Plot the first rows of X beside `estimator.reconstruct` of them.

        Parameters
        ----------
        estimator : object
            A fitted model with `reconstruct(X)`.
        X : array-like of shape (n_samples, n_features)
            The data; a shuffled part of it shows more than its head.
        image_shape : tuple, default=None
            Shape of an image; None takes a square.
        max_images : int, default=20
            How many rows of X to show.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **options
            Passed to `plot`.

        Returns
        -------
        ReconstructionDisplay
            Already plotted.
        """
        rows: Any = X if hasattr(X, "__getitem__") else np.asarray(X)
        head = rows[:max_images]
        return cls.from_values(
            head, estimator.reconstruct(head), image_shape=image_shape, ax=ax, **options
        )

    @classmethod
    def from_values(
        cls,
        images: ArrayLike,
        reconstructions: ArrayLike,
        *,
        image_shape: tuple[int, ...] | None = None,
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Plot given images beside given reconstructions of the same shape."""
        top, bottom = np.asarray(images), np.asarray(reconstructions)
        if top.shape != bottom.shape or top.ndim != 2:
            raise ValueError(
                f"ReconstructionDisplay: images and reconstructions must both have shape "
                f"(n_images, n_features), got {top.shape} and {bottom.shape}"
            )
        if image_shape is None:
            image_shape = image_shape_of(top.shape[1], caller="ReconstructionDisplay")
        return cls(top, bottom, image_shape).plot(ax=ax, **options)

    def plot(
        self,
        ax: Any = None,
        *,
        cmap: str = "gray_r",
        n_columns: int = 10,
        padding: int = 1,
        title: str | None = None,
    ) -> Self:
        """Draw pairs of rows: data above, reconstruction below.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        cmap : str, default="gray_r"
            Colour map of the values 0 to 1 (default: dark ink on white).
        n_columns : int, default=10
            Images in a row.
        padding : int, default=1
            Pixels between images.
        title : str, default=None
            None gives the mean squared error per image.

        Returns
        -------
        self : ReconstructionDisplay
        """
        n_columns = min(n_columns, len(self.images))
        pairs = []
        labels = []
        for start in range(0, len(self.images), n_columns):
            for values, label in ((self.images, "data"), (self.reconstructions, "model")):
                pairs.append(_padded(values[start : start + n_columns], n_columns))
                labels.append(label)
        picture = tile_images(
            np.concatenate(pairs), self.image_shape, n_columns=n_columns, padding=padding
        )
        size = (0.75 * n_columns + 0.6, 0.75 * len(labels) + 0.5)
        self.figure_, self.ax_ = axes_for(ax, size, caller="ReconstructionDisplay")
        self.image_ = show_picture(self.ax_, picture, cmap=cmap, vmin=0, vmax=1)
        label_rows(self.ax_, labels, pixel_height(self.image_shape), padding)
        difference = self.images.astype(np.float64) - self.reconstructions
        error = float((difference**2).sum(axis=1).mean())
        default = f"Data and reconstructions (squared error {error:.2f} per image)"
        self.ax_.set_title(default if title is None else title, color=TEXT_COLOR)
        return self


def _padded(rows: NDArray[Any], count: int) -> NDArray[Any]:
    """The rows with blank ones added up to `count`, so that a short row keeps its place."""
    blank = np.zeros((count - len(rows), rows.shape[1]), rows.dtype)
    return np.concatenate([rows, blank])
