"""What the chains of a model show as they run."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

from ._axes import TEXT_COLOR
from ._image_rows import ImageRows
from .tiles import image_shape_of


class SamplesDisplay(ImageRows):
    """Gibbs chains: one chain a column, one moment a row.

    Make it with `from_estimator` or `from_values`, then call `plot`.

    Parameters
    ----------
    samples : ndarray of shape (n_moments, n_chains, n_features)
        Values in [0, 1].
    steps : sequence of int
        Gibbs steps made at each moment.
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
    >>> from udl_fast.plot import SamplesDisplay
    >>> rbm = RBM(64, n_iter=30, random_state=0).fit(load_digits().data)
    >>> SamplesDisplay.from_estimator(rbm, random_state=0).figure_  # doctest: +SKIP
    """

    def __init__(
        self, samples: NDArray[Any], steps: Sequence[int], image_shape: tuple[int, ...]
    ) -> None:
        self.samples = samples
        self.steps = steps
        self.image_shape = image_shape

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike | None = None,
        *,
        steps: Sequence[int] = (0, 1, 10, 100, 1000),
        n_chains: int = 12,
        image_shape: tuple[int, ...] | None = None,
        random_state: Any = 0,
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Run chains of a fitted model and plot them.

        At step 0 the states themselves are shown; later the probabilities of the visible units
        given the hidden states, which carry the same information with less speckle.

        Parameters
        ----------
        estimator : object
            A fitted model with `gibbs(v, n_steps)`, `sample_hidden(v)` and `mean_visible(h)`, or one whose
            chains are not of visible units but whose `sample` starts from rows, such as a DBN.
        X : array-like of shape (n_samples, n_features), default=None
            Visible states the chains start from (the first `n_chains` rows); None starts from
            fair coins, or as `sample` does.
        steps : sequence of int, default=(0, 1, 10, 100, 1000)
            Increasing numbers of Gibbs steps at which to look; 0 is left out where chains are not of
            visible units.
        n_chains : int, default=12
            Number of chains.
        image_shape : tuple, default=None
            Shape of an image; None takes a square.
        random_state : int or RandomState, default=0
            Of the coins and of all draws: the same picture in every call, and the model's own draws
            stay where they are.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **options
            Passed to `plot`.

        Returns
        -------
        SamplesDisplay
            Already plotted.

        Raises
        ------
        ValueError
            If `steps` does not increase from 0 or more.
        """
        if any(b <= a for a, b in zip([-1, *steps], steps, strict=False)):
            raise ValueError(f"SamplesDisplay: steps must increase from 0 or more, got {steps}")
        generator = check_random_state(random_state)
        if not hasattr(estimator, "gibbs"):
            steps = [step for step in steps if step > 0]
            start = None if X is None else np.asarray(X)[:n_chains]
            found = _moments_of_samples(estimator, start, steps, n_chains, generator)
            return cls.from_values(found, steps, image_shape=image_shape, ax=ax, **options)
        if X is None:
            n_features = estimator.components_.shape[1]
            states = generator.randint(0, 2, (n_chains, n_features)).astype(bool)
        else:
            states = np.asarray(X)[:n_chains]
        if hasattr(estimator, "_drawing_from"):
            estimator = estimator._drawing_from(generator)
        moments = []
        done = 0
        for step in steps:
            if step > done:
                states = estimator.gibbs(states, n_steps=step - done)
                done = step
            shown = states if step == 0 else estimator.mean_visible(estimator.sample_hidden(states))
            moments.append(np.asarray(shown, dtype=np.float32))
        return cls.from_values(np.stack(moments), steps, image_shape=image_shape, ax=ax, **options)

    @classmethod
    def from_values(
        cls,
        samples: ArrayLike,
        steps: Sequence[int],
        *,
        image_shape: tuple[int, ...] | None = None,
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Plot given samples of shape (n_moments, n_chains, n_features), one moment for a step."""
        values = np.asarray(samples)
        if values.ndim != 3 or len(values) != len(steps):
            raise ValueError(
                f"SamplesDisplay: samples must have shape ({len(steps)}, n_chains, n_features) "
                f"for {len(steps)} steps, got {values.shape}"
            )
        if image_shape is None:
            image_shape = image_shape_of(values.shape[2], caller="SamplesDisplay")
        return cls(values, steps, image_shape).plot(ax=ax, **options)

    def plot(
        self,
        ax: Any = None,
        *,
        cmap: str = "gray_r",
        padding: int = 1,
        title: str | None = None,
    ) -> Self:
        """Draw the chains, time running downwards.

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
        self : SamplesDisplay
        """
        default = f"{self.samples.shape[1]} chains of the model"
        self._draw_rows(
            list(self.samples),
            [f"{step:,}" for step in self.steps],
            ax=ax,
            cmap=cmap,
            padding=padding,
            title=default if title is None else title,
        )
        self.ax_.set_ylabel("Gibbs steps", color=TEXT_COLOR)
        return self


def _moments_of_samples(
    estimator: Any, start: Any, steps: Sequence[int], n_chains: int, generator: Any
) -> NDArray[np.float32]:
    """Chains at the top of a model, as they look further down: the same draws each time, for longer."""
    n = n_chains if start is None else start.shape[0]
    seed = generator.randint(1 << 31)
    found = [
        estimator.sample(n, n_steps=step, start=start, means=True, random_state=seed)
        for step in steps
    ]
    return np.stack(found).astype(np.float32)
