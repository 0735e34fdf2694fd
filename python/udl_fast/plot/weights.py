"""The weights of each hidden unit as an image."""

from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._axes import TEXT_COLOR, axes_for, show_picture, values_of
from .tiles import image_shape_of, tile_images


class WeightsDisplay:
    """Learned filters: one image for the weights of each hidden unit.

    Make it with `from_estimator` or `from_values`, then call `plot`.

    Parameters
    ----------
    weights : ndarray of shape (n_filters, n_features)
        One filter a row.
    image_shape : tuple
        (height, width), or with three channels (height, width, 3) or (3, height, width).

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    image_ : matplotlib AxesImage

    Examples
    --------
    >>> import numpy as np
    >>> from udl_fast.plot import WeightsDisplay
    >>> weights = np.random.default_rng(0).normal(size=(20, 64))
    >>> display = WeightsDisplay.from_values(weights).plot()  # doctest: +SKIP
    >>> display.figure_.savefig("filters.png")  # doctest: +SKIP
    """

    ax_: Any
    figure_: Any
    image_: Any

    def __init__(self, weights: NDArray[Any], image_shape: tuple[int, ...]) -> None:
        self.weights = weights
        self.image_shape = image_shape

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        image_shape: tuple[int, ...] | None = None,
        max_filters: int | None = 100,
        order: Literal["norm"] | None = None,
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Plot the filters of a fitted model.

        Parameters
        ----------
        estimator : object
            With the fitted attribute `components_` (n_components, n_features).
        image_shape : tuple, default=None
            Shape of an image; None takes a square.
        max_filters : int, default=100
            Show at most so many; None shows all.
        order : "norm" or None, default=None
            "norm" shows the filters of largest Euclidean norm, largest first; None keeps the order
            of the hidden units.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **options
            Passed to `plot`.

        Returns
        -------
        WeightsDisplay
            Already plotted.

        Raises
        ------
        NotFittedError
            If the model is not fitted.
        ValueError
            If an option is unknown or the shape does not fit.
        """
        weights = np.asarray(values_of(estimator, "components_", caller="WeightsDisplay"))
        return cls.from_values(
            weights,
            image_shape=image_shape,
            max_filters=max_filters,
            order=order,
            ax=ax,
            **options,
        )

    @classmethod
    def from_values(
        cls,
        weights: ArrayLike,
        *,
        image_shape: tuple[int, ...] | None = None,
        max_filters: int | None = 100,
        order: Literal["norm"] | None = None,
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Plot the rows of a weight matrix; the options are those of `from_estimator`."""
        values = np.asarray(weights)
        if values.ndim != 2:
            raise ValueError(
                f"WeightsDisplay: weights must have shape (n_filters, n_features), "
                f"got {values.shape}"
            )
        if order not in (None, "norm"):
            raise ValueError(f'WeightsDisplay: order must be None or "norm", got {order!r}')
        if image_shape is None:
            image_shape = image_shape_of(values.shape[1], caller="WeightsDisplay")
        if order == "norm":
            values = values[np.argsort(-np.linalg.norm(values, axis=1), kind="stable")]
        shown = values[:max_filters]
        if len(shown) < len(values):
            options.setdefault("title", f"Weights of {len(shown)} of {len(values)} hidden units")
        return cls(shown, image_shape).plot(ax=ax, **options)

    def plot(
        self,
        ax: Any = None,
        *,
        cmap: str = "RdBu_r",
        scale: Literal["each", "shared"] = "each",
        n_columns: int | None = None,
        padding: int = 1,
        title: str | None = None,
        colorbar: bool | None = None,
    ) -> Self:
        """Draw the filters on a symmetric colour scale: zero is the middle colour.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        cmap : str, default="RdBu_r"
            A diverging colour map (red = positive), or for example "gray".
        scale : {"each", "shared"}, default="each"
            "each" divides every filter by its own largest absolute weight, which shows shapes; "shared"
            by the largest of all, which shows sizes.
        n_columns : int, default=None
            Filters in a row; None makes the grid about square.
        padding : int, default=1
            Pixels between filters.
        title : str, default=None
            None says what is shown.
        colorbar : bool, default=None
            None draws one for the shared scale, whose values mean something.

        Returns
        -------
        self : WeightsDisplay
        """
        if scale not in ("each", "shared"):
            raise ValueError(f'WeightsDisplay: scale must be "each" or "shared", got {scale!r}')
        largest = np.abs(self.weights).max(axis=1, keepdims=True)
        limit = float(largest.max()) if scale == "shared" else 1.0
        filters = (
            self.weights / np.where(largest > 0, largest, 1) if scale == "each" else self.weights
        )
        color = len(self.image_shape) == 3
        if color:
            filters, limit = 0.5 + 0.5 * filters / (limit or 1.0), 1.0
        picture = tile_images(
            filters,
            self.image_shape,
            n_columns=n_columns,
            padding=padding,
            fill=1.0 if color else np.nan,
        )
        self.figure_, self.ax_ = axes_for(ax, (6.4, 6.4), caller="WeightsDisplay")
        self.image_ = show_picture(
            self.ax_, picture, cmap=cmap, vmin=-(limit or 1.0), vmax=limit or 1.0
        )
        default = f"Weights of {len(self.weights)} hidden units"
        self.ax_.set_title(default if title is None else title, color=TEXT_COLOR)
        if not color and (scale == "shared" if colorbar is None else colorbar):
            bar = self.figure_.colorbar(self.image_, ax=self.ax_, shrink=0.7, label="weight")
            bar.outline.set_visible(False)
        return self
