"""How good a model is: partition functions, likelihoods and pseudo-likelihoods."""

from .log_partition import LogPartition
from .pseudo_likelihood import (
    exact_pseudo_likelihood,
    flipped_once,
    one_flip_estimate,
    one_flip_pseudo_likelihood,
)

__all__ = [
    "LogPartition",
    "exact_pseudo_likelihood",
    "flipped_once",
    "one_flip_estimate",
    "one_flip_pseudo_likelihood",
]
