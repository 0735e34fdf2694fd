"""Precision and recall of search within growing Hamming radii."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from ._axes import TEXT_COLOR, axes_for

_FEW = 1e-12  # recall below which nothing has been found


class PrecisionRecallDisplay:
    """A curve for each kind of code: every radius is a point.

    Make it with `from_codes` or `from_values`, then call `plot`.

    Parameters
    ----------
    curves : mapping of str to PrecisionRecall
        By the name of each kind of code.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : list of matplotlib Line2D

    Examples
    --------
    >>> from udl_fast import SemanticHasher, presets
    >>> from udl_fast.datasets import load_digits
    >>> from udl_fast.plot import PrecisionRecallDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> model = SemanticHasher((64, 32), rbm=presets.science2006(n_iter=5), random_state=0).fit(X)
    >>> codes = {"32 bits": (model.encode(X[:100]), model.encode(X[100:]))}
    >>> PrecisionRecallDisplay.from_codes(codes, labels=(y[:100], y[100:])).figure_  # doctest: +SKIP
    """

    ax_: Any
    figure_: Any
    lines_: list[Any]

    def __init__(self, curves: Mapping[str, Any]) -> None:
        self.curves = curves

    @classmethod
    def from_codes(
        cls,
        codes: Mapping[str, tuple[Any, Any]],
        *,
        ax: Any = None,
        title: str | None = None,
        **relevance: Any,
    ) -> Self:
        """Measure codes and plot their curves.

        Parameters
        ----------
        codes : mapping of str to (queries, codes)
            Packed codes, by what to call them.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        title : str, default=None
        **relevance
            `labels` or `neighbours`, and others of
            :func:`udl_fast.evaluation.precision_recall_by_radius`; its `nothing_found` is "skip" unless given.

        Returns
        -------
        PrecisionRecallDisplay
            Already plotted.
        """
        from ..evaluation import precision_recall_by_radius

        options = {"nothing_found": "skip", **relevance}
        curves = {
            name: precision_recall_by_radius(*pair, **options) for name, pair in codes.items()
        }
        return cls.from_values(curves, ax=ax, title=title)

    @classmethod
    def from_values(
        cls, curves: Mapping[str, Any], *, ax: Any = None, title: str | None = None
    ) -> Self:
        """Plot what :func:`udl_fast.evaluation.precision_recall_by_radius` has found."""
        return cls(curves).plot(ax=ax, title=title)

    def plot(self, ax: Any = None, *, title: str | None = None) -> Self:
        """Draw precision over recall.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        title : str, default=None
            None says what is shown.

        Returns
        -------
        self : PrecisionRecallDisplay
        """
        self.figure_, self.ax_ = axes_for(ax, (5.6, 4.0), caller="PrecisionRecallDisplay")
        self.lines_ = []
        for name, curve in self.curves.items():
            shown = (curve.recall > _FEW) & ~np.isnan(curve.precision)
            self.lines_ += self.ax_.plot(
                curve.recall[shown], curve.precision[shown], ".-", markersize=4, label=name
            )
        self.ax_.set_xlim(0, 1)
        self.ax_.set_ylim(0, 1.02)
        self.ax_.set_xlabel("recall")
        self.ax_.set_ylabel("precision")
        self.ax_.legend(frameon=False)
        default = "Search within a Hamming radius, a point for each"
        self.ax_.set_title(default if title is None else title, color=TEXT_COLOR, fontsize=11)
        return self
