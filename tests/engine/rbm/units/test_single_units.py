"""Groups of one unit among softmax groups: Bernoulli units, such as pixels beside a label."""

import numpy as np
import pytest
from scipy.special import logsumexp

from tests.engine.rbm.kinds.models import slopes
from tests.engine.rbm.units.test_group_engine import double_of, one_hot, random_groups, rows_of
from tests.oracle.units import Model
from tests.support.engines import PACKED, SEED, SETTINGS, rng, states
from udl_fast import _core

GROUPS = [1, 3, 1, 2]
ENGINES = (*PACKED, "float64")


def enumerated(precision, spread=0.7, beta=1.0):
    """An engine, and the oracle of its model at an inverse temperature."""
    engine = random_groups(GROUPS, 3, precision, spread)
    arrays = (engine.weights(), engine.hidden_bias(), engine.visible_bias())
    scaled = (beta * np.asarray(array, np.float64) for array in arrays)
    return engine, Model("softmax", "bernoulli", *scaled, None, GROUPS)


# ---- a layer of nothing else ----


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"k": 2, "momentum": 0.5, "centered": True},
        {"statistics": "sampled"},
        {"sample_visibles": False},
        {"algorithm": "pcd"},
        {"algorithm": "pt", "n_temperatures": 3, "beta_min": 0.1},
    ],
    ids=str,
)
@pytest.mark.parametrize("precision", ENGINES)
@pytest.mark.parametrize("real", [False, True])
def test_groups_of_one_learn_the_bits_of_bernoulli_units(precision, options, real):
    """From states, and from probabilities, which are drawn or taken as they are."""
    if real and options.get("statistics") == "sampled":
        pytest.skip("counts bits")
    n_visible, n_hidden = 37, 20
    v = states(40, n_visible) if not real else rng(3).random((40, n_visible)).astype(np.float32)
    found = []
    for kind in ({"visible": "softmax", "visible_groups": [1] * n_visible}, {}):
        engine = _core.RbmEngine(n_visible, n_hidden, precision, **kind)
        engine.set_parameters(
            rng(1).normal(0, 0.3, (n_hidden, n_visible)), np.zeros(n_hidden), np.zeros(n_visible)
        )
        engine.set_chains(states(30, n_hidden, 0.5))
        settings = {**SETTINGS, **options, "binarize_sample": real and "k" in options}
        engine.train(_core.Rows.from_array(v), None, settings, SEED, 3, 2)
        bits = engine.gibbs(_core.Rows.from_array(v), 3, SEED, "gibbs", 0, 0, 2)[0]
        scores = engine.pseudo_likelihood(_core.Rows.from_array(v), 2)
        found.append([*engine.state().values(), bits.to_array("bool"), scores])
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


# ---- beside groups ----


@pytest.mark.parametrize("precision", ENGINES)
def test_probabilities_are_those_of_the_energy(precision):
    """log Z, and each unit or group given all others; a group without a value says nothing."""
    engine, model = enumerated(precision)
    tolerance = {"fixed": 1e-5, "fast": 1e-2, "float64": 1e-10}[precision]
    v, _ = model.visible_states()
    energy = model.free_energy(v)
    assert engine.log_partition_exact(2) == pytest.approx(logsumexp(-energy), abs=tolerance)
    v[0, 1:4] = 0
    expected = np.zeros(len(v))
    for first, size in zip((0, 1, 4, 5), GROUPS, strict=True):
        values = np.eye(size) if size > 1 else np.array([[0.0], [1.0]])
        alternatives = np.repeat(v[:, None], len(values), axis=1)
        alternatives[:, :, first : first + size] = values
        energies = model.free_energy(alternatives.reshape(len(v) * len(values), -1))
        log_sum = logsumexp(-energies.reshape(-1, len(values)), axis=1)
        has_value = v[:, first : first + size].any(axis=1) | (size == 1)
        expected += np.where(has_value, -model.free_energy(v) - log_sum, 0.0)
    found = engine.pseudo_likelihood(rows_of(v), 2)
    np.testing.assert_allclose(found, expected, atol=10 * tolerance)


