"""Rows of three kinds, and a small hasher for them."""

import numpy as np

from udl_fast import RBM, SemanticHasher

_RNG = np.random.default_rng(0)
GREY = _RNG.random((60, 12)).astype(np.float32)
COUNTS = _RNG.poisson(0.8, (60, 12)).astype(np.float32)
REAL = _RNG.normal(size=(60, 12)).astype(np.float32)


def hasher(**options):
    return SemanticHasher(
        **{
            "hidden_layer_sizes": (7, 11),
            "rbm": RBM(batch_size=20, n_iter=2, learning_rate=0.05),
            "n_iter": 2,
            "batch_size": 20,
            "random_state": 0,
            **options,
        }
    )
