"""Where the training of an RBM starts: its engine, first weights and biases, and persistent chains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import _core, _devices
from ...exceptions import warn_caller
from ..inference import Inference
from ..units.groups import LOWEST_FREQUENCY, Groups, log_odds
from ..units.kinds import engine_of
from ..units.sigma import warn_of_constants

_DRAWN_AT_A_TIME = 1 << 20  # normal numbers, some tens of milliseconds


class Start(Inference):
    """Mixin: a model that has learned nothing yet."""

    n_components: int
    algorithm: str
    n_chains: int | None
    n_temperatures: int
    initial_weights: float
    initial_visible_bias: str
    precision: str
    batch_size: int

    # ---- engine and parameters ----

    def _bare_engine(self, sizes: Mapping[str, int], precision: str) -> _core.RbmEngine:
        """Where the device is; of a model that was trained on one which is not there, on the CPU."""
        try:
            _devices.check_device(self.device, type(self).__name__)
        except (RuntimeError, ValueError) as error:
            warn_caller(f"{error}. The model computes on the CPU.", UserWarning)
            engine = engine_of(self, sizes, precision, "cpu")
            _devices.stand_in(engine, self.device)
            return engine
        return engine_of(self, sizes, precision, self.device)

    def _new_engine(self, X: Any, rows: _core.Rows, rng: np.random.RandomState) -> _core.RbmEngine:
        """Weights in scikit-learn's order of draws."""
        sizes = {"n_visible": X.shape[1], "n_hidden": int(self.n_components)}
        if self.visible == "gaussian" and self.learn_sigma:
            warn_of_constants(self, X)
        weights = _normal_rows(rng, self.initial_weights, sizes["n_hidden"], sizes["n_visible"])
        engine = engine_of(self, sizes, self.precision, self.device)
        visible_bias = self._initial_visible_bias(rows)
        hidden_bias = np.zeros(self.n_components)
        if self.visible == "gaussian":
            # In the units of the data, and the mean of the rows is no input to start with.
            sigma = np.asarray(self.sigma, dtype=np.float64)
            weights = weights * sigma
            hidden_bias = -weights @ (visible_bias / sigma**2)
        engine.set_parameters(weights, hidden_bias, visible_bias)
        return engine

    def _initial_visible_bias(self, rows: _core.Rows) -> NDArray[np.float64]:
        """Log odds of each pixel's mean, clamped to [0.01, 0.99] (Hinton 2010, section 8.1), or 0; of other units
        what makes a model without weights have the means of the data."""
        if self.initial_visible_bias == "zero":
            return np.zeros(rows.shape[1])
        if self.visible != "bernoulli":
            return _first_bias(self, rows)
        return log_odds(rows.column_means(), LOWEST_FREQUENCY)

    # ---- persistent chains ----

    def _seed_engine(self, engine: Any, seed: int) -> None:
        engine.set_chains(self._initial_chains(seed))

    def _initial_chains(self, seed: int) -> NDArray[np.bool_]:
        """Every hidden unit on or off with probability 1/2: all-zero states mix slowly."""
        n_chains = self._chains_to_start()
        if self.algorithm == "cd":
            return np.zeros((0, self.n_components), dtype=np.bool_)
        draws = _core.draws(seed, "init", 1, 0, 0, n_chains, self.n_components)
        return np.greater_equal(draws, 1 << 31)

    def _temperatures(self) -> int:
        """Those of persistent chains; each has as many."""
        return self.n_temperatures if self.algorithm == "pt" else 1

    def _chains_to_start(self) -> int:
        of_each = self.batch_size if self.n_chains is None else self.n_chains
        return of_each * self._temperatures()

    def _n_chains(self) -> int:
        return self._engine.n_chains

    def _complete_engine(self) -> None:
        if self.algorithm != "cd" and self._n_chains() == 0:  # trained by cd so far
            self._seed_engine(self._engine, self._seed)


def _first_bias(model: Any, rows: _core.Rows) -> NDArray[np.float64]:
    """Visible biases with which a model without weights has the means of the rows.

    Of Gaussian units they are these means, of words logarithms of relative frequencies, where each counts as seen
    once more than it was; of softmax units see :meth:`Groups.biases`.
    """
    mean = rows.column_means()
    if model.visible == "gaussian":
        return mean
    if model.visible == "softmax":
        return Groups.of(model, len(mean)).biases(mean, rows.shape[0])
    counts = mean * rows.shape[0] + 1
    bias: NDArray[np.float64] = np.log(counts / counts.sum())
    return bias


def _normal_rows(
    rng: np.random.RandomState, deviation: float, n_rows: int, n_columns: int
) -> NDArray[np.float64]:
    """The draws of a single call, in as many as Ctrl-C needs."""
    drawn = np.empty((n_rows, n_columns))
    n_at_a_time = max(1, _DRAWN_AT_A_TIME // n_columns)
    for first in range(0, n_rows, n_at_a_time):
        block = drawn[first : first + n_at_a_time]
        block[...] = rng.normal(0, deviation, block.shape)
    return drawn
