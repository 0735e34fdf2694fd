"""The bound on the likelihood of a deep belief net: identities of enumerated nets, and estimates of it."""

import numpy as np
import pytest
from sklearn.base import clone

from tests.oracle import dbn as oracle
from tests.oracle import units
from udl_fast import DBN, RBM

N_VISIBLE, N_HIDDEN = 12, 4
GENERATOR = np.random.default_rng(5)
DATA = (GENERATOR.random((40, N_VISIBLE)) < 0.4).astype(np.float64)


def some(n_hidden, n_visible, size=0.8):
    g = np.random.default_rng(n_hidden * n_visible)
    return oracle.bernoulli(
        g.normal(0, size, (n_hidden, n_visible)),
        g.normal(0, 0.5, n_hidden),
        g.normal(0, 0.5, n_visible),
    )


FIRST = some(N_HIDDEN, N_VISIBLE)


def rbm_of(model, **options):
    return RBM.from_parameters(model.weights, model.visible_bias, model.hidden_bias, **options)


# ---- identities ----


def test_likelihood_is_bound_and_divergence():
    """log P(v) = KL(Q || P(h | v)) + H(Q) + E_Q[log P(h) + log P(v | h)] of every state."""
    layers = [FIRST, some(3, N_HIDDEN)]
    v, _ = FIRST.visible_states()
    log_p = oracle.log_probability(layers, v)
    assert np.exp(log_p).sum() == pytest.approx(1, abs=1e-10)
    log_q = oracle.log_q(FIRST, v)
    divergence = (np.exp(log_q) * (log_q - oracle.log_posterior(layers, v))).sum(axis=1)
    np.testing.assert_allclose(oracle.bound(layers, v) + divergence, log_p, rtol=0, atol=1e-10)
    assert divergence.min() >= 0
    assert divergence.max() > 0.1


def test_a_second_layer_that_is_the_first_turned_round_changes_nothing():
    v, _ = FIRST.visible_states()
    alone = oracle.log_probability([FIRST], v)
    twice = [FIRST, oracle.turned(FIRST)]
    thrice = [*twice, FIRST]
    for layers in (twice, thrice):
        np.testing.assert_allclose(oracle.bound(layers, v), alone, rtol=0, atol=1e-10)
        np.testing.assert_allclose(oracle.log_probability(layers, v), alone, rtol=0, atol=1e-10)


def test_the_exact_gradient_of_a_second_layer_only_raises_the_bound():
    """The bound is a constant of the first layer and what Q expects of log P(h)."""
    top = oracle.turned(FIRST)
    h, _ = FIRST.hidden_states()
    shares = np.exp(oracle.log_q(FIRST, DATA)).mean(axis=0)
    before = oracle.bound([FIRST, top], DATA).mean()
    expected = [shares @ oracle.log_probability([top], h)]
    for _ in range(30):
        top = oracle.climbed(top, h, shares, rate=0.7)
        expected.append(shares @ oracle.log_probability([top], h))
    assert (np.diff(expected) > 0).all()
    after = oracle.bound([FIRST, top], DATA).mean()
    assert after - before == pytest.approx(expected[-1] - expected[0], abs=1e-10)
    assert after > before + 0.1
    likelihood = oracle.log_probability([FIRST, top], DATA)
    assert (likelihood >= oracle.bound([FIRST, top], DATA)).all()


# ---- what the class estimates ----


@pytest.mark.parametrize("precision", ["fixed", "float64"])
@pytest.mark.parametrize("visible", ["bernoulli", "gaussian", "softmax"])
def test_the_estimate_is_the_bound(visible, precision):
    sizes, top = [3, 2, 3], some(3, N_HIDDEN)
    n_visible = {"bernoulli": N_VISIBLE, "gaussian": 2, "softmax": 8}[visible]
    g = np.random.default_rng(1)
    bottom = units.Model(
        visible,
        "bernoulli",
        g.normal(0, 0.8, (N_HIDDEN, n_visible)),
        g.normal(0, 0.5, N_HIDDEN),
        g.normal(0, 0.5, n_visible),
        g.normal(0, 0.3, n_visible) if visible == "gaussian" else None,
        sizes if visible == "softmax" else None,
    )
    states, _ = bottom.visible_states()
    v = states[GENERATOR.integers(0, len(states), 20)]
    kinds = {"visible": visible, "precision": precision, "random_state": 0}
    if visible == "softmax":
        kinds["visible_groups"] = sizes
    first = rbm_of(bottom, **kinds)
    if visible == "gaussian":
        first.sigma_ = np.exp(bottom.log_variance / 2)
    model = DBN.from_layers([first, rbm_of(top, precision=precision)], random_state=0)
    n_draws = 2000
    found = model.log_likelihood_bound(v, n_draws=n_draws)
    layers = [bottom, top]
    error = oracle.spread(layers, v) / np.sqrt(n_draws)
    assert (np.abs(found - oracle.bound(layers, v)) < 5 * error + 1e-4).all()
    other = model.log_likelihood_bound(v, n_draws=n_draws, random_state=1)
    assert (np.abs(other - found) < 8 * error + 1e-4).all()
    assert (other != found).any()
    np.testing.assert_array_equal(model.log_likelihood_bound(v, n_draws=n_draws), found)
    assert model.log_partition().log_z == pytest.approx(oracle.log_z(top), abs=1e-4)


