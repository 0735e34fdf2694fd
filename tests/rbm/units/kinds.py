"""Every kind of units as arguments, and rows for each."""

import numpy as np

RNG = np.random.default_rng(0)
N = 120
COMMON = {"n_components": 4, "batch_size": 10, "n_iter": 3, "random_state": 0}
FLOAT64 = {**COMMON, "precision": "float64"}
GROUPS = [3, 2, 4]


def one_hot(choices, sizes=tuple(GROUPS)):
    return np.concatenate(
        [np.eye(n)[column] for n, column in zip(sizes, choices.T, strict=True)], axis=1
    )


DATA = {
    "bernoulli": (RNG.random((N, 9)) < 0.4).astype(float),
    "gaussian": RNG.normal(2.0, 1.5, (N, 9)),
    "softmax": one_hot(np.stack([RNG.integers(0, n, N) for n in GROUPS], axis=1)),
    "replicated_softmax": RNG.poisson(1.5, (N, 9)).astype(float),
}
KINDS = {
    "gaussian": {"visible": "gaussian"},
    "packed gaussian": {"visible": "gaussian", "precision": "fixed"},
    "softmax": {"visible": "softmax", "visible_groups": GROUPS},
    "packed softmax": {"visible": "softmax", "visible_groups": GROUPS, "precision": "fixed"},
    "replicated_softmax": {"visible": "replicated_softmax"},
    "packed replicated_softmax": {"visible": "replicated_softmax", "precision": "fixed"},
    "hidden gaussian": {"hidden": "gaussian"},
    "hidden relu": {"hidden": "relu"},
    "both real": {"visible": "gaussian", "hidden": "relu"},
    "packed hidden gaussian": {"hidden": "gaussian", "precision": "fixed"},
    "packed both real": {"visible": "gaussian", "hidden": "relu", "precision": "fixed"},
}


def data_of(kind):
    return DATA[KINDS[kind].get("visible", "bernoulli")]
