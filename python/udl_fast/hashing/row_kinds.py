"""What rows are, as a hasher is told or finds out: values in [0, 1], real values, or counts of words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ..autoencoder.stack import NetStack
from ..estimator.input import beyond_unit_interval, scaling, to_rows, value_range
from ..exceptions import warn_caller
from ..persistence.values import ValueRule, Word
from ..rbm.units.rows import check_counts

# Kinds of visible units that rows are taken for, and the activation of outputs that reconstruct them.
ROW_KINDS = {
    "bernoulli": "logistic",
    "gaussian": "linear",
    "replicated_softmax": "softmax",
}


class RowKinds(NetStack):
    """Mixin: the argument `visible`, and `visible_`."""

    visible: str
    rbm: Any

    _values: ClassVar[Mapping[str, ValueRule]] = {"visible_": Word(tuple(ROW_KINDS))}

    def _visible_kind(self) -> str:
        """What rows are, as far as it is known: what they may be is found out by `fit`."""
        if self.visible != "auto":
            return self.visible if self.visible in ROW_KINDS else "bernoulli"
        known: str | None = self.__dict__.get("visible_")
        return known or self._kind_of_template() or "bernoulli"

    def _kind_of_template(self) -> str | None:
        """What the first RBM asks for, unless that is the usual."""
        first = self.rbm[0] if isinstance(self.rbm, list | tuple) and self.rbm else self.rbm
        kind = getattr(first, "visible", "bernoulli")
        return kind if kind in ROW_KINDS and kind != "bernoulli" else None

    def _learn_of_rows(self, X: Any) -> dict[str, Any]:
        if self.visible != "auto":
            return {"visible_": self.visible}
        if (kind := self._kind_of_template()) is not None:
            return {"visible_": kind}
        rows = to_rows(X, n_jobs=self.n_jobs)
        low, high = value_range(rows, self.n_jobs)
        if not beyond_unit_interval(low, high):
            return {"visible_": "bernoulli"}
        if low >= 0 and X.dtype.kind in "iu":
            warn_caller(
                f"{type(self).__name__}: X holds whole numbers from {low:g} to {high:g}, which visible='auto' "
                f"takes as real numbers. Scale images ({scaling(low, high)}), or standardise X and say "
                "visible='gaussian'; counts of words want visible='replicated_softmax'",
                UserWarning,
            )
        return {"visible_": "gaussian"}

    def _bare_rows(self, X: Any) -> Any:
        if self._takes_counts():
            check_counts(self, X)
        return super()._bare_rows(X)

    def _code_matrix(self, X: Any) -> Any:
        return self._matrix(X) if self._takes_counts() else super()._code_matrix(X)

    def _reads_in_place(self, X: Any) -> bool:
        return not self._takes_counts() and super()._reads_in_place(X)

    def _takes_counts(self) -> bool:
        """Whether rows are word counts, which are looked at before they are encoded."""
        return self._visible_kind() == "replicated_softmax"

    def _values_of_layers(self) -> dict[str, Any]:
        return {"visible_": self._visible_kind()}
