"""Data sets and generators, each returned as a scikit-learn Bunch with a DESCR.

Files are read from a local folder: the argument `data_home`, else the folder named by the
environment variable UDL_FAST_DATA, else the user's cache folder. Their content is checked against
recorded sha256 sums. Nothing is downloaded unless asked for, by `fetch` or by `download=True`.

Names are imported when they are first used: to look for files needs no scikit-learn.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._binarized_mnist import load_binarized_mnist
    from ._cifar10 import load_cifar10
    from ._density import list_density_sets, load_density
    from ._digits import load_digits
    from ._fetch import fetch
    from ._generators import make_bars_and_stripes, make_curves, make_shifter
    from ._mnist import load_mnist
    from ._newsgroups import load_20newsgroups_counts, load_20newsgroups_words
    from ._usps import load_usps

_HOMES = {
    "fetch": "_fetch",
    "list_density_sets": "_density",
    "load_20newsgroups_counts": "_newsgroups",
    "load_20newsgroups_words": "_newsgroups",
    "load_binarized_mnist": "_binarized_mnist",
    "load_cifar10": "_cifar10",
    "load_density": "_density",
    "load_digits": "_digits",
    "load_mnist": "_mnist",
    "load_usps": "_usps",
    "make_bars_and_stripes": "_generators",
    "make_curves": "_generators",
    "make_shifter": "_generators",
}

__all__ = [
    "fetch",
    "list_density_sets",
    "load_20newsgroups_counts",
    "load_20newsgroups_words",
    "load_binarized_mnist",
    "load_cifar10",
    "load_density",
    "load_digits",
    "load_mnist",
    "load_usps",
    "make_bars_and_stripes",
    "make_curves",
    "make_shifter",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
