"""Watching a model learn: objects for `callbacks=[...]` and for `set_callbacks(...)`.

They follow the callback protocol of scikit-learn 1.9; older versions get the same names from here.
"""

from ._checkpoint import Checkpoint
from ._early_stopping import EarlyStopping
from ._history import History
from ._metrics_logger import MetricsLogger
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
