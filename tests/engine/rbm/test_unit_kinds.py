"""Every kind of unit in the float64 engine, against energies alone: free energies, log Z, gradients, samples."""

import itertools

import numpy as np
import pytest
from scipy import stats
from scipy.special import log_ndtr, logsumexp, ndtri

from tests.oracle.units import Model
from tests.support.engines import SETTINGS, rng
from udl_fast import _core

VISIBLE = ("bernoulli", "gaussian", "softmax", "replicated_softmax")
HIDDEN = ("bernoulli", "gaussian", "relu")
PAIRS = list(itertools.product(VISIBLE, HIDDEN))
GROUPS = [2, 3]
N_VISIBLE = {"bernoulli": 4, "gaussian": 3, "softmax": 5, "replicated_softmax": 4}
N_WORDS = 3
SEED = 77


def make(visible, hidden, spread=0.4, seed=0):
    """An engine and the oracle of the same parameters."""
    g = rng(seed, VISIBLE.index(visible), HIDDEN.index(hidden))
    n_visible, n_hidden = N_VISIBLE[visible], 3 if hidden == "bernoulli" else 2
    weights = g.normal(0, spread, (n_hidden, n_visible))
    hidden_bias, visible_bias = g.normal(0, 0.5, n_hidden), g.normal(0, 0.5, n_visible)
    log_variance = g.normal(0, 0.4, n_visible)
    groups = GROUPS if visible == "softmax" else None
    engine = _core.RbmEngine(n_visible, n_hidden, "float64", visible, hidden, groups)
    has_variance = visible == "gaussian"
    engine.set_parameters(
        weights, hidden_bias, visible_bias, log_variance if has_variance else None
    )
    model = Model(visible, hidden, weights, hidden_bias, visible_bias, log_variance, groups)
    return engine, model


def some_rows(model, n_rows, seed=1):
    """Data such as the visible units take."""
    g = rng(seed, n_rows)
    n = len(model.visible_bias)
    if model.visible == "gaussian":
        return g.normal(0.3, 1.5, (n_rows, n))
    if model.visible == "replicated_softmax":
        lengths = g.integers(1, 6, n_rows)
        return np.array([g.multinomial(length, np.full(n, 1 / n)) for length in lengths], float)
    states, _ = model.visible_states()
    return states[g.integers(0, len(states), n_rows)]


def rows_of(values):
    return _core.Rows.from_array(np.ascontiguousarray(values, dtype=np.float64))


# ---- energies ----


@pytest.mark.parametrize(("visible", "hidden"), PAIRS)
def test_free_energies_are_those_of_the_energy(visible, hidden):
    engine, model = make(visible, hidden)
    v = some_rows(model, 12)
    np.testing.assert_allclose(
        engine.free_energy(rows_of(v), 1), model.free_energy(v), rtol=1e-11, atol=1e-12
    )


@pytest.mark.parametrize("x", [-1e5, -300.0, -38.0, -8.001, -7.999, -2.001, -1.999, 0.0, 7.0, 40.0])
def test_rectified_units_far_from_zero(x):
    """log of the integral of e^(x h - h^2 / 2) over h > 0, and its derivative, to the last digits."""
    engine = _core.RbmEngine(1, 1, "float64", "bernoulli", "relu")
    engine.set_parameters(np.zeros((1, 1)), np.array([x]), np.zeros(1))
    row = rows_of(np.zeros((1, 1)))
    if x > -1000:
        expected = x * x / 2 + np.log(2 * np.pi) / 2 + log_ndtr(x)
        tolerance = 1e-15 * x * x  # of the expected value, which cancels
    else:
        expected, tolerance = -np.log(-x) - 1 / x**2, 1e-15
    assert -engine.free_energy(row, 1)[0] == pytest.approx(expected, rel=1e-12, abs=tolerance)
    mean = engine.mean_hidden(row, 1)[0, 0]
    ratio = np.exp(-x * x / 2 - np.log(2 * np.pi) / 2 - log_ndtr(x))
    expected = x + ratio if x > -10 else 1 / -x - 2 / (-x) ** 3 + 10 / (-x) ** 5
    assert mean == pytest.approx(expected, rel=1e-11 if x > -10 else 1e-6)


