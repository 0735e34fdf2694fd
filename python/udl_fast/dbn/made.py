"""Deep belief nets made of RBMs that have learned elsewhere."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state

from ..estimator.engine import NoEngine
from ..rbm import RBM
from .layers.labels import LabelledLayers

Net = TypeVar("Net", bound=LabelledLayers)


def net_of(net_class: type[Net], layers: Sequence[RBM], parameters: Mapping[str, Any]) -> Net:
    """A fitted net of copies of these layers.

    Raises
    ------
    ValueError or TypeError
        If they are no layers of a net, or a parameter is invalid.
    """
    owner = net_class.__name__
    layers = [*layers]
    for layer in layers:
        if not isinstance(layer, RBM):
            raise TypeError(f"{owner}: layers must be fitted RBMs, got {layer!r}"[:300])
        layer._check_fitted()
    for k, (below, above) in enumerate(pairwise(layers)):
        if below._engine.n_hidden != above.n_features_in_:
            raise ValueError(
                f"{owner}: layer {k + 2} has {above.n_features_in_} visible units, but layer {k + 1} below it "
                f"has {below._engine.n_hidden} hidden ones"
            )
    net = net_class(
        hidden_layer_sizes=[layer._engine.n_hidden for layer in layers],
        rbm=[clone(layer) for layer in layers],
        **parameters,
    )
    if net.labels:
        raise ValueError(f"{owner}: labels are learned by fit; layers that learned apart have none")
    net._check_parameters()
    rng = check_random_state(net.random_state)
    first = layers[0]
    dtype = np.dtype(first._dtype).type
    net._take_start(NoEngine(net.precision), rng, n_features=first.n_features_in_, dtype=dtype)
    inside = {net._name_of(k): copy.deepcopy(layer) for k, layer in enumerate(layers)}
    for part in inside.values():  # whose rows are from here on those that the net has checked
        part.__dict__.pop("feature_names_in_", None)
    last = net._stages()[-1]
    net.__dict__ |= {
        "_inside": inside,
        "_position": (len(layers) - 1, last.n_iter),
        "n_iter_": sum(layer.n_iter_ for layer in layers),
        "n_updates_": sum(layer.n_updates_ for layer in layers),
    }
    if "feature_names_in_" in first.__dict__:
        net.feature_names_in_ = first.feature_names_in_
    return net
