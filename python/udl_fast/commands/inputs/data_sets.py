"""Data sets for a command, by name: NAME, or NAME-SUBSET for a subset other than the first."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...datasets._sources import SOURCES

DIGITS = "digits"  # installed with scikit-learn, so it has no source


def _subsets() -> Mapping[str, tuple[str, str | None]]:
    """Name on the command line -> name of the set and its subset, None if it has none."""
    found: dict[str, tuple[str, str | None]] = {DIGITS: (DIGITS, None)}
    for name, source in SOURCES.items():
        found[name] = (name, next(iter(source.subsets), None))
        found |= {f"{name}-{subset}": (name, subset) for subset in source.subsets}
    return found


DATA_SETS = _subsets()


def load(name: str, data_home: Path | None) -> Any:
    """The Bunch of one of `DATA_SETS`."""
    from ... import datasets

    found, subset = DATA_SETS[name]
    if found == DIGITS:
        return datasets.load_digits()
    loader = getattr(datasets, SOURCES[found].loader)
    options: dict[str, Any] = {} if subset is None else {"subset": subset}
    named = [found] if SOURCES[found].loader == "load_density" else []
    return loader(*named, data_home=data_home, **options)
