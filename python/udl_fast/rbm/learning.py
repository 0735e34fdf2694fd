"""How RBMs learn: the settings of contrastive divergence, and where training starts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from .. import _core
from ..callbacks._run import check_callbacks
from ..estimator.input import to_rows, warn_outside_unit_interval
from ..estimator.parameters import check_choice, check_flag, check_integer, check_number
from ..estimator.training import Training
from ..runtime import resolve_n_jobs

_NOT_YET = {
    "visible": ("gaussian", "relu", "softmax"),
    "hidden": ("gaussian", "relu", "softmax"),
    "algorithm": ("pt",),
    "statistics": (),
    "precision": (),
}
_AVAILABLE = {
    "visible": ("bernoulli",),
    "hidden": ("bernoulli",),
    "algorithm": ("cd", "pcd"),
    "statistics": ("mean", "sampled"),
    "precision": ("fixed", "fast", "float64"),
}


class ContrastiveTraining(Training):
    """Mixin: settings and start of contrastive divergence."""

    algorithm: str
    n_chains: int | None
    learning_rate: float
    statistics: str
    sample_visibles: bool

    # ---- parameters ----

    def _check_parameters(self) -> dict[str, Any]:
        """The engine's settings, after checking every parameter."""
        for name, available in _AVAILABLE.items():
            check_choice(self, name, available, _NOT_YET[name])
        if check_flag(self, "centered"):
            raise NotImplementedError(f"{type(self).__name__}: centered=True is not available yet")
        _check_device(self)
        check_integer(self, "n_components")
        check_integer(self, "n_iter", minimum=0)
        check_integer(self, "momentum_switch_epoch", minimum=0)
        if self.n_chains is not None:
            check_integer(self, "n_chains")
        for name in ("shuffle", "warm_start"):
            check_flag(self, name)
        if not isinstance(self.verbose, (bool, np.bool_)):
            check_integer(self, "verbose", minimum=0)
        _check_binarize(self)
        check_callbacks(self)
        return {
            "batch_size": check_integer(self, "batch_size"),
            "algorithm": self.algorithm,
            "k": check_integer(self, "k"),
            "learning_rate": check_number(self, "learning_rate", 0),
            "momentum": check_number(self, "momentum", 0, 1),
            "final_momentum": check_number(self, "final_momentum", 0, 1, optional=True),
            "weight_decay": check_number(self, "weight_decay", 0),
            "l1": check_number(self, "l1", 0),
            "sparsity_target": check_number(self, "sparsity_target", 0, 1, optional=True),
            "sparsity_cost": check_number(self, "sparsity_cost", 0),
            "sparsity_damping": check_number(self, "sparsity_damping", 0, 1),
            "sample_visibles": check_flag(self, "sample_visibles"),
            "statistics": self.statistics,
            "n_threads": resolve_n_jobs(self.n_jobs),
        }

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


def _check_device(owner: Any) -> None:
    if owner.device == "cpu":
        return
    if isinstance(owner.device, str) and owner.device.split(":")[0] == "cuda":
        raise NotImplementedError(
            f"{type(owner).__name__}: device={owner.device!r} is not available: {_core.CUDA_STATUS}"
        )
    raise ValueError(
        f"{type(owner).__name__}: device must be 'cpu' or 'cuda[:n]', got {owner.device!r}"
    )


def _check_binarize(owner: Any) -> None:
    if owner.binarize is None or owner.binarize == "sample":
        return
    if isinstance(owner.binarize, str):
        raise ValueError(
            f"{type(owner).__name__}: binarize must be None, a threshold or 'sample', "
            f"got {owner.binarize!r}"
        )
    check_number(owner, "binarize")
