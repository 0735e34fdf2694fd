"""Ids in no order are sorted in pieces, between which Ctrl-C is answered."""

import numpy as np
import pytest

from tests.support.codes import random_codes
from udl_fast import HammingIndex
from udl_fast.hamming import id_lists

PIECE = 16


@pytest.fixture(autouse=True)
def sorted_lengths(monkeypatch):
    """Lengths of what is sorted while pieces are small."""
    lengths = []
    for name in ("sort", "argsort"):
        real = getattr(np, name)
        monkeypatch.setattr(
            np, name, lambda x, *a, real=real, **k: (lengths.append(len(x)), real(x, *a, **k))[1]
        )
    monkeypatch.setattr(np, "unique", None)
    monkeypatch.setattr(id_lists, "_PIECE", PIECE)
    monkeypatch.setattr(id_lists, "_SAMPLED", 4)
    return lengths


SPREADS = {"dense": 1, "sparse": 10**15}


@pytest.mark.parametrize("spread", SPREADS.values(), ids=SPREADS)
@pytest.mark.parametrize("n", [0, 1, PIECE, PIECE + 1, 1000])
def test_positions_and_repeats(n, spread, sorted_lengths):
    rng = np.random.default_rng(n)
    stored = rng.permutation(n) * spread
    asked = np.append(rng.permutation(2 * n) * spread, [-5, 2**63 - 1])
    at = {int(id): position for position, id in enumerate(stored)}
    expected = [at.get(int(id), -1) for id in asked]
    assert id_lists.positions_in(stored, asked).tolist() == expected
    ascending = np.sort(stored)
    found = id_lists.positions_in_ascending(ascending, asked)
    assert found.tolist() == [
        -1 if p < 0 else id // spread for p, id in zip(expected, asked.tolist(), strict=True)
    ]
    assert not id_lists.hold_twice(stored)
    if n:
        assert id_lists.hold_twice(np.append(stored, stored[n // 2]))
        assert id_lists.hold_twice(np.full(n + 1, 7))


def test_no_call_of_an_index_sorts_many_ids_at_once(sorted_lengths):
    n = 2000
    ids = np.random.default_rng(0).permutation(n)
    index, other = HammingIndex(64), HammingIndex(64)
    index.add_with_ids(random_codes(n, 8, 0), ids)
    with pytest.raises(ValueError, match="is in the index already"):
        index.add_with_ids(random_codes(1, 8, 0), ids[-1:])
    index.search(random_codes(1, 8, 1), 3, ids=ids[::2])
    index.reconstruct_batch(ids)
    index.remove_ids(ids[::2])
    other.add_with_ids(random_codes(n, 8, 1), ids + n)
    other.merge_from(index)
    assert other.ntotal == n + n // 2
    assert max(sorted_lengths) <= n // 4  # the sample
