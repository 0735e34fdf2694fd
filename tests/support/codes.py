"""Codes and indexes of them."""

import numpy as np

from udl_fast import HammingIndex


def index_of(codes, ids=None):
    index = HammingIndex(8 * codes.shape[1])
    if ids is None:
        index.add(codes)
    else:
        index.add_with_ids(codes, ids)
    return index


def random_codes(n, n_bytes=4, seed=0, values=256):
    """Few values make many codes equal."""
    return np.random.default_rng(seed).integers(0, values, (n, n_bytes), dtype=np.uint8)


def assert_equal(found, expected):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)
