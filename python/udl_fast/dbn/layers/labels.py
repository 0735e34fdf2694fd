"""Label units: a softmax group beside the units below the top RBM, which so learns rows and classes jointly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from ... import _core
from ...estimator.targets import CLASS_VALUES, OfClasses, class_rows, classes_of
from ...persistence.values import ValueRule
from .greedy import GreedyLayers
from .part_labels import PartLabels
from .passes import widened

_FEWEST_LAYERS = 2  # label units stand beside hidden ones


class LabelledLayers(GreedyLayers):
    """Mixin: the top layer of a net with `labels` has them beside the units of the layer below."""

    labels: bool
    classes_: NDArray[Any]

    # ---- arguments ----

    def _check_together(self) -> None:
        super()._check_together()
        if self.labels and len(self.hidden_layer_sizes) < _FEWEST_LAYERS:
            raise ValueError(
                f"{type(self).__name__}: labels=True needs two layers or more: label units stand beside the units "
                f"below the top RBM; got hidden_layer_sizes={tuple(self.hidden_layer_sizes)!r}. A single RBM "
                "learns rows and labels with visible='softmax'"
            )

    @property
    def _learns_targets(self) -> bool:
        return bool(self.labels)

    @property
    def _values(self) -> Mapping[str, ValueRule]:  # type: ignore[override]
        return CLASS_VALUES if self.labels else {}

    # ---- the top layer ----

    def _top(self) -> int:
        return len(self.hidden_layer_sizes) - 1

    def _n_labels(self, number: int) -> int:
        """Label units that a layer has, or is to have."""
        is_labelled = self.labels and number == self._top() and "classes_" in self.__dict__
        return len(self.classes_) if is_labelled else 0

    def _new_learner(self, number: int) -> Any:
        learner = super()._new_learner(number)
        if n_labels := self._n_labels(number):
            groups = [1] * int(self.hidden_layer_sizes[number - 1]) + [n_labels]
            learner.set_params(visible="softmax", visible_groups=groups)
        return learner

    def _stage_input(self, number: int, X: Any, y: Any = None) -> Any:
        n_labels = self._n_labels(number)
        if not n_labels:
            return super()._stage_input(number, X, y)
        values = self._made_below(number, X, n_labels)
        known, states = self._label_states(y, X.shape[0])
        values[known, -n_labels:] = states
        return values

    def _width_below(self, number: int, values: Mapping[str, Any]) -> int:
        is_labelled = self.labels and number == self._top()
        n_labels = len(values.get("classes_", ())) if is_labelled else 0
        return super()._width_below(number, values) + n_labels

    # ---- labels ----

    def _learn_of_targets(self, y: Any, n_rows: int) -> dict[str, Any]:
        self.__dict__.pop("classes_", None)  # of what was learned before
        found = super()._learn_of_targets(y, n_rows)
        if not self.labels:
            return found
        owner = type(self).__name__
        known = y.classes if isinstance(y, OfClasses) else PartLabels.of(y, n_rows, owner).labels
        return {**found, "classes_": classes_of(np.asarray(known), owner)}

    def _targets(self, y: Any, n_rows: int) -> _core.Rows | None:
        """None: the RBM at the top is given labels as states. Wrong ones are found before a layer learns."""
        if not self.labels:
            return None
        known, _ = self._label_states(y, n_rows)
        top = self._layer(self._top())
        if top.algorithm != "cd" and not known.all():
            raise ValueError(
                f"{type(self).__name__}: rows without a label need algorithm='cd' in the template of the top, "
                f"whose chains then have none either; got algorithm={top.algorithm!r}"
            )
        return None

    def _label_states(self, y: Any, n_rows: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which rows have a label, and the states of the label units of these."""
        owner = type(self).__name__
        y = y.labels if isinstance(y, OfClasses) else y
        found = PartLabels.of(y, n_rows, owner, self.classes_)
        return found.known, class_rows(found.labels, self.classes_, owner).to_array("bool")

    # ---- what cannot be changed ----

    def _check_made(self) -> None:
        super()._check_made()
        owner = type(self).__name__
        if self.labels != ("classes_" in self.__dict__):
            raise ValueError(
                f"{owner}: labels is {self.labels!r}, but the fitted model has "
                f"{'no ' if self.labels else ''}label units"
            )
        for number, part in enumerate(self._inside.values()):
            if 0 < number < self._top() and part.visible_groups is not None:
                raise ValueError(
                    f"{owner}: layer {number + 1} has label units, which stand at the top; no layer can follow it"
                )


def label_energies(
    engine: _core.RbmEngine, below: _core.Rows, n_threads: int
) -> NDArray[np.float64]:
    """Free energies of the RBM at the top of states or means of the layer below it, beside each label."""
    values = below.to_array("bool" if below.kind == "bits" else _real_dtype(engine))
    rows = _core.Rows.from_array(widened(values, engine.n_visible), n_threads)
    assert engine.visible_groups is not None
    return engine.group_energies(rows, len(engine.visible_groups) - 1, n_threads)


def _real_dtype(engine: _core.RbmEngine) -> str:
    """Of values that it takes without loss."""
    return "float64" if engine.precision == "float64" else "float32"


def energies_without_label(
    engine: _core.RbmEngine, states: _core.Rows, n_threads: int
) -> NDArray[np.float64]:
    """Free energies of states of the layer below one; where that one has label units, with these summed out."""
    if engine.n_visible == states.shape[1]:
        return engine.free_energy(states, n_threads)
    found: NDArray[np.float64] = -logsumexp(-label_energies(engine, states, n_threads), axis=1)
    return found


def drawn_labels(shares: NDArray[np.float64], seed: int) -> NDArray[np.bool_]:
    """States of label units drawn from these probabilities, row by row."""
    draws = np.random.default_rng(seed).random((len(shares), 1))
    at = (shares.cumsum(axis=1) <= draws * shares.sum(axis=1, keepdims=True)).sum(axis=1)
    found: NDArray[np.bool_] = np.eye(shares.shape[1], dtype=np.bool_)[
        at.clip(max=shares.shape[1] - 1)
    ]
    return found
