"""NetEngine in plain loops, held against NumPy; solvers, noise, threads and state."""

import numpy as np
import pytest
from scipy import sparse

from udl_fast import _core

SEED = 5
RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(0, 1, (300, 7))  # more than a block of rows
X = _core.Rows.from_array(IMAGES)
AUTOENCODER = ([7, 4, 7], ["logistic", "logistic"], "cross_entropy")
ADAM = {"batch_size": 40, "solver": "adam", "learning_rate": 0.05, "momentum": 0.9}
NOISY = {
    **ADAM,
    "weight_decay": 1e-3,
    "corruption": "masking",
    "corruption_level": 0.3,
    "dropout": 0.2,
    "sparsity_target": 0.2,
    "sparsity_cost": 0.1,
}


def engine_of(net=AUTOENCODER, precision="float64", seed=1, tied=None):
    engine = _core.NetEngine(*net, precision, tied)
    engine.set_parameters(np.random.default_rng(seed).normal(0, 0.5, engine.n_parameters))
    return engine


def logistic(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


FUNCTIONS = {
    "linear": lambda x: x,
    "logistic": logistic,
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "softmax": softmax,
}


def outputs(engine, x, first=0, last=None):
    """What forward means."""
    state, tied = engine.state(), engine.tied
    for layer, activation in list(enumerate(engine.activations))[first:last]:
        weights = state[f"layers.{tied[layer] if tied[layer] >= 0 else layer}/weights"]
        weights = weights.T if tied[layer] >= 0 else weights
        x = FUNCTIONS[activation](x @ weights.T + state[f"layers.{layer}/bias"])
    return x


@pytest.mark.parametrize(("precision", "tolerance"), [("float64", 1e-13), ("float32", 2e-6)])
@pytest.mark.parametrize("tied", [None, [-1, -1, 1, 0]])
def test_outputs(precision, tolerance, tied):
    net = ([7, 5, 3, 5, 7], ["tanh", "linear", "relu", "logistic"], "squared")
    engine = engine_of(net, precision, tied=tied)
    for first, last in ((0, None), (0, 2), (2, 4), (1, 2)):
        x = IMAGES[:, : net[0][first]]
        found = engine.forward(_core.Rows.from_array(x), 2, first, last)
        assert found.dtype == precision
        np.testing.assert_allclose(found, outputs(engine, x, first, last), atol=tolerance)
    probabilities = engine_of(([7, 3], ["softmax"], "multinomial"), precision).forward(X, 1)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=10 * tolerance)


@pytest.mark.parametrize("rounding", [None, "int16", "int8"])
@pytest.mark.parametrize("n_rows", [1, 31, 500])
def test_outputs_with_the_range_of_the_rows(rounding, n_rows):
    engine = engine_of(([7, 5, 3], ["tanh", "relu"], "squared"), "float32")
    x = RNG.normal(0, 2, (n_rows, 7)).astype(np.float32)
    csr = sparse.csr_array(np.maximum(x, 0))
    listed = _core.Rows.from_csr(csr.indptr, csr.indices, csr.data, 7, None, 1)
    for rows in (_core.Rows.from_array(x), _core.Rows.from_array(x.astype(float)), listed):
        out, low, high = engine.forward_and_range(rows, 2, 0, 1, rounding)
        np.testing.assert_array_equal(out, engine.forward(rows, 2, 0, 1, rounding))
        assert (low, high) == rows.value_range()
    bits = _core.Rows.from_array((x > 9).astype(np.uint8))
    assert engine.forward_and_range(bits, 2, 0, 1, rounding)[1:] == (0, 1)
    x[-1, 3] = np.nan
    found = engine.forward_and_range(_core.Rows.from_array(x), 2, 0, 1, rounding)
    assert np.isnan(found[1:]).all()


def test_the_range_of_rows_in_float64():
    engine = engine_of(([7, 5], ["tanh"], "squared"), "float64")
    rows = _core.Rows.from_array(RNG.normal(0, 2, (300, 7)))
    out, low, high = engine.forward_and_range(rows, 2)
    np.testing.assert_array_equal(out, engine.forward(rows, 2))
    assert (low, high) == rows.value_range()


def test_losses_are_those_of_the_formulas():
    targets = RNG.uniform(0, 1, (300, 7))
    for activation, loss in (
        ("tanh", "squared"),
        ("logistic", "cross_entropy"),
        ("softmax", "multinomial"),
    ):
        engine = engine_of(([7, 4, 7], ["relu", activation], loss))
        y = outputs(engine, IMAGES)
        if loss == "squared":
            expected = ((y - targets) ** 2).sum(axis=1) / 2
        elif loss == "cross_entropy":
            expected = -(targets * np.log(y) + (1 - targets) * np.log(1 - y)).sum(axis=1)
        else:
            expected = -(targets * np.log(y)).sum(axis=1)
        found, _ = engine.gradient(X, {}, 0, 0, 2, targets=_core.Rows.from_array(targets))
        assert found == pytest.approx(expected.mean(), rel=1e-12)


