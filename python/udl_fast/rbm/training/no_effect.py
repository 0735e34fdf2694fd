"""Arguments of RBMs that do nothing as the others are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

# Arguments of parallel tempering, and their defaults.
_TEMPERING: Mapping[str, Any] = {"n_temperatures": 10, "beta_min": 0, "beta_spacing": "uniform"}


def without_effect(model: Any) -> Iterator[str]:
    """What was given in vain, and what would give it effect."""
    if model.sparsity_target is not None and model.sparsity_cost == 0:
        yield f"sparsity_target={model.sparsity_target!r} has no effect while sparsity_cost is 0"
    if model.sparsity_target is None and model.sparsity_cost > 0:
        yield f"sparsity_cost={model.sparsity_cost!r} has no effect while sparsity_target is None"
    if model.n_chains is not None and model.algorithm == "cd":
        yield f"n_chains={model.n_chains!r} has no effect with algorithm='cd', which keeps no chains"
    yield from _of_gaussian_units(model)
    yield from _of_tempering(model)


def _of_gaussian_units(model: Any) -> Iterator[str]:
    if model.visible == "gaussian":
        return
    rest = f"has no effect with visible={model.visible!r}: only Gaussian visible units have a sigma"
    if np.any(np.asarray(model.sigma) != 1):
        yield f"sigma {rest}"
    if not model.learn_sigma:
        yield f"learn_sigma={model.learn_sigma!r} {rest}"


def _of_tempering(model: Any) -> Iterator[str]:
    if model.algorithm == "pt":
        return
    for name, default in _TEMPERING.items():
        if (value := getattr(model, name)) != default:
            yield f"{name}={value!r} has no effect with algorithm={model.algorithm!r}: it is of 'pt'"
