"""The RBMs that a deep autoencoder is pretrained as: which kinds of units go with which activations of the net,
and what layers of it they become."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.base import clone

from ..dbn.layers.passes import weights_up
from ..rbm.presets import science2006
from .stack import HalfLayers, NetStack

# Kinds of an RBM's units, and what they are in a net.
_VISIBLE = {"bernoulli": "logistic", "gaussian": "linear", "replicated_softmax": "softmax"}
_HIDDEN = {"bernoulli": "logistic", "gaussian": "linear", "relu": "relu"}
# RBMs with real units want a lower rate: that of the published code, relative to those of binary units.
_OF_REAL_UNITS = 0.01
_REAL_KINDS = {"gaussian", "relu"}


class RBMPretraining(NetStack):
    """Mixin: layers that are RBMs first."""

    activation: str
    code_activation: str
    output_activation: str
    rbm: Any

    _template = "rbm"

    # ---- what a class brings ----

    def _code_units(self) -> str:
        """Activation of the code units, before any rounding."""
        raise NotImplementedError

    # ---- what cannot be, in arguments ----

    def _check_templates(self, owner: str) -> None:
        """Of every layer, before one learns."""
        self._check_activations(owner)
        self._check_kinds(owner)
        self._check_layers()
        self._check_statistics(owner)

    def _check_activations(self, owner: str) -> None:
        """RBMs have units of a few kinds only."""
        for name, allowed in (
            ("activation", ("logistic",)),
            ("code_activation", (*_HIDDEN.values(), "binary")),
            ("output_activation", tuple(_VISIBLE.values())),
        ):
            if (value := getattr(self, name)) not in allowed:
                raise ValueError(
                    f"{owner}: pretrain=True needs {name}={' or '.join(map(repr, allowed))}, got {value!r}; "
                    "use pretrain=False"
                )

    def _check_kinds(self, owner: str) -> None:
        if not isinstance(self.rbm, list | tuple):
            self._check_kinds_of_template(owner)
        for k in range(self._n_encoders):
            layer, wanted = self._layer(k), self._kinds(k)
            for name, kind in wanted.items():
                if getattr(layer, name) != kind:
                    raise ValueError(
                        f"{owner}: rbm[{k}] has {name}={getattr(layer, name)!r}, but its place in the net needs "
                        f"{kind!r}: code_activation is {self.code_activation!r} and output_activation "
                        f"{self.output_activation!r}"
                    )

    def _check_statistics(self, owner: str) -> None:
        """Pairs of bits are counted, and what a layer makes is not bits."""
        for k in range(1, self._n_encoders):
            layer = self._layer(k)
            if layer.statistics == "sampled" and layer.binarize is None:
                raise ValueError(
                    f"{owner}: layer {k + 1}: statistics='sampled' needs binarize=0.5 or 'sample', it learns from "
                    "probabilities"
                )

    def _check_kinds_of_template(self, owner: str) -> None:
        """Layers are given the kinds that their places need; others than these would vanish in silence."""
        template = self._single_template()
        for name, number in (("visible", 0), ("hidden", self._n_encoders - 1)):
            kind, wanted = getattr(template, name), self._kinds(number)[name]
            if kind not in ("bernoulli", wanted):
                raise ValueError(
                    f"{owner}: rbm has {name}={kind!r}, but layers are of 'bernoulli'"
                    f"{'' if wanted == 'bernoulli' else f' and {wanted!r}'} with code_activation="
                    f"{self.code_activation!r} and output_activation={self.output_activation!r}"
                )

    @classmethod
    def _arguments_of_units(cls, visible: str, hidden: str) -> dict[str, Any]:
        """The arguments of a model whose first RBM has such visible units, and whose last such hidden ones."""
        kinds = {"output_activation": (visible, _VISIBLE), "code_activation": (hidden, _HIDDEN)}
        for name, (kind, of_kind) in kinds.items():
            if kind not in of_kind:
                raise ValueError(f"{cls.__name__}: a net has no {kind!r} units for its {name}")
        return {name: of_kind[kind] for name, (kind, of_kind) in kinds.items()}

    # ---- layers ----

    def _kinds(self, number: int) -> dict[str, str]:
        """Kinds of units of a layer's RBM."""
        is_code = number == self._n_encoders - 1
        return {
            "visible": _kind(_VISIBLE, self.output_activation) if number == 0 else "bernoulli",
            "hidden": _kind(_HIDDEN, self._code_units()) if is_code else "bernoulli",
        }

    def _layer(self, number: int) -> Any:
        if isinstance(self.rbm, list | tuple):
            return self.rbm[number]
        kinds = self._kinds(number)
        template = self._single_template()
        changed = {name: kind for name, kind in kinds.items() if getattr(template, name) != kind}
        layer = clone(template).set_params(**kinds)
        if _REAL_KINDS.intersection(changed.values()):
            for name in ("learning_rate", "final_learning_rate"):
                if (rate := getattr(template, name)) is not None:
                    setattr(layer, name, _OF_REAL_UNITS * rate)
        if set(kinds.values()) != {"bernoulli"} and layer.precision == "fast":
            layer.precision = "fixed"  # tables of bits have no real units
        return layer

    def _single_template(self) -> Any:
        """What layers are copies of, where `rbm` is no list."""
        return science2006() if self.rbm is None else self.rbm

    # ---- what they become ----

    def _activations_of(self, layer: Any) -> tuple[str, str]:
        return _HIDDEN[layer.hidden], _VISIBLE[layer.visible]

    def _halves(self, layer: Any) -> HalfLayers:
        state = layer._engine.state()
        return HalfLayers(weights_up(layer), (state["weights"].T, state["visible_bias"]))


def _kind(activations: Mapping[str, str], activation: str) -> str:
    """The kind of unit that is this activation in a net."""
    return next((kind for kind, found in activations.items() if found == activation), "bernoulli")