LOG_Z = [pair for pair in PAIRS if "bernoulli" in pair and pair[0] != "replicated_softmax"]


@pytest.mark.parametrize(("visible", "hidden"), LOG_Z)
def test_log_partition(visible, hidden):
    engine, model = make(visible, hidden)
    v, log_weights = model.visible_states()
    expected = logsumexp(log_weights - engine.free_energy(rows_of(v), 1))
    assert engine.log_partition_exact(1) == pytest.approx(expected, rel=1e-10)
    assert engine.log_partition_exact(3) == engine.log_partition_exact(1)


def test_log_partition_of_words():
    """Over all sequences of words."""
    engine, model = make("replicated_softmax", "bernoulli")
    found = engine.log_partition_exact(1, [0, 1, 2, 4])
    assert found[0] == pytest.approx(3 * np.log(2))
    for length, log_z in zip((1, 2, 4), found[1:], strict=True):
        v, _ = model.visible_states(length)
        expected = logsumexp(-engine.free_energy(rows_of(v), 1))
        assert log_z == pytest.approx(expected, rel=1e-12)


def test_log_partition_needs_bernoulli_units():
    engine, _ = make("softmax", "relu")
    with pytest.raises(ValueError, match="enumerates a layer of Bernoulli units"):
        engine.log_partition_exact(1)


@pytest.mark.parametrize("hidden", HIDDEN)
def test_pseudo_likelihood_of_groups(hidden):
    """Of groups with a value; others are left out."""
    engine, model = make("softmax", hidden)
    v, _ = model.visible_states()
    v[0, :2] = 0
    expected = np.zeros(len(v))
    for first, size in ((0, 2), (2, 3)):
        alternatives = np.repeat(v[:, None], size, axis=1)
        alternatives[:, :, first : first + size] = np.eye(size)
        energies = model.free_energy(alternatives.reshape(-1, 5)).reshape(-1, size)
        scores = -model.free_energy(v) - logsumexp(-energies, axis=1)
        expected += np.where(v[:, first : first + size].any(axis=1), scores, 0.0)
    np.testing.assert_allclose(engine.pseudo_likelihood(rows_of(v), 2), expected, rtol=1e-10)


@pytest.mark.parametrize("hidden", HIDDEN)
def test_pseudo_likelihood_of_bits(hidden):
    engine, model = make("bernoulli", hidden)
    v, _ = model.visible_states()
    expected = np.zeros(len(v))
    for i in range(4):
        flipped = v.copy()
        flipped[:, i] = 1 - v[:, i]
        expected -= np.logaddexp(0, model.free_energy(v) - model.free_energy(flipped))
    np.testing.assert_allclose(engine.pseudo_likelihood(rows_of(v), 1), expected, rtol=1e-10)


@pytest.mark.parametrize("visible", ["gaussian", "replicated_softmax"])
def test_pseudo_likelihood_is_refused_where_it_has_no_form(visible):
    engine, model = make(visible, "bernoulli")
    with pytest.raises(ValueError, match=f"no closed form for visible='{visible}'"):
        engine.pseudo_likelihood(rows_of(some_rows(model, 2)), 1)


# ---- gradients ----

ARRAYS = ("weights", "hidden_bias", "visible_bias", "log_variance")


def slopes(engine, v):
    """-dF / d parameter, mean over the rows, by central differences of the engine's free energy."""
    state = engine.state()
    out = {}
    for name in ARRAYS:
        if name not in state:
            continue
        out[name] = np.zeros_like(state[name])
        for at in np.ndindex(state[name].shape):
            sides = []
            for step in (1e-5, -1e-5):
                moved = state[name].copy()
                moved[at] += step
                engine.set_state({**state, name: moved})
                sides.append(engine.free_energy(rows_of(v), 1).mean())
            out[name][at] = (sides[1] - sides[0]) / 2e-5
    engine.set_state(state)
    return out


