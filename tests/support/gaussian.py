"""Engines with Gaussian visible units with the oracle's model of the same, and what they learn from."""

import numpy as np

from tests.oracle.gaussian import GaussianRbm
from tests.support.engines import SEED, rng, states
from tests.support.engines import SETTINGS as BINARY_SETTINGS
from udl_fast import _core

SETTINGS = {**BINARY_SETTINGS, "learning_rate": 0.02, "learn_sigma": True}
LEARNING = {
    "cd": {},
    "a rate that is too large": {"learning_rate": 0.6},
    "cd-3": {"k": 3},
    "sigma stays": {"learn_sigma": False},
    "momentum and decay": {"momentum": 0.5, "weight_decay": 1e-2, "l1": 1e-3},
    "sparsity": {"sparsity_target": 0.1, "sparsity_cost": 0.3},
    "mean reconstruction": {"sample_visibles": False, "k": 2},
    "pcd-2": {"algorithm": "pcd", "k": 2},
    "pcd, chains other than rows": {"algorithm": "pcd", "chains": 7, "momentum": 0.5},
}


def random_gaussian(
    n_visible, n_hidden, spread=0.3, precision="fixed", hidden="bernoulli", oracle=GaussianRbm
):
    g = rng(n_visible, n_hidden, 2)
    parameters = [
        g.normal(0, spread, (n_hidden, n_visible)),
        g.normal(0, 0.5, n_hidden),
        g.normal(0, 1, n_visible),
        g.normal(0, 0.7, n_visible),
    ]
    weights, hidden_bias, visible_bias, log_variance = (a.astype(np.float32) for a in parameters)
    engine = _core.RbmEngine(n_visible, n_hidden, precision, "gaussian", hidden)
    engine.set_state(
        {
            **engine.state(),
            "weights": weights,
            "hidden_bias": hidden_bias,
            "visible_bias": visible_bias,
            "log_variance": log_variance,
        }
    )
    return engine, oracle(weights, hidden_bias, visible_bias, log_variance, _core.normal_from_bits)


def gaussian_data(n_rows, n_visible):
    g = rng(n_rows, n_visible, 7)
    means = g.normal(0, 1, (3, n_visible))
    return (means[g.integers(0, 3, n_rows)] + g.normal(0, 1, (n_rows, n_visible))).astype(
        np.float32
    )


def rows_of(values):
    return _core.Rows.from_array(values)


def learn(engine, data, options, n_threads):
    settings = {**SETTINGS, **options}
    chains = states(settings.pop("chains", 10), engine.n_hidden, 0.5)
    if settings["algorithm"] == "pcd":
        engine.set_chains(chains)
    engine.train(rows_of(data), None, settings, SEED, 3, n_threads)
    return settings, chains
