"""Words of the packed-bit engine against the float64 engine, on every CPU target: dense and sparse counts."""

import numpy as np
import pytest
from scipy import sparse
from scipy.special import logsumexp

from tests.oracle.units import Model
from tests.support.engines import SEED, SETTINGS, rng, states
from tests.support.interruption import assert_ends_soon
from udl_fast import _core

SHAPES = [(1, 1, 1), (5, 3, 7), (70, 37, 33), (300, 66, 50)]
LEARNING = {
    "cd": {},
    "a small rate": {"learning_rate": 1e-3},
    "cd-3": {"k": 3},
    "momentum and decay": {"momentum": 0.5, "weight_decay": 1e-2, "l1": 1e-3, "max_norm": 0.8},
    "sparsity": {"sparsity_target": 0.1, "sparsity_cost": 0.3},
    "mean reconstruction": {"sample_visibles": False, "k": 2},
}
KINDS = ("dense", "sparse")


def random_words(n_visible, n_hidden, spread=0.3, hidden_kind="bernoulli"):
    g = rng(n_visible, n_hidden, 6)
    weights = g.normal(0, spread, (n_hidden, n_visible)).astype(np.float32)
    hidden, visible = (g.normal(0, 0.5, n).astype(np.float32) for n in (n_hidden, n_visible))
    engine = _core.RbmEngine(n_visible, n_hidden, "fixed", "replicated_softmax", hidden_kind)
    engine.set_parameters(weights, hidden, visible)
    return engine


def double_of(engine):
    kinds = ("replicated_softmax", engine.hidden)
    double = _core.RbmEngine(engine.n_visible, engine.n_hidden, "float64", *kinds)
    double.set_state(engine.state())
    return double


def documents(n_rows, n_words, longest=40):
    """Rows of different lengths, some of them empty or longer than there are words."""
    g = rng(n_rows, n_words, 8)
    p = g.dirichlet(np.full(n_words, 0.5))
    return np.array([g.multinomial(n, p) for n in g.integers(0, longest, n_rows)], np.float64)


def rows_of(counts, kind="dense"):
    if kind == "dense":
        return _core.Rows.from_array(counts)
    x = sparse.csr_matrix(counts)
    return _core.Rows.from_csr(x.indptr, x.indices, x.data, counts.shape[1])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("n_visible", "n_hidden", "n_rows"), SHAPES)
def test_means_and_free_energies(target, n_threads, n_visible, n_hidden, n_rows, kind):
    engine = random_words(n_visible, n_hidden)
    double, v = double_of(engine), documents(n_rows, n_visible)
    for counts in (v, (v > 0).astype(float)):  # of which the second may lie as bits
        rows = rows_of(counts, kind)
        p = double.mean_hidden(rows, 1)
        np.testing.assert_allclose(engine.mean_hidden(rows, n_threads), p, atol=5e-6)
        found, expected = engine.free_energy(rows, n_threads), double.free_energy(rows, 1)
        np.testing.assert_allclose(found, expected, rtol=2e-6, atol=1e-4)
    h = rows_of(states(n_rows, n_hidden).astype(float))
    np.testing.assert_allclose(
        engine.mean_visible(h, n_threads), double.mean_visible(h, 1), rtol=1e-5, atol=1e-9
    )
    one = engine.sample_visible(h, SEED, "gibbs", 3, 1, n_threads).to_array("float64")
    assert (one.sum(axis=1) == 1).all()
    different = (one != double.sample_visible(h, SEED, "gibbs", 3, 1, 1).to_array("float64")).any(
        axis=1
    )
    assert different.mean() < 0.05  # draws next to a bound


@pytest.mark.parametrize("kind", KINDS)
def test_chains_are_those_of_the_float64_engine(target, n_threads, kind):
    """As long as they were, of the same draws."""
    engine = random_words(70, 37)
    v = documents(33, 70, 200)
    call = (rows_of(v, kind), 3, SEED, "gibbs", 2**33 + 5, 11, n_threads)
    found, hidden = (rows.to_array("float64") for rows in engine.gibbs(*call))
    np.testing.assert_array_equal(found.sum(axis=1), v.sum(axis=1))
    expected, expected_hidden = (
        rows.to_array("float64") for rows in double_of(engine).gibbs(*call)
    )
    same = (hidden == expected_hidden).all(axis=1) & (found == expected).all(axis=1)
    assert same.mean() > 0.95  # but for words next to a bound, with all that follows
    means = engine.gibbs_means(*call)
    expected_means = double_of(engine).gibbs_means(*call)
    np.testing.assert_allclose(means[same], expected_means[same], rtol=1e-4, atol=1e-6)
    with pytest.raises(ValueError, match="cannot be held"):
        engine.gibbs(*call, (rows_of(np.zeros((1, 70))), rows_of(v)))