@pytest.mark.parametrize(("visible", "hidden"), PAIRS)
def test_a_step_is_the_gradient_of_free_energies(visible, hidden):
    """Contrastive divergence moves every parameter by the slope of the free energy at the states that its chain
    ends with, less that at the data: with a chain in equilibrium the gradient of the log-likelihood."""
    engine, model = make(visible, hidden)
    v = some_rows(model, 9)
    chain, _ = engine.gibbs(rows_of(v), 1, SEED, "cd", 5, 0, 1)
    data, ends = slopes(engine, v), slopes(engine, chain.to_array("float64"))
    before, rate = engine.state(), 1e-3
    settings = {**SETTINGS, "batch_size": 9, "learning_rate": rate}
    engine.train(rows_of(v), None, settings, SEED, 5, 1)
    for name in data:
        moved = (engine.state()[name] - before[name]) / rate
        gradient = data[name] - ends[name]
        if visible == "gaussian" and name in ("weights", "visible_bias"):
            gradient *= np.exp(model.log_variance)  # that of the model of v / sigma
        if name == "log_variance":
            moved = (
                np.expm1(rate * moved) / rate
            )  # sigma^2 moves by its factor, 1 + rate times this
        np.testing.assert_allclose(moved, gradient, rtol=0, atol=1e-6)


EXACT = [("gaussian", "bernoulli"), ("softmax", "bernoulli"), ("bernoulli", "relu")]


@pytest.mark.parametrize(("visible", "hidden"), EXACT)
def test_log_likelihoods_rise_by_the_slopes(visible, hidden):
    """d log Z is the mean of the slopes under the model: so the difference above has the likelihood's gradient as
    its mean."""
    engine, model = make(visible, hidden)
    v, log_weights = model.visible_states()
    if visible == "gaussian":  # fewer places, enough for the means of smooth functions
        keep = log_weights - model.free_energy(v) > -30
        v, log_weights = v[keep], log_weights[keep]
    weights = np.exp(
        log_weights - engine.free_energy(rows_of(v), 1) - engine.log_partition_exact(1)
    )
    hidden_mean = engine.mean_hidden(rows_of(v), 1)
    state = engine.state()
    for name in ("weights", "hidden_bias"):
        expected = weights @ hidden_mean
        if name == "weights":
            scale = np.exp(-state["log_variance"]) if visible == "gaussian" else 1.0
            expected = (hidden_mean * weights[:, None]).T @ (v * scale)
        slope = np.zeros_like(state[name])
        for at in np.ndindex(slope.shape):
            sides = []
            for step in (1e-5, -1e-5):
                moved = state[name].copy()
                moved[at] += step
                engine.set_state({**state, name: moved})
                sides.append(engine.log_partition_exact(1))
            slope[at] = (sides[0] - sides[1]) / 2e-5
        engine.set_state(state)
        np.testing.assert_allclose(slope, expected, rtol=0, atol=1e-6)


def test_large_rates_are_brought_down():
    """Where a step would overshoot what it corrects, it ends there: the mean of one row is met, not passed."""
    engine = _core.RbmEngine(1, 1, "float64", "gaussian")
    engine.set_parameters(np.zeros((1, 1)), np.array([40.0]), np.zeros(1), np.log([0.01]))
    settings = {**SETTINGS, "learning_rate": 5, "batch_size": 1, "sample_visibles": False}
    engine.train(rows_of([[3.0]]), None, {**settings, "learn_sigma": False}, SEED, 0, 1)
    np.testing.assert_allclose(engine.mean_visible(rows_of([[1.0]]), 1), [[3.0]], rtol=1e-12)


# ---- samples ----


def test_normal_draws_are_inverse_normals():
    """One draw r a unit: the quantile of (r + 1/2) 2^-32."""
    engine = _core.RbmEngine(3, 40, "float64", "bernoulli", "gaussian")
    rows = rows_of(np.zeros((500, 3)))
    drawn = engine.sample_hidden(rows, SEED, "gibbs", 9, 4, 2).to_array("float64")
    bits = _core.draws(SEED, "gibbs", 1, 9, 4, 500, 40)
    np.testing.assert_allclose(drawn, ndtri((bits + 0.5) / 2**32), rtol=1e-14)


