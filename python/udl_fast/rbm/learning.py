"""How RBMs learn: the settings of contrastive divergence, and where training starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from .. import _core
from ..estimator.input import to_rows, warn_outside_unit_interval
from ..estimator.training import Training

_ENGINE_SETTINGS = (
    "batch_size",
    "algorithm",
    "k",
    "learning_rate",
    "momentum",
    "weight_decay",
    "l1",
    "sparsity_target",
    "sparsity_cost",
    "sparsity_damping",
    "sample_visibles",
)


class ContrastiveTraining(Training):
    """Mixin: settings and start of contrastive divergence."""

    algorithm: str
    n_chains: int | None
    learning_rate: float
    statistics: str
    sample_visibles: bool

    # ---- parameters ----

    def _settings(self, checked: Mapping[str, Any], rows: _core.Rows) -> dict[str, Any]:
        """The engine's settings of this epoch."""
        settings = {name: checked[name] for name in _ENGINE_SETTINGS}
        settings["statistics"] = self.statistics
        final_momentum = checked["final_momentum"]
        if final_momentum is not None and self.n_iter_ >= checked["momentum_switch_epoch"]:
            settings["momentum"] = final_momentum
        settings["binarize_sample"] = checked["binarize"] == "sample" and rows.kind != "bits"
        settings["data_step"] = self.n_updates_
        return settings

    def _check_resumable(self) -> None:
        if self._engine.n_hidden != self.n_components:
            raise ValueError(
                f"{type(self).__name__}: n_components is {self.n_components}, but the fitted "
                f"model has {self._engine.n_hidden}; use warm_start=False to start again"
            )
        if self._engine.precision != self.precision:
            raise ValueError(
                f"{type(self).__name__}: precision is {self.precision!r}, but the fitted model has "
                f"{self._engine.precision!r}; use warm_start=False to start again"
            )
        if self.algorithm == "pcd" and len(self.h_samples_) == 0:  # it was trained by cd so far
            self._engine.set_chains(self._initial_chains(self._seed))
            self._arrays.clear()

    def _training_rows(self, X: Any) -> _core.Rows:
        threshold = None if isinstance(self.binarize, str) else self.binarize
        rows = to_rows(X, threshold)
        warn_outside_unit_interval(rows, self)
        if self.statistics == "sampled":
            self._check_binary_statistics(rows)
        return rows

    def _check_binary_statistics(self, rows: _core.Rows) -> None:
        """Sampled statistics count pairs of bits, so both visible phases must be bits."""
        name = type(self).__name__
        if not self.sample_visibles:
            raise ValueError(
                f"{name}: statistics='sampled' needs sample_visibles=True, got sample_visibles=False"
            )
        if rows.kind != "bits" and self.binarize != "sample":
            raise ValueError(
                f"{name}: statistics='sampled' needs binary data, got real values; "
                "use binarize=0.5 or binarize='sample'"
            )

    # ---- start ----

    def _initial_visible_bias(self, rows: _core.Rows) -> NDArray[np.float64]:
        raise NotImplementedError

    def _initial_chains(self, seed: int) -> NDArray[np.bool_]:
        raise NotImplementedError

    def _start(self, X: Any, rows: _core.Rows) -> None:
        """Initial weights, biases and chains. Draws from random_state in scikit-learn's order,
        then the seed."""
        rng = check_random_state(self.random_state)
        n_features = X.shape[1]
        weights = rng.normal(0, 0.01, (self.n_components, n_features))
        seed = int.from_bytes(rng.bytes(8), "little")
        engine = _core.RbmEngine(n_features, self.n_components, self.precision)
        engine.set_parameters(
            weights, np.zeros(self.n_components), self._initial_visible_bias(rows)
        )
        engine.set_chains(self._initial_chains(seed))
        # Nothing of a fitted model is touched before everything of the new one exists.
        self._engine = engine
        self._seed = seed
        self._dtype = self._fitted_dtype(X)
        self._arrays = {}
        self.n_iter_ = 0
        self.n_updates_ = 0
        self.history_ = {}
        self._training_steps = 0
        self._sampling_steps = 0

    @property
    def _n_features_out(self) -> int:
        return self._engine.n_hidden
