"""What displays of images in rows share."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._axes import TEXT_COLOR, axes_for, label_rows, pixel_height, show_picture
from .tiles import tile_images

_INCHES = 0.75  # of an image, each way


class ImageRows:
    """Rows of images, one below the other, with a label before each."""

    ax_: Any
    figure_: Any
    image_: Any
    image_shape: tuple[int, ...]

    def _paper(self) -> float:
        """What is white: the largest value of colours, and the least of ink on paper."""
        return 1.0 if len(self.image_shape) == 3 else 0.0

    def _draw_rows(
        self,
        rows: Sequence[NDArray[Any]],
        labels: Sequence[str],
        *,
        ax: Any,
        cmap: str,
        padding: int,
        title: str,
    ) -> None:
        """Draw rows of equally many images, values in [0, 1], and set the attributes."""
        n_columns = len(rows[0])
        picture = tile_images(
            np.concatenate(rows),
            self.image_shape,
            n_columns=n_columns,
            padding=padding,
            fill=self._paper(),
        )
        size = (_INCHES * n_columns + 0.9, _INCHES * len(rows) + 0.5)
        self.figure_, self.ax_ = axes_for(ax, size, caller=type(self).__name__)
        self.image_ = show_picture(self.ax_, picture, cmap=cmap, vmin=0, vmax=1)
        label_rows(self.ax_, list(labels), pixel_height(self.image_shape), padding)
        self.ax_.set_title(title, color=TEXT_COLOR)
