"""The callback protocol: scikit-learn's where it has one (1.9 and later), else ours by the same names."""

from __future__ import annotations

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
    "with_callbacks",
]
