"""Ids in no order: which come twice, and where others are, in pieces that are short enough for Ctrl-C."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_PIECE = 1 << 19  # ids that are sorted at a time, some tens of milliseconds
_SAMPLED = 64  # ids of a piece that are looked at to find where it begins

Ids = NDArray[np.int64]


def hold_twice(ids: Ids) -> bool:
    """Whether an id comes more than once."""
    if (ids[1:] > ids[:-1]).all():
        return False
    for piece in _pieces(ids):
        there = np.sort(ids[_within(ids, piece)])
        if (there[1:] == there[:-1]).any():
            return True
    return False


def positions_in(stored: Ids, ids: Ids) -> Ids:
    """Where each of `ids` is among `stored`, which holds none twice; -1 where it is not."""
    found = np.full(len(ids), -1, np.int64)
    for piece in _pieces(stored):
        there, asked = _within(stored, piece), _within(ids, piece)
        there = there[np.argsort(stored[there])]
        if not len(there) or not len(asked):
            continue
        values, wanted = stored[there], ids[asked]
        at = np.minimum(np.searchsorted(values, wanted), len(values) - 1)
        is_there = values[at] == wanted
        found[asked[is_there]] = there[at[is_there]]
    return found


def positions_in_ascending(stored: Ids, ids: Ids) -> Ids:
    """The same where `stored` ascends."""
    found = np.full(len(ids), -1, np.int64)
    for first in range(0, len(ids) if len(stored) else 0, _PIECE):
        wanted = ids[first : first + _PIECE]
        at = np.minimum(np.searchsorted(stored, wanted), len(stored) - 1)
        found[first : first + _PIECE] = np.where(stored[at] == wanted, at, -1)
    return found


def _pieces(ids: Ids) -> Iterator[tuple[int | None, int | None]]:
    """First id and the one behind the last of about as many ids each; None has no bound."""
    n_pieces = -(-len(ids) // _PIECE)
    sample = np.sort(ids[:: max(1, len(ids) // (n_pieces * _SAMPLED))]) if n_pieces > 1 else ids
    starts = [int(sample[len(sample) * n // n_pieces]) for n in range(1, n_pieces)]
    starts = sorted(set(starts))
    yield from zip([None, *starts], [*starts, None], strict=True)


def _within(ids: Ids, piece: tuple[int | None, int | None]) -> NDArray[np.intp]:
    """Positions of the ids of a piece, in their order."""
    first, end = piece
    chosen = np.ones(len(ids), bool) if first is None else ids >= first
    if end is not None:
        chosen &= ids < end
    return np.flatnonzero(chosen)
