"""The logarithm of the partition function and how sure it is."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..estimator.parameters import Number, wrong

__all__ = ["LogPartition", "checked_log_z"]


class LogPartition(NamedTuple):
    """log Z and the standard error of the estimate; 0 where it was enumerated."""

    log_z: float
    std_error: float


def checked_log_z(given: Any, owner: str) -> float:
    """The number in what a caller gives as log Z.

    Parameters
    ----------
    given : float or LogPartition
    owner : str
        The class that errors are to name.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        If it is neither: a plain tuple with a standard error would be taken for one number a row.
    ValueError
        If it is not finite.
    """
    value = given.log_z if isinstance(given, LogPartition) else given
    if np.ndim(value) != 0:
        raise TypeError(wrong(owner, "log_z", "must be a number or a LogPartition", given))
    number: float = Number().check(np.asarray(value).item(), "log_z", owner)
    return number
