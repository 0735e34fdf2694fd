"""Real-valued hidden units in both engines: the same parameters, and rows of every kind."""

import itertools

import numpy as np
from scipy import sparse

from tests.support.engines import rng
from udl_fast import _core

VISIBLE, HIDDEN = ("bernoulli", "gaussian", "softmax"), ("gaussian", "relu")
PAIRS = list(itertools.product(VISIBLE, HIDDEN))
ROWS = ["bits", "grey", "sparse bits", "sparse grey"]


def groups_of(visible, n_visible):
    """Of up to five units, across the borders of tiles."""
    if visible != "softmax":
        return None
    return [5] * (n_visible // 5) + [n_visible % 5] * (n_visible % 5 > 0)


def make(visible, hidden, n_visible, n_hidden, spread=0.3):
    """The same parameters in both engines: packed and float64."""
    g = rng(n_visible, n_hidden, HIDDEN.index(hidden))
    parameters = {
        "weights": g.normal(0, spread, (n_hidden, n_visible)),
        "hidden_bias": g.normal(0, 1, n_hidden),
        "visible_bias": g.normal(0, 0.5, n_visible),
    }
    if visible == "gaussian":
        parameters["log_variance"] = g.normal(0, 0.5, n_visible)
    engines = [
        _core.RbmEngine(
            n_visible, n_hidden, precision, visible, hidden, groups_of(visible, n_visible)
        )
        for precision in ("fixed", "float64")
    ]
    for engine in engines:
        engine.set_state(
            {**engine.state(), **{k: a.astype(np.float32) for k, a in parameters.items()}}
        )
    return engines


def data_of(visible, kind, n_rows, n_visible):
    g = rng(n_rows, n_visible, 7)
    if visible == "softmax":
        chosen = [np.eye(n)[g.integers(0, n, n_rows)] for n in groups_of(visible, n_visible)]
        return np.concatenate(chosen, axis=1).astype(np.float32)
    values = (
        g.normal(0, 1, (n_rows, n_visible))
        if visible == "gaussian"
        else g.random((n_rows, n_visible))
    )
    if "bits" in kind:
        return (values < 0.4).astype(np.float32)
    return np.where(g.random(values.shape) < 0.3, 0, values).astype(np.float32)


def rows_of(values, kind="grey"):
    if "sparse" not in kind:
        return _core.Rows.from_array(np.ascontiguousarray(values))
    x = sparse.csr_matrix(values)
    return _core.Rows.from_csr(x.indptr, x.indices, x.data, values.shape[1])
