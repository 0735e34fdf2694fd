"""Parallel tempering: swaps keep every chain's distribution, and only chains at beta = 1 teach."""

import numpy as np
import pytest

from tests.oracle import rbm as oracle
from tests.support.engines import SEED, SETTINGS, random_model, rng, states
from tests.support.models import assert_same, parameters
from udl_fast import RBM, BernoulliRBM, _core, datasets, load


def small_model():
    g = rng(21)
    return g.normal(0, 1.5, (3, 4)), g.normal(0, 0.7, 3), g.normal(0, 0.7, 4)


def joint(beta):
    """-E(v, h) of all pairs of states, and their probabilities at this temperature."""
    log_p = oracle.log_joint(*small_model())
    p = np.exp(beta * (log_p - log_p.max()))
    return log_p, p / p.sum()


@pytest.mark.parametrize(("beta_a", "beta_b"), [(1.0, 0.6), (0.5, 0.0), (0.3, 0.9)])
def test_a_swap_keeps_the_product_of_both_distributions(beta_a, beta_b):
    """All pairs of joint states, one at each temperature: the exact distribution after the swap."""
    log_p, p_a = joint(beta_a)
    p_b = joint(beta_b)[1]
    energies = -log_p.ravel()
    before = np.outer(p_a.ravel(), p_b.ravel())
    swap = np.array(
        [[_core.swap_probability(beta_a, beta_b, a, b) for b in energies] for a in energies]
    )
    after = before * (1 - swap) + (before * swap).T
    assert np.abs(after - before).sum() / 2 < 1e-12
    assert 0.05 < (before * swap).sum() < 1


def small_engine(precision):
    engine = _core.RbmEngine(4, 3, precision)
    engine.set_parameters(*small_model())
    return engine


def tempered(engine, n_temperatures, beta_min, k, **options):
    """A pass over one row that learns nothing: chains alone move."""
    settings = {
        **SETTINGS,
        "algorithm": "pt",
        "n_temperatures": n_temperatures,
        "beta_min": beta_min,
        "k": k,
        "learning_rate": 0.0,
        **options,
    }
    rows = _core.Rows.from_array(np.ones((1, engine.n_visible), bool))
    engine.train(rows, None, settings, SEED, 3, 2)
    return engine.chains()


@pytest.mark.parametrize("precision", ["fixed", "float64"])
@pytest.mark.parametrize("k", [1, 4])
def test_chains_that_start_right_stay_right(precision, k):
    """At every temperature, and jointly: neighbours are independent of each other at any moment."""
    n_chains, betas = 50_000, (1.0, 0.6, 0.2)
    distributions = [joint(beta)[1].sum(axis=0) for beta in betas]
    numbers = [rng(31, t).choice(8, n_chains, p=p) for t, p in enumerate(distributions)]
    engine = small_engine(precision)
    engine.set_chains(oracle.all_states(3)[np.concatenate(numbers)])
    found = tempered(engine, 3, 0.2, k) @ [1, 2, 4]
    blocks = found.reshape(3, n_chains)
    for block, p in zip(blocks, distributions, strict=True):
        counts = np.bincount(block, minlength=8)
        assert (np.abs(counts - n_chains * p) < 5 * np.sqrt(n_chains * p * (1 - p))).all()
    pairs = np.bincount(blocks[0] * 8 + blocks[1], minlength=64)
    p = np.outer(distributions[0], distributions[1]).ravel()
    assert (np.abs(pairs - n_chains * p) < 5 * np.sqrt(n_chains * p * (1 - p)) + 1).all()


def test_cold_chains_learn_of_the_states_of_hot_ones():
    """Two modes between which Gibbs steps alone hardly ever go."""
    engine = _core.RbmEngine(8, 8, "fixed")
    weights = 3.0 * np.ones((8, 8)) / 2
    engine.set_parameters(weights, -weights.sum(axis=1) / 2, -weights.sum(axis=0) / 2)
    engine.set_chains(np.zeros((8 * 500, 8), bool))
    alone = tempered(engine, 8, 1.0, 100)[:500].mean()
    engine.set_chains(np.zeros((8 * 500, 8), bool))
    together = tempered(engine, 8, 0.0, 100)[:500].mean()
    assert alone < 0.1
    assert together > 0.3


