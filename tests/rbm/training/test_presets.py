"""Presets set what the published trainings say."""

import numpy as np
import pytest

import udl_fast as udl
from udl_fast import RBM, presets

PROTOCOLS = {
    "science2006": {
        "n_components": 1000,
        "algorithm": "cd",
        "k": 1,
        "learning_rate": 0.1,
        "learning_rate_schedule": "constant",
        "momentum": 0.5,
        "final_momentum": 0.9,
        "momentum_switch_epoch": 5,
        "weight_decay": 2e-4,
        "l1": 0.0,
        "binarize": None,  # grey pixels as they are
        "sample_visibles": False,
        "statistics": "mean",
        "batch_size": 100,
        "n_iter": 50,
        "initial_weights": 0.1,
        "initial_visible_bias": "zero",
    },
    "sm2008": {
        "n_components": 500,
        "algorithm": "cd",
        "k": 1,
        "learning_rate": 0.05,
        "learning_rate_schedule": "linear",
        "momentum": 0.5,
        "final_momentum": 0.9,
        "momentum_switch_epoch": 5,
        "weight_decay": 0.001,
        "binarize": "sample",
        "sample_visibles": True,
        "statistics": "mean",
        "batch_size": 100,
        "initial_weights": 0.01,
        "initial_visible_bias": "zero",
    },
    "pydeep": {
        "n_components": 500,
        "algorithm": "pcd",
        "k": 1,
        "n_chains": 100,
        "learning_rate": 0.01,
        "learning_rate_schedule": "constant",
        "momentum": 0.0,
        "weight_decay": 0.0,
        "centered": True,
        "binarize": 0.5,
        "batch_size": 100,
        "n_iter": 200,
        "initial_weights": 0.01,
        "initial_visible_bias": "data",
    },
}


def test_every_preset_is_here():
    of_hashers = {"esann2011", "semhash2009"}  # tests/hashing
    assert set(presets.__all__) == set(PROTOCOLS) | of_hashers


@pytest.mark.parametrize("name", PROTOCOLS)
def test_it_sets_what_the_protocol_says(name):
    model = getattr(udl.presets, name)()
    assert type(model) is RBM
    found = model.get_params()
    assert {key: found[key] for key in PROTOCOLS[name]} == PROTOCOLS[name]
    model._check_parameters()


@pytest.mark.parametrize("name", PROTOCOLS)
def test_values_can_be_given(name):
    model = getattr(presets, name)(7, n_iter=2, random_state=3, learning_rate=0.2)
    assert (model.n_components, model.n_iter, model.learning_rate) == (7, 2, 0.2)
    assert model.fit(np.eye(20, dtype=np.float32)).n_iter_ == 2


def test_the_code_layer_has_its_own_rate():
    assert presets.science2006(30, hidden="gaussian").learning_rate == 0.001
    assert presets.science2006(30, hidden="gaussian", learning_rate=0.01).learning_rate == 0.01


def test_steps_of_the_paper():
    assert [presets.sm2008(k=k).k for k in (1, 3, 25)] == [1, 3, 25]


def test_models_start_as_they_say():
    X = np.random.default_rng(0).random((50, 400)).astype(np.float32)
    model = presets.science2006(100, n_iter=0, random_state=0).fit(X)
    assert model.components_.std() == pytest.approx(0.1, rel=0.03)
    assert (model.intercept_visible_ == 0).all()
    assert RBM(5, n_iter=0, random_state=0).fit(X).intercept_visible_.any()
