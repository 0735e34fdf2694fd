"""Indexes of two stages: addresses within a radius, then codes in order."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import udl_fast as udl

RNG = np.random.default_rng(0)


def two_stage_case(n=3000):
    """Codes around some centres, whose first 28 bits are their addresses."""
    centres = RNG.random((60, 64)) < 0.5
    bits = centres[RNG.integers(0, 60, n)] ^ (RNG.random((n, 64)) < 0.05)
    return udl.pack_bits(bits[:, :28]), udl.pack_bits(bits)


@pytest.mark.parametrize("radius", [0, 3, 5])
def test_two_stages_rank_all_that_lies_within_the_radius(radius):
    addresses, codes = two_stage_case()
    index = udl.hashing.TwoStageIndex(32, 64)
    index.add(addresses[:1000], codes[:1000])
    index.add(addresses[1000:], codes[1000:])
    assert index.ntotal == 3000
    D, I = index.search(addresses[:40], codes[:40], k=90, radius=radius)  # noqa: E741
    near = udl.hamming_distances(addresses[:40], addresses) <= radius
    exact = udl.hamming_distances(codes[:40], codes)
    for query in range(40):
        some = np.flatnonzero(near[query])
        order = some[np.lexsort((some, exact[query, some]))][:90]
        assert I[query, : len(order)].tolist() == order.tolist()
        assert D[query, : len(order)].tolist() == exact[query, order].tolist()
        assert (I[query, len(order) :] == -1).all()
        assert (D[query, len(order) :] == 2**31 - 1).all()


@pytest.mark.parametrize("stage", ["_codes", "addresses"])
@pytest.mark.parametrize("is_done", [False, True])
def test_an_addition_that_is_interrupted_leaves_both_stages_as_they_were(
    monkeypatch, stage, is_done
):
    """Before or after any step of it."""
    addresses, codes = two_stage_case(30)
    index, other = udl.hashing.TwoStageIndex(32, 64), udl.hashing.TwoStageIndex(32, 64)
    for each in (index, other):
        each.add(addresses[:20], codes[:20])

    add = getattr(index, stage).add

    def interrupted(rows):
        if is_done:
            add(rows)
        raise KeyboardInterrupt

    monkeypatch.setattr(getattr(index, stage), "add", interrupted)
    with pytest.raises(KeyboardInterrupt):
        index.add(addresses[20:][::-1], codes[20:][::-1])
    monkeypatch.undo()
    assert index.ntotal == len(index) == 20
    found = index.search(addresses, codes, 3)
    np.testing.assert_array_equal(found, other.search(addresses, codes, 3))
    index = pickle.loads(pickle.dumps(index))
    for each in (index, other):
        each.add(addresses[20:], codes[20:])
    found, expected = (each.search(addresses, codes, 3) for each in (index, other))
    np.testing.assert_array_equal(found, expected)


def test_two_stages_are_filled_by_several_threads():
    addresses, codes = two_stage_case(600)
    index = udl.hashing.TwoStageIndex(32, 64)
    parts = [slice(first, first + 20) for first in range(0, 600, 20)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda part: index.add(addresses[part], codes[part]), parts))
    assert index.ntotal == 600
    D, _ = index.search(addresses, codes, 1, radius=0)
    assert (D == 0).all()


def test_two_stages_want_pairs():
    index = udl.hashing.TwoStageIndex(32, 64)
    addresses, codes = two_stage_case(10)
    with pytest.raises(ValueError, match="9 addresses for 10 codes"):
        index.add(addresses[:9], codes)
    index.add(addresses, codes)
    with pytest.raises(ValueError, match="10 addresses for 9 codes"):
        index.search(addresses, codes[:9])
    with pytest.raises(ValueError, match="radius must be >= 0"):
        index.search(addresses, codes, radius=-1)
