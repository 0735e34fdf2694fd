"""What goes up and down a stack of RBMs: means, or states that are drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import _core
from ...estimator.input import to_rows
from ...runtime import resolve_n_jobs


def widened(values: NDArray[Any], n_units: int) -> NDArray[Any]:
    """Values of the units below, with zeros for label units, which so have no value."""
    return np.pad(values, ((0, 0), (0, n_units - values.shape[1])))


def means_up(layers: Sequence[Any], rows: _core.Rows) -> NDArray[Any]:
    """Means of the hidden units of the last layer, from rows of the first, through the means of those between."""
    values = _hidden_means(layers[0], rows)
    for layer in layers[1:]:
        values = _hidden_means(layer, layer._visible_rows(widened(values, layer._engine.n_visible)))
    return values


def _hidden_means(layer: Any, rows: _core.Rows) -> NDArray[Any]:
    found: NDArray[Any] = layer._engine.mean_hidden(rows, resolve_n_jobs(layer.n_jobs))
    return found


def means_down(layers: Sequence[Any], hidden: _core.Rows) -> NDArray[Any]:
    """Means of the visible units of the first layer, from hidden ones of the last; what a layer makes of label
    units goes no further."""
    for layer, n_units in zip(reversed(layers), _widths_down(layers), strict=True):
        values = layer._engine.mean_visible(hidden, resolve_n_jobs(layer.n_jobs))[:, :n_units]
        hidden = to_rows(np.ascontiguousarray(values), n_jobs=layer.n_jobs)
    found: NDArray[Any] = values
    return found


def _widths_down(layers: Sequence[Any]) -> list[int]:
    """Units below each layer, from the last to the first."""
    widths = [layers[0]._engine.n_visible, *(layer._engine.n_hidden for layer in layers[:-1])]
    return widths[::-1]


def weights_up(layer: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Weights and biases of a layer of a net whose inputs to its units are those of this RBM's hidden ones, from
    values of its visible ones."""
    state = layer._engine.state()
    weights = np.asarray(state["weights"], dtype=np.float64)
    if layer._visible_kind() == "replicated_softmax":  # biases count once for each word of a row
        biases = np.asarray(state["hidden_bias"], dtype=np.float64)
        return weights + biases[:, None], np.zeros(len(biases))
    if "log_variance" in state:  # inputs are in units of sigma, twice
        weights = weights / np.exp(state["log_variance"].astype(np.float64))
    return weights, np.asarray(state["hidden_bias"], dtype=np.float64)


def states_up(layers: Iterable[Any], rows: _core.Rows, seeds: Iterable[int]) -> _core.Rows:
    """Hidden states of the last layer, each layer's drawn from those below by a seed of its own; with no layers,
    the rows themselves."""
    for layer, seed in zip(layers, seeds, strict=True):
        n_threads = resolve_n_jobs(layer.n_jobs)
        rows = layer._engine.sample_hidden(rows, seed, "gibbs", 0, 0, n_threads)
    return rows


def states_down(layers: Sequence[Any], hidden: _core.Rows, seeds: Iterable[int]) -> _core.Rows:
    """Visible states of the first layer, by one directed pass down; with no layers, the rows themselves."""
    for layer, seed in zip(reversed(layers), seeds, strict=True):
        n_threads = resolve_n_jobs(layer.n_jobs)
        hidden = layer._engine.sample_visible(hidden, seed, "gibbs", 0, 0, n_threads)
    return hidden


def seeds_of(*entropy: int, n: int) -> list[int]:
    """Seeds of as many streams of draws."""
    return [int(seed) for seed in np.random.SeedSequence(entropy).generate_state(n, np.uint64)]
