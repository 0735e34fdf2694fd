"""Every kind of model: registered ones that need no targets, and three that live in the tests."""

import pytest

from tests.support.any_model import N_EPOCHS
from udl_fast import RBM, Autoencoder, registry

IN_TESTS = {
    "BernoulliMixture": "tests.support.bernoulli_mixture",
    "StagedMixture": "tests.support.bernoulli_mixture",
    "MixtureStack": "tests.support.mixture_stack",
}
# Of models of layers: two, each of two epochs.
SMALL = {
    "hidden_layer_sizes": [5, 4],
    "rbm": RBM(batch_size=10, n_iter=2, learning_rate=0.05),
    "layer": Autoencoder(batch_size=10, n_iter=2),
    "fine_tune": True,
}
# Where layers alone learn, the last one makes the epochs of the last stage.
OF_KIND = {
    "DBN": {"rbm": [SMALL["rbm"], RBM(batch_size=10, n_iter=N_EPOCHS, learning_rate=0.05)]},
}
# More of a kind whose engine or state differs by an argument.
VARIANTS = {
    "RBM of real hidden units": ("RBM", {"hidden": "gaussian", "algorithm": "pcd"}),
}


@pytest.fixture
def _registered(monkeypatch):
    monkeypatch.setattr(registry, "_ENTRIES", dict(registry._ENTRIES))
    for name, room in IN_TESTS.items():
        registry.register(name, room, name.lower())


OF_ROWS_ALONE = [
    name for name in registry.names() if not registry.class_of(registry.find(name))._has_targets
]


@pytest.fixture(params=[*OF_ROWS_ALONE, *IN_TESTS, *VARIANTS])
def make(request, _registered):
    """Makes a small model of one kind."""
    name, arguments = VARIANTS.get(request.param, (request.param, {}))
    model_class = registry.class_of(registry.find(name))
    options = {"n_components": 5, "n_iter": N_EPOCHS, "batch_size": 10, "random_state": 0}
    options |= SMALL if request.param not in IN_TESTS else {}
    options |= OF_KIND.get(name, {})
    known = {name: value for name, value in options.items() if name in model_class.rules}
    return lambda **changes: model_class(**{**known, **arguments, **changes})
