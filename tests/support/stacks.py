"""Small autoencoders of several layers."""

import numpy as np

from udl_fast import RBM, Autoencoder, DeepAutoencoder, StackedAutoencoder

GREY = np.random.default_rng(0).random((60, 12)).astype(np.float32)
SMALL = RBM(batch_size=20, n_iter=2, learning_rate=0.05)


def deep(**options):
    return DeepAutoencoder(
        **{
            "hidden_layer_sizes": (7, 5, 3),
            "rbm": SMALL,
            "n_iter": 2,
            "batch_size": 20,
            "random_state": 0,
            **options,
        }
    )


def stacked(**options):
    layer = Autoencoder(batch_size=20, n_iter=2)
    return StackedAutoencoder(
        **{
            "hidden_layer_sizes": (7, 4),
            "layer": layer,
            "n_iter": 2,
            "batch_size": 20,
            "random_state": 0,
            **options,
        }
    )
