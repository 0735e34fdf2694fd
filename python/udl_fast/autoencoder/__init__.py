"""Autoencoders: nets that learn to reconstruct their input through a code.

`model`, `sparse` and `denoising` are those of one hidden layer; `stacked` and `deep` those of many, whose layers
are models inside (`stack`); those of the deep one are RBMs first (`pretraining`), or what another model learned
(`begun`). What they share: `rules` has arguments, `learning` settings and where training starts, `coding` what a
fitted one computes, `measurements` what `fit` measures, `exchange` the way to other libraries.
"""

from .deep import DeepAutoencoder
from .denoising import DenoisingAutoencoder
from .model import Autoencoder
from .sparse import SparseAutoencoder
from .stacked import StackedAutoencoder

__all__ = [
    "Autoencoder",
    "DeepAutoencoder",
    "DenoisingAutoencoder",
    "SparseAutoencoder",
    "StackedAutoencoder",
]
