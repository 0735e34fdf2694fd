"""Gaussian and rectified hidden units of the packed-bit engine: against the float64 engine, whose energies are
those of enumerations, on every CPU target."""

import itertools

import numpy as np
import pytest
from scipy import sparse

from tests.support.engines import SEED, SETTINGS, rng
from tests.support.interruption import assert_ends_soon
from udl_fast import _core

VISIBLE, HIDDEN = ("bernoulli", "gaussian", "softmax"), ("gaussian", "relu")
PAIRS = list(itertools.product(VISIBLE, HIDDEN))
SHAPES = [(1, 1, 1), (17, 5, 4), (130, 66, 37)]
ROWS = ["bits", "grey", "sparse bits", "sparse grey"]
ROUNDING = 2.0**-24  # of one operation of float32
SETTINGS = {**SETTINGS, "learning_rate": 0.02}


def groups_of(visible, n_visible):
    """Of up to five units, across the borders of tiles."""
    if visible != "softmax":
        return None
    return [5] * (n_visible // 5) + [n_visible % 5] * (n_visible % 5 > 0)


def make(visible, hidden, n_visible, n_hidden, spread=0.3):
    """The same parameters in both engines: packed and float64."""
    g = rng(n_visible, n_hidden, HIDDEN.index(hidden))
    parameters = {
        "weights": g.normal(0, spread, (n_hidden, n_visible)),
        "hidden_bias": g.normal(0, 1, n_hidden),
        "visible_bias": g.normal(0, 0.5, n_visible),
    }
    if visible == "gaussian":
        parameters["log_variance"] = g.normal(0, 0.5, n_visible)
    engines = [
        _core.RbmEngine(
            n_visible, n_hidden, precision, visible, hidden, groups_of(visible, n_visible)
        )
        for precision in ("fixed", "float64")
    ]
    for engine in engines:
        engine.set_state(
            {**engine.state(), **{k: a.astype(np.float32) for k, a in parameters.items()}}
        )
    return engines


def data_of(visible, kind, n_rows, n_visible):
    g = rng(n_rows, n_visible, 7)
    if visible == "softmax":
        chosen = [np.eye(n)[g.integers(0, n, n_rows)] for n in groups_of(visible, n_visible)]
        return np.concatenate(chosen, axis=1).astype(np.float32)
    values = (
        g.normal(0, 1, (n_rows, n_visible))
        if visible == "gaussian"
        else g.random((n_rows, n_visible))
    )
    if "bits" in kind:
        return (values < 0.4).astype(np.float32)
    return np.where(g.random(values.shape) < 0.3, 0, values).astype(np.float32)


def rows_of(values, kind="grey"):
    if "sparse" not in kind:
        return _core.Rows.from_array(np.ascontiguousarray(values))
    x = sparse.csr_matrix(values)
    return _core.Rows.from_csr(x.indptr, x.indices, x.data, values.shape[1])


def errors_of_inputs(engine, v):
    """What float32 may add to the inputs of hidden units: n products added one by one to partial sums, or integers
    that are off by half a unit of the largest weight's last place."""
    state = engine.state()
    if "log_variance" in state:
        v = v * np.exp(-state["log_variance"])
    weights = np.abs(state["weights"])
    sizes = np.abs(v) @ weights.T + np.count_nonzero(v, axis=1)[:, None] * weights.max()
    n = engine.n_visible + 4
    return ROUNDING * (n * sizes + 4 * np.abs(state["hidden_bias"]))


# ---- half steps and scores ----


@pytest.mark.parametrize("kind", ROWS)
@pytest.mark.parametrize(("visible", "hidden"), PAIRS)
@pytest.mark.parametrize(("n_visible", "n_hidden", "n_rows"), SHAPES)
def test_hidden_half_step_and_scores(
    target, n_threads, visible, hidden, n_visible, n_hidden, n_rows, kind
):
    packed, double = make(visible, hidden, n_visible, n_hidden)
    v = data_of(visible, kind, n_rows, n_visible)
    rows, error = rows_of(v, kind), errors_of_inputs(double, v)
    mean = double.mean_hidden(rows, 1)
    found = packed.mean_hidden(rows, n_threads)
    # A mean moves by no more than its input does.
    assert (np.abs(found - mean) <= error + 1e-6 * np.abs(mean)).all()
    where = (SEED, "gibbs", 3, 11)
    drawn = packed.sample_hidden(rows, *where, n_threads)
    states = double.sample_hidden(rows, *where, 1).to_array("float64")
    assert drawn.kind == "dense"
    assert (np.abs(drawn.to_array("float64") - states) <= error + 2e-6 * (1 + np.abs(mean))).all()
    energy = double.free_energy(rows, 1)
    # Its derivative is the mean; the unit's own part and that of the visible layer are rounded, too.
    terms = ((1 + np.abs(mean)) * (error + 2e-7 * (1 + np.abs(mean)))).sum(axis=1)
    assert (np.abs(packed.free_energy(rows, n_threads) - energy) <= terms + 4e-7 * n_visible).all()
    if visible != "gaussian":
        expected = double.pseudo_likelihood(rows, 1)
        found = packed.pseudo_likelihood(rows, n_threads)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-6 * n_visible)


