"""How the layers of a deep belief net learn: greedily, each from what those below make of the rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from ... import _core
from ...estimator.declarations import Measurement, Stage
from ...estimator.engine import NoEngine
from ...estimator.features import features
from ...estimator.layered import Layered
from ...estimator.training.transaction import twin_of
from ...persistence.state import ArrayRule
from ...rbm.presets import science2006
from .passes import seeds_of, states_up

PASS_UP = ("mean", "sample")

_OF_DRAWS_UP = 1  # ends the entropy of seeds, apart from those of the stages

MEASUREMENTS = (
    Measurement(
        "reconstruction_likelihood",
        "max",
        "log p(v | reconstruction) by the layers that have begun to learn, mean over a sample, nats",
    ),
    Measurement(
        "validation_reconstruction_likelihood",
        "max",
        "reconstruction_likelihood on validation rows, nats",
        of_validation=True,
    ),
)

# What a single template says of the data, and what it is in the layers above the first.
_OF_DATA = {"visible": "bernoulli", "visible_groups": None, "sigma": 1.0, "learn_sigma": True}


class RBMLayers(Layered):
    """Mixin: RBMs upon each other."""

    rbm: Any
    pass_up: str
    n_jobs: int | None

    _template = "rbm"

    # ---- templates ----

    def _layer(self, number: int) -> Any:
        """A single template says of which kind the data are, and the hidden units at the top; all other units are
        bits."""
        if isinstance(self.rbm, list | tuple):
            return self.rbm[number]
        layer = clone(science2006() if self.rbm is None else self.rbm)
        if number > 0:
            layer.set_params(**_OF_DATA)
            if layer.binarize != "sample":  # thresholds are for data
                layer.set_params(binarize=None)
        if number < len(self.hidden_layer_sizes) - 1:
            layer.set_params(hidden="bernoulli")
        return layer

    def _check_templates(self) -> None:
        """Of every layer, before one learns."""
        self._check_number_of_templates()
        self._check_layers()
        self._check_kinds()
        self._check_statistics()

    def _check_kinds(self) -> None:
        last = len(self.hidden_layer_sizes) - 1
        for k in range(last + 1):
            layer = self._layer(k)
            for name, is_between in (("visible", k > 0), ("hidden", k < last)):
                if is_between and (kind := getattr(layer, name)) != "bernoulli":
                    raise ValueError(
                        f"{type(self).__name__}: rbm[{k}] has {name}={kind!r}, but units between layers are "
                        "'bernoulli'"
                    )

    def _check_statistics(self) -> None:
        """Pairs of bits are counted, and means are not bits."""
        for k in range(1, len(self.hidden_layer_sizes)):
            layer = self._layer(k)
            if layer.statistics == "sampled" and layer.binarize is None and self.pass_up == "mean":
                raise ValueError(
                    f"{type(self).__name__}: layer {k + 1}: statistics='sampled' needs pass_up='sample' or "
                    "binarize='sample' in its template, it learns from probabilities"
                )

    # ---- stages ----

    def _stage_input(self, number: int, X: Any, y: Any = None) -> Any:
        return X if number == 0 else self._made_below(number, X)

    def _made_below(self, number: int, X: Any, n_beside: int = 0) -> NDArray[Any]:
        """What the layers below one make of rows, with so many columns of zeros beside it."""
        below = self._parts(number)
        if self.pass_up == "mean":
            return features(below, X, n_beside)
        rows = below[0]._visible_rows(X)
        states = states_up(below, rows, self._seeds_up(below)).to_array("bool")
        return np.pad(states, ((0, 0), (0, n_beside)))

    def _seeds_up(self, below: list[Any]) -> list[int]:
        """While a layer learns, those below stand still, so a training that goes on draws the same states; each
        chunk of `partial_fit` teaches all of them, so that the next one meets other draws."""
        return [
            seeds_of(self._seed, k, part.n_updates_, _OF_DRAWS_UP, n=1)[0]
            for k, part in enumerate(below)
        ]

    # ---- what has learned ----

    def _parts(self, n_layers: int | None = None) -> list[Any]:
        """The layers that have begun to learn, or the first of them, on the threads of the whole model."""
        found = [*self._inside.values()][:n_layers]
        if self.n_jobs is None:
            return found
        return [twin_of(part, n_jobs=self.n_jobs) for part in found]

    # ---- what cannot be changed ----

    def _check_layers_made(self) -> None:
        """The layers that there are must be those of the arguments; others may follow upon them."""
        owner = type(self).__name__
        for name in ("hidden_layer_sizes", "rbm", "pass_up"):
            self.rules[name].check(getattr(self, name), name, owner)
        self._check_number_of_templates()
        sizes = [int(size) for size in self.hidden_layer_sizes]
        fitted = [int(part.n_components) for part in self._inside.values()]
        if sizes[: len(fitted)] != fitted:
            raise ValueError(
                f"{owner}: hidden_layer_sizes is {tuple(sizes)}, but the fitted model has {tuple(fitted)}"
            )


class GreedyLayers(RBMLayers):
    """Mixin: a stack of RBMs that learn one by one; there is no engine beside theirs."""

    _part = "layers"
    _own_measurements = MEASUREMENTS

    def _check_together(self) -> None:
        super()._check_together()
        self._check_templates()

    def _check_made(self) -> None:
        self._check_layers_made()

    def _stages(self) -> list[Stage]:
        return self._stages_of_layers()

    @property
    def components_(self) -> NDArray[Any]:
        """Weights of the first layer, shape (hidden_layer_sizes[0], n_features), read-only."""
        if not self.__sklearn_is_fitted__():
            raise AttributeError(f"{type(self).__name__} has no components_ before fit")
        found: NDArray[Any] = self._parts(1)[0].components_
        return found

    @property
    def precision(self) -> str:
        """That of the first layer, which is given the rows."""
        precision: str = self._layer(0).precision
        return precision

    # ---- no engine ----

    def _array_rules(self) -> dict[str, ArrayRule]:
        return {}

    def _bare_engine(self, sizes: Any, precision: str) -> Any:
        return NoEngine(precision)

    def _new_engine(self, X: Any, rows: _core.Rows, rng: np.random.RandomState) -> Any:
        return NoEngine(self.precision)
