"""Which loss goes with which outputs, and the biases that outputs start from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LOSSES = ("auto", "squared", "cross_entropy", "multinomial")
ACTIVATIONS = ("logistic", "linear", "tanh", "relu")  # of hidden layers
OUTPUTS = (*ACTIVATIONS, "softmax")

_OF_OUTPUTS = {"logistic": "cross_entropy", "softmax": "multinomial"}  # others: squared
# Pixels that are always off or on would start at a bias of minus or plus infinity.
_LOWEST_FREQUENCY = 0.01


def loss_of(loss: str, output_activation: str) -> str:
    """The loss itself where "auto" leaves it to the outputs: the one that is their negative log-likelihood."""
    return _OF_OUTPUTS.get(output_activation, "squared") if loss == "auto" else loss


def check_loss(loss: str, output_activation: str, owner: str) -> None:
    """A ValueError unless the two go together."""
    needed = {"cross_entropy": "logistic", "multinomial": "softmax"}.get(
        loss_of(loss, output_activation)
    )
    if needed is not None and output_activation != needed:
        raise ValueError(
            f"{owner}: loss={loss!r} needs output_activation={needed!r}, got "
            f"output_activation={output_activation!r}"
        )
    if output_activation == "softmax" and needed is None:
        raise ValueError(
            f"{owner}: output_activation='softmax' needs loss='multinomial', got loss={loss!r}"
        )


def first_output_bias(output_activation: str, means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Biases with which a net whose weights are 0 gives the means of its targets, as nearly as its outputs can."""
    if output_activation in ("linear", "relu"):
        return means
    if output_activation == "tanh":
        return np.arctanh(np.clip(means, _LOWEST_FREQUENCY - 1, 1 - _LOWEST_FREQUENCY))
    if output_activation == "softmax":
        shares = np.maximum(means, 1e-6)
        return np.asarray(np.log(shares / shares.sum()))
    share = np.clip(means, _LOWEST_FREQUENCY, 1 - _LOWEST_FREQUENCY)
    return np.asarray(np.log(share / (1 - share)))
