"""Kinds of units: what goes together, and the engine that has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _core

KINDS_OF_BITS = ("bernoulli", "softmax")  # whose states are 0 or 1


def check_kinds(model: Any) -> None:
    """An error if the arguments about units, each right by itself, do not go together.

    Raises
    ------
    ValueError
    """
    owner = type(model).__name__
    if model.visible == "softmax" and model.visible_groups is None:
        raise ValueError(
            f"{owner}: visible='softmax' needs visible_groups, the sizes of its groups of units, "
            "got visible_groups=None"
        )
    if model.visible != "softmax" and model.visible_groups is not None:
        raise ValueError(
            f"{owner}: visible_groups are the groups of visible='softmax', got "
            f"visible={model.visible!r}"
        )
    if model.visible != "bernoulli" and model.binarize is not None:
        raise ValueError(
            f"{owner}: binarize makes states of visible='bernoulli', got visible={model.visible!r}"
        )
    if model.statistics == "sampled" and (model.visible, model.hidden) != ("bernoulli",) * 2:
        raise ValueError(
            f"{owner}: statistics='sampled' counts pairs of bits of Bernoulli units, got "
            f"visible={model.visible!r} and hidden={model.hidden!r}"
        )


def engine_of(model: Any, sizes: Mapping[str, int], precision: str) -> _core.RbmEngine:
    """An engine for the model's kinds of units, with its first sigma and otherwise zeros.

    Raises
    ------
    ValueError
        Naming visible_groups or sigma, if there are not as many as features.
    NotImplementedError
        If the precision has no such units yet.
    """
    owner, n_visible = type(model).__name__, sizes["n_visible"]
    groups = None if model.visible_groups is None else [int(n) for n in model.visible_groups]
    if groups is not None and sum(groups) != n_visible:
        raise ValueError(
            f"{owner}: visible_groups must add up to the number of features, {n_visible}, got "
            f"{len(groups)} groups of {sum(groups)} units"
        )
    try:
        engine = _core.RbmEngine(
            n_visible, sizes["n_hidden"], precision, model.visible, model.hidden, groups
        )
    except NotImplementedError as error:
        text = str(error).removeprefix("RbmEngine: ")
        raise NotImplementedError(f"{owner}: {text}") from None
    if model.visible == "gaussian":
        _set_sigma(engine, model.sigma, owner)
    return engine


def _set_sigma(engine: _core.RbmEngine, sigma: Any, owner: str) -> None:
    values = np.asarray(sigma, dtype=np.float64)
    if values.ndim and values.shape != (engine.n_visible,):
        raise ValueError(
            f"{owner}: sigma must be a number or hold one for each of {engine.n_visible} features, got "
            f"shape {values.shape}"
        )
    state = engine.state()
    state["log_variance"] = np.broadcast_to(log_variance_of(values), (engine.n_visible,))
    engine.set_state(state)


def log_variance_of(sigma: NDArray[Any]) -> NDArray[Any]:
    """log sigma^2; a ValueError unless sigma is above 0."""
    if not (sigma > 0).all():
        raise ValueError(f"sigma_ must be above 0, got {sigma.min():g}")
    log_variance: NDArray[Any] = 2 * np.log(sigma)
    return log_variance