@pytest.mark.parametrize("x", [-200.0, -30.0, -6.0, -2.01, -1.99, -0.5, 0.0, 1.0, 9.0])
def test_rectified_draws(x):
    """Against the distribution function of the normal number x + n, given that it is above 0."""
    engine = _core.RbmEngine(1, 50, "float64", "bernoulli", "relu")
    engine.set_parameters(np.zeros((50, 1)), np.full(50, x), np.zeros(1))
    rows = rows_of(np.zeros((400, 1)))
    drawn = engine.sample_hidden(rows, SEED, "gibbs", 0, 0, 1).to_array("float64")
    assert drawn.min() >= 0
    passed = np.exp(log_ndtr(x - drawn.ravel()) - log_ndtr(x))
    assert stats.kstest(passed, "uniform").pvalue > 1e-6
    error = 5 * drawn.std() / np.sqrt(drawn.size)
    assert drawn.mean() == pytest.approx(engine.mean_hidden(rows, 1)[0, 0], abs=error)


def test_visible_draws_have_the_moments_of_their_kind():
    n = 20_000
    engine, model = make("gaussian", "bernoulli")
    h = rows_of(np.tile([[1.0, 0.0, 1.0]], (n, 1)))
    v = engine.sample_visible(h, SEED, "gibbs", 0, 0, 1).to_array("float64")
    sigma = np.exp(model.log_variance / 2)
    mean = model.visible_bias + model.weights[0] + model.weights[2]
    assert (np.abs(v.mean(axis=0) - mean) < 5 * sigma / np.sqrt(n)).all()
    assert (np.abs(v.var(axis=0) / sigma**2 - 1) < 5 * np.sqrt(2 / n)).all()
    engine, _ = make("softmax", "bernoulli")
    drawn = engine.sample_visible(h, SEED, "gibbs", 0, 0, 1)
    assert drawn.kind == "bits"
    v, p = drawn.to_array("float64"), engine.mean_visible(h, 1)[0]
    assert (v[:, :2].sum(axis=1) == 1).all()
    assert (v[:, 2:].sum(axis=1) == 1).all()
    assert (np.abs(v.mean(axis=0) - p) < 5 * np.sqrt(p * (1 - p) / n)).all()


def test_words_are_drawn_as_often_as_rows_are_long():
    engine, model = make("replicated_softmax", "bernoulli", spread=0)
    v = np.repeat([[5.0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 200, 0]], [3000, 10, 100], axis=0)
    drawn, _ = engine.gibbs(rows_of(v), 2, SEED, "gibbs", 0, 0, 2)
    after = drawn.to_array("float64")
    np.testing.assert_array_equal(after.sum(axis=1), v.sum(axis=1))
    p = np.exp(model.visible_bias) / np.exp(model.visible_bias).sum()
    for first, end in ((0, 3000), (3010, 3110)):
        n_words = v[first:end].sum()
        share = after[first:end].sum(axis=0) / n_words
        assert (np.abs(share - p) < 5 * np.sqrt(p * (1 - p) / n_words)).all()


DISCRETE = [pair for pair in PAIRS if pair[0] != "gaussian"]


def at_temperature(model, beta):
    """The model whose energies are beta times these, of hidden units in their deviations at beta."""
    is_gaussian, is_normal = model.visible == "gaussian", model.hidden != "bernoulli"
    of_hidden = np.sqrt(beta) if is_normal else beta  # h^2 / 2 takes up the rest
    weights = model.weights * (of_hidden / beta if is_gaussian else of_hidden)
    visible_bias = model.visible_bias * (1 if is_gaussian else beta)
    return Model(
        model.visible,
        model.hidden,
        weights,
        of_hidden * model.hidden_bias,
        visible_bias,
        model.log_variance - (np.log(beta) if is_gaussian else 0),
        model.groups,
    )


