"""Watching a model learn: objects for `callbacks=[...]` and for `set_callbacks(...)`.

They follow the callback protocol of scikit-learn 1.9; older versions get the same names from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._checkpoint import Checkpoint
from ._early_stopping import EarlyStopping
from ._history import History
from ._metrics_logger import MetricsLogger

if TYPE_CHECKING:
    from ._protocol import CallbackContext, CallbackSupportMixin, FitCallback, with_callbacks

__all__ = [
    "CallbackContext",
    "CallbackSupportMixin",
    "Checkpoint",
    "EarlyStopping",
    "FitCallback",
    "History",
    "MetricsLogger",
    "with_callbacks",
]


def __getattr__(name: str) -> Any:
    """The protocol's names, when they are used: scikit-learn's module loads rich if it is there."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import _protocol

    return getattr(_protocol, name)