def test_three_layers_and_blocks_of_rows(monkeypatch):
    layers = [FIRST, some(3, N_HIDDEN), some(5, 3)]
    parts = [rbm_of(layer, precision="float64") for layer in layers]
    model = DBN.from_layers(parts, random_state=0)
    v = np.repeat(DATA[:2], 4000, axis=0)
    found = model.log_likelihood_bound(v, n_draws=3)
    for row in range(2):
        of_row = found[4000 * row : 4000 * (row + 1)]
        error = of_row.std() / np.sqrt(len(of_row))
        assert abs(of_row.mean() - oracle.bound(layers, v[4000 * row :][:1])[0]) < 5 * error
    monkeypatch.setattr("udl_fast.dbn.fitted.bound._BLOCK_ROWS", 100)
    np.testing.assert_array_equal(
        model.set_params(n_jobs=3).log_likelihood_bound(v, n_draws=3), found
    )


def test_a_layer_turned_round_changes_no_estimate():
    first = rbm_of(FIRST, precision="float64")
    twice = DBN.from_layers([first, rbm_of(oracle.turned(FIRST), precision="float64")])
    expected = first.log_likelihood(DATA)
    np.testing.assert_allclose(twice.log_likelihood_bound(DATA, n_draws=1), expected, atol=1e-10)
    alone = DBN.from_layers([first])
    np.testing.assert_array_equal(alone.log_likelihood_bound(DATA), expected)


def test_log_z_is_that_of_the_top_in_both_directions():
    rbm = RBM(batch_size=20, n_iter=5, initial_weights=0.5)
    model = DBN((8, 6), rbm=rbm, random_state=0).fit(DATA)
    exact = model.log_partition().log_z
    assert exact == model.layers_[1].log_partition().log_z
    for method in ("ais", "reverse_ais"):
        options = {"method": method, "betas": 1000, "n_runs": 40}
        start = {"start": DATA} if method == "reverse_ais" else {}
        assert model.log_partition(**options, **start).log_z == pytest.approx(exact, abs=0.1)
        found = model.log_likelihood_bound(DATA, **options)
        given = model.log_likelihood_bound(DATA, model.log_partition(**options, **start))
        np.testing.assert_allclose(found, given, atol=0.1)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"X": DATA / 2}, ValueError, "log_likelihood_bound needs states, all of them 0 or 1"),
        ({"n_draws": 0}, ValueError, "n_draws must be >= 1, got 0"),
        ({"log_z": 1.0, "betas": 10}, ValueError, "with log_z there is no use for method, betas"),
    ],
)
def test_wrong_arguments_of_the_bound(options, error, message):
    model = DBN.from_layers([rbm_of(FIRST), rbm_of(some(3, N_HIDDEN))])
    with pytest.raises(error, match=message):
        model.log_likelihood_bound(**{"X": DATA, **options})


def test_nets_are_made_of_layers_that_chain(tmp_path):
    first, top = rbm_of(FIRST), rbm_of(some(3, N_HIDDEN))
    with pytest.raises(
        ValueError, match="layer 2 has 12 visible units, but layer 1 below it has 4"
    ):
        DBN.from_layers([first, first])
    with pytest.raises(TypeError, match="layers must be fitted RBMs"):
        DBN.from_layers([first, 3])
    learned = DBN((5, 4), rbm=RBM(batch_size=20, n_iter=2), random_state=0).fit(DATA)
    made = DBN.from_layers(learned.layers_)
    assert (made.n_iter_, made.n_updates_) == (4, 8)
    np.testing.assert_array_equal(made.transform(DATA), learned.transform(DATA))
    made.save(tmp_path / "model")
    longer = made.set_params(hidden_layer_sizes=(5, 4, 3), rbm=clone(learned.rbm)).resume(DATA)
    assert [layer.n_iter_ for layer in longer.layers_] == [2, 2, 2]
    assert DBN.from_layers([first, top]).partial_fit(DATA).n_updates_ > 0