@pytest.mark.parametrize(("n_steps", "beta"), [(1, 1.0), (4, 1.0), (16, 1.0), (4, 0.5)])
@pytest.mark.parametrize(("visible", "hidden"), DISCRETE)
def test_chains_that_start_in_equilibrium_stay_there(visible, hidden, n_steps, beta):
    """Rows drawn exactly from p(v) at this temperature, and as often in each state after so many steps."""
    engine, model = make(visible, hidden, spread=0.8)
    model = at_temperature(model, beta)
    v, _ = model.visible_states(N_WORDS)
    v, counts = np.unique(v, axis=0, return_counts=True)
    weights = counts * np.exp(-model.free_energy(v))
    p = weights / weights.sum()
    n = 10_000
    start = v[rng(n_steps, 5).choice(len(v), size=n, p=p)]
    drawn, _ = engine.gibbs(rows_of(start), n_steps, SEED, "gibbs", 0, 0, 2, None, beta)
    ends = drawn.to_array("float64")
    share = np.array([(ends == state).all(axis=1).mean() for state in v])
    assert share.sum() == pytest.approx(1)
    assert (np.abs(share - p) < 5 * np.sqrt(p * (1 - p) / n) + 1e-9).all()


def gaussian_equilibrium(model, n, g):
    """Rows of p(v): of Bernoulli hidden units a mixture of normal distributions, of Gaussian ones normal."""
    variance = np.exp(model.log_variance)
    if model.hidden == "bernoulli":
        h, _ = model.hidden_states()
        mean = model.visible_bias + h @ model.weights
        log_p = h @ model.hidden_bias + ((mean**2 - model.visible_bias**2) / 2 / variance).sum(
            axis=1
        )
        p = np.exp(log_p - logsumexp(log_p))
        mean = mean[g.choice(len(h), size=n, p=p)]
        return mean + np.sqrt(variance) * g.normal(size=mean.shape)
    u = model.weights / variance  # precision diag(1 / variance) - u'u
    precision = np.diag(1 / variance) - u.T @ u
    assert np.linalg.eigvalsh(precision).min() > 0
    mean = np.linalg.solve(precision, model.visible_bias / variance + u.T @ model.hidden_bias)
    return g.multivariate_normal(mean, np.linalg.inv(precision), size=n)


@pytest.mark.parametrize("precision", ["float64", "fixed"])
@pytest.mark.parametrize(("n_steps", "beta"), [(1, 1.0), (4, 1.0), (16, 1.0), (4, 0.4)])
@pytest.mark.parametrize("hidden", ["bernoulli", "gaussian"])
def test_gaussian_chains_stay_in_equilibrium(hidden, n_steps, beta, precision):
    """First and second moments, against those of as many rows drawn exactly."""
    engine, model = make("gaussian", hidden, spread=0.25)
    if precision == "fixed":
        if hidden != "bernoulli":
            pytest.skip("kinds of hidden units have tests of their own")
        engine = packed_of(engine)
    model = at_temperature(model, beta)
    n = 40_000
    start = gaussian_equilibrium(model, n, rng(n_steps, 6))
    other = gaussian_equilibrium(model, n, rng(n_steps, 7))
    drawn, _ = engine.gibbs(rows_of(start), n_steps, SEED, "gibbs", 0, 0, 2, None, beta)
    ends = drawn.to_array("float64")
    pairs = [np.ones(n), *ends.T]
    exact = [np.ones(n), *other.T]
    for i, j in itertools.combinations_with_replacement(range(4), 2):
        one, two = pairs[i] * pairs[j], exact[i] * exact[j]
        assert abs(one.mean() - two.mean()) <= 5 * np.hypot(one.std(), two.std()) / np.sqrt(n)


# ---- several temperatures ----


def packed_of(engine):
    packed = _core.RbmEngine(
        engine.n_visible,
        engine.n_hidden,
        "fixed",
        engine.visible,
        engine.hidden,
        engine.visible_groups,
    )
    packed.set_state(engine.state())
    return packed


LADDERS = {"up": [0, 0.4, 1], "down": [1, 0.5, 0]}