@pytest.mark.parametrize(("visible", "hidden"), PAIRS)
@pytest.mark.parametrize(("n_visible", "n_hidden", "n_rows"), SHAPES)
def test_visible_half_step(target, n_threads, visible, hidden, n_visible, n_hidden, n_rows):
    packed, double = make(visible, hidden, n_visible, n_hidden)
    h = rows_of(rng(n_rows, n_hidden).normal(0, 1.5, (n_rows, n_hidden)).astype(np.float32))
    mean = double.mean_visible(h, 1)
    np.testing.assert_allclose(packed.mean_visible(h, n_threads), mean, rtol=3e-6, atol=3e-6)
    where = (SEED, "gibbs", 2**33 + 5, 11)
    found = packed.sample_visible(h, *where, n_threads).to_array("float64")
    states = double.sample_visible(h, *where, 1).to_array("float64")
    if visible == "gaussian":
        np.testing.assert_allclose(found, states, rtol=5e-6, atol=5e-6)
    else:  # a draw may lie between what both take for a probability
        assert (found == states).all(axis=1).mean() > 1 - 1e-5 * n_visible


def test_rectified_units(target):
    """Means, what they add to minus the free energy, and draws, over all inputs there are."""
    size = np.concatenate([np.linspace(0, 12, 4801), np.logspace(1, 17, 200)])
    x = np.concatenate([-size[::-1], size]).astype(np.float32)
    packed, double = (
        _core.RbmEngine(1, len(x), precision, "bernoulli", "relu")
        for precision in ("fixed", "float64")
    )
    single = _core.RbmEngine(1, 1, "fixed", "bernoulli", "relu")
    for engine in (packed, double):
        engine.set_parameters(
            *(np.asarray(a, engine.weights().dtype) for a in (np.zeros((len(x), 1)), x, [0]))
        )
    rows = rows_of(np.zeros((40, 1), np.float32))
    mean = double.mean_hidden(rows, 1)
    np.testing.assert_allclose(packed.mean_hidden(rows, 1), mean, rtol=1e-6)
    found, exact = (
        e.sample_hidden(rows, SEED, "gibbs", 0, 0, 1).to_array("float64") for e in (packed, double)
    )
    assert (found >= 0).all()
    # The spread of a unit is 1, or below 0 about its mean.
    assert (np.abs(found - exact) <= 2e-6 * np.minimum(1, mean) + 2e-7 * exact).all()
    for value in (-1e17, -37.5, -2.0, -0.01, 0.0, 0.01, 3.0, 1000.0):
        state = np.zeros((1, 1)), np.array([value], np.float32), np.zeros(1)
        single.set_parameters(*(a.astype(np.float32) for a in state))
        reference = _core.RbmEngine(1, 1, "float64", "bernoulli", "relu")
        reference.set_parameters(*(a.astype(np.float64) for a in state))
        one = rows_of(np.zeros((1, 1), np.float32))
        assert single.free_energy(one, 1) == pytest.approx(
            reference.free_energy(one, 1), rel=3e-7, abs=3e-7
        )


# ---- chains ----


@pytest.mark.parametrize(("visible", "hidden"), PAIRS)
def test_half_steps_at_a_temperature(target, visible, hidden):
    """Hidden units, from the same draws, have 1 / beta of their variance."""
    packed, double = make(visible, hidden, 37, 21, spread=0.1)
    v = rows_of(data_of(visible, "grey", 40, 37))
    where = (SEED, "gibbs", 0, 0, 1, None, 0.3)
    (_, found), (_, exact) = (engine.gibbs(v, 1, *where) for engine in (packed, double))
    np.testing.assert_allclose(
        found.to_array("float64"), exact.to_array("float64"), rtol=3e-6, atol=6e-6
    )


@pytest.mark.parametrize("n_steps", [1, 4])
@pytest.mark.parametrize("hidden", HIDDEN)
def test_chains_that_start_in_equilibrium_stay_there(hidden, n_steps):
    """Rows drawn exactly from p(v): as often in each state after so many steps, within 5 sigma."""
    packed, double = make("bernoulli", hidden, 6, 4, spread=0.8)
    v = np.array(list(itertools.product((0.0, 1.0), repeat=6)))
    p = np.exp(-double.free_energy(rows_of(v), 1) - double.log_partition_exact(1))
    assert p.sum() == pytest.approx(1)
    n = 60_000
    start = v[rng(n_steps, 5).choice(len(v), size=n, p=p)]
    ends, _ = packed.gibbs(rows_of(start), n_steps, SEED, "gibbs", 0, 0, 2)
    counts = np.bincount(ends.to_array("bool") @ (1 << np.arange(6)[::-1]), minlength=64)
    assert (np.abs(counts - n * p) < 5 * np.sqrt(n * p * (1 - p)) + 1e-9).all()


