"""Every parameter of a fitted model can be changed with an effect that is known, or learning on refuses it."""

import numpy as np
import pytest

from tests.support.models import parameters
from udl_fast import RBM, BernoulliRBM

X = np.random.default_rng(0).random((60, 12))
FITTED = {
    "n_iter": 2,
    "batch_size": 10,
    "learning_rate_schedule": "cosine",
    "momentum": 0.2,
    "final_momentum": 0.3,
    "momentum_switch_epoch": 3,
    "sparsity_target": 0.2,
    "sparsity_cost": 0.1,
    "binarize": "sample",
    "warm_start": True,
    "random_state": 0,
}
REFUSED = {"n_components": 6, "precision": "fast", "n_chains": 50}
EFFECTIVE = {  # in what `fit` learns next
    "algorithm": "cd",
    "k": 3,
    "learning_rate": 0.3,
    "learning_rate_schedule": "linear",
    "final_learning_rate": 0.001,
    "momentum": 0.6,
    "final_momentum": 0.8,
    "momentum_switch_epoch": 9,
    "weight_decay": 0.1,
    "l1": 0.1,
    "sparsity_target": 0.9,
    "sparsity_cost": 0.9,
    "sparsity_damping": 0.1,
    "centered": True,
    "max_norm": 0.05,
    "binarize": 0.5,
    "sample_visibles": False,
    "statistics": "sampled",
    "batch_size": 7,
    "n_iter": 3,
}
NEUTRAL = {  # what is learned does not depend on them
    "initial_weights": 0.1,  # of the start
    "initial_visible_bias": "zero",
    "n_temperatures": 3,  # of algorithm="pt"
    "beta_min": 0.5,
    "beta_spacing": "adaptive",
    "n_jobs": 1,
    "verbose": False,
    "callbacks": [],
    "device": "cpu",
    "visible": "bernoulli",
    "hidden": "bernoulli",
    "visible_groups": None,
    "sigma": 2.0,  # of Gaussian units
    "learn_sigma": False,
    "random_state": 1,  # the fitted model goes on with its own seed
}
ELSEWHERE = {"warm_start", "shuffle"}  # whether `fit` learns on at all; shuffle differs by class


@pytest.fixture(params=[RBM, BernoulliRBM])
def fitted(request):
    model = request.param(5, algorithm="pcd", **FITTED).fit(X)
    return model.set_params(shuffle=True)


def learned_on(model, **changes):
    return parameters(model.set_params(**changes).fit(X))


def differ(one, two):
    return any((a != b).any() for a, b in zip(one, two, strict=True))


def test_every_parameter_is_here(fitted):
    assert set(fitted.rules) <= {*REFUSED, *EFFECTIVE, *NEUTRAL, *ELSEWHERE}


@pytest.mark.parametrize(("name", "value"), REFUSED.items())
def test_what_cannot_change_is_refused(fitted, name, value):
    before, steps = parameters(fitted), fitted._training_steps
    fitted_value = fitted.h_samples_.shape[0] if name == "n_chains" else getattr(fitted, name)
    fitted.set_params(**{name: value})
    message = f"{name} is {value!r}, but the fitted model has {fitted_value!r}"
    learning = [fitted.fit, fitted.partial_fit]
    if isinstance(fitted, BernoulliRBM):
        learning.append(lambda X: fitted._fit(X, 0))
    for learn in learning:
        with pytest.raises(ValueError, match=message):
            learn(X)
    assert not differ(parameters(fitted), before)
    assert fitted._training_steps == steps
    fitted.set_params(**{name: fitted_value}).partial_fit(X)
    fitted.set_params(**{name: value}, warm_start=False).fit(X)


@pytest.mark.parametrize(("name", "value"), EFFECTIVE.items())
def test_what_can_change_takes_effect(name, value):
    one, two = (RBM(5, algorithm="pcd", **FITTED).fit(X) for _ in range(2))
    assert differ(learned_on(one), learned_on(two, **{name: value}))


@pytest.mark.filterwarnings("ignore:.*has no effect with")
@pytest.mark.parametrize(("name", "value"), NEUTRAL.items())
def test_what_is_neutral_changes_nothing(name, value):
    one, two = (RBM(5, algorithm="pcd", **FITTED).fit(X) for _ in range(2))
    assert not differ(learned_on(one), learned_on(two, **{name: value}))


def test_the_number_of_chains_follows_the_batch_size_of_the_start():
    model = RBM(5, algorithm="pcd", **FITTED).fit(X).set_params(batch_size=30).fit(X)
    assert model.h_samples_.shape == (10, 5)


def test_chains_that_nobody_uses_refuse_nothing():
    """CD keeps none; the first pcd after it starts as many as asked for."""
    model = RBM(5, **FITTED).fit(X).set_params(n_chains=50)
    with pytest.warns(UserWarning, match="n_chains=50 has no effect with algorithm='cd'"):
        model.fit(X)
    assert model.set_params(algorithm="pcd").fit(X).h_samples_.shape == (50, 5)


def test_a_refit_on_data_of_another_dtype_takes_that_dtype():
    model = RBM(5, n_iter=1, random_state=0)
    for dtype in (np.float64, np.float32, np.float64):
        model.fit(X.astype(dtype))
        assert model.components_.dtype == dtype
        assert model.transform((X > 0.5).astype(np.uint8)).dtype == dtype
