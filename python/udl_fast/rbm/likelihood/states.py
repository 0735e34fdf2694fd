"""Rows that have a likelihood: states, of which no part is missing."""

from __future__ import annotations

from typing import Any

from ... import _core
from ...estimator.input import to_rows, value_range
from ..inference import Inference
from ..units.groups import has_missing_groups


class States(Inference):
    """Mixin: rows that are states."""

    def _states(self, X: Any, function: str) -> _core.Rows:
        """The rows of X, which have to be states."""
        kind = self._engine.visible
        if kind == "bernoulli":
            rows = to_rows(X, self._threshold(), argument="binarize", n_jobs=self.n_jobs)
        else:
            rows = self._complete_rows(X)
            if kind != "softmax":
                return rows
        if rows.kind != "bits":
            low, high = value_range(rows, self.n_jobs)
            raise ValueError(
                f"{type(self).__name__}: {function} needs states, all of them 0 or 1, got values "
                f"from {low:g} to {high:g}; take X > 0.5, or set binarize to a threshold"
            )
        return rows

    def _are_complete(self, X: Any) -> bool:
        """Whether every group of softmax units has a value in every row."""
        return self._engine.visible != "softmax" or not has_missing_groups(self, X)

    def _complete_rows(self, X: Any) -> _core.Rows:
        if not self._are_complete(X):
            raise ValueError(
                f"{type(self).__name__}: a likelihood is of rows in which every group has a value, got "
                "groups of zeros"
            )
        return self._visible_rows(X)
