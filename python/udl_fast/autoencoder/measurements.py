"""What is measured of an autoencoder after an epoch, for `history_`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ..estimator.declarations import Measurement
from ..nets.learner import NetLearner

_BLOCK_BYTES = 1 << 25  # of reconstructions that are held at a time

MEASUREMENTS = (
    Measurement(
        "reconstruction_score",
        "max",
        "minus the squared error of a reconstruction, summed over the features, mean over a sample of rows",
    ),
    Measurement("weight_change", "min", "change of the weights in the epoch, |dW| / |W|"),
    Measurement("mean_activation", None, "mean of the code units over the sample"),
    Measurement(
        "activation_spread",
        None,
        "standard deviation of a code unit over the sample, mean over the units",
    ),
    Measurement(
        "validation_reconstruction_score",
        "max",
        "reconstruction_score on validation rows",
        of_validation=True,
    ),
)


def squared_errors(learner: NetLearner, rows: _core.Rows, n_threads: int) -> NDArray[np.float64]:
    """Of the reconstruction of each row, summed over the features."""
    dtype = "float64" if learner.precision == "float64" else "float32"
    n_rows, n_features = rows.shape
    size = max(1, _BLOCK_BYTES // (8 * n_features))
    out = np.empty(n_rows)
    for first in range(0, n_rows, size):
        numbers = np.arange(first, min(first + size, n_rows))
        values = rows.take(numbers, dtype)
        found = learner.forward(_core.Rows.from_array(values, n_threads), n_threads)
        out[first : first + len(values)] = np.square(found - values, dtype=np.float64).sum(axis=1)
    return out


def measured(
    learner: NetLearner,
    code_layer: int,
    training: _core.Rows,
    validation: _core.Rows | None,
    n_threads: int,
) -> dict[str, Any]:
    """The measurements on samples; `code_layer` is the number of layers up to the code."""
    change, size, _ = learner.change_since_snapshot()
    code = learner.forward(training, n_threads, 0, code_layer)
    found = {
        "reconstruction_score": -float(squared_errors(learner, training, n_threads).mean()),
        "weight_change": change / size if size > 0 else 0.0,
        "mean_activation": float(code.mean(dtype=np.float64)),
        "activation_spread": float(code.std(axis=0, dtype=np.float64).mean()),
        "_code": code,
    }
    if validation is not None:
        score = -float(squared_errors(learner, validation, n_threads).mean())
        found["validation_reconstruction_score"] = score
    return found