def test_penalties():
    engine = engine_of()
    base = engine.gradient(X, {}, 0, 0, 1)[0]
    weights = [engine.state()[f"layers.{layer}/weights"] for layer in range(2)]
    squares = sum((w**2).sum() for w in weights)
    sizes = sum(np.abs(w).sum() for w in weights)
    decayed = engine.gradient(X, {"weight_decay": 0.2, "l1": 0.3}, 0, 0, 1)[0]
    assert decayed - base == pytest.approx(0.1 * squares + 0.3 * sizes, rel=1e-12)
    rho, mean = 0.2, outputs(engine, IMAGES, 0, 1).mean(axis=0)
    divergence = rho * np.log(rho / mean) + (1 - rho) * np.log((1 - rho) / (1 - mean))
    sparse = engine.gradient(X, {"sparsity_target": rho, "sparsity_cost": 3.0}, 0, 0, 1)[0]
    assert sparse - base == pytest.approx(3 * divergence.sum(), rel=1e-10)


# ---- solvers ----


def steps_by_hand(engine, settings, n_steps):
    """Parameters after minibatches of all rows, by the formulas of the rules."""
    flat = engine.parameters()
    v = m = s = np.zeros_like(flat)
    rate, momentum = settings["learning_rate"], settings["momentum"]
    for t in range(1, n_steps + 1):
        engine.set_parameters(flat)
        g = engine.gradient(X, {}, 0, 0, 1)[1]
        if settings["solver"] == "adam":
            m, s = momentum * m + (1 - momentum) * g, 0.999 * s + 0.001 * g**2
            flat = flat - rate * m / (1 - momentum**t) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8)
        else:
            v = momentum * v - rate * g
            flat = flat + (momentum * v - rate * g if settings.get("nesterov") else v)
    return flat


@pytest.mark.parametrize(
    "rule",
    [
        {"solver": "sgd", "learning_rate": 0.3, "momentum": 0.0},
        {"solver": "sgd", "learning_rate": 0.3, "momentum": 0.8},
        {"solver": "sgd", "learning_rate": 0.3, "momentum": 0.8, "nesterov": True},
        {"solver": "adam", "learning_rate": 0.02, "momentum": 0.9},
    ],
    ids=["sgd", "momentum", "nesterov", "adam"],
)
def test_solvers(rule):
    engine = engine_of()
    for step in range(3):
        found = engine.train(X, None, {**rule, "batch_size": 300}, SEED, step, 2)
        assert found["n_updates"] == 1
        assert found["step"] == step + 1
    expected = steps_by_hand(engine_of(), rule, 3)
    np.testing.assert_allclose(engine.parameters(), expected, atol=1e-12)


def test_tied_weights_stay_one_matrix():
    engine = engine_of(tied=[-1, 0])
    engine.train(X, None, ADAM, SEED, 0, 1)
    assert "layers.1/weights" not in engine.state()
    np.testing.assert_allclose(engine.forward(X, 1), outputs(engine, IMAGES), atol=1e-13)


# ---- noise ----


def test_corruption_draws_from_its_stream():
    """A net that copies its inputs: the loss tells how far they were moved."""
    engine = _core.NetEngine([7, 7], ["linear"], "squared", "float64")
    engine.set_state({"layers.0/weights": np.eye(7), "layers.0/bias": np.zeros(7)})
    bits = _core.draws(SEED, "corrupt", 0, 9, 0, 300, 7)
    u = (bits >> 8) / 2**24
    for kind, replaced in (
        ("masking", np.zeros_like(u)),
        ("salt_and_pepper", np.where(u < np.float32(0.15), 1.0, 0.0)),
    ):
        moved = np.where(u < np.float32(0.3), replaced, IMAGES)
        objective = {"corruption": kind, "corruption_level": 0.3}
        found = engine.gradient(X, objective, SEED, 9, 2)[0]
        assert found == pytest.approx(((moved - IMAGES) ** 2).sum(axis=1).mean() / 2, rel=1e-12)
    objective = {"corruption": "gaussian", "corruption_level": 0.3}
    found = engine.gradient(X, objective, SEED, 9, 2)[0]
    # A sum of 2100 squares of normal numbers of variance 0.09, within 5 standard errors.
    assert abs(found - 7 * 0.09 / 2) < 5 * 0.09 / 2 * np.sqrt(2 * 7 / 300)


def test_code_noise_and_rounding():
    net = ([7, 4, 7], ["logistic", "linear"], "squared")
    engine = engine_of(net)
    state = engine.state()
    code = outputs(engine, IMAGES, 0, 1)
    rounded = (code >= 0.5) @ state["layers.1/weights"].T + state["layers.1/bias"]
    value, gradient = engine.gradient(X, {"code_layer": 0, "rounded_code": True}, 0, 0, 1)
    assert value == pytest.approx(((rounded - IMAGES) ** 2).sum(axis=1).mean() / 2, rel=1e-12)
    # The gradient of the first bias passes as if the code were not rounded.
    delta = (rounded - IMAGES) @ state["layers.1/weights"] * code * (1 - code)
    np.testing.assert_allclose(gradient[28:32], delta.mean(axis=0), rtol=1e-10)
    fixed = {"code_layer": 0, "code_noise": 2.0, "fixed_code_noise": True}
    order = np.arange(300, dtype=np.uint32)[::-1].copy()
    first = engine.gradient(X, fixed, SEED, 0, 1)[0]
    assert engine.gradient(X, fixed, SEED, 8, 1, order)[0] == pytest.approx(first, rel=1e-12)
    fresh = {**fixed, "fixed_code_noise": False}
    assert engine.gradient(X, fresh, SEED, 8, 1)[0] != pytest.approx(first, rel=1e-6)