@pytest.mark.parametrize("precision", ["float64", "fixed"])
@pytest.mark.parametrize(("visible", "hidden"), LOG_Z)
@pytest.mark.parametrize("ladder", LADDERS)
def test_the_mean_weight_is_the_ratio_of_partition_functions(visible, hidden, ladder, precision):
    """Within 5 standard errors, of runs that start at exact states; down from real values they start at the
    ends of long chains."""
    engine, model = make(visible, hidden, spread=0.3)
    if precision == "fixed":
        if hidden != "bernoulli" or visible == "bernoulli":
            pytest.skip("hidden kinds have tests of their own")
        engine = packed_of(engine)
    n, base = 20_000, rng(8).normal(0, 0.3, engine.n_visible)
    base = base.astype(np.float32) if precision == "fixed" else base
    base_engine, _ = make(visible, hidden, spread=0.3)
    state = base_engine.state()
    zeros = {name: np.zeros_like(state[name]) for name in ("weights", "hidden_bias")}
    base_engine.set_state({**state, **zeros, "visible_bias": base.astype(np.float64)})
    log_ratio = engine.log_partition_exact(1) - base_engine.log_partition_exact(1)
    start, betas = None, np.float32(LADDERS[ladder])
    if ladder == "down":
        log_ratio = -log_ratio
        v = some_rows(model, n)
        start = engine.gibbs(rows_of(v), 60, SEED, "gibbs", 0, 0, 2)[0]
    weights = np.exp(engine.anneal(betas, base, start, n, SEED, 5, 2) - log_ratio)
    error = weights.std() / np.sqrt(n)
    assert error < 0.05, "too few runs to tell"
    assert abs(weights.mean() - 1) < 5 * error
    np.testing.assert_array_equal(
        engine.anneal(betas, base, start, n, SEED, 5, 3),
        engine.anneal(betas, base, start, n, SEED, 5, 1),
    )


def hidden_distribution(model):
    h, _ = model.hidden_states()
    if model.visible == "gaussian":
        mean, variance = model.visible_bias + h @ model.weights, np.exp(model.log_variance)
        of_visible = ((mean**2 - model.visible_bias**2) / 2 / variance).sum(axis=1)
    else:
        v, _ = model.visible_states()
        of_visible = logsumexp(model.visible_bias @ v.T + h @ model.weights @ v.T, axis=1)
    log_p = h @ model.hidden_bias + of_visible
    return h, np.exp(log_p - logsumexp(log_p))


@pytest.mark.parametrize(
    ("visible", "precision"),
    [("softmax", "float64"), ("softmax", "fixed"), ("gaussian", "float64")],
)
def test_tempered_chains_stay_in_equilibrium(visible, precision):
    """At every temperature, with swaps between them."""
    engine, model = make(visible, "bernoulli", spread=0.9)
    engine = packed_of(engine) if precision == "fixed" else engine
    n, betas = 20_004, (1.0, 0.6, 0.2)  # temperatures do not end with sixteen rows
    h, p = zip(*[hidden_distribution(at_temperature(model, beta)) for beta in betas], strict=True)
    chosen = [rng(31, t).choice(len(h[0]), n, p=of_beta) for t, of_beta in enumerate(p)]
    engine.set_chains(h[0][np.concatenate(chosen)].astype(bool))
    options = {
        "algorithm": "pt",
        "n_temperatures": 3,
        "beta_min": 0.2,
        "k": 3,
        "learning_rate": 0.0,
    }
    before = engine.chains()
    engine.train(rows_of(some_rows(model, 1)), None, {**SETTINGS, **options}, SEED, 3, 2)
    assert (engine.chains() != before).any()
    numbers = (engine.chains() @ (1 << np.arange(3)[::-1])).reshape(3, n)
    for found, of_beta in zip(numbers, p, strict=True):
        share = np.bincount(found, minlength=8) / n
        assert (np.abs(share - of_beta) < 5 * np.sqrt(of_beta * (1 - of_beta) / n)).all()


def test_real_units_have_no_infinite_temperature():
    engine, model = make("gaussian", "bernoulli")
    engine.set_chains(np.ones((6, 3), bool))
    options = {"algorithm": "pt", "n_temperatures": 3, "beta_min": 0.0}
    with pytest.raises(ValueError, match="beta_min must be above 0"):
        engine.train(rows_of(some_rows(model, 4)), None, {**SETTINGS, **options}, SEED, 0, 1)


