"""Codes for the Hamming benchmark: uniform, clustered, and those of an RBM on MNIST."""

import functools

import numpy as np
from numpy.typing import NDArray

SEED = 20260102
FLIP = 0.05  # share of bits in which a clustered code differs from its centre
_PIECE = 100_000  # codes whose noise is drawn at once


def uniform(n_codes: int, n_bits: int, n_queries: int) -> tuple[NDArray[np.uint8], ...]:
    """Codes and queries of independent fair bits."""
    generator = np.random.default_rng(SEED)
    codes = generator.integers(0, 256, (n_codes, n_bits // 8), dtype=np.uint8)
    return codes, generator.integers(0, 256, (n_queries, n_bits // 8), dtype=np.uint8)


def clustered(
    n_codes: int, n_bits: int, n_queries: int, per_cluster: int
) -> tuple[NDArray[np.uint8], ...]:
    """Codes and queries around common centres: every bit of a centre is flipped with probability `FLIP`.

    Two codes of a cluster differ in about 9.5 % of their bits, as near duplicates do.
    """
    generator = np.random.default_rng(SEED)
    n_centres = max(1, n_codes // per_cluster)
    centres = generator.integers(0, 256, (n_centres, n_bits // 8), dtype=np.uint8)

    def around(n: int) -> NDArray[np.uint8]:
        rows = centres[generator.integers(0, n_centres, n)]
        for first in range(0, n, _PIECE):
            piece = rows[first : first + _PIECE]
            noise = generator.random((len(piece), n_bits), dtype=np.float32) < FLIP
            piece ^= np.packbits(noise, axis=1)
        return rows

    return around(n_codes), around(n_queries)


@functools.cache
def of_rbm(n_bits: int, n_queries: int) -> tuple[NDArray[np.uint8], ...]:
    """p(h|v) >= 1/2 of an RBM trained for 5 epochs on MNIST's training set; queries are of the test set.

    Raises
    ------
    OSError
        If MNIST is not in a local folder (see `udl_fast.datasets.load_mnist`).
    """
    from ...datasets import load_mnist
    from ...packing import pack_bits
    from ...rbm import RBM

    train, test = (load_mnist(subset=name).data for name in ("train", "test"))
    model = RBM(n_bits, learning_rate=0.05, batch_size=100, n_iter=5, random_state=0)
    model.fit(train)
    codes = pack_bits(model.transform(train), threshold=0.5)
    return codes, pack_bits(model.transform(test[:n_queries]), threshold=0.5)
