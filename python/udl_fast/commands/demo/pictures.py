"""The demonstration's pictures."""

from pathlib import Path
from typing import IO, Any

import numpy as np

from .data import Images

# name: width and height in inches
SIZES = {
    "filters": (7.0, 7.3),
    "reconstructions": (8.0, 3.5),
    "samples": (9.5, 4.3),
    "training_curve": (9.0, 3.4),
}


def draw(
    model: Any,
    images: Images,
    history: dict[str, list[float]],
    folder: Path,
    seed: int,
    words: IO[str],
) -> list[str]:
    """Write the pictures; returns their paths, none if matplotlib is missing."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        print("pictures left out: matplotlib is missing; pip install 'udl-fast[plot]'", file=words)
        return []
    from ... import plot

    def figure(width: float, height: float) -> Any:
        return Figure(figsize=(width, height), dpi=150, layout="constrained")

    # Figures made without pyplot: no window system is touched.
    pictures = {name: figure(*size) for name, size in SIZES.items()}
    plot.WeightsDisplay.from_estimator(
        model, image_shape=images.shape, order="norm", ax=pictures["filters"].subplots()
    )
    some = np.random.RandomState(seed).permutation(len(images.test))[:20]
    plot.ReconstructionDisplay.from_estimator(
        model,
        images.test[some],
        image_shape=images.shape,
        ax=pictures["reconstructions"].subplots(),
    )
    plot.SamplesDisplay.from_estimator(
        model, image_shape=images.shape, random_state=seed, ax=pictures["samples"].subplots()
    )
    plot.TrainingCurveDisplay.from_values(
        history,
        epochs=range(len(history["pseudo_likelihood"])),
        ax=pictures["training_curve"].subplots(1, len(history)),
    )
    paths = []
    print("pictures:", file=words)
    for name, picture in pictures.items():
        path = folder / f"{name}.png"
        picture.savefig(path)
        paths.append(str(path))
        print(f"  {path}", file=words)
    return paths