@pytest.mark.parametrize("options", [{}, {"k": 3}, {"statistics": "sampled"}, {"centered": True}])
@pytest.mark.parametrize(("n_visible", "n_hidden", "chains"), [(65, 37, 21), (130, 66, 50)])
def test_engines_learn_alike(target, options, n_visible, n_hidden, chains):
    """The same draws: chains are the same, weights to the rounding of float32."""
    engine, model = random_model(n_visible, n_hidden)
    plain = _core.RbmEngine(n_visible, n_hidden, "float64")
    plain.set_parameters(model.weights, model.hidden_bias, model.visible_bias)
    settings = {**SETTINGS, "algorithm": "pt", "n_temperatures": 3, "beta_min": 0.3, **options}
    if chains % 3:
        settings["n_temperatures"] = 5
    start, rows = states(chains, n_hidden, 0.5), _core.Rows.from_array(states(33, n_visible))
    for each in (engine, plain):
        each.set_chains(start)
        each.train(rows, None, settings, SEED, 3, 2)
    np.testing.assert_array_equal(engine.chains(), plain.chains())
    np.testing.assert_allclose(engine.weights(), plain.weights(), atol=2e-5)
    np.testing.assert_allclose(engine.visible_bias(), plain.visible_bias(), atol=2e-5)


@pytest.mark.parametrize("precision", ["fixed", "fast"])
def test_bits_do_not_depend_on_target_or_threads(precision):
    found = set()
    for name in _core.available_targets():
        _core.set_target(name)
        for n_threads in (1, 2, 3):
            engine, _ = random_model(200, 130, precision=precision)
            engine.set_chains(states(100, 130, 0.5))
            settings = {**SETTINGS, "algorithm": "pt", "n_temperatures": 5, "beta_min": 0.0, "k": 2}
            rows = _core.Rows.from_array(states(64, 200))
            engine.train(rows, None, {**settings, "batch_size": 30}, SEED, 3, n_threads)
            found.add(engine.weights().tobytes() + engine.chains().tobytes())
    _core.set_target("")
    assert len(found) == 1


# ---- the estimator ----


@pytest.fixture(scope="module")
def digits():
    return datasets.load_digits(binary=0.5, dtype=np.uint8).data[:200]


ARGUMENTS = {"algorithm": "pt", "n_temperatures": 4, "batch_size": 20, "random_state": 0}


def test_one_temperature_is_pcd(digits):
    arguments = {"n_iter": 2, "batch_size": 20, "random_state": 0}
    one = RBM(7, algorithm="pt", n_temperatures=1, **arguments).fit(digits)
    assert_same(one, RBM(7, algorithm="pcd", **arguments).fit(digits))


def test_there_are_chains_at_every_temperature(digits):
    assert RBM(7, n_iter=1, **ARGUMENTS).fit(digits).h_samples_.shape == (80, 7)
    assert RBM(7, n_iter=1, n_chains=5, **ARGUMENTS).fit(digits).h_samples_.shape == (20, 7)
    assert BernoulliRBM(7, n_iter=1, n_chains=5, **ARGUMENTS).fit(digits).h_samples_.shape == (
        20,
        7,
    )


@pytest.mark.parametrize("precision", ["fixed", "float64"])
def test_a_stopped_training_resumes_to_the_bit(digits, precision, tmp_path):
    arguments = {**ARGUMENTS, "precision": precision, "k": 3}
    whole = RBM(7, n_iter=4, **arguments).fit(digits)
    RBM(7, n_iter=2, **arguments).fit(digits).save(tmp_path / "model.safetensors")
    rest = load(tmp_path / "model.safetensors").set_params(n_iter=4, n_jobs=1)
    assert_same(whole, rest.resume(digits))


def test_it_learns_a_small_model_as_well_as_pcd(digits):
    arguments = {"n_iter": 30, "batch_size": 20, "learning_rate": 0.05, "random_state": 0}
    tempered = RBM(8, algorithm="pt", n_temperatures=5, **arguments).fit(digits)
    persistent = RBM(8, algorithm="pcd", **arguments).fit(digits)
    assert tempered.log_likelihood(digits).mean() > persistent.log_likelihood(digits).mean() - 0.5


