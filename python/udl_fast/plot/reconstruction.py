"""Data beside what models make of them."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._image_rows import ImageRows
from .tiles import image_shape_of


class ReconstructionDisplay(ImageRows):
    """Images in one row, their reconstructions in the rows below: a row for each model.

    Make it with `from_estimator`, `from_estimators` or `from_values`, then call `plot`.

    Parameters
    ----------
    images : ndarray of shape (n_images, n_features)
        Values in [0, 1].
    reconstructions : ndarray of shape (n_images, n_features) or (n_models, n_images, n_features)
        Values in [0, 1].
    image_shape : tuple
        (height, width), or with three channels (height, width, 3) or (3, height, width).
    names : sequence of str, default=("model",)
        What to call the models.

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

    def __init__(
        self,
        images: NDArray[Any],
        reconstructions: NDArray[Any],
        image_shape: tuple[int, ...],
        names: Sequence[str] = ("model",),
    ) -> None:
        self.images = images
        self.reconstructions = reconstructions
        self.image_shape = image_shape
        self.names = names

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
        """Plot the first rows of X beside a model's reconstructions of them.

        Parameters
        ----------
        estimator : object
            A fitted model with `reconstruct(X)`, or with `transform` and `inverse_transform` as PCA has.
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
        head = _head(X, max_images)
        return cls.from_values(
            head, _reconstructed(estimator, head), image_shape=image_shape, ax=ax, **options
        )

    @classmethod
    def from_estimators(
        cls,
        estimators: Mapping[str, Any],
        X: ArrayLike,
        *,
        image_shape: tuple[int, ...] | None = None,
        max_images: int = 10,
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Plot the first rows of X, and below them the reconstructions of several models.

        Parameters
        ----------
        estimators : mapping of str to object
            What to call each model, and the fitted model, as in `from_estimator`.
        X, image_shape, max_images, ax, **options
            As in `from_estimator`.

        Returns
        -------
        ReconstructionDisplay
            Already plotted; each model's squared error per image stands beside its name.

        Examples
        --------
        >>> from sklearn.decomposition import PCA
        >>> from udl_fast import RBM
        >>> from udl_fast.datasets import load_digits
        >>> from udl_fast.plot import ReconstructionDisplay
        >>> X = load_digits().data
        >>> models = {"RBM": RBM(64, n_iter=30, random_state=0), "PCA": PCA(10)}
        >>> fitted = {name: model.fit(X) for name, model in models.items()}
        >>> ReconstructionDisplay.from_estimators(fitted, X).figure_  # doctest: +SKIP
        """
        head = _head(X, max_images)
        reconstructions = np.stack([_reconstructed(model, head) for model in estimators.values()])
        return cls.from_values(
            head,
            reconstructions,
            names=tuple(estimators),
            image_shape=image_shape,
            ax=ax,
            **options,
        )

    @classmethod
    def from_values(
        cls,
        images: ArrayLike,
        reconstructions: ArrayLike,
        *,
        names: Sequence[str] = ("model",),
        image_shape: tuple[int, ...] | None = None,
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Plot given images beside given reconstructions: of the same shape, or a stack of such."""
        top, below = np.asarray(images), np.asarray(reconstructions)
        if top.ndim != 2 or below.shape not in (top.shape, (len(names), *top.shape)):
            raise ValueError(
                f"ReconstructionDisplay: images and reconstructions must both have shape "
                f"(n_images, n_features), or these ({len(names)}, n_images, n_features) for as many "
                f"names, got {top.shape} and {below.shape}"
            )
        if image_shape is None:
            image_shape = image_shape_of(top.shape[1], caller="ReconstructionDisplay")
        return cls(top, below, image_shape, names).plot(ax=ax, **options)

    def plot(
        self,
        ax: Any = None,
        *,
        cmap: str = "gray_r",
        n_columns: int = 10,
        padding: int = 1,
        title: str | None = None,
    ) -> Self:
        """Draw groups of rows: data above, reconstructions below.

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
            None says what is shown, with the mean squared error per image of a single model.

        Returns
        -------
        self : ReconstructionDisplay
        """
        models = self.reconstructions.reshape(-1, *self.images.shape)
        errors = ((self.images.astype(np.float64) - models) ** 2).sum(axis=2).mean(axis=1)
        names, default = list(self.names), "Data and reconstructions"
        if len(models) == 1:
            default += f" (squared error {errors[0]:.2f} per image)"
        else:
            default += " (squared error per image)"
            names = [f"{name}\n{error:.2f}" for name, error in zip(names, errors, strict=True)]
        n_columns = min(n_columns, len(self.images))
        rows, labels = [], []
        for start in range(0, len(self.images), n_columns):
            for values, label in zip((self.images, *models), ["data", *names], strict=True):
                rows.append(_padded(values[start : start + n_columns], n_columns))
                labels.append(label)
        self._draw_rows(
            rows,
            labels,
            ax=ax,
            cmap=cmap,
            padding=padding,
            title=default if title is None else title,
        )
        return self


def _head(X: Any, count: int) -> Any:
    rows = X if hasattr(X, "__getitem__") else np.asarray(X)
    return rows[:count]


def _reconstructed(model: Any, rows: Any) -> NDArray[Any]:
    if hasattr(model, "reconstruct"):
        return np.asarray(model.reconstruct(rows))
    return np.asarray(model.inverse_transform(model.transform(rows)))


def _padded(rows: NDArray[Any], count: int) -> NDArray[Any]:
    """The rows with blank ones added up to `count`, so that a short row keeps its place."""
    blank = np.zeros((count - len(rows), rows.shape[1]), rows.dtype)
    return np.concatenate([rows, blank])
