"""Free energies of hidden states: an RBM seen from its other side."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ... import _core
from ..units.groups import Groups


class HiddenEnergy:
    """-log of the sum, or integral, over the visible states v of e^-E(v, h), for Bernoulli hidden units.

    Parameters
    ----------
    engine : _core.RbmEngine
        Its weights of the moment. Visible units that count words are refused.
    """

    def __init__(self, engine: _core.RbmEngine) -> None:
        self._engine = engine
        self._mirrored = None
        if engine.visible == "bernoulli":
            self._mirrored = _core.RbmEngine(engine.n_hidden, engine.n_visible, engine.precision)
            weights = np.ascontiguousarray(engine.weights().T)
            self._mirrored.set_parameters(weights, engine.visible_bias(), engine.hidden_bias())

    def of(self, hidden: _core.Rows, n_threads: int) -> NDArray[np.float64]:
        """Of each row, nats."""
        if self._mirrored is not None:
            return self._mirrored.free_energy(hidden, n_threads)
        return self._in_plain_sums(hidden.to_array("float64"))

    def _in_plain_sums(self, hidden: NDArray[np.float64]) -> NDArray[np.float64]:
        engine = self._engine
        bias = engine.visible_bias().astype(np.float64)
        given = hidden @ engine.weights().astype(np.float64)
        if engine.visible == "gaussian":
            log_variance = engine.log_variance().astype(np.float64)
            terms = (bias * given + np.square(given) / 2) * np.exp(-log_variance)
            terms += (log_variance + math.log(2 * math.pi)) / 2
        elif engine.visible == "softmax":
            assert engine.visible_groups is not None
            terms = Groups(engine.visible_groups).log_sums(bias + given)
        else:
            raise ValueError(f"HiddenEnergy: has no visible={engine.visible!r}")
        total: NDArray[np.float64] = -hidden @ engine.hidden_bias() - terms.sum(axis=1)
        return total
