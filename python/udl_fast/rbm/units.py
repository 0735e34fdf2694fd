"""Kinds of units: what goes together, and the engine that has them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .. import _core, _devices
from ..exceptions import warn_caller
from .groups import Groups, check_one_hot

KINDS_OF_BITS = ("bernoulli", "softmax")  # whose states are 0 or 1
NORMAL_KINDS = frozenset(("gaussian", "relu"))  # whose energies have a square
# Engines keep |log sigma^2| within 40 (csrc/runtime/rbm/model/units/units.h).
SIGMA_BOUNDS = (3e-9, 4e8)


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


def check_values(model: Any, X: Any, rows: _core.Rows) -> None:
    """An error unless the rows of a matrix are states of the model's visible units.

    Raises
    ------
    ValueError
        Naming the first row that is none.
    """
    kind = model._visible_kind()
    if kind == "softmax":
        check_one_hot(model, X, rows)
    elif kind == "replicated_softmax":
        check_counts(model, X)


def log_z_without_weights(engine: _core.RbmEngine, visible_bias: NDArray[np.float64]) -> float:
    """log Z of units without weights, with these visible biases and hidden biases of 0.

    Hidden units add log 2, or the logarithm of the integral of e^(-h^2 / 2) over all h or half of them.
    """
    half_log_2_pi = math.log(2 * math.pi) / 2
    of_hidden = {"gaussian": half_log_2_pi, "relu": half_log_2_pi - math.log(2)}
    total = engine.n_hidden * of_hidden.get(engine.hidden, math.log(2))
    if engine.visible == "gaussian":
        total += (half_log_2_pi + engine.log_variance().astype(np.float64) / 2).sum()
    elif engine.visible_groups is not None:
        total += Groups(engine.visible_groups).log_sums(visible_bias).sum()
    else:
        total += np.logaddexp(0, visible_bias).sum()
    return float(total)


def log_z_of_lengths(engine: _core.RbmEngine, X: Any, n_threads: int) -> NDArray[np.float64]:
    """log Z of rows of as many words as each row of X has."""
    lengths = np.asarray(X.sum(axis=1), dtype=np.int64).ravel()
    different, place = np.unique(lengths, return_inverse=True)
    log_z: NDArray[np.float64] = engine.log_partition_exact(n_threads, different.tolist())[place]
    return log_z


def check_counts(model: Any, X: Any) -> None:
    """Refuse values of a checked matrix that are no counts of words."""
    values = X.data if sparse.issparse(X) else X
    if values.dtype.kind in "bu" or values.size == 0:
        return
    low = values.min()
    if low >= 0 and all((block == np.floor(block)).all() for block in _blocks(values)):
        return
    wrong = np.argwhere((values < 0) | (values != np.floor(values)))[0]
    place = "" if sparse.issparse(X) else f" in row {wrong[0]}, column {wrong[1]}"
    raise ValueError(
        f"{type(model).__name__}: visible='replicated_softmax' expects counts, integers of at least 0; X holds "
        f"{values[tuple(wrong)]:g}{place}"
    )


def _blocks(values: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Rows of some megabytes at a time: comparing makes copies."""
    n = max(1, (1 << 20) // max(1, values[:1].size))
    for first in range(0, len(values), n):
        yield values[first : first + n]


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
        _set_sigma(engine, model.sigma, owner)
    return engine


def first_bias(model: Any, rows: _core.Rows) -> NDArray[np.float64]:
    """Visible biases with which a model without weights has the means of the rows.

    Of Gaussian units they are these means, of words logarithms of relative frequencies, where each counts as seen
    once more than it was; of softmax units see :meth:`Groups.biases`.
    """
    mean = rows.column_means()
    if model.visible == "gaussian":
        return mean
    if model.visible == "softmax":
        return Groups.of(model, len(mean)).biases(mean, rows.shape[0])
    counts = mean * rows.shape[0] + 1
    bias: NDArray[np.float64] = np.log(counts / counts.sum())
    return bias


def warn_of_constants(model: Any, X: Any) -> None:
    """A warning that names features of a single value: their sigma has nothing to learn but to vanish."""
    low, high = (X.min(axis=0), X.max(axis=0))
    if sparse.issparse(X):
        low, high = low.toarray().ravel(), high.toarray().ravel()
    constant = np.flatnonzero(low == high)
    if not len(constant):
        return
    names = getattr(model, "feature_names_in_", np.arange(X.shape[1]))[constant[:5]]
    shown = ", ".join(map(str, names)) + (", ..." if len(constant) > 5 else "")
    warn_caller(
        f"{type(model).__name__}: {len(constant)} of {X.shape[1]} features have the same value in every row "
        f"({shown}): their sigma shrinks as long as it learns. Leave them out, or set learn_sigma=False.",
        UserWarning,
    )


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
    """log sigma^2; a ValueError unless sigma is within what can be learned."""
    low, high = SIGMA_BOUNDS
    within = (sigma >= low) & (sigma <= high)
    if not within.all():
        raise ValueError(
            f"sigma_ must be from {low:g} to {high:g}, got {sigma[~within].flat[0]:g}; scale the data"
        )
    log_variance: NDArray[Any] = 2 * np.log(sigma)
    return log_variance


def energies(
    model: Any, visible: NDArray[np.float64], hidden: NDArray[np.float64]
) -> NDArray[np.float64]:
    """E(v, h) of each pair of rows (base/units.h says what each kind adds)."""
    engine = model._engine
    weights, visible_bias, hidden_bias = (
        np.asarray(array, np.float64)
        for array in (engine.weights(), engine.visible_bias(), engine.hidden_bias())
    )
    if engine.visible == "gaussian":
        variances = np.square(np.asarray(model.sigma_, np.float64))
        of_visible = (np.square(visible - visible_bias) / variances).sum(axis=1) / 2
        visible = visible / variances
    else:
        of_visible = -(visible @ visible_bias)
    of_hidden = -(hidden @ hidden_bias)
    if engine.visible == "replicated_softmax":
        of_hidden *= visible.sum(axis=1)
    if engine.hidden != "bernoulli":
        of_hidden += np.square(hidden).sum(axis=1) / 2
    of_pairs = np.einsum("nj,nj->n", visible @ weights.T, hidden)
    total: NDArray[np.float64] = of_visible + of_hidden - of_pairs
    return total
