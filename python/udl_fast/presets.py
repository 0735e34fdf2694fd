"""Models with the arguments of published trainings; docs/presets.md has the sources, and what differs."""

from __future__ import annotations

from typing import Any

from .hashing.hasher import SemanticHasher
from .rbm.model import RBM
from .rbm.presets import pydeep, science2006, sm2008

__all__ = ["esann2011", "pydeep", "science2006", "semhash2009", "sm2008"]

_RATE_OF_WORDS = 0.01  # of counts, which add up to the length of a document


def esann2011(
    hidden_layer_sizes: tuple[int, ...] = (8192, 4096, 2048, 1024, 512, 256), **parameters: Any
) -> SemanticHasher:
    """The very deep autoencoder of Krizhevsky and Hinton [1]_: 256-bit codes of colour images of 32 x 32 pixels.

    On 3,072 inputs the encoder has 69,861,376 weights. Rows are pixels whose means are 0 and whose deviations are
    about 1. Layers are RBMs learned by CD-1 in 80 epochs: minibatches of 128, rate 0.001 of the first, which has
    Gaussian visible units with sigma 1, and 0.1 of the others, momentum 0.5 for five epochs, then 0.9, weight
    decay 2e-4. The net as a whole learns in 5 epochs, minibatches of 256, its code rounded to bits.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(8192, 4096, 2048, 1024, 512, 256)
    **parameters
        Other arguments of :class:`udl_fast.SemanticHasher`, or other values of those set here.

    Returns
    -------
    SemanticHasher
        Not fitted.

    References
    ----------
    .. [1] A. Krizhevsky, G. Hinton, "Using very deep autoencoders for content-based image retrieval", ESANN 2011.

    Examples
    --------
    >>> import udl_fast as udl
    >>> udl.presets.esann2011().n_bits
    256
    """
    shared: dict[str, Any] = {"batch_size": 128, "n_iter": 80, "initial_weights": 0.01}
    pixels: dict[str, Any] = {"visible": "gaussian", "learn_sigma": False, "learning_rate": 0.001}
    layers = [
        science2006(**shared, **(pixels if k == 0 else {})) for k in range(len(hidden_layer_sizes))
    ]
    protocol: dict[str, Any] = {
        "code": "rounding",
        "visible": "gaussian",
        "rbm": layers,
        "solver": "sgd",
        "learning_rate": 256e-6,  # 1e-6 for each row of a minibatch; gradients are means here
        "batch_size": 256,
        "n_iter": 5,
    }
    return SemanticHasher(hidden_layer_sizes, **protocol | parameters)


def semhash2009(
    hidden_layer_sizes: tuple[int, ...] = (500, 500, 128), **parameters: Any
) -> SemanticHasher:
    """The semantic hashing of Salakhutdinov and Hinton [1]_: 128-bit codes of documents, rows of word counts.

    Layers are RBMs learned by CD-1 in 50 epochs, the first of replicated softmax units where the paper has
    constrained Poisson ones; minibatches of 100, momentum 0.9, weight decay 2e-4. The net as a whole learns by
    conjugate gradients on minibatches of 1000 in 50 epochs, with noise of variance 16 in the inputs of its code,
    which stays the same within the line searches on a minibatch.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(500, 500, 128)
        (500, 500, 20) are the paper's codes that serve as addresses.
    **parameters
        Other arguments of :class:`udl_fast.SemanticHasher`, or other values of those set here.

    Returns
    -------
    SemanticHasher
        Not fitted.

    References
    ----------
    .. [1] R. Salakhutdinov, G. Hinton, "Semantic hashing", International Journal of Approximate Reasoning 50,
       2009.

    Examples
    --------
    >>> import udl_fast as udl
    >>> udl.presets.semhash2009().code_noise
    4.0
    """
    layers = [
        RBM(
            visible="replicated_softmax" if k == 0 else "bernoulli",
            learning_rate=_RATE_OF_WORDS if k == 0 else 0.1,
            momentum=0.9,
            weight_decay=2e-4,
            sample_visibles=k == 0,  # words are drawn, probabilities of hidden units below are not
            n_iter=50,
        )
        for k in range(len(hidden_layer_sizes))
    ]
    protocol: dict[str, Any] = {
        "code": "noise",
        "visible": "replicated_softmax",
        "rbm": layers,
        "solver": "cg",
        "batch_size": 1000,
        "n_iter": 50,
    }
    return SemanticHasher(hidden_layer_sizes, **protocol | parameters)
