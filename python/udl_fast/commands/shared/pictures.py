"""Pictures of a trained model, by the names that models declare."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any

SIZES = {  # width and height in inches
    "filters": (7.0, 7.3),
    "reconstructions": (8.0, 3.5),
    "samples": (9.5, 4.3),
}
_N_RECONSTRUCTED = 20  # images


def new_figures(sizes: Mapping[str, tuple[float, float]], words: IO[str]) -> dict[str, Any]:
    """Figures by name, made without pyplot: no window system is touched. None of them, and a word,
    if matplotlib is missing."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        print("pictures left out: matplotlib is missing; pip install 'udl-fast[plot]'", file=words)
        return {}
    return {
        name: Figure(figsize=size, dpi=150, layout="constrained") for name, size in sizes.items()
    }


def pictures_of(model: Any) -> tuple[str, ...]:
    """Those that a model declares, but no samples of groups and words: their chains cannot begin at noise."""
    begins_at_noise = getattr(model, "visible", "bernoulli") in ("bernoulli", "gaussian")
    return tuple(name for name in model.pictures if name != "samples" or begins_at_noise)


def paint(
    names: Iterable[str],
    figures: Mapping[str, Any],
    model: Any,
    rows: Any,
    image_shape: tuple[int, int],
    seed: int,
) -> None:
    """Draw pictures of a model of images into figures of the same names.

    Parameters
    ----------
    names : iterable of str
        Which; all are among :data:`SIZES`.
    figures : mapping of str to Figure
    model : estimator
        Fitted.
    rows : array of shape (n_samples, n_features)
        Images like those it has learned from.
    image_shape : tuple of int
    seed : int
        Of what is drawn at random.
    """
    for name in names:
        _PAINTERS[name](model, rows, image_shape, seed, figures[name].subplots())


def save(figures: Mapping[str, Any], folder: Path, **options: Any) -> list[str]:
    """Write each figure as NAME.png; returns the paths."""
    paths = [folder / f"{name}.png" for name in figures]
    for path, figure in zip(paths, figures.values(), strict=True):
        figure.savefig(path, **options)
    return [str(path) for path in paths]


def _filters(model: Any, rows: Any, image_shape: tuple[int, int], seed: int, ax: Any) -> None:
    from ...plot import WeightsDisplay

    WeightsDisplay.from_estimator(model, image_shape=image_shape, order="norm", ax=ax)


def _reconstructions(
    model: Any, rows: Any, image_shape: tuple[int, int], seed: int, ax: Any
) -> None:
    import numpy as np

    from ...plot import ReconstructionDisplay

    some = np.random.RandomState(seed).permutation(len(rows))[:_N_RECONSTRUCTED]
    ReconstructionDisplay.from_estimator(model, rows[some], image_shape=image_shape, ax=ax)


def _samples(model: Any, rows: Any, image_shape: tuple[int, int], seed: int, ax: Any) -> None:
    from ...plot import SamplesDisplay

    SamplesDisplay.from_estimator(model, image_shape=image_shape, random_state=seed, ax=ax)


_PAINTERS: dict[str, Callable[[Any, Any, tuple[int, int], int, Any], None]] = {
    "filters": _filters,
    "reconstructions": _reconstructions,
    "samples": _samples,
}
