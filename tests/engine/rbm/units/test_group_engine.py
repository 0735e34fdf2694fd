"""Softmax groups of the packed-bit engine against the float64 engine, on every CPU target."""

import numpy as np
import pytest
from scipy import sparse
from scipy.special import logsumexp

from tests.oracle.units import Model
from tests.support.engines import PACKED, SEED, SETTINGS, rng, states
from tests.support.interruption import assert_ends_soon
from udl_fast import _core

# Groups that start and end anywhere in tiles and in words, among them Bernoulli units (groups of one), alone and
# in whole tiles, and groups of many tiles.
SHAPES = {
    "small": ([3, 2, 4], 5, 7),
    "one": ([1], 1, 1),
    "tiles": ([2, 30, 1, 47, 16, 16, 5, 3], 37, 33),
    "labels": ([1] * 41 + [5], 20, 40),
    "wide": ([1] * 70 + [3, 200] + [1] * 19, 66, 300),
}
LEARNING = {
    "cd": {},
    "cd-3": {"k": 3},
    "momentum and decay": {"momentum": 0.5, "weight_decay": 1e-2, "l1": 1e-3, "max_norm": 0.8},
    "sparsity": {"sparsity_target": 0.1, "sparsity_cost": 0.3},
    "mean reconstruction": {"sample_visibles": False, "k": 2},
    "centred": {"centered": True, "momentum": 0.5},
    "pcd-2": {"algorithm": "pcd", "k": 2},
    "pcd, chains other than rows": {"algorithm": "pcd", "chains": 7, "momentum": 0.5},
    "tempering": {
        "algorithm": "pt",
        "n_temperatures": 3,
        "beta_min": 0.1,
        "chains": 21,
        "k": 2,
        "adaptive_betas": True,
    },
}


def random_groups(groups, n_hidden, precision="fixed", spread=0.3):
    n_visible = sum(groups)
    g = rng(n_visible, n_hidden, 4)
    weights = g.normal(0, spread, (n_hidden, n_visible)).astype(np.float32)
    hidden, visible = (g.normal(0, 0.5, n).astype(np.float32) for n in (n_hidden, n_visible))
    engine = _core.RbmEngine(n_visible, n_hidden, precision, "softmax", "bernoulli", groups)
    engine.set_parameters(weights, hidden, visible)
    return engine


def double_of(engine):
    """The float64 engine of the same model, whose weights are those of the sums."""
    double = _core.RbmEngine(
        engine.n_visible, engine.n_hidden, "float64", "softmax", "bernoulli", engine.visible_groups
    )
    double.set_state(engine.state())
    return double


def one_hot(groups, n_rows, missing=0.0):
    g = rng(*groups, n_rows)
    columns = []
    for size in groups:
        if size == 1:
            columns.append(g.random((n_rows, 1)) < 0.4)
            continue
        value = np.eye(size)[g.choice(size, n_rows, p=g.dirichlet(np.ones(size)))]
        columns.append(value * (g.random((n_rows, 1)) >= missing))
    return np.concatenate(columns, axis=1).astype(float)


def rows_of(values):
    return _core.Rows.from_array(values)


# ---- half steps ----


@pytest.mark.parametrize("shape", SHAPES)
def test_visible_half_step(target, n_threads, shape):
    """Means to rounding, and the choices of the float64 engine but where a draw is next to a bound."""
    groups, n_hidden, n_rows = SHAPES[shape]
    engine = random_groups(groups, n_hidden)
    double, h = double_of(engine), rows_of(states(n_rows, n_hidden))
    p = double.mean_visible(h, 1)
    np.testing.assert_allclose(engine.mean_visible(h, n_threads), p, rtol=1e-5, atol=1e-9)
    where = (SEED, "gibbs", 2**33 + 5, 11)
    found = engine.sample_visible(h, *where, n_threads)
    assert found.kind == "bits"
    expected = double.sample_visible(h, *where, 1).to_array("bool")
    u = _core.draws(SEED, "gibbs", 0, 2**33 + 5, 11, n_rows, sum(groups)) / 2**32
    for first, size in zip(np.cumsum([0, *groups[:-1]]), groups, strict=True):
        bounds = np.cumsum(p[:, first : first + size], axis=1)
        far = (np.abs(bounds - u[:, [first]]) > 2e-6).all(axis=1)
        same = found.to_array("bool")[:, first : first + size] == expected[:, first : first + size]
        assert same[far].all()
        assert far.mean() > 0.95
    on = np.add.reduceat(found.to_array("float64"), np.cumsum([0, *groups[:-1]]), axis=1)
    assert (on[:, np.array(groups) > 1] == 1).all()