def test_chains_that_do_not_fit_are_named(digits):
    model = RBM(7, n_iter=1, **ARGUMENTS).fit(digits).set_params(n_temperatures=7, warm_start=True)
    before = parameters(model)
    message = "n_temperatures is 7, but the fitted model has 80 chains in all"
    with pytest.raises(ValueError, match=message):
        model.fit(digits)
    assert all((a == b).all() for a, b in zip(before, parameters(model), strict=True))
    with pytest.raises(ValueError, match="algorithm='pt' needs sample_visibles=True"):
        RBM(7, sample_visibles=False, **ARGUMENTS).fit(digits)


# ---- samples ----


@pytest.mark.parametrize("precision", ["fixed", "float64"])
def test_tempered_samples_are_those_of_the_model(precision):
    weights, hidden_bias, visible_bias = small_model()
    model = RBM.from_parameters(
        weights, visible_bias, hidden_bias, precision=precision, random_state=0
    )
    n = 40_000
    found = model.sample(n, 10, n_temperatures=3) @ [1, 2, 4, 8]
    p = joint(1.0)[1].sum(axis=1)
    counts = np.bincount(found, minlength=16)
    assert (np.abs(counts - n * p) < 5 * np.sqrt(n * p * (1 - p))).all()


def test_temperatures_of_other_kinds_of_units():
    """Gaussian units: training, and samples of two clusters that a chain does not leave."""
    g = np.random.default_rng(0)
    X = np.where(g.integers(0, 2, 400)[:, None] == 1, 2.0, -2.0) + g.normal(0, 0.5, (400, 4))
    options = {"visible": "gaussian", "precision": "float64", "sigma": 2, "random_state": 0}
    model = RBM(3, n_iter=30, batch_size=20, **options).fit(X)
    found = model.sample(300, 100, X[:1].repeat(300, axis=0), n_temperatures=8, beta_min=0.05)
    share = (found[:, 0] > 0).mean()
    assert 0.2 < share < 0.8
    arguments = {"algorithm": "pt", "n_temperatures": 3, "n_chains": 10, **options}
    tempered = RBM(3, n_iter=2, beta_min=0.2, **arguments).fit(X)
    assert tempered.h_samples_.shape == (30, 3)
    letters = np.eye(3, dtype=np.uint8)[g.integers(0, 3, (200, 2))].reshape(200, 6)
    groups = {"visible": "softmax", "visible_groups": [3, 3], "n_temperatures": 3, "n_chains": 10}
    potts = RBM(3, algorithm="pt", n_iter=2, random_state=0, **groups).fit(letters)
    drawn = potts.sample(50, 20, n_temperatures=4)
    assert (drawn.reshape(50, 2, 3).sum(axis=2) == 1).all()
    with pytest.raises(ValueError, match="beta_min must be above 0 with visible='gaussian'"):
        RBM(3, **arguments).fit(X)
    with pytest.raises(NotImplementedError, match="precision='float64' has them"):
        RBM(3, beta_min=0.2, **{**arguments, "precision": "fixed"}).fit(X)
    with pytest.raises(ValueError, match="algorithm='pt' has chains without a length"):
        RBM(3, algorithm="pt", visible="replicated_softmax", precision="float64").fit(
            np.abs(X).round()
        )


