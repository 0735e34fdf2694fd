"""Which rows an epoch presents, and in which order: each once, or in proportion to weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ... import _core
from ..input import Data
from ..kind import ModelKind

_OFFSET_LAYER = 1  # of the shuffle stream: orders of rows are drawn from layer 0
_WHOLE = 1e-9  # a share this near to an integer, relatively, is one that was rounded


@dataclass(frozen=True)
class Presentation:
    """The rows of a training, and how often an epoch presents each.

    With weights an epoch still presents n of n rows, row i on average n w_i / sum(w) times: rounded up or down
    by systematic resampling, and exactly so often where that is an integer, as counts of a bootstrap are.

    Parameters
    ----------
    rows : Rows
    shares : ndarray of shape (n_rows,), default=None
        Presentations of each row in an epoch, on average; None is one of each.
    targets : Rows, default=None
        What each row is to be mapped to, in the same order; None where a model learns from rows alone.
    """

    rows: _core.Rows
    shares: NDArray[np.float64] | None = None
    targets: _core.Rows | None = None

    @classmethod
    def of(
        cls,
        rows: _core.Rows,
        weights: NDArray[np.float64] | None,
        targets: _core.Rows | None = None,
    ) -> Self:
        """Rows with checked weights."""
        if weights is None or (weights == weights[0]).all():
            return cls(rows, None, targets)
        shares = weights / weights.mean()
        whole = np.rint(shares)
        shares = np.where(np.abs(shares - whole) <= _WHOLE * shares, whole, shares)
        return cls(rows, shares, targets)

    def rows_presented(self) -> _core.Rows:
        """The rows that have a share: a copy, unless all have one."""
        if self.shares is None or self.shares.all():
            return self.rows
        return self.rows.select(np.flatnonzero(self.shares))

    def order(self, seed: int, number: int, *, shuffle: bool) -> NDArray[np.uint32] | None:
        """Rows in the order of the pass of this number; None as they are."""
        n_rows = self.rows.shape[0]
        order = _core.shuffled_order(n_rows, seed, number) if shuffle else None
        if self.shares is None:
            return order
        presented = np.repeat(np.arange(n_rows, dtype=np.uint32), self._counts(seed, number))
        return presented if order is None else presented[order]

    def _counts(self, seed: int, number: int) -> NDArray[np.int64]:
        """How often each row is presented: whole presentations, and of what is left those whose interval
        on a line holds one of the points u, u + 1, .."""
        assert self.shares is not None
        whole = np.floor(self.shares)
        ends = np.cumsum(self.shares - whole)
        n_left = self.rows.shape[0] - int(whole.sum())
        ends = np.minimum(ends, n_left)
        ends[-1] = n_left
        draw = _core.draws(seed, "shuffle", _OFFSET_LAYER, number, 0, 1, 1)[0, 0]
        u = (int(draw) + 0.5) / 2**32
        counts: NDArray[np.int64] = (whole + np.diff(np.floor(ends + u), prepend=0.0)).astype(
            np.int64
        )
        return counts


def presented(model: ModelKind, data: Data) -> Presentation:
    """What a call learns from, as the model's own engine learns it."""
    own = model._own_data(data)
    rows = model._rows(own.X, own.y, training=True)
    return Presentation.of(rows, own.weights, model._targets(own.y, own.X.shape[0]))
