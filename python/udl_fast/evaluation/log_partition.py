"""The logarithm of the partition function and how sure it is."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["LogPartition"]


class LogPartition(NamedTuple):
    """log Z and the standard error of the estimate; 0 where it was enumerated."""

    log_z: float
    std_error: float
