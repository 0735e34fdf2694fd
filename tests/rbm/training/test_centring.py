"""The centred gradient: it does not care which of its two states a pixel calls 1, and is kept like all that
learning remembers."""

import numpy as np
import pytest

from tests.oracle import rbm as oracle
from tests.support.engines import SEED, SETTINGS, rng
from tests.support.models import assert_same
from udl_fast import RBM, _core, datasets, load

N_VISIBLE, N_HIDDEN, RATE = 4, 3, 0.1


def small_model():
    g = rng(11)
    weights = g.normal(0, 1, (N_HIDDEN, N_VISIBLE))
    return [weights, g.normal(0, 0.5, N_HIDDEN), g.normal(0, 0.5, N_VISIBLE)]


def data_distribution():
    """Mostly off, as digits are."""
    p = rng(12).random(2**N_VISIBLE) ** 4
    return p / p.sum()


def expected_step(model, data, k, centered):
    """The step that CD-k makes on average, k = 0 being that of the likelihood."""
    up = oracle.expected_statistics(model[0], model[1], data)
    gradient = oracle.cd_gradient(*model, data, k) if k else oracle.exact_gradient(*model, data)
    down = [a - b for a, b in zip(up, gradient, strict=True)]
    if not centered:
        return gradient
    offsets = up[1], up[2]
    return oracle.plain_step(oracle.centred_gradient(up, down, *offsets), *offsets)


def step_as_flipped(model, data, k, centered):
    """The step of the same model that calls 0 what this one calls 1, told in this one's parameters."""
    other = oracle.flipped(*model)
    step = expected_step(other, data[::-1], k, centered)
    moved = [a + b for a, b in zip(other, step, strict=True)]
    return [a - b for a, b in zip(oracle.flipped(*moved), model, strict=True)]


@pytest.mark.parametrize("k", [0, 1, 3])
def test_the_expected_step_is_the_same_in_both_polarities(k):
    model, data = small_model(), data_distribution()
    for a, b in zip(
        expected_step(model, data, k, True), step_as_flipped(model, data, k, True), strict=True
    ):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-13)
    plain = expected_step(model, data, k, False), step_as_flipped(model, data, k, False)
    assert max(np.abs(a - b).max() for a, b in zip(*plain, strict=True)) > 0.05


def learned_step(engine_of, rows):
    """The step of one minibatch, over the learning rate."""
    model = small_model()
    engine = engine_of(*model)
    settings = {**SETTINGS, "batch_size": len(rows), "learning_rate": RATE, "centered": True}
    engine.train(_core.Rows.from_array(rows), None, settings, SEED, 0, 2)
    learned = engine.weights(), engine.hidden_bias(), engine.visible_bias()
    return [(a - b) / RATE for a, b in zip(learned, model, strict=True)]


@pytest.mark.parametrize("precision", ["fixed", "float64"])
def test_engines_make_that_step(precision):
    """One minibatch of very many rows, where offsets are the means of the data."""
    n_rows, data = 400_000, data_distribution()
    counts = np.floor(data * n_rows).astype(int)
    rows = np.repeat(oracle.all_states(N_VISIBLE), counts, axis=0)

    def engine_of(*model):
        engine = _core.RbmEngine(N_VISIBLE, N_HIDDEN, precision)
        engine.set_parameters(*model)
        return engine

    found = learned_step(engine_of, rows)
    expected = expected_step(small_model(), counts / counts.sum(), 1, True)
    spread = 0.5 * (1 + N_VISIBLE)  # at most, of what one row of the model adds to a bias
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=5 * spread / np.sqrt(len(rows)))


@pytest.fixture(scope="module")
def digits():
    return datasets.load_digits(binary=0.5, dtype=np.uint8).data[:300]


@pytest.mark.parametrize("precision", ["fixed", "float64"])
def test_offsets_are_kept_in_files(digits, precision, tmp_path):
    arguments = {
        "algorithm": "pcd",
        "centered": True,
        "momentum": 0.5,
        "batch_size": 30,
        "precision": precision,
        "random_state": 0,
    }
    whole = RBM(7, n_iter=4, **arguments).fit(digits)
    part = RBM(7, n_iter=2, **arguments).fit(digits)
    part.save(tmp_path / "model.safetensors")
    rest = load(tmp_path / "model.safetensors").set_params(n_iter=4).resume(digits)
    assert_same(whole, rest)
    kept = [model._engine.optimizer_state() for model in (whole, rest)]
    for name in ("hidden_offset", "visible_offset"):
        np.testing.assert_array_equal(kept[0][name], kept[1][name])
    assert np.abs(kept[0]["visible_offset"] - digits.mean(axis=0)).max() < 0.2


def test_a_model_that_is_centred_no_longer_forgets_its_offsets(digits):
    model = RBM(7, n_iter=1, centered=True, random_state=0).fit(digits)
    assert "hidden_offset" in model._engine.state()
    model.set_params(centered=False).partial_fit(digits)
    assert "hidden_offset" not in model._engine.state()


def test_an_engine_takes_both_offsets_or_none():
    engine = _core.RbmEngine(3, 2, "fixed")
    with pytest.raises(ValueError, match="needs both of hidden_offset and visible_offset"):
        engine.set_state({**engine.state(), "hidden_offset": np.zeros(2)})