@pytest.mark.parametrize("precision", PACKED)
@pytest.mark.parametrize("shape", SHAPES)
def test_scores(target, n_threads, shape, precision):
    """Of rows with missing values too; "fast" rounds weights to its tables."""
    groups, n_hidden, n_rows = SHAPES[shape]
    engine = random_groups(groups, n_hidden, precision)
    v = one_hot(groups, min(n_rows, 40), missing=0.2)
    tolerance = 2e-6 if precision == "fixed" else 3e-3
    double = double_of(engine)
    for rows in (rows_of(v), _csr(v)):
        np.testing.assert_allclose(
            engine.free_energy(rows, n_threads),
            double.free_energy(rows, 1),
            rtol=tolerance,
            atol=2e-5,
        )
        np.testing.assert_allclose(
            engine.pseudo_likelihood(rows, n_threads),
            double.pseudo_likelihood(rows, 1),
            rtol=10 * tolerance,
            atol=2e-5,
        )


def _csr(v):
    x = sparse.csr_matrix(v)
    return _core.Rows.from_csr(x.indptr, x.indices, x.data, v.shape[1])


# ---- chains ----


@pytest.mark.parametrize("beta", [1.0, 0.4])
@pytest.mark.parametrize("precision", PACKED)
def test_chains_stay_in_equilibrium(precision, beta):
    """Rows drawn exactly from the model at beta, and as often in each state after some steps."""
    groups, n = [2, 3], 20_000
    engine = random_groups(groups, 3, precision, spread=0.9)
    model = Model(
        "softmax",
        "bernoulli",
        *(
            beta * a.astype(float)
            for a in (engine.weights(), engine.hidden_bias(), engine.visible_bias())
        ),
        None,
        groups,
    )
    v, _ = model.visible_states()
    energy = model.free_energy(v)
    p = np.exp(-energy - logsumexp(-energy))
    start = v[rng(5).choice(len(v), size=n, p=p)]
    found, _ = engine.gibbs(rows_of(start), 4, SEED, "gibbs", 0, 0, 2, None, beta)
    ends = found.to_array("float64")
    share = np.array([(ends == state).all(axis=1).mean() for state in v])
    assert share.sum() == pytest.approx(1)
    rounded = 1e-3 if precision == "fast" else 0
    assert (np.abs(share - p) < 5 * np.sqrt(p * (1 - p) / n) + rounded).all()


def test_groups_that_are_held_keep_their_values(n_threads):
    """The others are what the float64 engine draws, and means of the last step have the held values."""
    groups, n_hidden, n_rows = SHAPES["tiles"]
    engine = random_groups(groups, n_hidden)
    v = one_hot(groups, n_rows)
    held = np.repeat([True, True, False, False, True, True, False, True], groups)
    clamp = (rows_of(np.tile(held, (1, 1))), rows_of(v * held))
    call = (rows_of(v), 3, SEED, "gibbs", 5, 2, n_threads, clamp)
    found, hidden = engine.gibbs(*call)
    expected, expected_hidden = double_of(engine).gibbs(*call)
    np.testing.assert_array_equal(found.to_array("bool"), expected.to_array("bool"))
    np.testing.assert_array_equal(hidden.to_array("bool"), expected_hidden.to_array("bool"))
    assert (found.to_array("float64")[:, held] == v[:, held]).all()
    means = engine.gibbs_means(*call)
    np.testing.assert_allclose(means, double_of(engine).gibbs_means(*call), rtol=1e-4, atol=1e-7)
    assert (means[:, held] == v[:, held]).all()


