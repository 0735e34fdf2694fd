"""Pictures of a trained model, by the names that models declare."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any

SIZES = {  # width and height in inches
    "filters": (7.0, 7.3),
    "reconstructions": (8.0, 3.5),
    "samples": (9.5, 4.3),
    "codes": (9.6, 3.2),
    "retrieval": (8.0, 8.0),
}
_N_RECONSTRUCTED = 20  # images
_N_QUERIES = 5
_N_SEARCHED = 20_000  # rows of the sheet of retrieval, all of which are compared by pixels
_N_CODED = 50_000  # rows whose codes are looked at
_OF_ANY_ROWS = ("codes",)  # the others are of images


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


def pictures_of(model: Any, *, are_images: bool) -> tuple[str, ...]:
    """Those that a model declares and that its rows allow, but no samples of groups and words: their chains cannot
    begin at noise."""
    begins_at_noise = getattr(model, "visible", "bernoulli") in ("bernoulli", "gaussian")
    return tuple(
        name
        for name in model.pictures
        if (are_images or name in _OF_ANY_ROWS) and (name != "samples" or begins_at_noise)
    )


def paint(
    names: Iterable[str],
    figures: Mapping[str, Any],
    model: Any,
    rows: Any,
    image_shape: tuple[int, ...] | None,
    seed: int,
) -> None:
    """Draw pictures of a model into figures of the same names.

    Parameters
    ----------
    names : iterable of str
        Which; all are among :data:`SIZES`.
    figures : mapping of str to Figure
    model : estimator
        Fitted.
    rows : array of shape (n_samples, n_features)
        Such as it has learned from.
    image_shape : tuple of int or None
        None where rows are no images, and no pictures of images are asked for.
    seed : int
        Of what is drawn at random.
    """
    for name in names:
        _PAINTERS[name](model, rows, image_shape, seed, figures[name])


def save(figures: Mapping[str, Any], folder: Path, **options: Any) -> list[str]:
    """Write each figure as NAME.png; returns the paths."""
    paths = [folder / f"{name}.png" for name in figures]
    for path, figure in zip(paths, figures.values(), strict=True):
        figure.savefig(path, **options)
    return [str(path) for path in paths]


_Shape = tuple[int, ...] | None


def _filters(model: Any, rows: Any, image_shape: _Shape, seed: int, figure: Any) -> None:
    from ...plot import WeightsDisplay

    ax = figure.subplots()
    WeightsDisplay.from_estimator(model, image_shape=image_shape, order="norm", ax=ax)


def _reconstructions(model: Any, rows: Any, image_shape: _Shape, seed: int, figure: Any) -> None:
    import numpy as np

    from ...plot import ReconstructionDisplay

    some = np.random.RandomState(seed).permutation(rows.shape[0])[:_N_RECONSTRUCTED]
    ReconstructionDisplay.from_estimator(
        model, rows[some], image_shape=image_shape, ax=figure.subplots()
    )


def _samples(model: Any, rows: Any, image_shape: _Shape, seed: int, figure: Any) -> None:
    from ...plot import SamplesDisplay

    ax = figure.subplots()
    SamplesDisplay.from_estimator(model, image_shape=image_shape, random_state=seed, ax=ax)


def _codes(model: Any, rows: Any, image_shape: _Shape, seed: int, figure: Any) -> None:
    from ...plot import CodeStatisticsDisplay

    CodeStatisticsDisplay.from_estimator(model, rows[:_N_CODED], axes=figure.subplots(1, 2))


def _retrieval(model: Any, rows: Any, image_shape: _Shape, seed: int, figure: Any) -> None:
    import numpy as np

    from ...plot import RetrievalDisplay

    order = np.random.RandomState(seed).permutation(rows.shape[0])
    queries, searched = order[:_N_QUERIES], np.sort(order[_N_QUERIES:][:_N_SEARCHED])
    if len(searched):
        RetrievalDisplay.from_estimator(
            model, rows[queries], rows[searched], image_shape=image_shape, ax=figure.subplots()
        )


_PAINTERS: dict[str, Callable[[Any, Any, _Shape, int, Any], None]] = {
    "filters": _filters,
    "reconstructions": _reconstructions,
    "samples": _samples,
    "codes": _codes,
    "retrieval": _retrieval,
}
