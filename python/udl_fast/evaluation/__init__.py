"""How good a model is: partition functions, likelihoods and pseudo-likelihoods; and codes, at retrieval.

`retrieval` has the measures by rank and `radius` those of a Hamming ball; `relevance` counts the codes at each
distance, `tied_ranks` what follows from that, `query_values` which queries count.
"""

from .annealing import ais_betas
from .log_partition import LogPartition
from .pseudo_likelihood import (
    exact_pseudo_likelihood,
    flipped_once,
    one_flip_estimate,
    one_flip_pseudo_likelihood,
)
from .radius import PrecisionRecall, precision_recall_by_radius
from .retrieval import mean_average_precision, precision_at_k, recall_at_k

__all__ = [
    "LogPartition",
    "PrecisionRecall",
    "ais_betas",
    "exact_pseudo_likelihood",
    "flipped_once",
    "mean_average_precision",
    "one_flip_estimate",
    "one_flip_pseudo_likelihood",
    "precision_at_k",
    "precision_recall_by_radius",
    "recall_at_k",
]
