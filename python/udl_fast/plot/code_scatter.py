"""Where the rows of a data set lie in a code of two dimensions."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._axes import TEXT_COLOR, axes_for


class CodeScatterDisplay:
    """Codes of two dimensions as points, coloured by label.

    Make it with `from_estimator` or `from_values`, then call `plot`.

    Parameters
    ----------
    codes : ndarray of shape (n_samples, 2)
    labels : ndarray of shape (n_samples,) or None
        Any values; each distinct one has a colour.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    points_ : list of matplotlib PathCollection
        One for each label, in their order.

    Examples
    --------
    >>> from sklearn.decomposition import PCA
    >>> from udl_fast.datasets import load_digits
    >>> from udl_fast.plot import CodeScatterDisplay
    >>> digits = load_digits()
    >>> pca = PCA(2).fit(digits.data)
    >>> CodeScatterDisplay.from_estimator(pca, digits.data, digits.target).figure_  # doctest: +SKIP
    """

    ax_: Any
    figure_: Any
    points_: list[Any]

    def __init__(self, codes: NDArray[Any], labels: NDArray[Any] | None) -> None:
        self.codes = codes
        self.labels = labels

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        components: tuple[int, int] = (0, 1),
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Plot `estimator.transform(X)`.

        Parameters
        ----------
        estimator : object
            A fitted model with `transform`.
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,), default=None
            Labels, for the colours alone.
        components : tuple of two int, default=(0, 1)
            Which components of the code to show.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **options
            Passed to `plot`.

        Returns
        -------
        CodeScatterDisplay
            Already plotted.
        """
        codes = np.asarray(estimator.transform(X))
        if codes.ndim != 2 or not all(0 <= one < codes.shape[1] for one in components):
            raise ValueError(
                f"CodeScatterDisplay: components must be two of the code's, whose shape is "
                f"{codes.shape}, got {components}"
            )
        return cls.from_values(codes[:, list(components)], y, ax=ax, **options)

    @classmethod
    def from_values(
        cls, codes: ArrayLike, labels: ArrayLike | None = None, *, ax: Any = None, **options: Any
    ) -> Self:
        """Plot given codes."""
        points = np.asarray(codes)
        names = None if labels is None else np.asarray(labels)
        if points.ndim != 2 or points.shape[1] != 2:
            raise ValueError(
                f"CodeScatterDisplay: codes must have shape (n_samples, 2), got {points.shape}"
            )
        if names is not None and names.shape != points.shape[:1]:
            raise ValueError(
                f"CodeScatterDisplay: labels must have shape {points.shape[:1]}, got {names.shape}"
            )
        return cls(points, names).plot(ax=ax, **options)

    def plot(
        self,
        ax: Any = None,
        *,
        cmap: str = "tab10",
        size: float = 4.0,
        title: str | None = None,
    ) -> Self:
        """Draw the points, and a legend of the labels.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        cmap : str, default="tab10"
            Colour map whose colours the labels take in turn.
        size : float, default=4.0
            Area of a point, in points squared.
        title : str, default=None
            None gives none.

        Returns
        -------
        self : CodeScatterDisplay
        """
        self.figure_, self.ax_ = axes_for(ax, (6.0, 5.4), caller="CodeScatterDisplay")
        self.points_ = [
            self.ax_.scatter(*self.codes[of].T, s=size, color=color, label=name, linewidths=0)
            for name, of, color in self._groups(cmap)
        ]
        if self.labels is not None:
            self.ax_.legend(
                markerscale=3, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5)
            )
        self.ax_.set_xticks([])
        self.ax_.set_yticks([])
        for spine in self.ax_.spines.values():
            spine.set_color("#cccccc")
        if title is not None:
            self.ax_.set_title(title, color=TEXT_COLOR)
        return self

    def _groups(self, cmap: str) -> list[tuple[str | None, Any, Any]]:
        """Name, which points, and colour of each label."""
        from matplotlib import colormaps

        colors = colormaps[cmap]
        if self.labels is None:
            return [(None, slice(None), colors(0))]
        names = np.unique(self.labels)
        return [
            (str(name), self.labels == name, colors(number % colors.N))
            for number, name in enumerate(names)
        ]
