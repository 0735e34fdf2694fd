"""Annealed importance sampling: its inverse temperatures, and what its log weights tell of log Z."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from ..estimator.parameters import Integer
from .log_partition import LogPartition

__all__ = ["DEFAULT_TEMPERATURES", "ais_betas", "log_ratio"]

DEFAULT_TEMPERATURES = 10_000
_SM2008 = "salakhutdinov2008"


def ais_betas(schedule: Any = None) -> NDArray[np.float32]:
    """Inverse temperatures from the base model, 0, to the model, 1.

    Parameters
    ----------
    schedule : int, "salakhutdinov2008" or array-like of shape (n_betas,), default=None
        An integer is a number of equal steps; None means 10,000 of them. "salakhutdinov2008" are the
        14,501 different ones of the 14,503 points of [1]_: steps of 1/1000 up to 0.5, of 1/10,000 up
        to 0.9 and of 1/100,000 up to 1. An array is checked: from 0 to 1, each larger than the one
        before, also when rounded to float32.

    Returns
    -------
    ndarray of shape (n_betas,), float32

    Raises
    ------
    ValueError
        Naming the first beta that is outside [0, 1] or does not increase, or if `schedule` is none of
        these.

    References
    ----------
    .. [1] R. Salakhutdinov, I. Murray, "On the quantitative analysis of deep belief networks", ICML
       2008.

    Examples
    --------
    >>> from udl_fast.evaluation import ais_betas
    >>> ais_betas(4)
    array([0.  , 0.25, 0.5 , 0.75, 1.  ], dtype=float32)
    >>> len(ais_betas("salakhutdinov2008"))
    14501
    """
    if schedule is None:
        schedule = DEFAULT_TEMPERATURES
    if isinstance(schedule, str):
        return _checked(_named(schedule))
    if np.ndim(schedule) == 0:
        n_steps = Integer(1).check(schedule, "betas", "ais_betas")
        return _checked(np.linspace(0, 1, n_steps + 1))
    try:
        betas = np.asarray(schedule, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(
            f"betas must be a number of steps, {_SM2008!r} or an array of numbers, got {schedule!r}"
        ) from None
    return _checked(betas)


def _named(schedule: str) -> NDArray[np.float64]:
    if schedule != _SM2008:
        raise ValueError(
            f"betas must be a number of steps, {_SM2008!r} or an array, got {schedule!r}"
        )
    return np.concatenate(
        [np.arange(500) / 1e3, np.arange(5_000, 9_000) / 1e4, np.arange(90_000, 100_001) / 1e5]
    )


def _checked(betas: NDArray[np.float64]) -> NDArray[np.float32]:
    if betas.ndim != 1 or len(betas) < 2:
        raise ValueError(f"betas must be at least two in one dimension, got shape {betas.shape}")
    outside = np.flatnonzero(~((betas >= 0) & (betas <= 1)))
    if len(outside):
        at = outside[0]
        raise ValueError(f"betas must lie within [0, 1], got {betas[at]:g} at position {at}")
    if betas[0] != 0 or betas[-1] != 1:
        raise ValueError(f"betas must go from 0 to 1, got {betas[0]:g} to {betas[-1]:g}")
    rounded = betas.astype(np.float32)
    still = np.flatnonzero(np.diff(rounded) <= 0)
    if len(still):
        at = still[0] + 1
        raise ValueError(
            f"betas must increase, in float32 too, got {betas[at]:.9g} after {betas[at - 1]:.9g} "
            f"at position {at}"
        )
    return rounded


def log_ratio(log_weights: NDArray[np.float64]) -> LogPartition:
    """The logarithm of the mean weight, an estimate of a ratio of partition functions, and its standard
    error by the delta method: the standard error of the mean over the mean.

    Parameters
    ----------
    log_weights : ndarray of shape (n_runs,), at least 2

    Returns
    -------
    LogPartition
        Of log Z_1 - log Z_0.
    """
    n_runs = len(log_weights)
    log_mean = float(logsumexp(log_weights)) - np.log(n_runs)
    relative = np.exp(log_weights - log_mean)  # of mean 1
    return LogPartition(float(log_mean), float(relative.std(ddof=1) / np.sqrt(n_runs)))
