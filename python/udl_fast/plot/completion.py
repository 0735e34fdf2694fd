"""Images of which a part is known, and what a model makes of the rest."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._image_rows import ImageRows
from .tiles import image_shape_of

_UNKNOWN = 0.25  # the shade of unknown pixels, between paper and ink


class CompletionDisplay(ImageRows):
    """One image a column: the data, what is given of it, and completions below.

    Make it with `from_estimator` or `from_values`, then call `plot`.

    Parameters
    ----------
    images : ndarray of shape (n_images, n_features)
        Values in [0, 1].
    known : ndarray of shape (n_features,) or (n_images, n_features), bool
        Pixels that are given.
    completions : ndarray of shape (n_completions, n_images, n_features)
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
    >>> import numpy as np
    >>> from udl_fast import RBM
    >>> from udl_fast.datasets import load_digits
    >>> from udl_fast.plot import CompletionDisplay
    >>> X = load_digits(binary=0.5).data
    >>> rbm = RBM(64, n_iter=30, random_state=0).fit(X)
    >>> upper_half = np.arange(64) < 32
    >>> CompletionDisplay.from_estimator(rbm, X, upper_half).figure_  # doctest: +SKIP
    """

    def __init__(
        self,
        images: NDArray[Any],
        known: NDArray[np.bool_],
        completions: NDArray[Any],
        image_shape: tuple[int, ...],
    ) -> None:
        self.images = images
        self.known = known
        self.completions = completions
        self.image_shape = image_shape

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        known: ArrayLike,
        *,
        n_completions: int = 5,
        n_steps: int = 1000,
        max_images: int = 12,
        image_shape: tuple[int, ...] | None = None,
        random_state: Any = 0,
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Let chains of a fitted model complete the first rows of X, and plot them.

        Parameters
        ----------
        estimator : object
            A fitted model with `sample(n_samples, n_steps, clamp=, means=, random_state=)`.
        X : array-like of shape (n_samples, n_features)
            States: 0 or 1, or made so by the `binarize` of the model.
        known : array-like of shape (n_features,) or (n_samples, n_features), bool
            Pixels that keep their values; the model samples the others given these.
        n_completions : int, default=5
            Chains for each image.
        n_steps : int, default=1000
            Gibbs steps of each.
        max_images : int, default=12
            How many rows of X to show.
        image_shape : tuple, default=None
            Shape of an image; None takes a square.
        random_state : int or RandomState, default=0
            Of all draws: the same picture in every call, and the model's own draws stay where they are.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **options
            Passed to `plot`.

        Returns
        -------
        CompletionDisplay
            Already plotted: probabilities of the last half step, and given pixels as they are.
        """
        images = np.asarray(X)[:max_images]
        given = np.asarray(known, dtype=np.bool_)
        given = given[:max_images] if given.ndim == 2 else given
        clamp = np.tile(np.where(given, images, np.nan), (n_completions, 1))
        drawn = estimator.sample(
            len(clamp), n_steps, clamp=clamp, means=True, random_state=random_state
        )
        completions = drawn.reshape(n_completions, *images.shape)
        return cls.from_values(
            images, given, completions, image_shape=image_shape, ax=ax, **options
        )

    @classmethod
    def from_values(
        cls,
        images: ArrayLike,
        known: ArrayLike,
        completions: ArrayLike,
        *,
        image_shape: tuple[int, ...] | None = None,
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Plot given images, masks and completions of shape (n_completions, n_images, n_features)."""
        top, given, below = np.asarray(images), np.asarray(known), np.asarray(completions)
        if top.ndim != 2 or below.shape[1:] != top.shape or below.ndim != 3:
            raise ValueError(
                f"CompletionDisplay: images must have shape (n_images, n_features) and completions "
                f"(n_completions, n_images, n_features), got {top.shape} and {below.shape}"
            )
        if given.dtype != np.bool_ or given.shape not in (top.shape, top.shape[1:]):
            raise ValueError(
                f"CompletionDisplay: known must be bool of shape {top.shape[1:]} or {top.shape}, got "
                f"{given.dtype} of {given.shape}"
            )
        if image_shape is None:
            image_shape = image_shape_of(top.shape[1], caller="CompletionDisplay")
        return cls(top, given, below, image_shape).plot(ax=ax, **options)

    def plot(
        self,
        ax: Any = None,
        *,
        cmap: str = "gray_r",
        padding: int = 1,
        title: str | None = None,
    ) -> Self:
        """Draw the data, the given part with the rest in grey, and the completions.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        cmap : str, default="gray_r"
            Colour map of the values 0 to 1 (default: dark ink on white).
        padding : int, default=1
            Pixels between images.
        title : str, default=None
            None says what is shown.

        Returns
        -------
        self : CompletionDisplay
        """
        given = np.where(self.known, self.images, _UNKNOWN)
        chains = [f"chain {number + 1}" for number in range(len(self.completions))]
        self._draw_rows(
            [self.images, given, *self.completions],
            ["data", "given", *chains],
            ax=ax,
            cmap=cmap,
            padding=padding,
            title="Completions by the model" if title is None else title,
        )
        return self