@pytest.mark.parametrize("n_steps", [1, 4])
def test_normal_chains_stay_in_equilibrium(n_steps):
    """Both layers Gaussian: p(v, h) is normal, and its moments after so many steps are those of the inverse of its
    precision, within 5 sigma."""
    packed, _ = make("gaussian", "gaussian", 4, 3, spread=0.25)
    state = {name: array.astype(float) for name, array in packed.state().items()}
    inverse = np.exp(-state["log_variance"])
    coupling = state["weights"] * inverse  # h W v / sigma^2
    precision = np.block([[np.diag(inverse), -coupling.T], [-coupling, np.eye(3)]])
    assert np.linalg.eigvalsh(precision).min() > 0
    mean = np.linalg.solve(
        precision, np.concatenate([state["visible_bias"] * inverse, state["hidden_bias"]])
    )
    covariance, n = np.linalg.inv(precision), 60_000
    start = rng(n_steps, 6).multivariate_normal(mean[:4], covariance[:4, :4], size=n)
    v, h = packed.gibbs(rows_of(start.astype(np.float32)), n_steps, SEED, "gibbs", 0, 0, 2)
    # h is that which v was drawn from: both are a state of the joint distribution.
    found = np.concatenate([v.to_array("float64"), h.to_array("float64")], axis=1) - mean
    sigma = np.sqrt(np.diag(covariance) / n)
    assert (np.abs(found.mean(axis=0)) < 5 * sigma).all()
    products = found[:, :, None] * found[:, None]
    error = 5 * products.std(axis=0) / np.sqrt(n)
    assert (np.abs(products.mean(axis=0) - covariance) < error).all()


@pytest.mark.parametrize(("visible", "hidden"), PAIRS)
def test_many_steps_are_single_steps(visible, hidden):
    packed, _ = make(visible, hidden, 37, 21, spread=0.1)
    v = rows_of(data_of(visible, "grey", 9, 37))
    found, h = packed.gibbs(v, 3, SEED, "gibbs", 5, 2, 2)
    for s in range(3):
        v, last = packed.gibbs(v, 1, SEED, "gibbs", 5 + s, 2, 1)
    np.testing.assert_array_equal(last.to_array("float32"), h.to_array("float32"))
    np.testing.assert_array_equal(v.to_array("float32"), found.to_array("float32"))


# ---- learning ----

LEARNING = {
    "cd": {},
    "a rate that is too large": {"learning_rate": 0.9},
    "cd-3": {"k": 3},
    "momentum, decay and limit": {
        "momentum": 0.5,
        "weight_decay": 1e-2,
        "l1": 1e-3,
        "max_norm": 1.5,
    },
    "sparsity": {"sparsity_target": 0.1, "sparsity_cost": 0.3},
    "mean reconstruction": {"sample_visibles": False, "k": 2},
    "pcd-2, chains other than rows": {"algorithm": "pcd", "k": 2, "chains": 7},
    "pcd, all there is": {
        "algorithm": "pcd",
        "momentum": 0.5,
        "weight_decay": 1e-3,
        "sparsity_target": 0.1,
        "sparsity_cost": 0.3,
    },
}
CENTRED = {
    "centred, all there is": {
        "centered": True,
        "algorithm": "pcd",
        "momentum": 0.5,
        "sparsity_target": 0.1,
        "sparsity_cost": 0.3,
        "chains": 7,
    }
}
OF_BITS = {
    "bernoulli": {**CENTRED, "binarised": {"binarize_sample": True, "k": 2}},
    "softmax": CENTRED,
}


def learn(engine, rows, options, n_threads):
    settings = {**SETTINGS, **options}
    n_chains = settings.pop("chains", 10)
    if settings["algorithm"] == "pcd":
        engine.set_chains(
            np.abs(rng(n_chains).normal(0, 1, (n_chains, engine.n_hidden))).astype(np.float32)
        )
    engine.train(rows, None, settings, SEED, 3, n_threads)
    return engine.state()


def kinds_of(visible, name):
    if visible == "softmax":
        return ["bits", "sparse bits"] if name == "cd" else ["bits"]
    return {"cd": ROWS, "binarised": ["grey"]}.get(name, ["bits", "grey"])


CASES = [
    pytest.param(*pair, kind, options, id=f"{'-'.join(pair)}-{kind}-{name}")
    for pair in PAIRS
    for name, options in {**LEARNING, **OF_BITS.get(pair[0], {})}.items()
    for kind in kinds_of(pair[0], name)
]


