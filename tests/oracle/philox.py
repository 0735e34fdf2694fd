"""Philox4x32-10 and the map from (seed, stream, layer, step, chain, unit) to one 32-bit draw.

Slow and obvious on purpose: the reference for `csrc/base/philox.h` and `csrc/base/sampling.h`.
"""

import numpy as np

STREAMS = (
    "init", "data", "gibbs", "cd", "pcd", "temper", "ais", "corrupt", "code_noise", "dropout",
    "shuffle", "labels", "rounding", "wake", "sleep",
)  # fmt: skip
VISIBLE_LAYER, HIDDEN_LAYER = 0, 1

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def philox4x32(counters, key):
    """Four 32-bit words for each row of `counters` (n, 4); `key` is a pair of 32-bit words."""
    c0, c1, c2, c3 = (np.asarray(counters, np.uint64)[:, i] for i in range(4))
    key0, key1 = int(key[0]), int(key[1])
    for _ in range(10):
        product0 = np.uint64(0xD2511F53) * c0
        product1 = np.uint64(0xCD9E8D57) * c2
        c0 = (product1 >> _HALF) ^ c1 ^ np.uint64(key0)
        c2 = (product0 >> _HALF) ^ c3 ^ np.uint64(key1)
        c1, c3 = product1 & _LOW, product0 & _LOW
        key0 = (key0 + 0x9E3779B9) % 2**32
        key1 = (key1 + 0xBB67AE85) % 2**32
    return np.stack([c0, c1, c2, c3], axis=1).astype(np.uint32)


def draw_position(unit):
    """Block of four words, and the word in it, that holds the draw of a unit."""
    group, within = divmod(unit, 16)
    return 4 * group + within % 8 // 2, within % 2 + 2 * (within // 8)


def draws(seed, stream, layer, step, first_chain, n_chains, n_units):
    """The (n_chains, n_units) draws of one half step."""
    key = seed % 2**32, seed >> 32
    c2 = step % 2**32
    c3 = STREAMS.index(stream) << 26 | layer << 16 | step >> 32
    block, lane = draw_position(np.arange(n_units))
    # All chains in one call of NumPy: one for each would take most of a test of many chains.
    n = n_chains * n_units
    chain = np.repeat(first_chain + np.arange(n_chains), n_units)
    block, lane = np.tile(block, n_chains), np.tile(lane, n_chains)
    words = philox4x32(np.stack([block, chain, np.full(n, c2), np.full(n, c3)], axis=1), key)
    return words[np.arange(n), lane].reshape(n_chains, n_units)


def uniforms(bits):
    """u in [0, 1), a multiple of 2^-24."""
    return (np.asarray(bits, np.uint32) >> 8).astype(np.float32) * np.float32(2.0**-24)