# ---- learning ----


@pytest.mark.parametrize(("visible", "hidden"), PAIRS)
@pytest.mark.parametrize("algorithm", ["cd", "pcd"])
def test_threads_change_nothing(visible, hidden, algorithm):
    if (visible, algorithm) == ("replicated_softmax", "pcd"):
        pytest.skip("chains have no length")
    found = []
    for n_threads in (1, 2, 3):
        engine, model = make(visible, hidden)
        engine.set_chains(np.ones((7, engine.n_hidden)))
        options = {"algorithm": algorithm, "momentum": 0.5, "learning_rate": 0.01, "k": 2}
        rows = rows_of(some_rows(model, 50))
        engine.train(rows, None, {**SETTINGS, **options}, SEED, 0, n_threads)
        found.append(engine.state())
    for other in found[1:]:
        for name, array in found[0].items():
            np.testing.assert_array_equal(array, other[name])


def test_missing_values_teach_nothing():
    """Groups that are missing in every row keep their parameters."""
    engine, model = make("softmax", "bernoulli")
    v = some_rows(model, 30)
    v[:, 2:] = 0
    before = engine.state()
    engine.train(rows_of(v), None, {**SETTINGS, "k": 3}, SEED, 0, 1)
    after = engine.state()
    np.testing.assert_array_equal(after["weights"][:, 2:], before["weights"][:, 2:])
    np.testing.assert_array_equal(after["visible_bias"][2:], before["visible_bias"][2:])
    assert (after["weights"][:, :2] != before["weights"][:, :2]).all()


@pytest.mark.parametrize("hidden", ["gaussian", "relu"])
def test_states_and_snapshots_of_real_units(hidden):
    engine, model = make("gaussian", hidden)
    chains = rng(3).random((6, 2))
    engine.set_chains(chains)
    state = engine.state()
    np.testing.assert_array_equal(state["chains"], chains)
    engine.snapshot()
    options = {**SETTINGS, "algorithm": "pcd", "momentum": 0.9, "learning_rate": 0.01}
    engine.train(rows_of(some_rows(model, 40)), None, options, SEED, 0, 1)
    learned = engine.state()
    assert all((learned[name] != state[name]).any() for name in ("log_variance", "chains"))
    engine.restore()
    for name, array in state.items():
        np.testing.assert_array_equal(engine.state()[name], array)
    again, _ = make("gaussian", hidden)
    again.set_state(learned)
    for name, array in learned.items():
        np.testing.assert_array_equal(again.state()[name], array)


def test_engines_refuse_what_does_not_go_together():
    for arguments, message in (
        ((2, 2, "float64", "relu"), "visible units cannot be 'relu'"),
        ((2, 2, "float64", "bernoulli", "softmax"), "hidden units cannot be 'softmax'"),
        ((2, 2, "float64", "softmax"), "visible_groups must add up to n_visible = 2"),
        ((2, 2, "float64", "gaussian", "relu", [2]), "visible_groups are of visible='softmax'"),
        ((2, 2, "float64", "potts"), "visible must be one of 'bernoulli', 'gaussian'"),
    ):
        with pytest.raises(ValueError, match=message):
            _core.RbmEngine(*arguments)
    with pytest.raises(
        NotImplementedError, match="precision='fast' has no visible='bernoulli' with"
    ):
        _core.RbmEngine(2, 2, "fast", "bernoulli", "gaussian")


@pytest.mark.parametrize("precision", ["fixed", "float64"])
def test_normal_units_have_no_chains_at_beta_0(precision):
    engine = _core.RbmEngine(5, 3, precision, "gaussian")
    rows = _core.Rows.from_array(np.zeros((2, 5), np.float32))
    with pytest.raises(ValueError, match="beta must be above 0 for units of real values"):
        engine.gibbs(rows, 1, 0, "gibbs", 0, 0, 1, None, 0.0)
