"""What the displays share: matplotlib on demand, and axes that show a picture of tiles."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

TEXT_COLOR = "#333333"


def axes_for(ax: Any, figsize: tuple[float, float], *, caller: str) -> tuple[Any, Any]:
    """(figure, ax): a new pair from pyplot unless `ax` is given.

    Raises
    ------
    ImportError
        If matplotlib is missing.
    """
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError(
            f"{caller} needs matplotlib; install it with: pip install 'udl-fast[plot]'"
        ) from error
    if ax is not None:
        return ax.figure, ax
    figure, ax = pyplot.subplots(figsize=figsize, layout="constrained")
    return figure, ax


def show_picture(ax: Any, picture: NDArray[Any], **imshow: Any) -> Any:
    """Shows a tiled picture without ticks and frame; NaN padding is left transparent."""
    image = ax.imshow(picture, interpolation="nearest", **imshow)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.tick_params(length=0, labelcolor=TEXT_COLOR)
    for spine in ax.spines.values():
        spine.set_visible(False)
    return image


def label_rows(ax: Any, labels: list[str], height: int, padding: int) -> None:
    """Writes a label at the middle of each row of tiles."""
    middles = padding + (height - 1) / 2 + np.arange(len(labels)) * (height + padding)
    ax.set_yticks(middles, labels)


def pixel_height(image_shape: tuple[int, ...]) -> int:
    """Height of an image whose channels may come first."""
    return image_shape[1] if len(image_shape) == 3 and image_shape[2] != 3 else image_shape[0]


def values_of(estimator: Any, name: str, *, caller: str) -> Any:
    """A fitted attribute, or scikit-learn's NotFittedError.

    Raises
    ------
    NotFittedError
        If the estimator has no such attribute.
    """
    from sklearn.exceptions import NotFittedError

    if not hasattr(estimator, name):
        raise NotFittedError(
            f"{caller}: {type(estimator).__name__} has no {name}; call fit before plotting"
        )
    return getattr(estimator, name)
