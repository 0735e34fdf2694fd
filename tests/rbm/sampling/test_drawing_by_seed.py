"""Draws by a seed of their own: the same in every call, and none of the model's."""

import copy

import numpy as np
import pytest

from udl_fast import RBM, BernoulliRBM, cli

X = (np.random.default_rng(0).random((60, 12)) < 0.4).astype(np.uint8)
H = (np.random.default_rng(1).random((60, 5)) < 0.4).astype(np.uint8)
HELD = np.arange(12) < 6
HALF = np.where(HELD, X[0], np.nan)
CALLS = {
    "sample": lambda model, **options: model.sample(60, 7, **options),
    "sample from rows": lambda model, **options: model.sample(60, 7, X, **options),
    "sample, some held": lambda model, **options: model.sample(60, 7, clamp=HALF, **options),
    "gibbs": lambda model, **options: model.gibbs(X, 3, **options),
    "gibbs, some held": lambda model, **options: model.gibbs(X, 3, clamp=HELD, **options),
    "gibbs, warmer": lambda model, **options: model.gibbs(X, 3, beta=0.5, **options),
    "means": lambda model, **options: model.gibbs(X, 3, means=True, **options),
    "sample_hidden": lambda model, **options: model.sample_hidden(X, **options),
    "sample_visible": lambda model, **options: model.sample_visible(H, **options),
}


@pytest.fixture(params=[RBM, BernoulliRBM])
def model(request):
    return request.param(5, n_iter=1, random_state=0).fit(X)


@pytest.mark.parametrize("call", CALLS)
def test_the_same_seed_gives_the_same_states_and_leaves_the_model_alone(model, call):
    draw, untouched = CALLS[call], copy.deepcopy(model)
    first = draw(model, random_state=3)
    draw(model)
    np.testing.assert_array_equal(draw(model, random_state=3), first)
    assert (draw(model, random_state=4) != first).any()
    again = copy.deepcopy(untouched)
    draw(again, random_state=3)
    np.testing.assert_array_equal(draw(again), draw(untouched))


@pytest.mark.parametrize("call", CALLS)
def test_generators_move_on(model, call):
    draw, generator = CALLS[call], np.random.RandomState(3)
    first, second = draw(model, random_state=generator), draw(model, random_state=generator)
    np.testing.assert_array_equal(first, draw(model, random_state=np.random.RandomState(3)))
    assert (first != second).any()


def test_what_is_no_seed_is_named(model):
    with pytest.raises(ValueError, match="RBM: random_state: 'x' cannot be used to seed"):
        model.sample(1, random_state="x")


def test_the_command_draws_by_its_seed(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model.save("m.safetensors")
    for name, words in {"a": "", "b": "", "c": "--seed 3", "d": "--seed 3"}.items():
        assert cli.main(f"sample m.safetensors {name}.npy -n 60 --steps 7 {words}".split()) == 0
    a, b, c, d = (np.load(f"{name}.npy") for name in "abcd")
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(c, d)
    np.testing.assert_array_equal(c, model.sample(60, 7, random_state=3))
    assert (a != c).any()
