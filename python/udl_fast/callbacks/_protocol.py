"""The callback protocol: scikit-learn's where it has one (1.9 and later), else ours by the same names."""

from __future__ import annotations

from typing import Any, TypeGuard

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
    "follows_protocol",
    "with_callbacks",
]


def follows_protocol(callback: Any) -> TypeGuard[FitCallback]:
    """Whether it is an object with the hooks of a `FitCallback`. Its class alone is not."""
    return isinstance(callback, FitCallback) and not isinstance(callback, type)
