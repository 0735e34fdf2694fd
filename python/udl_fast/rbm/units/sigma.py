"""Standard deviations of Gaussian visible units."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ... import _core
from ...exceptions import warn_caller

# Engines keep |log sigma^2| within 40 (csrc/runtime/rbm/model/units/units.h).
SIGMA_BOUNDS = (3e-9, 4e8)


def set_sigma(engine: _core.RbmEngine, sigma: Any, owner: str) -> None:
    """One for all features, or one for each; a ValueError if there are others than so many."""
    values = np.asarray(sigma, dtype=np.float64)
    if values.ndim and values.shape != (engine.n_visible,):
        raise ValueError(
            f"{owner}: sigma must be a number or hold one for each of {engine.n_visible} features, got "
            f"shape {values.shape}"
        )
    state = engine.state()
    state["log_variance"] = np.broadcast_to(log_variance_of(values), (engine.n_visible,))
    engine.set_state(state)


def log_variance_of(sigma: NDArray[Any]) -> NDArray[Any]:
    """log sigma^2; a ValueError unless sigma is within what can be learned."""
    low, high = SIGMA_BOUNDS
    within = (sigma >= low) & (sigma <= high)
    if not within.all():
        raise ValueError(
            f"sigma_ must be from {low:g} to {high:g}, got {sigma[~within].flat[0]:g}; scale the data"
        )
    log_variance: NDArray[Any] = 2 * np.log(sigma)
    return log_variance


def warn_of_constants(model: Any, X: Any) -> None:
    """A warning that names features of a single value: their sigma has nothing to learn but to vanish."""
    low, high = (X.min(axis=0), X.max(axis=0))
    if sparse.issparse(X):
        low, high = low.toarray().ravel(), high.toarray().ravel()
    constant = np.flatnonzero(low == high)
    if not len(constant):
        return
    names = getattr(model, "feature_names_in_", np.arange(X.shape[1]))[constant[:5]]
    shown = ", ".join(map(str, names)) + (", ..." if len(constant) > 5 else "")
    warn_caller(
        f"{type(model).__name__}: {len(constant)} of {X.shape[1]} features have the same value in every row "
        f"({shown}): their sigma shrinks as long as it learns. Leave them out, or set learn_sigma=False.",
        UserWarning,
    )