# ---- learning ----


def learn(engine, data, options, n_threads, order=None):
    settings = {**SETTINGS, **options}
    chains = states(settings.pop("chains", 10), engine.n_hidden, 0.5)
    if settings["algorithm"] != "cd":
        engine.set_chains(chains)
    return engine.train(rows_of(data), order, settings, SEED, 3, n_threads)


@pytest.mark.parametrize("options", LEARNING.values(), ids=LEARNING)
@pytest.mark.parametrize("shape", ["small", "tiles", "labels"])
def test_the_float64_engine_learns_the_same(target, n_threads, shape, options):
    """From the same draws, of rows with missing values where chains start at the data."""
    groups, n_hidden, _ = SHAPES[shape]
    packed = random_groups(groups, n_hidden)
    double = double_of(packed)
    data = one_hot(groups, 33, missing=0.0 if "algorithm" in options else 0.2)
    for engine in (packed, double):
        learn(engine, data, options, n_threads)
    expected = double.state()
    for name, values in packed.state().items():
        np.testing.assert_allclose(values, expected[name], atol=3e-5, rtol=1e-4, err_msg=name)


@pytest.mark.parametrize("precision", PACKED)
@pytest.mark.parametrize("options", LEARNING.values(), ids=LEARNING)
def test_learned_bits_do_not_depend_on_target_or_threads(options, precision):
    found = set()
    groups = SHAPES["wide"][0]
    data = one_hot(groups, 64, missing=0.0 if "algorithm" in options else 0.1)
    for name in _core.available_targets():
        _core.set_target(name)
        for n_threads in (1, 2, 3):
            engine = random_groups(groups, 130, precision)
            learn(engine, data, {**options, "batch_size": 30}, n_threads)
            state = engine.state()
            found.add(b"".join(np.ascontiguousarray(state[k]).tobytes() for k in sorted(state)))
    _core.set_target("")
    assert len(found) == 1


def test_a_pass_is_its_minibatches():
    """What is carried from one to the next is part of the state: it can be taken out and put back."""
    options = {**SETTINGS, "algorithm": "pcd", "momentum": 0.5, "k": 2}
    groups, n_hidden, _ = SHAPES["tiles"]
    data = one_hot(groups, 40)
    whole = random_groups(groups, n_hidden)
    whole.set_chains(states(10, n_hidden, 0.5))
    whole.train(rows_of(data), None, options, SEED, 0, 2)
    engine = random_groups(groups, n_hidden)
    engine.set_chains(states(10, n_hidden, 0.5))
    for batch in range(4):
        other = random_groups(groups, n_hidden)
        other.set_state(engine.state())
        other.train(rows_of(data[10 * batch : 10 * batch + 10]), None, options, SEED, 2 * batch, 1)
        engine = other
    for name, values in whole.state().items():
        np.testing.assert_array_equal(engine.state()[name], values, err_msg=name)


def test_what_groups_cannot_do_is_refused():
    engine = random_groups([3, 2], 4)
    grey = rows_of(np.full((4, 5), 0.5, np.float32))
    for call in (
        lambda: engine.train(grey, None, SETTINGS, SEED, 0, 1),
        lambda: engine.pseudo_likelihood(grey, 1),
    ):
        with pytest.raises(ValueError, match="rows must be bits"):
            call()


def test_ctrl_c_ends_training():
    groups = [3] * 700
    engine = random_groups(groups, 512)
    rows = rows_of(one_hot(groups, 2000))
    assert_ends_soon(lambda: engine.train(rows, None, {**SETTINGS, "k": 50}, SEED, 0, 2))
    assert_ends_soon(lambda: engine.pseudo_likelihood(rows, 2))