def test_tempered_samples_by_seed(digits):
    model = RBM(7, n_iter=2, random_state=0).fit(digits)
    arguments = {"n_temperatures": 4, "beta_min": 0.5}
    one, two = (model.sample(5, 20, random_state=3, **arguments) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert (model.sample(5, 20, **arguments) != model.sample(5, 20, **arguments)).any()
    before = parameters(model)
    means = model.sample(5, 20, digits[:5], means=True, **arguments)
    assert means.shape == (5, 64)
    assert ((means > 0) & (means < 1)).all()
    assert all((a == b).all() for a, b in zip(before, parameters(model), strict=True))


def test_bad_ladders_of_samples_are_named(digits):
    model = RBM(7, n_iter=1, random_state=0).fit(digits)
    with pytest.raises(ValueError, match="RBM: n_temperatures must be >= 1, got 0"):
        model.sample(2, n_temperatures=0)
    with pytest.raises(ValueError, match="RBM: beta_min must be between 0 and 1, got 2"):
        model.sample(2, n_temperatures=3, beta_min=2)
    with pytest.raises(ValueError, match="clamp cannot be given with n_temperatures"):
        model.sample(2, n_temperatures=3, clamp=np.full(64, np.nan))
    with pytest.raises(ValueError, match="start has 3 rows, expected n_samples = 2"):
        model.sample(2, 5, digits[:3], n_temperatures=3)


# ---- where temperatures lie ----


def acceptances(engine, betas, k=200):
    """Mean probabilities of swaps of neighbours at these temperatures, of chains that are in equilibrium."""
    h = engine.chains().reshape(len(betas), -1, engine.n_hidden).astype(float)
    weights, c, b = engine.weights(), engine.hidden_bias(), engine.visible_bias()
    energies = []
    for beta, hidden in zip(betas, h, strict=True):
        p = 1 / (1 + np.exp(-beta * (b + hidden @ weights)))
        v = (rng(int(1e6 * beta)).random(p.shape) < p).astype(float)
        energies.append(-(v @ b) - hidden @ c - ((hidden @ weights) * v).sum(axis=1))
    gains = [
        (betas[t] - betas[t + 1]) * (energies[t] - energies[t + 1]) for t in range(len(betas) - 1)
    ]
    return np.array([np.minimum(1, np.exp(np.minimum(gain, 0))).mean() for gain in gains])


@pytest.mark.parametrize("precision", ["fixed", "float64"])
def test_adaptive_temperatures_swap_equally_often(precision):
    """Of a model whose even steps nearly always swap at one end and seldom at the other."""
    spreads, left = {}, {}
    for adaptive in (False, True):
        engine, _ = random_model(40, 30, spread=1.0, precision=precision)
        engine.set_chains(states(6 * 100, 30, 0.5))
        for _ in range(6):
            tempered(engine, 6, 0.0, 40, adaptive_betas=adaptive)
        betas = engine.betas() if adaptive else np.linspace(1, 0, 6)
        found = acceptances(engine, betas)
        spreads[adaptive], left[adaptive] = found.max() - found.min(), betas
    assert spreads[True] < 0.5 * spreads[False]
    assert left[True][0] == 1
    assert left[True][-1] == 0
    assert (np.diff(left[True]) < 0).all()


def test_adaptive_temperatures_do_not_depend_on_threads_or_targets():
    found = set()
    for name in _core.available_targets():
        _core.set_target(name)
        for n_threads in (1, 2, 3):
            engine, _ = random_model(65, 37)
            engine.set_chains(states(5 * 20, 37, 0.5))
            options = {"algorithm": "pt", "n_temperatures": 5, "beta_min": 0.1, "k": 2}
            settings = {**SETTINGS, **options, "adaptive_betas": True}
            rows = _core.Rows.from_array(states(50, 65))
            for step in (0, 10):
                engine.train(rows, None, settings, SEED, step, n_threads)
            state = engine.state()
            found.add(b"".join(np.ascontiguousarray(state[k]).tobytes() for k in sorted(state)))
    _core.set_target("")
    assert len(found) == 1
    plain = _core.RbmEngine(65, 37, "float64")
    plain.set_state(random_model(65, 37)[0].state())
    plain.set_chains(states(5 * 20, 37, 0.5))
    for step in (0, 10):
        plain.train(rows, None, settings, SEED, step, 2)
    np.testing.assert_allclose(plain.betas(), engine.betas(), atol=1e-5)


def test_adaptive_temperatures_are_part_of_a_model(digits, tmp_path):
    arguments = {**ARGUMENTS, "beta_spacing": "adaptive", "beta_min": 0.1}
    whole = RBM(7, n_iter=4, **arguments).fit(digits)
    even = RBM(7, n_iter=4, **{**arguments, "beta_spacing": "uniform"}).fit(digits)
    np.testing.assert_allclose(even.betas_, np.linspace(1, 0.1, len(even.betas_)), rtol=1e-6)
    assert whole.betas_[[0, -1]] == pytest.approx([1, 0.1])
    assert (whole.betas_ != even.betas_).sum() == len(whole.betas_) - 2
    half = RBM(7, n_iter=4, **arguments, callbacks=[lambda model, info: info["epoch"] == 2])
    half.fit(digits).save(tmp_path / "half")
    assert_same(load(tmp_path / "half").resume(digits), whole)
    with pytest.raises(AttributeError, match="betas_ of algorithm='pt'"):
        RBM(7, n_iter=1).fit(digits).betas_  # noqa: B018
