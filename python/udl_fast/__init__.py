"""Fast unsupervised deep learning: RBMs on packed bits, and the binary codes they learn.

Names are imported when they are first used, so ``import udl_fast`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._core import __version__

if TYPE_CHECKING:
    from . import callbacks, datasets, evaluation, exceptions, hashing, plot, registry, runtime
    from .autoencoder import (
        Autoencoder,
        DeepAutoencoder,
        DenoisingAutoencoder,
        SparseAutoencoder,
        StackedAutoencoder,
    )
    from .dbn import DBN, DBNClassifier
    from .evaluation import LogPartition
    from .hamming import hamming_distances, hamming_histogram, hamming_knn
    from .hamming.index import HammingIndex
    from .hashing import SemanticHasher
    from .nets.classifier import NetClassifier
    from .packing import pack_bits, unpack_bits
    from .persistence.model_file import load
    from .rbm import RBM
    from .rbm.bernoulli import BernoulliRBM
    from .runtime import get_num_threads, set_num_threads, show_config

_HOMES = {  # of what is no model: models are listed in the registry
    "HammingIndex": "hamming.index",
    "LogPartition": "evaluation",
    "get_num_threads": "runtime",
    "hamming_distances": "hamming",
    "hamming_histogram": "hamming",
    "hamming_knn": "hamming",
    "load": "persistence.model_file",
    "pack_bits": "packing",
    "set_num_threads": "runtime",
    "show_config": "runtime",
    "unpack_bits": "packing",
}
_MODULES = (
    "callbacks",
    "datasets",
    "evaluation",
    "exceptions",
    "hashing",
    "plot",
    "presets",
    "registry",
    "runtime",
)

__all__ = [
    "DBN",
    "RBM",
    "Autoencoder",
    "BernoulliRBM",
    "DBNClassifier",
    "DeepAutoencoder",
    "DenoisingAutoencoder",
    "HammingIndex",
    "LogPartition",
    "NetClassifier",
    "SemanticHasher",
    "SparseAutoencoder",
    "StackedAutoencoder",
    "__version__",
    "callbacks",
    "datasets",
    "evaluation",
    "exceptions",
    "get_num_threads",
    "hamming_distances",
    "hamming_histogram",
    "hamming_knn",
    "hashing",
    "load",
    "pack_bits",
    "plot",
    "presets",
    "registry",
    "runtime",
    "set_num_threads",
    "show_config",
    "unpack_bits",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    elif name in _MODULES:
        value = import_module(f".{name}", __name__)
    else:
        value = _model(name)
    globals()[name] = value
    return value


def _model(name: str) -> Any:
    from .registry import class_of, find, names

    if name not in names():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return class_of(find(name))


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
