"""Engines in float64 of every pair of kinds of units, and the oracle of the same parameters."""

import itertools

import numpy as np

from tests.oracle.units import Model
from tests.support.engines import rng
from udl_fast import _core

VISIBLE = ("bernoulli", "gaussian", "softmax", "replicated_softmax")
HIDDEN = ("bernoulli", "gaussian", "relu")
PAIRS = list(itertools.product(VISIBLE, HIDDEN))
LOG_Z = [pair for pair in PAIRS if "bernoulli" in pair and pair[0] != "replicated_softmax"]
GROUPS = [2, 3]
N_VISIBLE = {"bernoulli": 4, "gaussian": 3, "softmax": 5, "replicated_softmax": 4}
SEED = 77


def make(visible, hidden, spread=0.4, seed=0):
    """An engine and the oracle of the same parameters."""
    g = rng(seed, VISIBLE.index(visible), HIDDEN.index(hidden))
    n_visible, n_hidden = N_VISIBLE[visible], 3 if hidden == "bernoulli" else 2
    weights = g.normal(0, spread, (n_hidden, n_visible))
    hidden_bias, visible_bias = g.normal(0, 0.5, n_hidden), g.normal(0, 0.5, n_visible)
    log_variance = g.normal(0, 0.4, n_visible)
    groups = GROUPS if visible == "softmax" else None
    engine = _core.RbmEngine(n_visible, n_hidden, "float64", visible, hidden, groups)
    has_variance = visible == "gaussian"
    engine.set_parameters(
        weights, hidden_bias, visible_bias, log_variance if has_variance else None
    )
    model = Model(visible, hidden, weights, hidden_bias, visible_bias, log_variance, groups)
    return engine, model


def some_rows(model, n_rows, seed=1):
    """Data such as the visible units take."""
    g = rng(seed, n_rows)
    n = len(model.visible_bias)
    if model.visible == "gaussian":
        return g.normal(0.3, 1.5, (n_rows, n))
    if model.visible == "replicated_softmax":
        lengths = g.integers(1, 6, n_rows)
        return np.array([g.multinomial(length, np.full(n, 1 / n)) for length in lengths], float)
    states, _ = model.visible_states()
    return states[g.integers(0, len(states), n_rows)]


def rows_of(values):
    return _core.Rows.from_array(np.ascontiguousarray(values, dtype=np.float64))


def packed_of(engine):
    packed = _core.RbmEngine(
        engine.n_visible,
        engine.n_hidden,
        "fixed",
        engine.visible,
        engine.hidden,
        engine.visible_groups,
    )
    packed.set_state(engine.state())
    return packed


def at_temperature(model, beta):
    """The model whose energies are beta times these, of hidden units in their deviations at beta."""
    is_gaussian, is_normal = model.visible == "gaussian", model.hidden != "bernoulli"
    of_hidden = np.sqrt(beta) if is_normal else beta  # h^2 / 2 takes up the rest
    weights = model.weights * (of_hidden / beta if is_gaussian else of_hidden)
    visible_bias = model.visible_bias * (1 if is_gaussian else beta)
    return Model(
        model.visible,
        model.hidden,
        weights,
        of_hidden * model.hidden_bias,
        visible_bias,
        model.log_variance - (np.log(beta) if is_gaussian else 0),
        model.groups,
    )


ARRAYS = ("weights", "hidden_bias", "visible_bias", "log_variance")


def slopes(engine, v):
    """-dF / d parameter, mean over the rows, by central differences of the engine's free energy."""
    state = engine.state()
    out = {}
    for name in ARRAYS:
        if name not in state:
            continue
        out[name] = np.zeros_like(state[name])
        for at in np.ndindex(state[name].shape):
            sides = []
            for step in (1e-5, -1e-5):
                moved = state[name].copy()
                moved[at] += step
                engine.set_state({**state, name: moved})
                sides.append(engine.free_energy(rows_of(v), 1).mean())
            out[name][at] = (sides[1] - sides[0]) / 2e-5
    engine.set_state(state)
    return out
