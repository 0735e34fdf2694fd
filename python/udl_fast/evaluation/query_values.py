"""Which queries a measure of retrieval counts, and the mean of their values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..estimator.parameters import Choice
from .relevance import DistanceCounts, distance_counts

_WITHOUT_RELEVANT = Choice(("skip", "zero"))


class Arguments(NamedTuple):
    """What a measure was asked for, checked."""

    function: str
    without_relevant: str
    per_query: bool

    def marked(self, counts: DistanceCounts, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """NaN or 0 for queries without relevant codes."""
        missing = np.nan if self.without_relevant == "skip" else 0.0
        return np.where(counts.of_relevant.sum(axis=1) > 0, values, missing)

    def result(self, values: NDArray[np.float64]) -> Any:
        """The mean, unless values are asked for."""
        if self.per_query:
            return values
        if np.isnan(values).all():
            raise ValueError(none_relevant(self.function))
        return float(np.nanmean(values))


def none_relevant(function: str) -> str:
    """What is said where every query is left out."""
    return (
        f"{function}: no query has a relevant code, so there is no mean; without_relevant='zero' counts such "
        "queries as 0"
    )


def counted(
    arguments: Arguments,
    queries: Any,
    codes: Any,
    labels: Any,
    neighbours: Any,
    excluded: Any,
    n_jobs: int | None,
) -> Iterator[DistanceCounts]:
    """Codes at each distance from the queries, in blocks of queries."""
    function = arguments.function
    _WITHOUT_RELEVANT.check(arguments.without_relevant, "without_relevant", function)
    return distance_counts(
        queries,
        codes,
        labels=labels,
        neighbours=neighbours,
        excluded=excluded,
        n_jobs=n_jobs,
        function=function,
    )
