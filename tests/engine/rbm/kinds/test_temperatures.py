"""Several temperatures with every kind of unit: annealing, and tempered chains in equilibrium."""

import numpy as np
import pytest
from scipy.special import logsumexp

from tests.support.engines import SETTINGS, rng

from .models import LOG_Z, SEED, at_temperature, make, packed_of, rows_of, some_rows

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
