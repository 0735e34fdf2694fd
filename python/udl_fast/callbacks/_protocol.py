"""The callback protocol: scikit-learn's where it has one (1.9 and later), else ours by the same names."""

from __future__ import annotations

from typing import Any

try:
    from sklearn.callback import (
        CallbackContext,
        CallbackSupportMixin,
        FitCallback,
        with_callbacks,
    )
except ImportError:
    from ._shim import CallbackContext, CallbackSupportMixin, FitCallback, with_callbacks

__all__ = [
    "CallbackContext",
    "CallbackSupportMixin",
    "FitCallback",
    "tear_down",
    "with_callbacks",
]


def tear_down(estimator: Any) -> None:
    """Tear down every callback that was set up: what `with_callbacks` does after a method."""
    with_callbacks(lambda _: None)(estimator)
