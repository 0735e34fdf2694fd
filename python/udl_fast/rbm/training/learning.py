"""How RBMs learn: the settings of contrastive divergence, and what a fitted model keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

from ... import _core, _devices
from ...estimator.training.schedules import BEFORE_SCHEDULES, check_schedule
from ...estimator.training.transaction import is_being_trained, trained_alone
from ...persistence.state import State
from ..rules import steps_at
from ..units.groups import has_missing_groups
from ..units.kinds import check_kinds
from .diagnosis import culprits
from .gpu import check_gpu
from .no_effect import without_effect
from .start import Start

_ENGINE_SETTINGS = (
    "batch_size",
    "algorithm",
    "learning_rate",
    "momentum",
    "weight_decay",
    "l1",
    "sparsity_target",
    "sparsity_cost",
    "sparsity_damping",
    "sample_visibles",
)


# What files mean that were written before there were kinds of units.
BEFORE_KINDS: Mapping[str, Any] = {"visible_groups": None, "sigma": 1.0, "learn_sigma": True}


class ContrastiveLearning(Start):
    """Mixin: settings of contrastive divergence."""

    n_components: int
    algorithm: str
    n_chains: int | None
    n_temperatures: int
    beta_min: float
    beta_spacing: str
    learning_rate: float
    learning_rate_schedule: str
    max_norm: float | None
    final_learning_rate: float | None
    statistics: str
    centered: bool
    initial_weights: float
    sample_visibles: bool
    precision: str
    device: str
    batch_size: int

    _later_parameters: ClassVar = {
        **BEFORE_SCHEDULES,
        **BEFORE_KINDS,
        "max_norm": None,
        "n_temperatures": 10,
        "beta_min": 0.0,
        "beta_spacing": "uniform",
        "initial_weights": 0.01,
        "initial_visible_bias": "data",
    }

    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """One pass over the rows of X, in order, in minibatches of `batch_size`.

        Chunks may have any length: positive and negative phase are each divided by their own
        number of rows, so a short last minibatch counts for what it is. `n_iter_` counts passes of
        `fit` only, so `final_momentum` never sets in here, and `learning_rate_schedule`, which wants to know
        the number of epochs, has no effect: set `momentum` and `learning_rate` between calls instead.
        Callbacks and `history_` belong to `fit` too.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), or an iterator of them
            An iterator is read to its end, one chunk in memory at a time.
        y : ignored
        sample_weight : array-like of shape (n_samples,), default=None
            As in `fit`; not with an iterator.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X, a weight or a parameter is invalid, or an iterator yields no chunk.
        RuntimeError
            If the model is being trained, by another thread or by the call whose callback this is.

        Notes
        -----
        Ctrl-C or an error leaves the model as it was before the chunk in which it came.

        Examples
        --------
        >>> import udl_fast as udl
        >>> X = udl.datasets.load_digits(binary=0.5).data
        >>> chunks = (X[first : first + 500] for first in range(0, len(X), 500))
        >>> udl.RBM(16, random_state=0).partial_fit(chunks).n_updates_
        18
        """
        return super().partial_fit(X, y, sample_weight)

    # ---- parameters ----

    def _check_together(self) -> None:
        check_schedule(self)
        check_gpu(self)
        if self.max_norm == 0:
            raise ValueError(
                f"{type(self).__name__}: max_norm must be above 0, got {self.max_norm!r}"
            )
        check_kinds(self)
        if self.statistics == "sampled" and not self.sample_visibles:
            raise ValueError(
                f"{type(self).__name__}: statistics='sampled' needs sample_visibles=True, "
                "got sample_visibles=False"
            )
        if self.algorithm == "pt" and not self.sample_visibles:
            raise ValueError(
                f"{type(self).__name__}: algorithm='pt' needs sample_visibles=True, got "
                "sample_visibles=False: chains swap states that were drawn"
            )

    def _without_effect(self) -> Iterable[str]:
        return without_effect(self)

    def _updates_of_epoch(self, n_rows: int) -> int:
        return -(-n_rows // self.batch_size)

    def _settings(self, checked: Mapping[str, Any], rows: _core.Rows) -> dict[str, Any]:
        settings = {name: checked[name] for name in _ENGINE_SETTINGS}
        settings["k"] = steps_at(checked["k"], self.n_iter_)
        settings["max_norm"] = checked["max_norm"] or 0.0
        if self.algorithm == "pt":
            settings |= {name: checked[name] for name in ("n_temperatures", "beta_min")}
            settings["adaptive_betas"] = self.beta_spacing == "adaptive"
        settings["statistics"] = self.statistics
        settings["centered"] = self.centered
        settings["learn_sigma"] = self.learn_sigma
        final_momentum = checked["final_momentum"]
        if final_momentum is not None and self.n_iter_ >= checked["momentum_switch_epoch"]:
            settings["momentum"] = final_momentum
        settings["binarize_sample"] = checked["binarize"] == "sample" and rows.kind != "bits"
        settings["data_step"] = self.n_updates_
        return settings

    def _not_finite_advice(self) -> str:
        return f"lower {culprits(self)}"

    # ---- rows ----

    def _rows(self, X: Any, y: Any = None, *, training: bool) -> _core.Rows:
        if not training:
            return self._visible_rows(X)
        double = self.precision == "float64"
        rows = self._visible_rows(X, double=double, may_be_on_device=True)
        self._check_binary_statistics(rows)
        if self.visible == "softmax" and self.algorithm != "cd" and has_missing_groups(self, X):
            raise ValueError(
                f"{type(self).__name__}: missing values (groups of zeros) need algorithm='cd', whose chains miss "
                f"them too; got algorithm={self.algorithm!r}"
            )
        return rows

    def _check_binary_statistics(self, rows: _core.Rows) -> None:
        """Sampled statistics count pairs of bits, so visible units must be bits."""
        if self.statistics == "sampled" and rows.kind != "bits" and self.binarize != "sample":
            raise ValueError(
                f"{type(self).__name__}: statistics='sampled' needs binary data, got real values; "
                "use binarize=0.5 or binarize='sample'"
            )

    # ---- the fitted model ----

    def _unchangeable(self) -> dict[str, Any]:
        engine = self._engine
        kept = super()._unchangeable() | {
            "precision": engine.precision,
            "visible": engine.visible,
            "hidden": engine.hidden,
        }
        if [*(self.visible_groups or ())] != (engine.visible_groups or []):
            kept["visible_groups"] = engine.visible_groups
        if self.algorithm != "cd" and self.n_chains is not None and self._n_chains():
            kept["n_chains"] = self._n_chains() // self._temperatures()
        return kept

    def _state(self) -> State:
        """The arrays are those of the engine's kinds of units, so the arguments have to be, too."""
        for name, fitted in (("visible", self._engine.visible), ("hidden", self._engine.hidden)):
            if getattr(self, name) != fitted:
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}, but the fitted model has {fitted!r}"
                )
        return super()._state()

    def _check_resumable(self) -> None:
        super()._check_resumable()
        if self._n_chains() % self._temperatures():
            raise ValueError(
                f"{type(self).__name__}: n_temperatures is {self.n_temperatures}, but the fitted model has "
                f"{self._n_chains()} chains in all, which so many temperatures cannot share"
            )

    def _placed_engine(self) -> _core.RbmEngine:
        """On the device of today, which is an error where there is none."""
        _devices.check_device(self.device, type(self).__name__)
        if _devices.same_device(self._engine, self.device):
            return self._engine
        return _devices.moved(self._engine, self.device)

    def _settle(self) -> None:
        engine = self.__dict__.get("_engine")
        if engine is None or is_being_trained(self):
            return
        device = self.rules["device"].check(self.device, "device", type(self).__name__)
        _devices.check_process(_devices.device_of(engine), type(self).__name__)
        if _devices.same_device(engine, device) or _devices.stands_in(engine, device):
            return
        check_gpu(self)
        trained_alone(self, lambda turn: self.__dict__.update(_engine=self._placed_engine()))
