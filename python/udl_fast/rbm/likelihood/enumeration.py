"""log Z of an RBM by enumeration: of which models, and of which rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ... import _devices
from ...estimator.parameters import Integer
from ...evaluation import LogPartition
from ...exceptions import warn_caller
from ...runtime import resolve_n_jobs
from ..inference import Inference
from ..units.normal_pair import is_normal_pair, log_partition_of_normal_pair

_MOST_ENUMERATED = 30  # units, as the engine has it (runtime/rbm/evaluate/exact.h)


class Enumeration(Inference):
    """Mixin: the exact log Z."""

    def _enumerated(self, length: int | None) -> LogPartition:
        """log Z; of words that of rows of so many."""
        if is_normal_pair(self._engine):
            return LogPartition(log_partition_of_normal_pair(self._engine), 0.0)
        self._check_enumerable()
        n_threads = resolve_n_jobs(self.n_jobs)
        if self._engine.visible != "replicated_softmax":
            return LogPartition(_devices.on_cpu(self._engine).log_partition_exact(n_threads), 0.0)
        owner = type(self).__name__
        if length is None:
            raise ValueError(
                f"{owner}: log_partition needs length with visible='replicated_softmax', the words of a row: "
                "rows of each length have another Z; log_likelihood takes that of each row"
            )
        n_words = Integer(0).check(length, "length", owner)
        return LogPartition(float(self._engine.log_partition_exact(n_threads, [n_words])[0]), 0.0)

    def _n_enumerated(self) -> int | None:
        """Units of the layer whose states are enumerated; None where no layer is of binary units."""
        sizes = {"hidden": self._engine.n_hidden, "visible": self._engine.n_visible}
        binary = [n for name, n in sizes.items() if getattr(self._engine, name) == "bernoulli"]
        return min(binary, default=None)

    def _check_enumerable(self) -> None:
        """An error that names the layer, where only one is of binary units: it need not be the smaller one."""
        n_units, visible, hidden = self._n_enumerated(), self._engine.visible, self._engine.hidden
        if n_units is None or n_units <= _MOST_ENUMERATED or visible == hidden:
            return
        layer, other = ("hidden", "visible") if hidden == "bernoulli" else ("visible", "hidden")
        kind = visible if other == "visible" else hidden
        way = "; 'ais' and 'reverse_ais' estimate log Z from below and above"
        raise ValueError(
            f"{type(self).__name__}: method='exact' enumerates the {layer} units here, as those of "
            f"{other}={kind!r} are not binary: at most {_MOST_ENUMERATED} units; this model has "
            f"{n_units}{'' if visible == 'replicated_softmax' else way}"
        )

    def _check_no_single_z(self, log_z: Any, options: Mapping[str, Any]) -> None:
        """For the likelihood of words, where each row is given log Z of its own length."""
        self._check_enumerable()
        given = [*([] if log_z is None else ["log_z"]), *options]
        if given:
            raise ValueError(
                f"{type(self).__name__}: log_likelihood with visible='replicated_softmax' computes log Z of the "
                f"length of each row and has no use for {', '.join(given)}"
            )

    def _warn_of_annealing(self, **is_given: bool) -> None:
        """A warning that names arguments of annealing, which an enumeration does not read."""
        if names := [name for name, given in is_given.items() if given]:
            warn_caller(
                f"{type(self).__name__}: method='exact' enumerates states and has no use for "
                f"{', '.join(names)}, which 'ais' and 'reverse_ais' have",
                UserWarning,
            )
