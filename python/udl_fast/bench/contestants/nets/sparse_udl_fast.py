"""This package: `SparseAutoencoder` with solver "lbfgs"."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

import udl_fast
from udl_fast import _core

from ._sparse import COST, TARGET, WEIGHT_DECAY, SparseFits

_OBJECTIVE = {"weight_decay": WEIGHT_DECAY, "sparsity_target": TARGET, "sparsity_cost": COST}


class Float32(SparseFits):
    """precision="float32"."""

    def versions(self) -> dict[str, str]:
        """What computes."""
        return {"udl-fast": udl_fast.__version__, "target": _core.current_target()}

    def load(self) -> None:
        self.held = _core.Rows.from_array(self.rows)
        self.workspace = _core.GradientWorkspace()  # as `fit` has one
        self.start = self._model()._engine.net

    def _model(self) -> udl_fast.SparseAutoencoder:
        """At the start."""
        state: dict[str, NDArray[np.float32]] = {}
        for half, (weights, bias) in zip(("encoder", "decoder"), self.layers, strict=True):
            state |= {f"{half}.weight": weights, f"{half}.bias": bias}
        return udl_fast.SparseAutoencoder.from_state_dict(
            state,
            n_iter=self.n_iter,
            warm_start=True,
            n_jobs=self.n_threads,
            random_state=0,
            **_OBJECTIVE,
        )

    def evaluate(self) -> tuple[float, NDArray[Any]]:
        return self._evaluated(self.start)

    def _evaluated(self, net: _core.NetEngine) -> tuple[float, NDArray[np.float64]]:
        return net.gradient(self.held, _OBJECTIVE, 0, 0, self.n_threads, workspace=self.workspace)

    def fit(self) -> None:
        """`fit`, with all that it does beside."""
        model = self._model().fit(self.rows)
        if model.n_updates_ != self.n_iter:
            raise RuntimeError(f"{model.n_updates_} of {self.n_iter} iterations")
        self.fitted = model._engine.net

    def reached(self) -> float:
        return self._evaluated(self.fitted)[0]
