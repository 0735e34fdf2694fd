"""Retrieval sheets: queries, and what different searches find for them."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._image_rows import ImageRows
from .tiles import image_shape_of


class RetrievalDisplay(ImageRows):
    """A query and the images found for it in each row, a row for each way of searching.

    Make it with `from_estimator` or `from_values`, then call `plot`.

    Parameters
    ----------
    queries : ndarray of shape (n_queries, n_features)
        Values in [0, 1].
    found : mapping of str to ndarray of shape (n_queries, n_found, n_features)
        Images by the name of each search, the nearest first.
    image_shape : tuple
        (height, width), or with three channels (height, width, 3) or (3, height, width).

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    image_ : matplotlib AxesImage

    Examples
    --------
    >>> from udl_fast import SemanticHasher, presets
    >>> from udl_fast.datasets import load_digits
    >>> from udl_fast.plot import RetrievalDisplay
    >>> X = load_digits().data
    >>> model = SemanticHasher((64, 32), rbm=presets.science2006(n_iter=5), random_state=0).fit(X[5:])
    >>> RetrievalDisplay.from_estimator(model, X[:5], X[5:]).figure_  # doctest: +SKIP
    """

    def __init__(
        self,
        queries: NDArray[Any],
        found: Mapping[str, NDArray[Any]],
        image_shape: tuple[int, ...],
    ) -> None:
        self.queries = queries
        self.found = found
        self.image_shape = image_shape

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        queries: ArrayLike,
        X: ArrayLike,
        *,
        n_found: int = 8,
        max_queries: int = 5,
        image_shape: tuple[int, ...] | None = None,
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Plot what is nearest to the first queries by a model's codes, and what by the distance of pixels.

        Parameters
        ----------
        estimator : object
            A fitted model with `encode(X)`.
        queries : array-like of shape (n_queries, n_features)
        X : array-like of shape (n_samples, n_features)
            What is searched.
        n_found : int, default=8
            Images for each query.
        max_queries : int, default=5
        image_shape : tuple, default=None
            Shape of an image; None takes a square.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **options
            Passed to `plot`.

        Returns
        -------
        RetrievalDisplay
            Already plotted.
        """
        from ..hamming import hamming_knn

        asked, rows = np.asarray(queries)[:max_queries], np.asarray(X)
        n_found = min(n_found, len(rows))
        by_code = hamming_knn(estimator.encode(asked), estimator.encode(rows), n_found)[1]
        found = {"code": rows[by_code], "pixels": rows[nearest_rows(asked, rows, n_found)]}
        return cls.from_values(asked, found, image_shape=image_shape, ax=ax, **options)

    @classmethod
    def from_values(
        cls,
        queries: ArrayLike,
        found: Mapping[str, ArrayLike],
        *,
        image_shape: tuple[int, ...] | None = None,
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Plot given queries and, by the name of each search, found images of shape (n_queries, n_found,
        n_features)."""
        asked = np.asarray(queries)
        images = {name: np.asarray(values) for name, values in found.items()}
        for name, values in images.items():
            if asked.ndim != 2 or values.ndim != 3 or values.shape[::2] != asked.shape:
                raise ValueError(
                    "RetrievalDisplay: queries must have shape (n_queries, n_features) and what is found "
                    f"(n_queries, n_found, n_features), got {asked.shape} and {name!r}: {values.shape}"
                )
        if not images or len({values.shape for values in images.values()}) > 1:
            shapes = {name: values.shape for name, values in images.items()}
            raise ValueError(
                f"RetrievalDisplay: every search must have found as many images, got {shapes}"
            )
        if image_shape is None:
            image_shape = image_shape_of(asked.shape[1], caller="RetrievalDisplay")
        return cls(asked, images, image_shape).plot(ax=ax, **options)

    def plot(
        self,
        ax: Any = None,
        *,
        cmap: str = "gray_r",
        padding: int = 1,
        title: str | None = None,
    ) -> Self:
        """Draw the query at the left of each row, a gap, and what was found.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        cmap : str, default="gray_r"
            Colour map of the values 0 to 1 of grey images (default: dark ink on white).
        padding : int, default=1
            Pixels between images.
        title : str, default=None
            None says what is shown.

        Returns
        -------
        self : RetrievalDisplay
        """
        gap = np.full_like(self.queries[:1], self._paper(), dtype=np.float64)
        rows, labels = [], []
        for number, query in enumerate(self.queries):
            for name, images in self.found.items():
                rows.append(np.concatenate([query[None], gap, images[number]]))
                labels.append(name)
        self._draw_rows(
            rows,
            labels,
            ax=ax,
            cmap=cmap,
            padding=padding,
            title="Queries, and what is nearest to them" if title is None else title,
        )
        return self


def nearest_rows(queries: NDArray[Any], rows: NDArray[Any], n: int) -> NDArray[np.int64]:
    """The rows nearest to each query by Euclidean distance, those of smaller numbers first where it is the same.

    Parameters
    ----------
    queries : ndarray of shape (n_queries, n_features)
    rows : ndarray of shape (n_rows, n_features)
    n : int

    Returns
    -------
    ndarray of shape (n_queries, n), int64
    """
    rows = np.asarray(rows, np.float64)
    distances = np.square(rows).sum(axis=1) - 2.0 * (np.asarray(queries, np.float64) @ rows.T)
    return np.argsort(distances, axis=1, kind="stable")[:, :n]
