"""Annealed importance sampling of the engines: against NumPy, against enumeration, and their promises."""

import numpy as np
import pytest

from tests.engine.rbm.units.test_group_engine import double_of, one_hot, random_groups
from tests.oracle import rbm as oracle
from tests.support.engines import PACKED, SEED, random_model, rng, states
from udl_fast import _core
from udl_fast.runtime import forced_target, show_config

STEP = 2**32 - 3  # draws are numbered across 32 bits
SHAPES = [(5, 3, 7), (70, 33, 50), (33, 130, 19)]  # visible, hidden, runs


def base_of(engine):
    return rng(engine.n_visible, 7).normal(0, 0.5, engine.n_visible).astype(np.float32)


def anneal(engine, betas, base_bias, start, n_runs, n_threads=2, seed=SEED, step=STEP):
    rows = None if start is None else _core.Rows.from_array(start)
    return engine.anneal(np.float32(betas), base_bias, rows, n_runs, seed, step, n_threads)


@pytest.mark.parametrize("precision", PACKED)
@pytest.mark.parametrize(("n_visible", "n_hidden", "n_runs"), SHAPES)
def test_weights_are_those_of_the_oracle(n_visible, n_hidden, n_runs, precision):
    engine, expected = random_model(n_visible, n_hidden, precision=precision)
    base, betas = base_of(engine), np.linspace(0, 1, 9)
    found = anneal(engine, betas, base, None, n_runs)
    np.testing.assert_allclose(
        found, expected.anneal(betas, base, n_runs, SEED, STEP), rtol=1e-6, atol=1e-5
    )
    start = states(n_runs, n_visible)
    found = anneal(engine, betas[::-1], base, start, n_runs)
    np.testing.assert_allclose(
        found, expected.anneal(betas[::-1], base, n_runs, SEED, STEP, start), rtol=1e-6, atol=1e-5
    )


@pytest.mark.parametrize("n_threads", [1, 3])
def test_weights_of_groups_are_those_of_the_plain_form(target, n_threads):
    """Bernoulli units, tiles that they share with groups, and groups of many tiles; in both directions."""
    groups, n_runs = [1] * 37 + [5, 1, 40, 3], 50
    engine = random_groups(groups, 33)
    betas, base = np.linspace(0, 1, 9), base_of(engine)
    start = one_hot(groups, n_runs)
    for arguments in ((betas, base, None), (betas[::-1], base, start)):
        found = anneal(engine, *arguments, n_runs, n_threads)
        expected = anneal(double_of(engine), *arguments, n_runs)
        same = np.isclose(
            found, expected, rtol=1e-5, atol=1e-4
        )  # but where a draw is next to a bound
        assert same.mean() > 0.9
        np.testing.assert_array_equal(found, anneal(engine, *arguments, n_runs, 2))


@pytest.mark.parametrize("x", [-1e4, -88.6, -88.1, -80, -20, 0, 20])
def test_a_hidden_unit_whose_draw_is_0(x):
    """It fires as long as e^-x is finite, and switches all visible units on: a weight that tells. Run 1
    draws u = 0 for unit 10 in step 511462."""
    n_hidden, n_visible, step = 16, 5, 511462 - 1
    weights = np.zeros((n_hidden, n_visible), np.float32)
    weights[10] = 1000
    hidden, visible = np.full(n_hidden, 2 * x, np.float32), np.full(n_visible, -200, np.float32)
    expected = oracle.Rbm(weights, hidden, visible, _core.exp_negative, False)
    for target in show_config(as_dict=True)["available_targets"]:
        with forced_target(target):
            engine = _core.RbmEngine(n_visible, n_hidden, "fixed")
            engine.set_parameters(weights, hidden, visible)
            found = anneal(engine, [0, 0.5, 1], visible, None, 2, step=step)
            np.testing.assert_allclose(
                found, expected.anneal(np.float32([0, 0.5, 1]), visible, 2, SEED, step), rtol=1e-5
            )


@pytest.mark.parametrize("precision", ["fixed", "fast", "float64"])
def test_same_bits_for_any_threads_and_targets(precision):
    """More runs than the packed engine takes at a time."""
    n_runs = 2100 if precision != "float64" else 20
    engine, _ = random_model(70, 33, precision=precision)
    base, betas = base_of(engine), [0, 0.3, 0.7, 1]
    expected = anneal(engine, betas, base, None, n_runs, 1)
    for target in show_config(as_dict=True)["available_targets"]:
        with forced_target(target):
            for n_threads in (1, 2, 3):
                found = anneal(engine, betas, base, None, n_runs, n_threads)
                np.testing.assert_array_equal(found, expected, err_msg=f"{target} {n_threads}")
    if n_runs > 2048:  # a run draws by its number, whatever runs beside it
        few = anneal(engine, betas, base, None, 9)
        np.testing.assert_array_equal(few, expected[:9])


