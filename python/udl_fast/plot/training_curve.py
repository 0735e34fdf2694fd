"""What was measured while a model learned."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from ._axes import TEXT_COLOR, axes_for, values_of

_NOT_MEASURED = ("epoch", "stage")  # of a history
_LINE_COLOR = "#1f5f99"


class TrainingCurveDisplay:
    """Measurements against epochs, one panel each.

    Make it with `from_estimator` or `from_values`, then call `plot`.

    Parameters
    ----------
    history : mapping of str to sequence of float
        Name of a measurement -> its value after each epoch; NaN or None where it was not taken.
    epochs : sequence of int, default=None
        Epochs of the values; None counts from 1.

    Attributes
    ----------
    axes_ : list of matplotlib Axes, one for each measurement
    ax_ : matplotlib Axes, the first of them
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from udl_fast.plot import TrainingCurveDisplay
    >>> history = {"pseudo_likelihood": [-40.0, -30.0, -25.0]}
    >>> TrainingCurveDisplay.from_values(history).figure_  # doctest: +SKIP
    """

    axes_: list[Any]
    ax_: Any
    figure_: Any

    def __init__(
        self, history: Mapping[str, Sequence[float | None]], epochs: Sequence[int] | None = None
    ) -> None:
        self.history = history
        self.epochs = epochs

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, metrics: Sequence[str] | None = None, ax: Any = None, **options: Any
    ) -> Self:
        """Plot the `history_` of a fitted model.

        Parameters
        ----------
        estimator : object
            With the fitted attribute `history_`, a mapping of names to values; those of "epoch",
            if it is there, are the epochs.
        metrics : sequence of str, default=None
            Which to show; None shows all.
        ax : matplotlib Axes or sequence of them, default=None
            Where to draw, one for each measurement; None makes a figure.
        **options
            Passed to `plot`.

        Returns
        -------
        TrainingCurveDisplay
            Already plotted.

        Raises
        ------
        ValueError
            If a measurement was not taken.
        """
        history = values_of(estimator, "history_", caller="TrainingCurveDisplay")
        for name in metrics or ():
            if name not in history:
                raise ValueError(
                    f"TrainingCurveDisplay: history_ has no {name!r}, only {', '.join(history)}"
                )
        shown = metrics or [name for name in history if name not in _NOT_MEASURED]
        chosen = {name: history[name] for name in shown}
        return cls.from_values(chosen, epochs=history.get("epoch"), ax=ax, **options)

    @classmethod
    def from_values(
        cls,
        history: Mapping[str, Sequence[float | None]],
        *,
        epochs: Sequence[int] | None = None,
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Plot given measurements: a mapping of names to values."""
        lengths = {name: len(values) for name, values in history.items()}
        if not lengths or len(set(lengths.values())) != 1:
            raise ValueError(
                f"TrainingCurveDisplay: history must hold sequences of one length, got {lengths}"
            )
        if epochs is not None and len(epochs) not in lengths.values():
            raise ValueError(
                f"TrainingCurveDisplay: {len(epochs)} epochs for values of lengths {lengths}"
            )
        return cls(history, epochs).plot(ax=ax, **options)

    def plot(self, ax: Any = None, *, title: str | None = None) -> Self:
        """Draw one panel for each measurement, side by side.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of them, default=None
            Where to draw, one for each measurement; None makes a figure.
        title : str, default=None
            Title of the figure; None gives none.

        Returns
        -------
        self : TrainingCurveDisplay
        """
        names = list(self.history)
        if ax is None:
            self.figure_, first = axes_for(
                None, (4.2 * len(names), 3.2), caller="TrainingCurveDisplay"
            )
            first.remove()
            self.axes_ = list(self.figure_.subplots(1, len(names), squeeze=False)[0])
        else:
            self.axes_ = list(np.atleast_1d(ax))
            self.figure_, _ = axes_for(self.axes_[0], (0, 0), caller="TrainingCurveDisplay")
        if len(self.axes_) != len(names):
            raise ValueError(
                f"TrainingCurveDisplay: {len(names)} measurements ({', '.join(names)}) "
                f"need as many axes, got {len(self.axes_)}"
            )
        self.ax_ = self.axes_[0]
        for panel, name in zip(self.axes_, names, strict=True):
            self._panel(panel, name)
        if title is not None:
            self.figure_.suptitle(title, color=TEXT_COLOR)
        return self

    def _panel(self, panel: Any, name: str) -> None:
        values = np.array(self.history[name], dtype=float)
        epochs = np.arange(1, len(values) + 1) if self.epochs is None else np.asarray(self.epochs)
        taken = np.isfinite(values)
        marker = "o" if taken.sum() <= 30 else ""
        panel.plot(
            epochs[taken], values[taken], color=_LINE_COLOR, marker=marker, markersize=3.5, lw=1.6
        )
        panel.set_xlabel("epoch", color=TEXT_COLOR)
        panel.set_title(name.replace("_", " "), color=TEXT_COLOR, fontsize=11)
        panel.xaxis.get_major_locator().set_params(integer=True)
        panel.grid(alpha=0.25, linewidth=0.6)
        for side in ("top", "right"):
            panel.spines[side].set_visible(False)
