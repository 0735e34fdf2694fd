"""Gaussian hidden above Gaussian visible units: one normal distribution together, if they have any."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigvalsh, solve_triangular

from ... import _core
from ...exceptions import warn_caller

_LEAST_EIGENVALUE = 1e-9  # that float64 tells from 0 in a Gram matrix of norm 1


def is_normal_pair(engine: _core.RbmEngine) -> bool:
    """Whether the units of both layers are Gaussian."""
    return engine.visible == engine.hidden == "gaussian"


def log_partition_of_normal_pair(engine: _core.RbmEngine) -> float:
    """log Z: the visible units summed over in closed form, the hidden ones are then normal with inverse
    covariance I - W diag(1 / sigma^2) W', which has to be positive definite."""
    weights, sigma = _over_sigma(engine), _sigma(engine)
    factor = np.linalg.cholesky(np.eye(engine.n_hidden) - weights @ weights.T)
    visible_bias, hidden_bias = (
        a.astype(np.float64) for a in (engine.visible_bias(), engine.hidden_bias())
    )
    slope = solve_triangular(factor, hidden_bias + weights @ (visible_bias / sigma), lower=True)
    n_units = engine.n_visible + engine.n_hidden
    log_determinant = 2 * np.log(np.diag(factor)).sum()
    return float(
        n_units / 2 * math.log(2 * math.pi)
        + np.log(sigma).sum()
        - log_determinant / 2
        + slope @ slope / 2
    )


def without_distribution(engine: _core.RbmEngine) -> str | None:
    """Why units of a normal pair have no distribution; None where they have one, or are no such pair."""
    if not is_normal_pair(engine):
        return None
    weights = _over_sigma(engine)
    gram = weights @ weights.T if len(weights) <= weights.shape[1] else weights.T @ weights
    n = len(gram)
    smallest = 1 - float(eigvalsh(gram, subset_by_index=[n - 1, n - 1])[0])
    if smallest > _LEAST_EIGENVALUE:
        return None
    return (
        "its Gaussian units have no distribution: I - W diag(1 / sigma^2) W' must be positive definite, got "
        f"{smallest:.3g} as its smallest eigenvalue, so that Z is infinite and chains run away. Train with "
        "weight_decay, a lower learning_rate, or fewer epochs"
    )


def check_has_distribution(engine: _core.RbmEngine, owner: str) -> None:
    """An error where Z is infinite.

    Raises
    ------
    ValueError
    """
    if why := without_distribution(engine):
        raise ValueError(f"{owner}: this model has no log Z: {why}")


def warn_without_distribution(engine: _core.RbmEngine, owner: str) -> None:
    """A warning where chains have nothing to come to."""
    if why := without_distribution(engine):
        warn_caller(f"{owner}: samples of this model mean nothing: {why}.", UserWarning)


def _sigma(engine: _core.RbmEngine) -> NDArray[np.float64]:
    sigma: NDArray[np.float64] = np.exp(engine.log_variance().astype(np.float64) / 2)
    return sigma


def _over_sigma(engine: _core.RbmEngine) -> NDArray[np.float64]:
    weights: NDArray[np.float64] = engine.weights().astype(np.float64) / _sigma(engine)
    return weights