@pytest.mark.parametrize(("visible", "hidden", "kind", "options"), CASES)
def test_the_float64_engine_learns_the_same(visible, hidden, kind, options):
    """From the same draws, minibatch after minibatch, the last one shorter."""
    spread = 0.03 if visible == hidden else 0.1  # chains of two normal layers run away from more
    packed, double = make(visible, hidden, 37, 21, spread)
    rows = rows_of(data_of(visible, kind, 43, 37), kind)
    expected = learn(double, rows, options, 2)
    for name, values in learn(packed, rows, options, 2).items():
        np.testing.assert_allclose(values, expected[name], atol=3e-5, rtol=3e-5, err_msg=name)


@pytest.mark.parametrize("options", [{"k": 2}, {"algorithm": "pcd", "momentum": 0.5, "chains": 90}])
@pytest.mark.parametrize(("visible", "hidden"), PAIRS)
def test_learned_bits_do_not_depend_on_target_or_threads(visible, hidden, options):
    found = set()
    for target in _core.available_targets():
        _core.set_target(target)
        for n_threads in (1, 2, 3):
            for kind in ("bits", "grey"):
                packed, _ = make(visible, hidden, 200, 130, spread=0.05)
                rows = rows_of(data_of(visible, kind, 64, 200))
                state = learn(packed, rows, {**options, "batch_size": 30}, n_threads)
                chains = packed.gibbs(rows, 2, SEED, "gibbs", 0, 0, n_threads)
                arrays = [state[name] for name in sorted(state)]
                arrays += [chain.to_array("float32") for chain in chains]
                arrays.append(packed.free_energy(rows, n_threads))
                found.add((kind, b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)))
    _core.set_target("")
    assert len(found) == 2


@pytest.mark.parametrize(("visible", "hidden"), PAIRS)
def test_a_pass_is_its_minibatches(visible, hidden):
    """What is carried from one to the next is part of the state: it can be taken out and put back.
    But for sigma, which learns by the means of a pass."""
    options = {**SETTINGS, "algorithm": "pcd", "momentum": 0.5, "learn_sigma": False}
    data = data_of(visible, "grey", 40, 37)
    whole = make(visible, hidden, 37, 21, spread=0.1)[0]
    whole.set_chains(rng(4).random((10, 21)))
    start = whole.state()
    whole.snapshot()
    whole.train(rows_of(data), None, options, SEED, 0, 2)
    state = start
    for batch in range(4):
        engine = _core.RbmEngine(37, 21, "fixed", visible, hidden, groups_of(visible, 37))
        engine.set_state(state)
        rows = rows_of(data[10 * batch : 10 * batch + 10])
        engine.train(rows, None, options, SEED, batch, 1)
        state = engine.state()
    for name, values in whole.state().items():
        np.testing.assert_array_equal(state[name], values, err_msg=name)
    whole.restore()
    for name, values in start.items():
        np.testing.assert_array_equal(whole.state()[name], values, err_msg=name)


@pytest.mark.parametrize("algorithm", ["cd", "pcd"])
def test_ctrl_c_ends_training(algorithm):
    engine = _core.RbmEngine(2048, 2048, "fixed", "bernoulli", "gaussian")
    engine.set_chains(np.zeros((100, 2048)))
    rows = rows_of(data_of("bernoulli", "grey", 2000, 2048))
    options = {**SETTINGS, "algorithm": algorithm, "k": 10**6}
    assert_ends_soon(lambda: engine.train(rows, None, options, SEED, 0, 2))


def test_ctrl_c_ends_scores():
    engine = _core.RbmEngine(2048, 2048, "fixed", "bernoulli", "relu")
    rows = rows_of(data_of("bernoulli", "bits", 20_000, 2048))
    assert_ends_soon(lambda: engine.pseudo_likelihood(rows, 2))


def test_what_bits_alone_can_do_is_refused():
    engine = _core.RbmEngine(5, 3, "fixed", "bernoulli", "relu")
    rows = rows_of(data_of("bernoulli", "bits", 4, 5))
    with pytest.raises(ValueError, match="counts pairs of bits, got hidden='relu'"):
        engine.train(rows, None, {**SETTINGS, "statistics": "sampled"}, SEED, 0, 1)
    engine.set_chains(np.zeros((6, 3)))
    ladder = {**SETTINGS, "algorithm": "pt", "n_temperatures": 3, "beta_min": 0.0}
    with pytest.raises(NotImplementedError, match=r"several temperatures .* hidden='relu'"):
        engine.train(rows, None, ladder, SEED, 0, 1)
    with pytest.raises(NotImplementedError, match="precision='fast' has no visible='bernoulli'"):
        _core.RbmEngine(5, 3, "fast", "bernoulli", "gaussian")
