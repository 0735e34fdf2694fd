"""The score of an RBM, the first of its measurements: which it is, and what it is of rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ... import _core, _devices
from ..units.kinds import KINDS_OF_BITS
from .reconstruction import reconstruction_likelihood

RECONSTRUCTION = "reconstruction_likelihood"


def score_of(visible: str) -> str:
    """The name of the score, by the kind of visible units."""
    return "pseudo_likelihood" if visible in KINDS_OF_BITS else RECONSTRUCTION


def scores_of(engine: _core.RbmEngine, rows: _core.Rows, n_threads: int) -> NDArray[np.float64]:
    """The score of each row, nats."""
    if score_of(engine.visible) == RECONSTRUCTION:
        return reconstruction_likelihood(engine, rows, n_threads)
    return _devices.on_cpu(engine).pseudo_likelihood(rows, n_threads)
