"""Watching a model learn: objects for `callbacks=[...]` and for `set_callbacks(...)`.

They follow the callback protocol of scikit-learn 1.9; older versions get the same names from here.

Plain functions may stand in ``callbacks=[...]`` too. One is called as ``function(estimator, info)`` after
every epoch and about every 50 ms within one, and stops the training by a true result. `info` holds

stage : str
    Which part of the training this is; "training" where it has only one.
epoch : int
    Epochs that this `fit` has finished.
n_iter : int
    Epochs it is to make.
rows_done, n_rows : int
    Rows learned from in the epoch, and rows of the data.
seconds : float
    Since the epoch began.

``estimator.history_`` has the measurements of finished epochs and is empty before the first ends;
:class:`History` tells which epochs are measured.

Examples
--------
>>> from udl_fast import RBM
>>> from udl_fast.datasets import load_digits
>>> def good_enough(rbm, info):
...     scores = rbm.history_.get("pseudo_likelihood")
...     return bool(scores) and scores[-1] > -30
>>> rbm = RBM(16, n_iter=50, random_state=0, callbacks=[good_enough])
>>> rbm.fit(load_digits(binary=0.5).data).n_iter_ < 50
True
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
