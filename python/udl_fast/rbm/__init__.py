"""Restricted Boltzmann machines.

`model` is the RBM, `bernoulli` the one with scikit-learn's arguments, `presets` those of published trainings.
`rules` says what its arguments may be, `arrays` what it has learned, and `inference` what it computes from rows.
The rest are rooms: `units` is what its layers are made of, `sampling` chains, `likelihood` energies and log Z,
`training` how it learns, `exchange` the way to other libraries.
"""

from .model import RBM

__all__ = ["RBM"]
