"""Kinds of units: what goes together, and the engine that has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ... import _core, _devices
from .groups import Groups
from .sigma import set_sigma

KINDS_OF_BITS = ("bernoulli", "softmax")  # whose states are 0 or 1
NORMAL_KINDS = frozenset(("gaussian", "relu"))  # whose energies have a square


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
    if model.visible == "replicated_softmax" and model.algorithm != "cd":
        raise ValueError(
            f"{owner}: algorithm={model.algorithm!r} has chains without a length, which "
            "visible='replicated_softmax' needs; use algorithm='cd'"
        )
    if model.algorithm == "pt":
        check_ladder(model, model.beta_min)
    if model.centered and model.visible not in KINDS_OF_BITS:
        way = "; subtract means from real data instead" if model.visible == "gaussian" else ""
        raise ValueError(
            f"{owner}: centered=True is of visible='bernoulli' or 'softmax', got "
            f"visible={model.visible!r}{way}"
        )
    if model.binarize is not None and not _may_be_probabilities(model):
        raise ValueError(
            f"{owner}: binarize makes states of visible='bernoulli', or of groups of one unit, got "
            f"visible={model.visible!r}"
        )
    if model.statistics == "sampled" and not {model.visible, model.hidden}.issubset(KINDS_OF_BITS):
        raise ValueError(
            f"{owner}: statistics='sampled' counts pairs of bits of binary units, got "
            f"visible={model.visible!r} and hidden={model.hidden!r}"
        )


def _may_be_probabilities(model: Any) -> bool:
    """Whether some visible units take probabilities in place of states."""
    if model.visible == "softmax":
        return 1 in model.visible_groups
    return bool(model.visible == "bernoulli")


def check_ladder(model: Any, beta_min: float) -> None:
    """An error where there are no chains at several temperatures.

    Raises
    ------
    ValueError
        If the hottest chains have no distribution.
    NotImplementedError
        If the precision has no such chains of these units yet.
    """
    owner, kinds = type(model).__name__, (model.visible, model.hidden)
    if model.visible == "replicated_softmax":
        raise ValueError(f"{owner}: chains of several temperatures have no length, which "
                         "visible='replicated_softmax' needs")  # fmt: skip
    if beta_min == 0 and not NORMAL_KINDS.isdisjoint(kinds):
        raise ValueError(
            f"{owner}: beta_min must be above 0 with visible={kinds[0]!r} and hidden={kinds[1]!r}: at 0 real "
            "numbers have no distribution; got 0"
        )
    if model.precision != "float64" and not set(kinds).issubset(KINDS_OF_BITS):
        raise NotImplementedError(
            f"{owner}: chains of several temperatures have no visible={kinds[0]!r} with hidden={kinds[1]!r} in "
            f"precision={model.precision!r} yet; precision='float64' has them"
        )


def engine_of(model: Any, sizes: Mapping[str, int], precision: str, device: str) -> _core.RbmEngine:
    """An engine for the model's kinds of units, with its first sigma and otherwise zeros.

    Raises
    ------
    ValueError
        Naming visible_groups or sigma, if there are not as many as features.
    NotImplementedError
        If the precision or the device has no such units yet.
    RuntimeError
        If there is no such device.
    """
    owner, n_visible = type(model).__name__, sizes["n_visible"]
    groups = None
    if model.visible_groups is not None:
        groups = Groups.of(model, n_visible).sizes.tolist()
    _devices.check_device(device, owner)
    try:
        engine = _devices.new_rbm_engine(
            device, n_visible, sizes["n_hidden"], precision, model.visible, model.hidden, groups
        )
    except NotImplementedError as error:
        text = str(error).removeprefix("RbmEngine: ")
        raise NotImplementedError(f"{owner}: {text}") from None
    if model.visible == "gaussian":
        set_sigma(engine, model.sigma, owner)
    return engine
