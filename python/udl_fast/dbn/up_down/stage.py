"""The stage of training in which a deep belief net learns by the up-down algorithm, and the net that it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from ... import _core
from ...estimator.declarations import Stage
from ...estimator.engine import NoEngine
from ...estimator.training.transaction import twin_of
from ...persistence.state import ArrayRule, State
from ...persistence.values import ValueRule
from ...rbm.rules import steps_at
from ..fitted.bound import Likelihood
from ..layers.untied import UpDownEngine, array_rules
from .arguments import FIXED, STAGE, Arguments


class UpDownStage(Likelihood):
    """Mixin: a last stage in which the net itself learns, by the arguments of `up_down`."""

    _optional_values: ClassVar[Mapping[str, ValueRule]] = {
        **Likelihood._optional_values,
        "_up_down": Arguments(),
    }

    _engine: Any
    _up_down: Mapping[str, Any] | None = None  # arguments of the stage, if the training has it

    # ---- what the net is ----

    def _is_untied(self) -> bool:
        return isinstance(self._engine, UpDownEngine)

    def _parts(self, n_layers: int | None = None) -> list[Any]:
        parts = super()._parts(n_layers)
        if not self._is_untied():
            return parts
        return [
            twin_of(part, _engine=self._engine.layer(number), _arrays={})
            for number, part in enumerate(parts)
        ]

    def _array_rules(self) -> dict[str, ArrayRule]:
        return array_rules(len(self.hidden_layer_sizes) - 1)

    def _bare_engine(self, sizes: Mapping[str, int], precision: str) -> Any:
        if not sizes:
            return NoEngine(precision)
        n_directed = len(self.hidden_layer_sizes) - 1
        widths = [sizes["n_features"], *(sizes[f"n_units.{k + 1}"] for k in range(n_directed))]
        return UpDownEngine(widths, self._new_top(sizes, precision))

    def _new_top(self, sizes: Mapping[str, int], precision: str) -> _core.RbmEngine:
        """Of bits, whatever the template has come to say since the layers learned; beside those of the layer below
        a group of label units, if there are more."""
        n_visible, n_below = sizes["n_top_visible"], int(self.hidden_layer_sizes[-2])
        if n_visible == n_below:
            return _core.RbmEngine(n_visible, sizes["n_top"], precision)
        groups = [1] * n_below + [n_visible - n_below]
        return _core.RbmEngine(
            n_visible, sizes["n_top"], precision, visible="softmax", visible_groups=groups
        )

    # ---- the stage ----

    def _take_back(self, arguments: Mapping[str, Any] | None) -> None:
        """To those of the call before, if there was one."""
        self.__dict__.pop("_up_down", None)
        if arguments is not None:
            self._up_down = arguments

    def _stages(self) -> list[Stage]:
        stages = super()._stages()
        if self._up_down is not None:
            stages.append(Stage(STAGE, self._up_down["n_iter"]))
        return stages

    def _learns_itself(self) -> bool:
        """Whether the training stands in this stage."""
        return self._up_down is not None and self._position[0] == len(self._stages()) - 1

    def _entered(self, number: int) -> dict[str, Any]:
        if self._is_untied():
            return {}
        engines: list[Any] = [part._engine for part in self._inside.values()]
        last = engines[-1]
        sizes = {"n_top_visible": last.n_visible, "n_top": last.n_hidden}
        top = self._new_top(sizes, last.precision)
        return {"_engine": UpDownEngine.begun_with(engines, top)}

    def _checked_of_stage(self, checked: Mapping[str, Any]) -> Mapping[str, Any]:
        assert self._up_down is not None
        return {**checked, **self._up_down}

    def _settings(self, checked: Mapping[str, Any], rows: _core.Rows) -> dict[str, Any]:
        told = ("batch_size", "learning_rate", "momentum", "weight_decay")
        return {
            **FIXED,
            **{name: checked[name] for name in told},
            "k": steps_at(checked["n_gibbs_steps"], self._position[1]),
            "binarize_sample": self._inside_binarize() == "sample" and rows.kind != "bits",
            "data_step": self.n_updates_,
        }

    def _inside_binarize(self) -> Any:
        return next(iter(self._inside.values())).binarize

    def _rows(self, X: Any, y: Any = None, *, training: bool) -> _core.Rows:
        if training and self._learns_itself():
            rows: _core.Rows = self._parts(1)[0]._rows(X, training=True)
            return rows
        return super()._rows(X, y, training=training)

    def _targets(self, y: Any, n_rows: int) -> _core.Rows | None:
        """Where the net itself learns, labels are bits beside the rows; none where a row has no label."""
        super()._targets(y, n_rows)
        if not (self.labels and self._learns_itself()):
            return None
        known, states = self._label_states(y, n_rows)
        bits = np.zeros((n_rows, len(self.classes_)), dtype=np.bool_)
        bits[known] = states
        return _core.Rows.from_array(bits, 1)

    def _measure(self, training: Any, validation: Any | None) -> dict[str, Any]:
        rows = [one[0] if isinstance(one, tuple) else one for one in (training, validation)]
        return self._measure_beside(*rows)

    def _learn_of_targets(self, y: Any, n_rows: int) -> dict[str, Any]:
        self.__dict__.pop("_up_down", None)  # a training that begins anew has not this stage
        return super()._learn_of_targets(y, n_rows)

    def _not_finite_advice(self) -> str:
        rate = "" if self._up_down is None else f"={self._up_down['learning_rate']!r}"
        return f"lower learning_rate{rate} of up_down"

    def _more_epochs(self) -> str:
        if self._up_down is None:
            return super()._more_epochs()
        return "n_iter in another call of up_down"

    # ---- what cannot be ----

    def _check_can_go_up_and_down(self, owner: str) -> None:
        n_layers = len(self.hidden_layer_sizes)
        if n_layers == 1:
            raise ValueError(
                f"{owner}: a net of a single layer is an RBM, which has no such layers"
            )
        parts = [*self._inside.values()]
        if len(parts) < n_layers:
            raise ValueError(
                f"{owner}: fit was stopped in {self._stages()[self._position[0]].name!r}; finish it by resume "
                "before"
            )
        for k, part in enumerate(parts):
            for name in ("visible", "hidden") if k < n_layers - 1 else ("hidden",):
                if (kind := getattr(part, name)) != "bernoulli":
                    raise ValueError(
                        f"{owner}: layer {k + 1} has {name}={kind!r}, but units must be 'bernoulli'"
                    )
        precisions = {part._engine.precision for part in parts}
        if "float64" in precisions:
            raise NotImplementedError(
                f"{owner} is not available yet with precision='float64'; use 'fixed' or 'fast'"
            )
        if len(precisions) > 1:
            raise ValueError(
                f"{owner}: layers must be of one precision, got {', '.join(sorted(precisions))}"
            )

    def _check_inside(self, state: State, path: str) -> None:
        """Of weights for both ways there are all or none."""
        super()._check_inside(state, path)
        if not state.arrays:
            return
        needed = [name for name in self._array_rules() if not name.endswith("velocity")]
        if missing := [path + name for name in needed if name not in state.arrays]:
            raise ValueError(f"it lacks {', '.join(missing)}"[:200])
        sizes = [int(size) for size in self.hidden_layer_sizes]
        found = [state.arrays[name].shape[0] for name in needed if _gives_width(name)]
        if found != sizes:
            raise ValueError(
                f"{path}hidden_layer_sizes is {tuple(sizes)}, arrays have {tuple(found)}"
            )

    def _check_made(self) -> None:
        super()._check_made()
        if not self._is_untied():
            return
        sizes = [int(size) for size in self.hidden_layer_sizes]
        if sizes != self._engine.widths:
            raise ValueError(
                f"{type(self).__name__}: hidden_layer_sizes is {tuple(sizes)}, but the fitted model has "
                f"{tuple(self._engine.widths)}, and after up_down no layers may follow"
            )


def _gives_width(array: str) -> bool:
    """Whether an array has a row for each unit of a hidden layer."""
    return array.startswith(("recognition", "top")) and array.endswith("weights")
