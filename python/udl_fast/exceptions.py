"""Warnings of the package, to be caught or silenced by name; what errors and warnings have in common."""

from __future__ import annotations

import importlib.util
import os
import sys
import warnings
from functools import cache
from pathlib import Path
from types import FunctionType

__all__ = ["LearningWarning"]

_PACKAGE = f"{Path(__file__).parent}{os.sep}"
_BETWEEN = ("sklearn", "joblib")  # packages that call models for their callers


class LearningWarning(UserWarning):
    """Learning goes wrong: weights explode, or hidden units are dead or saturated.

    The text says what was seen and which parameter to change. At most one for each trouble in a
    call of `fit`; see `history_` of the model for the measurements behind it.

    Examples
    --------
    >>> import warnings
    >>> from udl_fast.exceptions import LearningWarning
    >>> warnings.simplefilter("ignore", LearningWarning)  # or "error" to stop such a training
    """


def warn_caller(message: str, category: type[Warning]) -> None:
    """Warn at the line outside this package, scikit-learn and joblib that led here."""
    level, frame = 1, sys._getframe(1)
    while frame is not None and _is_ours(frame.f_code.co_filename):
        level, frame = level + 1, frame.f_back  # type: ignore[assignment]
    warnings.warn(message, category, stacklevel=level + 1 if frame is not None else 2)


def _is_ours(file: str) -> bool:
    return file.startswith((_PACKAGE, *_folders_between()))


@cache
def _folders_between() -> tuple[str, ...]:
    """Where these packages lie: a caller's own folder may bear such a name, too."""
    specs = [importlib.util.find_spec(name) for name in _BETWEEN]
    return tuple(
        f"{folder}{os.sep}"
        for spec in specs
        if spec is not None
        for folder in spec.submodule_search_locations or ()
    )


def name_methods_of(owner: type, *parts: type) -> None:
    """Let methods that a public class has from these private ones bear its name and its module's: Python's errors
    about arguments show it, as in "RBM.sample() got an unexpected keyword argument", and pickle looks there.
    So do methods that stand in the class as wrappers of theirs."""
    for part in (owner, *parts):
        for name, method in vars(part).items():
            while isinstance(method, FunctionType):
                method.__qualname__ = f"{owner.__qualname__}.{name}"
                method.__module__ = owner.__module__
                method = getattr(method, "__wrapped__", None)
