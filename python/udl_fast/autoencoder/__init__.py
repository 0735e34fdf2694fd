"""Autoencoders: nets that learn to reconstruct their input through a code.

`model`, `sparse` and `denoising` are the classes. What they share: `rules` has arguments, `learning` settings and
where training starts, `coding` what a fitted one computes, `measurements` what `fit` measures.
"""

from .denoising import DenoisingAutoencoder
from .model import Autoencoder
from .sparse import SparseAutoencoder

__all__ = ["Autoencoder", "DenoisingAutoencoder", "SparseAutoencoder"]