# ---- what training promises ----


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("tied", [None, [-1, 0]])
def test_any_number_of_threads_gives_the_same_bits(precision, tied):
    order = np.random.default_rng(3).permutation(300).astype(np.uint32)
    states = []
    for n_threads in (1, 2, 3):
        engine = engine_of(precision=precision, tied=tied)
        for step in range(2):
            engine.train(X, order, NOISY, SEED, 8 * step, n_threads)
        flat = engine.gradient(X, {"weight_decay": 1e-3}, SEED, 0, n_threads)[1]
        states.append({**engine.state(), "flat": flat, "y": engine.forward(X, n_threads)})
    for other in states[1:]:
        for name, array in states[0].items():
            np.testing.assert_array_equal(array, other[name], err_msg=name)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_state_goes_on_bit_for_bit(solver):
    settings = {**NOISY, "solver": solver}
    whole, half = engine_of(), engine_of()
    for engine in (whole, half):
        engine.train(X, None, settings, SEED, 0, 1)
    again = _core.NetEngine(*AUTOENCODER, "float64")
    again.set_state(half.state())
    for engine in (whole, again):
        engine.train(X, None, settings, SEED, 8, 1)
    for name, array in whole.state().items():
        np.testing.assert_array_equal(array, again.state()[name])


def test_float32_follows_float64():
    engines = [engine_of(precision=p) for p in ("float64", "float32")]
    for engine in engines:
        engine.train(X, None, {**NOISY, "solver": "sgd"}, SEED, 0, 2)
    double, single = (engine.parameters() for engine in engines)
    # 8 updates of a gradient whose sums have 300 terms at most: rounding of some 1e-7 each.
    np.testing.assert_allclose(single, double, atol=1e-5)


def test_snapshots():
    engine = engine_of()
    first = engine.snapshot()
    before = engine.state()
    engine.train(X, None, {**ADAM, "solver": "sgd"}, SEED, 0, 1)
    change, size, largest = engine.change_since_snapshot()
    w = np.concatenate([engine.state()[f"layers.{layer}/weights"].ravel() for layer in range(2)])
    old = np.concatenate([before[f"layers.{layer}/weights"].ravel() for layer in range(2)])
    assert change == pytest.approx(np.linalg.norm(w - old))
    assert size == pytest.approx(np.linalg.norm(w))
    assert largest == np.abs(w).max()
    for name, array in engine.snapshot_state(first).items():
        np.testing.assert_array_equal(array, before[name])
    engine.restore()
    assert engine.state().keys() == before.keys()
    assert engine.snapshot() != first
    assert engine.snapshot_state(first) is None


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_new_parameters_forget_the_gradient_of_the_old_ones(precision):
    engine = engine_of(precision=precision)
    engine.snapshot()
    before = engine.parameters()
    for change in (engine.restore, lambda: engine.set_parameters(before)):
        engine.backward(X, np.ones(IMAGES.shape), 1)
        change()
        engine.update({"solver": "sgd", "learning_rate": 1.0, "momentum": 0.0}, 1)
        np.testing.assert_array_equal(engine.parameters(), before)


def test_losses_that_are_no_numbers_end_training():
    engine = engine_of(([7, 4, 7], ["linear", "linear"], "squared"))
    rule = {**ADAM, "batch_size": 10, "solver": "sgd", "learning_rate": 1e3}
    found = engine.train(X, None, rule, SEED, 0, 1)
    assert not found["finite"]
    assert found["n_updates"] < 30


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_updates_of_adam_are_counted_beyond_what_float32_counts(precision):
    engine = engine_of(precision=precision)
    engine.train(X, None, ADAM, SEED, 0, 1)
    state = engine.state()
    state["adam_steps"] = np.array([5.0, 3.0])  # 5 + 3 * 2^24
    engine.set_state(state)
    np.testing.assert_array_equal(engine.state()["adam_steps"], [5, 3])
    n_updates = engine.train(X, None, ADAM, SEED, 0, 1)["n_updates"]
    np.testing.assert_array_equal(engine.state()["adam_steps"], [5 + n_updates, 3])
    engine.set_state({**state, "adam_steps": np.array([2.0**24])})  # as earlier files end
    np.testing.assert_array_equal(engine.state()["adam_steps"], [0, 1])
    for wrong in ([0.5], [-1.0], [1.0, 2.0, 3.0], []):
        with pytest.raises(ValueError, match="adam_steps must hold"):
            engine.set_state({**state, "adam_steps": np.array(wrong)})
