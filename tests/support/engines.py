"""Engines of known parameters with the oracle's model of the same, and what they learn from."""

import numpy as np

from tests.oracle import rbm as oracle
from udl_fast import _core

SEED = 0x1234567890ABCDEF

SETTINGS = {
    "batch_size": 10,
    "algorithm": "cd",
    "k": 1,
    "learning_rate": 0.1,
    "momentum": 0.0,
    "weight_decay": 0.0,
    "l1": 0.0,
    "sparsity_target": None,
    "sparsity_cost": 0.0,
    "sparsity_damping": 0.9,
    "sample_visibles": True,
    "statistics": "mean",
    "learn_sigma": True,
    "binarize_sample": False,
    "data_step": 0,
}

PACKED = ("fixed", "fast")


def rng(*key):
    return np.random.default_rng(list(key))


def states(n_rows, n_units, density=0.3):
    return rng(n_rows, n_units, 1).random((n_rows, n_units)) < density


def random_model(n_visible, n_hidden, spread=0.3, precision="fixed"):
    g = rng(n_visible, n_hidden)
    weights = g.normal(0, spread, (n_hidden, n_visible)).astype(np.float32)
    hidden, visible = (g.normal(0, 0.5, n).astype(np.float32) for n in (n_hidden, n_visible))
    engine = _core.RbmEngine(n_visible, n_hidden, precision)
    engine.set_parameters(weights, hidden, visible)
    narrow = precision == "fast"
    return engine, oracle.Rbm(weights, hidden, visible, _core.exp_negative, narrow)


LEARNING = {
    "cd": {},
    "cd-3": {"k": 3},
    "momentum and decay": {"momentum": 0.5, "weight_decay": 1e-3, "l1": 1e-3},
    "sparsity": {"sparsity_target": 0.1, "sparsity_cost": 0.3},
    "mean reconstruction": {"sample_visibles": False, "k": 2},
    "pcd": {"algorithm": "pcd"},
    "pcd-2, chains other than rows": {"algorithm": "pcd", "k": 2, "chains": 7},
    "centred pcd, all there is": {
        "centered": True,
        "algorithm": "pcd",
        "momentum": 0.5,
        "weight_decay": 1e-3,
        "sparsity_target": 0.1,
        "sparsity_cost": 0.3,
        "chains": 7,
    },
    "centred, sampled": {"centered": True, "statistics": "sampled"},
    "centred, max norm": {"centered": True, "max_norm": 2.0},
    "pcd, mean reconstruction": {"algorithm": "pcd", "sample_visibles": False},
    "cd, sampled": {"statistics": "sampled"},
    "cd-2, sampled": {"statistics": "sampled", "k": 2, "momentum": 0.5},
    "pcd-2, sampled": {"statistics": "sampled", "algorithm": "pcd", "k": 2, "chains": 67},
}


def learn(engine, data, options, n_threads, order=None):
    settings = {**SETTINGS, **options}
    chains = settings.pop("chains", settings["batch_size"])
    start = states(chains, engine.n_hidden, 0.5)
    if settings["algorithm"] == "pcd":
        engine.set_chains(start)
    rows = _core.Rows.from_array(data)
    return engine.train(rows, order, settings, SEED, 3, n_threads), settings, start
