"""Deep autoencoders whose layers learn one after another: models inside, their stages, and the net they unroll to.

A layer is a model inside, "pretraining.0" and so on, that learns from what those below make of the rows. The net
itself begins with their weights, where it learns as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ..estimator.declarations import Measurement, Stage
from ..estimator.engine import Engine, NoEngine
from ..estimator.features import features
from ..estimator.layered import Layered
from ..nets.layers import OF_LOGISTIC, NetSpec, glorot_weights
from ..nets.learner import NetLearner
from ..nets.losses import first_output_bias
from ..persistence.state import ArrayRule, State
from .learning import NetLearning
from .measurements import MEASUREMENTS

Arrays = dict[str, NDArray[Any]]

_LARGEST_WEIGHT = 100.0  # of a layer that has learned something; trained ones stay below 10


class HalfLayers(NamedTuple):
    """What a layer learned: the way up to its units, and the way down from them."""

    encoder: tuple[NDArray[Any], NDArray[Any]]  # weights (outputs, inputs) and biases
    decoder: tuple[NDArray[Any], NDArray[Any]]


class NetStack(Layered, NetLearning):  # type: ignore[misc]  # a property in place of the attribute
    """Mixin: a net that is pretrained layer by layer."""

    n_iter: int

    _part = "pretraining"
    _shaping: ClassVar[tuple[str, ...]]  # arguments that say how units are activated

    # ---- what a class brings ----

    def _activations(self) -> list[str]:
        """Of the layers of the net, those of the decoder included."""
        raise NotImplementedError

    def _loss(self) -> str:
        """Of the net as a whole."""
        raise NotImplementedError

    def _rounded_layer(self) -> int:
        """Whose outputs are rounded to 0 or 1; -1 is none."""
        return -1

    def _pretrains(self) -> bool:
        """Whether layers learn one by one before the net does."""
        return True

    def _learns_whole(self) -> bool:
        """Whether the net learns after its layers."""
        return True

    def _halves(self, layer: Any) -> HalfLayers:
        """What a layer has learned."""
        raise NotImplementedError

    def _activations_of(self, layer: Any) -> tuple[str, str]:
        """Of the units that a layer makes, and of what it makes of them."""
        raise NotImplementedError

    def _values_of_layers(self) -> dict[str, Any]:
        """Values of its own state that follow from layers which another model has learned."""
        return {}

    # ---- stages ----

    def _stages(self) -> list[Stage]:
        stages = self._stages_of_layers() if self._pretrains() else []
        whole = [Stage("fine-tuning" if stages else "training", self.n_iter)]
        return stages + (whole if self._learns_whole() else [])

    def _stage_input(self, number: int, X: Any, y: Any = None) -> Any:
        below = [self._inside[self._name_of(k)] for k in range(number)]
        return features(below, X) if below else X

    def _not_finite_advice(self) -> str:
        """Where the net as a whole was no number: what it began with may have been too large for that."""
        for stage in self._stages():
            part = None if stage.learner is None else self._inside.get(stage.learner)
            if part is None:
                continue
            largest = float(np.abs(self._halves(part).encoder[0]).max())
            if not largest <= _LARGEST_WEIGHT:
                return (
                    f"{stage.name!r} gave it weights up to {largest:.3g}; of {self._template}, "
                    f"{part._not_finite_advice()}"
                )
        return super()._not_finite_advice()

    def _entered(self, number: int) -> dict[str, Any]:
        return {"_engine": self._unrolled()} if isinstance(self._engine, NoEngine) else {}

    @property
    def components_(self) -> NDArray[Any]:
        """Weights of the first layer, shape (hidden_layer_sizes[0], n_features), read-only."""
        if not self.__sklearn_is_fitted__():
            raise AttributeError(f"{type(self).__name__} has no components_ before fit")
        return self.coefs_[0].T

    @property
    def _own_measurements(self) -> tuple[Measurement, ...]:
        return MEASUREMENTS

    def _activation_of_outputs(self) -> str | None:
        """Where layers learn, the first one looks at the rows itself."""
        return None if self._pretrains() else self._activations()[-1]

    # ---- the net ----

    @property
    def _n_encoders(self) -> int:
        return len(self.hidden_layer_sizes)

    def _net(self) -> NetLearner:
        """As it is; where it has not learned as a whole yet, as its layers are. Not of other arguments."""
        self._check_made()
        if not isinstance(self._engine, NoEngine):
            return self._engine
        read_before: dict[str, Any] = self._arrays
        read_as = f"_net of {[*self.hidden_layer_sizes]}, {self.precision}, {self._spec()}"
        found: NetLearner = read_before.get(read_as) or self._unrolled()
        read_before[read_as] = found
        return found

    def _spec(self) -> NetSpec:
        half = [f"n_{k + 1}" for k in range(self._n_encoders)]
        dims = ("n_features", *half, *half[-2::-1], "n_features")
        activations = tuple(self._activations())
        tied = (-1,) * len(activations)
        return NetSpec(dims, activations, self._loss(), tied, self._rounded_layer())

    def _sizes(self, n_features: int) -> dict[str, int]:
        sizes = {f"n_{k + 1}": int(size) for k, size in enumerate(self.hidden_layer_sizes)}
        return {"n_features": n_features, **sizes}

    def _array_rules(self) -> Mapping[str, ArrayRule]:
        return {
            name: ArrayRule(rule.kind, rule.dims, optional=True)
            for name, rule in self._spec().array_rules().items()
        }

    def _bare_engine(self, sizes: Mapping[str, int], precision: str) -> Any:
        return self._spec().learner(sizes, precision) if sizes else NoEngine(precision)

    def _new_engine(self, X: Any, rows: _core.Rows, rng: np.random.RandomState) -> Engine:
        if self._pretrains():
            return NoEngine(self.precision)
        return self._random_net(X.shape[1], rng, rows.column_means())

    def _random_net(
        self, n_features: int, rng: np.random.RandomState, means: NDArray[np.float64] | None
    ) -> NetLearner:
        """Small weights, and outputs that begin at these means of the data."""
        spec = self._spec()
        learner = spec.learner(self._sizes(n_features), self.precision)
        state = learner.state()
        for k, activation in enumerate(spec.activations):
            weights = f"layers.{k}/weights"
            scale = OF_LOGISTIC if activation == "logistic" else 1.0
            drawn = scale * glorot_weights(rng, *state[weights].shape)
            state[weights] = drawn.astype(state[weights].dtype)  # all layers wait in memory
        if means is not None:
            last = f"layers.{spec.n_layers - 1}/bias"
            state[last] = first_output_bias(spec.activations[-1], means)
        learner.set_state(state)
        return learner

    def _unrolled(self) -> NetLearner:
        """The net of the layers that have learned; what is missing is random."""
        return self._net_of([self._halves(part) for part in self._inside.values()])

    def _net_of(self, layers: Sequence[HalfLayers]) -> NetLearner:
        """The net of these layers, from the first on."""
        rng = np.random.RandomState(self._seed % 2**32)
        learner = self._random_net(self.n_features_in_, rng, None)
        state = learner.state()
        n_layers = 2 * self._n_encoders
        for k, halves in enumerate(layers):
            for at, (weights, bias) in zip((k, n_layers - 1 - k), halves, strict=True):
                state[f"layers.{at}/weights"] = weights
                state[f"layers.{at}/bias"] = bias
        learner.set_state({name: np.asarray(array, np.float64) for name, array in state.items()})
        return learner

    # ---- what cannot be changed, and what files must say ----

    def _check_made(self) -> None:
        """Also before it answers: the layers and the net that there are must be those of the arguments."""
        owner = type(self).__name__
        for name in ("hidden_layer_sizes", self._template, *self._shaping):
            self.rules[name].check(getattr(self, name), name, owner)
        self._check_number_of_templates()
        self._check_made_sizes(owner)
        self._check_made_layers(owner)
        if not isinstance(self._engine, NoEngine):
            self._check_made_net(owner)

    def _check_made_sizes(self, owner: str) -> None:
        """Layers may follow upon those that have learned, until there is a net."""
        sizes = [int(size) for size in self.hidden_layer_sizes]
        fitted = [int(part.n_components) for part in self._inside.values()]
        n_compared = len(fitted)
        if not isinstance(self._engine, NoEngine):
            net = self._engine.net
            fitted = [*net.sizes[1 : len(net.activations) // 2 + 1]]
            n_compared = len(sizes)
        if sizes[:n_compared] != fitted:
            raise ValueError(
                f"{owner}: hidden_layer_sizes is {tuple(sizes)}, but the fitted model has {tuple(fitted)}"
            )

    def _check_made_layers(self, owner: str) -> None:
        if self._inside and not self._pretrains():
            raise ValueError(
                f"{owner}: pretrain is False, but the fitted model has pretrained layers"
            )
        activations = self._activations()
        for k, part in enumerate(self._inside.values()):
            wanted, found = (activations[k], activations[-1 - k]), self._activations_of(part)
            if found != wanted:
                raise ValueError(
                    f"{owner}: layer {k + 1} of the fitted model has activations {found}, to the code and "
                    f"back, but {' and '.join(self._shaping)} ask for {wanted}"
                )

    def _check_made_net(self, owner: str) -> None:
        if self._pretrains() and self._position[0] < self._n_encoders:
            raise ValueError(
                f"{owner}: pretrain is True, but the fitted net began with random weights"
            )
        net, spec = self._engine.net, self._spec()
        found = (net.activations, self._engine.rounded, net.loss, net.precision)
        if found != ([*spec.activations], spec.rounded, spec.loss, self.precision):
            raise ValueError(
                f"{owner}: {' or '.join(self._shaping)}, loss or precision are others than those of the "
                f"fitted net, {self._engine.activations}, {net.loss!r} and {net.precision!r}"
            )

    def _check_inside(self, state: State, path: str) -> None:
        super()._check_inside(state, path)
        for k, width in enumerate(map(int, self.hidden_layer_sizes)):
            array = state.arrays.get(f"layers.{k}/bias")
            if array is not None and tuple(array.shape) != (width,):
                raise ValueError(
                    f"{path}layers.{k}/bias has shape {tuple(array.shape)}, expected ({width},)"
                )