@pytest.mark.parametrize("beta", [1.0, 0.5])
def test_chains_stay_in_equilibrium(beta):
    engine, n = random_words(4, 3, spread=0.8), 20_000
    parameters = (engine.weights(), engine.hidden_bias(), engine.visible_bias())
    model = Model(
        "replicated_softmax", "bernoulli", *(beta * a.astype(float) for a in parameters), None, None
    )
    v, counts = np.unique(model.visible_states(3)[0], axis=0, return_counts=True)
    log_p = np.log(counts) - model.free_energy(v)
    p = np.exp(log_p - logsumexp(log_p))
    start = v[rng(5).choice(len(v), size=n, p=p)]
    found, _ = engine.gibbs(rows_of(start), 4, SEED, "gibbs", 0, 0, 2, None, beta)
    ends = found.to_array("float64")
    share = np.array([(ends == state).all(axis=1).mean() for state in v])
    assert share.sum() == pytest.approx(1)
    assert (np.abs(share - p) < 5 * np.sqrt(p * (1 - p) / n)).all()


# ---- learning ----


@pytest.mark.parametrize("options", LEARNING.values(), ids=LEARNING)
@pytest.mark.parametrize("kind", KINDS)
def test_the_float64_engine_learns_the_same(target, n_threads, kind, options):
    packed = random_words(70, 37)
    double, rows = double_of(packed), rows_of(documents(33, 70), kind)
    for engine in (packed, double):
        engine.train(rows, None, {**SETTINGS, **options}, SEED, 3, n_threads)
    expected = double.state()
    for name, values in packed.state().items():
        np.testing.assert_allclose(values, expected[name], atol=3e-5, rtol=1e-4, err_msg=name)


@pytest.mark.parametrize("options", LEARNING.values(), ids=LEARNING)
@pytest.mark.parametrize("kind", KINDS)
def test_learned_bits_do_not_depend_on_target_or_threads(kind, options):
    found = set()
    rows = rows_of(documents(64, 200), kind)
    order = rng(3).permutation(64).astype(np.uint32)
    for name in _core.available_targets():
        _core.set_target(name)
        for n_threads in (1, 2, 3):
            engine = random_words(200, 130)
            engine.train(rows, order, {**SETTINGS, **options, "batch_size": 30}, SEED, 3, n_threads)
            state = engine.state()
            found.add(b"".join(np.ascontiguousarray(state[k]).tobytes() for k in sorted(state)))
    _core.set_target("")
    assert len(found) == 1


@pytest.mark.parametrize("hidden", ["gaussian", "relu"])
def test_real_hidden_units_learn_the_same(hidden):
    packed = random_words(70, 12, 0.05, hidden)
    double, rows = double_of(packed), rows_of(documents(33, 70, 10), "sparse")
    np.testing.assert_allclose(
        packed.free_energy(rows, 2), double.free_energy(rows, 1), rtol=1e-5, atol=1e-4
    )
    for engine in (packed, double):
        engine.train(rows, None, {**SETTINGS, "k": 2}, SEED, 3, 2)
    expected = double.state()
    for name, values in packed.state().items():
        np.testing.assert_allclose(values, expected[name], atol=1e-4, rtol=1e-3, err_msg=name)


def test_sparse_counts_learn_as_dense_ones():
    v, found = documents(40, 70), []
    for kind in KINDS:
        engine = random_words(70, 37)
        engine.train(rows_of(v, kind), None, {**SETTINGS, "momentum": 0.5}, SEED, 3, 2)
        found.append(engine.state())
    for name, values in found[0].items():
        np.testing.assert_allclose(found[1][name], values, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("precision", ["fixed", "float64"])
@pytest.mark.parametrize("value", [0.5, -1.0, np.nan])
def test_what_is_no_count_is_named(precision, value):
    engine = _core.RbmEngine(5, 3, precision, "replicated_softmax")
    v = documents(6, 5)
    v[4, 2] = value
    for call in (
        lambda: engine.train(rows_of(v), None, SETTINGS, SEED, 0, 2),
        lambda: engine.gibbs(rows_of(v), 1, SEED, "gibbs", 0, 0, 2),
        lambda: engine.mean_hidden(rows_of(v), 2),
    ):
        with pytest.raises(ValueError, match=r"integers of at least 0, got .* in column 2"):
            call()


@pytest.mark.parametrize("precision", ["fixed", "float64"])
def test_a_row_of_more_words_than_a_float_counts_is_refused(precision):
    engine = _core.RbmEngine(5, 3, precision, "replicated_softmax")
    v = documents(6, 5)
    v[4, 2] = 1e19
    for call in (
        lambda: engine.train(rows_of(v), None, SETTINGS, SEED, 0, 2),
        lambda: engine.gibbs(rows_of(v), 1, SEED, "gibbs", 0, 0, 2),
    ):
        with pytest.raises(ValueError, match=r"at most 16777216 words, got 1e\+19 in row 4"):
            call()


def test_chains_have_no_length():
    engine = random_words(5, 3)
    engine.set_chains(states(10, 3))
    with pytest.raises(ValueError, match="chains without a length"):
        engine.train(rows_of(documents(6, 5)), None, {**SETTINGS, "algorithm": "pcd"}, SEED, 0, 1)


def test_ctrl_c_ends_training():
    engine = random_words(2000, 256)
    rows = rows_of(documents(3000, 2000, 300), "sparse")
    assert_ends_soon(lambda: engine.train(rows, None, {**SETTINGS, "k": 50}, SEED, 0, 2))
