"""The demonstration's pictures."""

from pathlib import Path
from typing import IO, Any

from ..shared.pictures import SIZES, new_figures, paint, save
from .data import Images

_CURVE_SIZE = (9.0, 3.4)  # width and height in inches
_NAMES = ("filters", "reconstructions", "samples")


def draw(
    model: Any,
    images: Images,
    folder: Path,
    seed: int,
    words: IO[str],
) -> list[str]:
    """Write the pictures; returns their paths, none if matplotlib is missing."""
    sizes = {name: SIZES[name] for name in _NAMES}
    figures = new_figures(sizes | {"training_curve": _CURVE_SIZE}, words)
    if not figures:
        return []
    from ...plot import TrainingCurveDisplay

    paint(_NAMES, figures, model, images.test, images.shape, seed)
    names = ["validation_pseudo_likelihood", "weight_change"]
    axes = figures["training_curve"].subplots(1, len(names))
    TrainingCurveDisplay.from_estimator(model, metrics=names, ax=axes)
    paths = save(figures, folder)
    print("\n  ".join(["pictures:", *paths]), file=words)
    return paths
