"""What the bits of binary codes are like."""

from typing import Any, Self

import numpy as np

from ._axes import TEXT_COLOR

_INK = "#4477aa"
_SIZE = (9.6, 3.0)  # inches
_USED = (0.1, 0.9)  # means within which a bit says something


class CodeStatisticsDisplay:
    """Means of the bits, correlations of pairs of them, and how many codes fall together.

    Make it with `from_estimator` or `from_diagnosis`, then call `plot`.

    Parameters
    ----------
    diagnosis : CodeDiagnosis

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes, shape (2,)
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from udl_fast import SemanticHasher, presets
    >>> from udl_fast.datasets import load_digits
    >>> from udl_fast.plot import CodeStatisticsDisplay
    >>> X = load_digits().data
    >>> model = SemanticHasher((64, 32), rbm=presets.science2006(n_iter=5), random_state=0).fit(X)
    >>> CodeStatisticsDisplay.from_estimator(model, X).figure_  # doctest: +SKIP
    """

    axes_: Any
    figure_: Any

    def __init__(self, diagnosis: Any) -> None:
        self.diagnosis = diagnosis

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, *, threshold: Any = 0.5, **options: Any
    ) -> Self:
        """Plot the codes of some rows.

        Parameters
        ----------
        estimator : SemanticHasher
            Fitted.
        X : array-like of shape (n_samples, n_features)
        threshold : float, "median" or array-like, default=0.5
            As of `encode`.
        **options
            Passed to `plot`.

        Returns
        -------
        CodeStatisticsDisplay
            Already plotted.
        """
        return cls.from_diagnosis(estimator.diagnose(X, threshold), **options)

    @classmethod
    def from_diagnosis(cls, diagnosis: Any, **options: Any) -> Self:
        """Plot a `CodeDiagnosis`."""
        return cls(diagnosis).plot(**options)

    def plot(self, axes: Any = None, *, title: str | None = None) -> Self:
        """Draw the means of the bits in order, and a histogram of correlations.

        Parameters
        ----------
        axes : sequence of two matplotlib Axes, default=None
            Where to draw; None makes a figure.
        title : str, default=None
            None says how many codes there are, and how many different ones.

        Returns
        -------
        self : CodeStatisticsDisplay
        """
        self._take_axes(axes)
        self._draw_means(self.axes_[0])
        self._draw_correlations(self.axes_[1])
        found = self.diagnosis
        default = f"{found.n_codes:,} codes of {found.n_bits} bits, {found.n_distinct:,} different"
        self.figure_.suptitle(default if title is None else title, color=TEXT_COLOR, fontsize=11)
        return self

    def _take_axes(self, axes: Any) -> None:
        if axes is not None:
            self.axes_ = np.asarray(axes)
            self.figure_ = self.axes_[0].figure
            return
        try:
            from matplotlib import pyplot
        except ImportError as error:
            raise ImportError(
                "CodeStatisticsDisplay needs matplotlib; install it with: pip install 'udl-fast[plot]'"
            ) from error
        self.figure_, self.axes_ = pyplot.subplots(1, 2, figsize=_SIZE, layout="constrained")

    def _draw_means(self, ax: Any) -> None:
        means = np.sort(self.diagnosis.means)
        ax.axhspan(*_USED, color="#eeeeee", zorder=0)
        ax.plot(np.arange(1, len(means) + 1), means, ".", color=_INK, markersize=4)
        ax.set_ylim(-0.02, 1.02)
        ax.set_xlabel("bits, in order of their means")
        ax.set_ylabel("share of codes with the bit on")
        ax.set_title(f"{len(self.diagnosis.dead)} dead bits", color=TEXT_COLOR, fontsize=10)

    def _draw_correlations(self, ax: Any) -> None:
        upper = self.diagnosis.correlations[np.triu_indices(self.diagnosis.n_bits, k=1)]
        ax.hist(upper[~np.isnan(upper)], bins=np.linspace(-1, 1, 81), color=_INK)
        ax.set_xlabel("correlation of two bits")
        ax.set_ylabel("pairs of bits")
        ax.set_title(
            f"mean size {self.diagnosis.mean_correlation:.3f}", color=TEXT_COLOR, fontsize=10
        )