@pytest.mark.parametrize("is_grey", [False, True])
def test_a_step_is_the_gradient_of_free_energies(is_grey):
    """By central differences, in float64; rows may miss values, and single units may be probabilities."""
    engine, _ = enumerated("float64")
    v = one_hot(GROUPS, 9, missing=0.3)
    if is_grey:
        v[:, [0, 4]] = rng(2).random((9, 2))
    chain = engine.gibbs(rows_of(v), 1, SEED, "cd", 5, 0, 1)[0].to_array("float64")
    for units in (slice(1, 4), slice(5, 7)):  # a chain misses what its row misses
        chain[:, units] *= v[:, units].any(axis=1, keepdims=True)
    data, ends = slopes(engine, v), slopes(engine, chain)
    before, rate = engine.state(), 1e-3
    engine.train(rows_of(v), None, {**SETTINGS, "batch_size": 9, "learning_rate": rate}, SEED, 5, 1)
    for name in data:
        moved = (engine.state()[name] - before[name]) / rate
        np.testing.assert_allclose(moved, data[name] - ends[name], rtol=0, atol=1e-6)


@pytest.mark.parametrize("beta", [1.0, 0.4])
@pytest.mark.parametrize("precision", ENGINES)
def test_chains_stay_in_equilibrium(precision, beta):
    n = 20_000
    engine, model = enumerated(precision, beta=beta)
    v, _ = model.visible_states()
    energy = model.free_energy(v)
    p = np.exp(-energy - logsumexp(-energy))
    start = v[rng(5).choice(len(v), size=n, p=p)]
    found, _ = engine.gibbs(rows_of(start), 4, SEED, "gibbs", 0, 0, 2, None, beta)
    share = np.array([(found.to_array("float64") == state).all(axis=1).mean() for state in v])
    assert share.sum() == pytest.approx(1)
    rounded = 1e-3 if precision == "fast" else 0
    assert (np.abs(share - p) < 5 * np.sqrt(p * (1 - p) / n) + rounded).all()


@pytest.mark.parametrize("options", [{}, {"sample_visibles": False, "k": 2}], ids=str)
def test_the_float64_engine_learns_the_same_of_probabilities(target, n_threads, options):
    groups = [1] * 41 + [5, 1, 1]
    packed = random_groups(groups, 20)
    double = double_of(packed)
    v = one_hot(groups, 33, missing=0.3).astype(np.float32)
    v[:, :41] = rng(9).random((33, 41))
    for engine in (packed, double):
        engine.train(rows_of(v), None, {**SETTINGS, **options}, SEED, 3, n_threads)
    expected = double.state()
    for name, values in packed.state().items():
        np.testing.assert_allclose(values, expected[name], atol=3e-5, rtol=1e-4, err_msg=name)
    np.testing.assert_allclose(
        packed.pseudo_likelihood(rows_of(v), n_threads),
        double_of(packed).pseudo_likelihood(rows_of(v), 1),
        rtol=2e-5,
        atol=2e-5,
    )


# ---- free energies of the values of a group ----


@pytest.mark.parametrize("is_grey", [False, True])
@pytest.mark.parametrize("precision", ENGINES)
def test_energies_of_a_group_are_those_of_rows_with_its_values(
    target, n_threads, precision, is_grey
):
    groups = [1] * 41 + [5, 2]
    engine = random_groups(groups, 70, precision)
    v = one_hot(groups, 35, missing=0.3).astype(np.float32)
    if is_grey:
        v[:, :41] = rng(8).random((35, 41))
    found = engine.group_energies(rows_of(v), 41, n_threads)
    for value in range(5):
        with_value = v.copy()
        with_value[:, 41:46] = np.eye(5)[value]
        expected = engine.free_energy(rows_of(with_value), 1)
        np.testing.assert_allclose(found[:, value], expected, rtol=3e-6, atol=1e-5)
    np.testing.assert_array_equal(found, engine.group_energies(rows_of(v), 41, 1))
    for wrong in (3, -1, 43):
        with pytest.raises(ValueError, match=f"{wrong} is no group of several units"):
            engine.group_energies(rows_of(v), wrong, 1)