def test_the_float64_engine_agrees():
    packed, double = (random_model(40, 20, precision=p)[0] for p in ("fixed", "float64"))
    base, betas = base_of(packed), np.linspace(0, 1, 21)
    for ladder, start in ((betas, None), (betas[::-1], states(60, 40))):
        np.testing.assert_allclose(
            anneal(packed, ladder, base, start, 60),
            anneal(double, ladder, base, start, 60),
            atol=1e-4,
        )


LADDERS = {
    "up": [0, 0.4, 1],
    "up, uneven": [0, 0.1, 0.7, 0.9, 1],
    "down": [1, 0.5, 0],
    "between": [0.8, 0.5, 0.3],
}


@pytest.mark.parametrize("precision", ["fixed", "float64"])
@pytest.mark.parametrize("name", LADDERS)
def test_the_mean_weight_is_the_ratio_of_partition_functions(name, precision):
    """For any ladder, however coarse, if its runs start at exact samples and each Gibbs step leaves the
    distribution of its temperature as it is: within 5 sigma."""
    n_runs = 200_000 if precision == "fixed" else 20_000
    engine, model = random_model(6, 4, spread=1.0, precision=precision)
    base, ladder = base_of(engine), np.float32(LADDERS[name])
    first = annealed(model, base, ladder[0])
    start = None
    if ladder[0] != 0:
        p = oracle.visible_distribution(*first)
        start = oracle.all_states(6)[rng(3).choice(len(p), size=n_runs, p=p / p.sum())]
    weights = np.exp(anneal(engine, ladder, base, start, n_runs))
    ratio = np.exp(
        oracle.log_partition(*annealed(model, base, ladder[-1])) - oracle.log_partition(*first)
    )
    error = weights.std() / np.sqrt(n_runs)
    assert error < 0.05 * ratio, "too few runs to tell"
    assert abs(weights.mean() - ratio) < 5 * error


def annealed(model, base, beta):
    """Parameters of the distribution at an inverse temperature, float64."""
    weights, hidden, visible = (p.astype(np.float64) for p in model.parameters())
    return beta * weights, beta * hidden, (1 - beta) * base.astype(np.float64) + beta * visible


def test_progress_is_told_and_may_end_the_call():
    engine, _ = random_model(200, 100)
    told = []
    engine.anneal(np.linspace(0, 1, 3000, dtype=np.float32), base_of(engine), None, 50, 0, 0, 2,
                  told.append)  # fmt: skip
    assert told
    assert told == sorted(told)
    assert 0 < told[-1] <= 50 * 2999

    def refuse(n_done):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        engine.anneal(
            np.linspace(0, 1, 10**6, dtype=np.float32), base_of(engine), None, 50, 0, 0, 2, refuse
        )


@pytest.mark.parametrize(
    ("betas", "message"),
    [
        ([0], "at least two, got 1"),
        ([0, 0.5, 0.5, 1], "ascend or descend"),
        ([0, 0.7, 0.5, 1], "got 0.5"),
        ([0, 1.5], "got 1.5"),
        ([0, np.nan, 1], "got nan"),
        ([0.1, 1], "must begin with 0"),
    ],
)
def test_betas_are_checked(betas, message):
    engine, _ = random_model(5, 3)
    with pytest.raises(ValueError, match=message):
        anneal(engine, betas, base_of(engine), None, 4)


def test_starts_and_base_biases_are_checked():
    engine, _ = random_model(5, 3)
    with pytest.raises(ValueError, match="start has 6 columns, the model expects 5"):
        anneal(engine, [1, 0], base_of(engine), np.zeros((4, 6)), 4)
    with pytest.raises(ValueError, match="4 rows of bits, got 3 rows"):
        anneal(engine, [1, 0], base_of(engine), np.zeros((3, 5)), 4)
    with pytest.raises(ValueError, match="rows of values"):
        anneal(engine, [1, 0], base_of(engine), np.full((4, 5), 0.5), 4)
    with pytest.raises(ValueError, match="base_bias has shape"):
        anneal(engine, [0, 1], np.zeros(4), None, 4)
    with pytest.raises(ValueError, match="base_bias holds a value that is not finite"):
        anneal(engine, [0, 1], np.full(5, np.inf), None, 4)
