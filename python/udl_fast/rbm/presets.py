"""RBMs with the arguments of published trainings, which deep models are pretrained as; `udl_fast.presets` is the
door to them."""

from __future__ import annotations

from typing import Any

from .model import RBM

__all__ = ["pydeep", "science2006", "sm2008"]


def science2006(n_components: int = 1000, **parameters: Any) -> RBM:
    """An RBM as a layer of the deep autoencoder of Hinton and Salakhutdinov [1]_, by their published code.

    CD-1 on grey pixels as they are, whose reconstruction is a probability; rate 0.1, or 0.001 with
    ``hidden="gaussian"``, the linear code units of the top layer; momentum 0.5 for five epochs, then 0.9;
    weight decay 2e-4; minibatches of 100; weights from N(0, 0.1), biases zero; 50 epochs.

    Parameters
    ----------
    n_components : int, default=1000
        Of the first layer; 500, 250 and 30 above it.
    **parameters
        Other arguments of :class:`udl_fast.RBM`, or other values of those set here.

    Returns
    -------
    RBM
        Not fitted.

    References
    ----------
    .. [1] G. Hinton, R. Salakhutdinov, "Reducing the dimensionality of data with neural networks", Science
       313, 2006.

    Examples
    --------
    >>> import udl_fast as udl
    >>> udl.presets.science2006(500, n_iter=10).weight_decay
    0.0002
    """
    protocol: dict[str, Any] = {
        "algorithm": "cd",
        "k": 1,
        "learning_rate": 0.001 if parameters.get("hidden") == "gaussian" else 0.1,
        "momentum": 0.5,
        "final_momentum": 0.9,
        "momentum_switch_epoch": 5,
        "weight_decay": 2e-4,
        "sample_visibles": False,
        "batch_size": 100,
        "n_iter": 50,
        "initial_weights": 0.1,
        "initial_visible_bias": "zero",
    }
    return RBM(n_components, **protocol | parameters)


def sm2008(n_components: int = 500, *, k: Any = 1, **parameters: Any) -> RBM:
    """An RBM as Salakhutdinov and Murray trained theirs [1]_, as far as it is known.

    CD-k on pixels that are drawn anew at every presentation, sampled reconstructions and hidden probabilities
    in the statistics; weights from N(0, 0.01), biases zero; minibatches of 100. What the paper leaves open is
    that of Salakhutdinov's published code of the same time: rate 0.05, momentum 0.5 for five epochs, then 0.9,
    weight cost 0.001; and ours: the rate falls linearly to 0 over 50 epochs. Without the weight cost the
    two directions of annealing disagree widely, so that no likelihood can be told.

    Parameters
    ----------
    n_components : int, default=500
    k : int or sequence of (int, int), default=1
        1, 3 and 25 in the paper.
    **parameters
        Other arguments of :class:`udl_fast.RBM`, or other values of those set here.

    Returns
    -------
    RBM
        Not fitted.

    References
    ----------
    .. [1] R. Salakhutdinov, I. Murray, "On the quantitative analysis of deep belief networks", ICML 2008.

    Examples
    --------
    >>> import udl_fast as udl
    >>> udl.presets.sm2008(k=25).binarize
    'sample'
    """
    protocol: dict[str, Any] = {
        "algorithm": "cd",
        "k": k,
        "learning_rate": 0.05,
        "learning_rate_schedule": "linear",
        "momentum": 0.5,
        "final_momentum": 0.9,
        "momentum_switch_epoch": 5,
        "weight_decay": 0.001,
        "binarize": "sample",
        "sample_visibles": True,
        "statistics": "mean",
        "batch_size": 100,
        "n_iter": 50,
        "initial_weights": 0.01,
        "initial_visible_bias": "zero",
    }
    return RBM(n_components, **protocol | parameters)


def pydeep(n_components: int = 500, **parameters: Any) -> RBM:
    """An RBM as PyDeep's examples train theirs [1]_: PCD-1 with the centred gradient.

    Pixels above 0.5 are 1; rate 0.01; 100 chains, minibatches of 100; weights from N(0, 0.01), visible biases
    from the data; 200 epochs, those of the large example with 500 hidden units. The small one has 16 and 50
    epochs.

    Parameters
    ----------
    n_components : int, default=500
    **parameters
        Other arguments of :class:`udl_fast.RBM`, or other values of those set here.

    Returns
    -------
    RBM
        Not fitted.

    References
    ----------
    .. [1] J. Melchior, A. Fischer, L. Wiskott, "How to center deep Boltzmann machines", Journal of Machine
       Learning Research 17, 2016; and https://github.com/MelJan/PyDeep.

    Examples
    --------
    >>> import udl_fast as udl
    >>> udl.presets.pydeep(16, n_iter=50).centered
    True
    """
    protocol: dict[str, Any] = {
        "algorithm": "pcd",
        "k": 1,
        "n_chains": 100,
        "learning_rate": 0.01,
        "centered": True,
        "binarize": 0.5,
        "batch_size": 100,
        "n_iter": 200,
        "initial_weights": 0.01,
        "initial_visible_bias": "data",
    }
    return RBM(n_components, **protocol | parameters)
