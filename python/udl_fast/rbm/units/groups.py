"""Groups of softmax visible units: one unit of each is on, or none where the value is missing. A group of one unit
is a Bernoulli unit, on or off."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ... import _core
from ...estimator.input import check_units, value_range

# Pixels that are always off or on would start at a bias of minus or plus infinity.
LOWEST_FREQUENCY = 0.01


class Groups:
    """Consecutive groups of units.

    Parameters
    ----------
    sizes : sequence of int
        In the order of the units.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self.sizes = np.asarray(sizes, dtype=np.int64)

    @classmethod
    def of(cls, model: Any, n_features: int) -> Groups:
        """Those of an argument.

        Raises
        ------
        ValueError
            If they are not as many units as features.
        """
        groups = cls([int(n) for n in model.visible_groups])
        if (n_units := int(groups.sizes.sum())) != n_features:
            raise ValueError(
                f"{type(model).__name__}: visible_groups must add up to the number of features, "
                f"{n_features}, got {len(groups.sizes)} groups of {n_units} units"
            )
        return groups

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """The first unit of each group."""
        return np.cumsum([0, *self.sizes[:-1]], dtype=np.int64)

    @cached_property
    def of_one(self) -> NDArray[np.bool_]:
        """Whether each group is a single unit."""
        return np.equal(self.sizes, 1)

    @cached_property
    def single_units(self) -> NDArray[np.int64]:
        """Units that are groups of one."""
        return self.starts[self.of_one]

    def log_sums(self, inputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """log of the sum over the states of each group of e^x, along the last axis: of a group of one
        log(1 + e^x)."""
        found: NDArray[np.float64] = np.logaddexp.reduceat(inputs, self.starts, axis=-1)
        found[..., self.of_one] = np.logaddexp(0, found[..., self.of_one])
        return found

    def sums(self, X: Any) -> NDArray[Any]:
        """Sums over the units of each group, (n_rows, n_groups)."""
        if not sparse.issparse(X):
            return np.add.reduceat(X, self.starts, axis=1, dtype=np.float64)
        n_units = X.shape[1]
        group = np.repeat(np.arange(len(self.sizes)), self.sizes)
        members = sparse.csr_array(
            (np.ones(n_units), (np.arange(n_units), group)), (n_units, len(self.sizes))
        )
        sums: NDArray[Any] = (X.astype(np.float64) @ members).toarray()
        return sums

    def is_missing(self, X: Any) -> NDArray[np.bool_]:
        """Which groups have no value in which row; one of a single unit always has one."""
        found: NDArray[np.bool_] = np.equal(self.sums(X), 0) & ~self.of_one
        return found

    def biases(self, means: NDArray[np.float64], n_rows: int) -> NDArray[np.float64]:
        """Visible biases with which a model without weights has these means of so many rows.

        Logarithms of relative frequencies, where each value counts as seen once more than it was; of single
        units, log odds as those of Bernoulli units.
        """
        counts = means * n_rows + 1
        totals = np.add.reduceat(counts, self.starts)
        bias: NDArray[np.float64] = np.log(counts / np.repeat(totals, self.sizes))
        bias[self.single_units] = log_odds(means[self.single_units], LOWEST_FREQUENCY)
        return bias


def log_odds(rates: NDArray[np.float64], lowest: float) -> NDArray[np.float64]:
    """Of rates that are kept within `lowest` and 1 - `lowest`."""
    rates = np.clip(rates, lowest, 1 - lowest)
    found: NDArray[np.float64] = np.log(rates / (1 - rates))
    return found


def has_missing_groups(model: Any, X: Any) -> bool:
    """Whether a group of softmax units has no value in some row."""
    return bool(Groups.of(model, X.shape[1]).is_missing(X).any())


def check_one_hot(model: Any, X: Any, rows: _core.Rows) -> None:
    """An error unless each group of several units has one that is 1, or none, in every row. Single units may also
    have probabilities.

    Raises
    ------
    ValueError
        Naming the first row and group that are wrong.
    """
    owner, groups = type(model).__name__, Groups.of(model, X.shape[1])
    advice = (
        "visible='softmax' expects one unit of each group to be 1 and the others 0, or all 0 where the value is "
        "missing"
    )
    if rows.kind != "bits":
        low, high = value_range(rows, model.n_jobs)
        if not groups.of_one.any():
            raise ValueError(f"{owner}: {advice}; X holds values from {low:g} to {high:g}")
        double, n_jobs = model._is_double(), model.n_jobs
        check_units(rows, owner, "X", "Scale X ({scaled})", double=double, n_jobs=n_jobs)
        _check_whole(X, groups, owner, advice)
    wrong = np.argwhere((groups.sums(X) > 1) & ~groups.of_one)
    if len(wrong):
        row, group = wrong[0]
        raise ValueError(f"{owner}: {advice}; row {row} of X has several in group {group}")


def _check_whole(X: Any, groups: Groups, owner: str, advice: str) -> None:
    """Values of groups of several units are 0 or 1."""
    several = np.repeat(~groups.of_one, groups.sizes)
    values = X.tocsr()[:, several].data if sparse.issparse(X) else X[:, several]
    if not np.isin(values, (0, 1)).all():
        raise ValueError(
            f"{owner}: {advice}; units of groups hold values from {values.min():g} to {values.max():g}"
        )


def check_held_groups(model: Any, mask: NDArray[np.bool_], held: NDArray[Any]) -> None:
    """An error unless groups of softmax units are held whole, at one value or none.

    Raises
    ------
    ValueError
        Naming the group.
    """
    owner, groups = type(model).__name__, Groups(model._engine.visible_groups)
    n_held = np.add.reduceat(mask, groups.starts, axis=1, dtype=np.int64)
    for group in np.flatnonzero(((n_held > 0) & (n_held < groups.sizes)).any(axis=0))[:1]:
        raise ValueError(
            f"{owner}: clamp holds a part of group {group}; with visible='softmax' hold all units of a group, "
            "or none"
        )
    n_on = np.add.reduceat(held != 0, groups.starts, axis=1, dtype=np.int64)
    for group in np.flatnonzero((n_on > 1).any(axis=0))[:1]:
        raise ValueError(f"{owner}: clamp holds several units of group {group} at 1")
