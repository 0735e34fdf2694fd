"""Models of layers that learn one after another: each is a model inside, made from a template.

A layer learns in a stage of its own, from what those below make of the rows.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from sklearn.base import clone

from ..persistence.state import State
from .declarations import Measurement, Stage
from .model import Model


class Layered(Model):
    """Mixin: layers, their stages, and what they measure."""

    hidden_layer_sizes: Sequence[int]

    _template: ClassVar[str]  # argument that says what layers are
    _part: ClassVar[str]  # name of the models inside, before their numbers

    # ---- what a class brings ----

    def _layer(self, number: int) -> Any:
        """The model of a layer before it has learned."""
        raise NotImplementedError

    # ---- layers ----

    def _name_of(self, number: int) -> str:
        """Of the model inside."""
        return f"{self._part}.{number}"

    def _new_learner(self, number: int) -> Any:
        size = int(self.hidden_layer_sizes[number])
        return clone(self._layer(number)).set_params(n_components=size, callbacks=None)

    def _stages_of_layers(self) -> list[Stage]:
        return [
            Stage(f"layer {k + 1}", self._new_learner(k).n_iter, self._name_of(k))
            for k in range(len(self.hidden_layer_sizes))
        ]

    @property
    def layers_(self) -> list[Any]:
        """Copies of the models that the layers were learned as, those that have begun to learn."""
        if not self.__sklearn_is_fitted__():
            raise AttributeError(f"{type(self).__name__} has no layers_ before fit")
        return [copy.deepcopy(part) for part in self._inside.values()]

    @property
    def measurements(self) -> tuple[Measurement, ...]:  # type: ignore[override]
        """What `history_` has: of the model as a whole, and where layers learn what they measure."""
        own = self._own_measurements
        found = {one.name: one for one in own}
        for number, stage in enumerate(self._stages()):
            if stage.learner is not None:
                for one in self._new_learner(number).measurements:
                    found.setdefault(one.name, one)
        return tuple(found.values())

    def _width_below(self, number: int, values: Mapping[str, Any]) -> int:
        """Columns of what a layer learns from, in a model that has these values."""
        return int(self.hidden_layer_sizes[number - 1] if number else values["n_features_in_"])

    # ---- what cannot be, in arguments and in files ----

    def _check_number_of_templates(self) -> None:
        name = self._template
        value = getattr(self, name)
        n_layers = len(self.hidden_layer_sizes)
        if isinstance(value, list | tuple) and len(value) != n_layers:
            raise ValueError(
                f"{type(self).__name__}: {name} holds {len(value)} templates for {n_layers} layers"
            )

    def _check_layers(self) -> None:
        """Every layer as its own `fit` would, before the first one learns."""
        for k in range(len(self.hidden_layer_sizes)):
            try:
                self._new_learner(k)._check_parameters()
            except (ValueError, NotImplementedError) as error:
                raise type(error)(f"{type(self).__name__}: layer {k + 1}: {error}") from error

    def _check_inside(self, state: State, path: str) -> None:
        super()._check_inside(state, path)
        for k in range(len(self.hidden_layer_sizes)):
            name = self._name_of(k)
            if name not in state.inside:
                continue
            found, width = (
                state.inside[name].values["n_features_in_"],
                self._width_below(k, state.values),
            )
            if found != width:
                raise ValueError(f"{path}{name}: n_features_in_ is {found}, expected {width}")
