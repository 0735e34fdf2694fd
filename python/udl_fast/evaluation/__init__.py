"""How good a model is: partition functions, likelihoods and pseudo-likelihoods."""

from .annealing import ais_betas
from .log_partition import LogPartition
from .pseudo_likelihood import (
    exact_pseudo_likelihood,
    flipped_once,
    one_flip_estimate,
    one_flip_pseudo_likelihood,
)

__all__ = [
    "LogPartition",
    "ais_betas",
    "exact_pseudo_likelihood",
    "flipped_once",
    "one_flip_estimate",
    "one_flip_pseudo_likelihood",
]
