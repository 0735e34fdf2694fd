"""How nets learn: what their engine is told, for models of any kind and depth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .. import _core
from ..estimator.model import Model
from ..estimator.training.schedules import check_schedule

OF_MINIBATCHES = ("adam", "sgd")  # solvers that have a rate


def _check_bfloat16(owner: str) -> None:
    """Before anything is learned: where layers are pretrained, the net comes last."""
    try:
        _core.NetEngine([1, 1], ["linear"], "squared", "fast")
    except NotImplementedError as refusal:
        raise NotImplementedError(f"{owner}: {str(refusal).removeprefix('NetEngine: ')}") from None


class SolverSettings(Model):
    """Mixin: settings of the solvers."""

    solver: str
    learning_rate: float
    learning_rate_schedule: str
    momentum: float
    nesterov: bool
    precision: str
    batch_size: int

    def _check_together(self) -> None:
        check_schedule(self)
        if self.precision == "fast":
            _check_bfloat16(type(self).__name__)

    def _without_effect(self) -> Iterable[str]:
        if self.nesterov and self.solver != "sgd":
            yield f"nesterov=True has no effect with solver={self.solver!r}, only with 'sgd'"
        if self.learning_rate_schedule != "constant" and self.solver not in OF_MINIBATCHES:
            yield (
                f"learning_rate_schedule={self.learning_rate_schedule!r} has no effect with "
                f"solver={self.solver!r}, which has no rate"
            )

    def _updates_of_epoch(self, n_rows: int) -> int:
        return 1 if self.solver == "lbfgs" else -(-n_rows // self.batch_size)

    def _settings(self, checked: Mapping[str, Any], rows: _core.Rows) -> dict[str, Any]:
        settings = {"solver": checked["solver"], **self._objective(checked)}
        if checked["solver"] != "lbfgs":
            settings["batch_size"] = checked["batch_size"]
        if checked["solver"] in OF_MINIBATCHES:
            settings |= {name: checked[name] for name in ("learning_rate", "momentum")}
            settings["nesterov"] = checked["nesterov"] and checked["solver"] == "sgd"
        return settings

    def _objective(self, checked: Mapping[str, Any]) -> dict[str, Any]:
        """What is minimised beside the loss, by the names of the engine."""
        return {name: checked[name] for name in ("weight_decay", "l1")}

    def _not_finite_advice(self) -> str:
        if self.solver in OF_MINIBATCHES:
            return f"lower learning_rate ({self.learning_rate:g})"
        return "scale X, or use solver='adam'"
