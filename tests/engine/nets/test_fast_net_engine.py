"""The engine of nets on kernels, against plain loops in float64; bit for bit over threads and CPU targets."""

import numpy as np
import pytest

from udl_fast import _core, runtime

SEED, STEP = 7, 3
RNG = np.random.default_rng(0)
NETS = {
    "logistic": ([37, 50, 37], ["logistic", "logistic"], "cross_entropy", None),
    "deep": ([37, 40, 17, 40, 37], ["tanh", "linear", "relu", "logistic"], "squared", None),
    "tied": ([37, 40, 17, 40, 37], ["logistic"] * 4, "cross_entropy", [-1, -1, 1, 0]),
    "tied twice": ([37, 20, 37, 20, 37], ["logistic"] * 4, "squared", [-1, 0, -1, 0]),
    "one layer": ([37, 37], ["linear"], "squared", None),
}
OBJECTIVES = {
    "penalties": {"weight_decay": 0.03, "l1": 0.02},
    "sparsity": {"sparsity_target": 0.1, "sparsity_cost": 0.7},
    "gaussian": {"corruption": "gaussian", "corruption_level": 0.3, "dropout": 0.4},
    "masking": {
        "corruption": "masking",
        "corruption_level": 0.4,
        "sparsity_target": 0.3,
        "sparsity_cost": 0.5,
    },
    "code": {"code_layer": 0, "code_noise": 0.5, "rounded_code": True},
    "fixed code": {
        "code_layer": 0,
        "code_noise": 0.5,
        "fixed_code_noise": True,
        "weight_decay": 0.03,
        "first_decayed_layer": 1,
    },
    "salt": {"corruption": "salt_and_pepper", "corruption_level": 0.5},
}
SOLVERS = {
    "descent": {"solver": "sgd", "learning_rate": 0.1, "momentum": 0.0},
    "momentum": {"solver": "sgd", "learning_rate": 0.1, "momentum": 0.9},
    "nesterov": {"solver": "sgd", "learning_rate": 0.1, "momentum": 0.9, "nesterov": True},
    "adam": {"solver": "adam", "learning_rate": 0.01, "momentum": 0.9, "epsilon": 1e-4},
}


def pixels(n, zeros=0.0, columns=37):
    """A share of them is 0."""
    generator = np.random.default_rng(n)
    x = generator.uniform(0.05, 0.95, (n, columns)).astype(np.float32)
    return x * (generator.random(x.shape) >= zeros).astype(np.float32)


def images(n, zeros=0.0, columns=37):
    return _core.Rows.from_array(pixels(n, zeros, columns))


def engines(net, *precisions):
    """Engines with the same parameters, which float32 holds."""
    made = [_core.NetEngine(net[0], net[1], net[2], precision, net[3]) for precision in precisions]
    w = np.random.default_rng(1).normal(0, 0.4, made[0].n_parameters).astype(np.float32)
    for engine in made:
        engine.set_parameters(w.astype(float))
    return made


def assert_close(found, expected, tolerance):
    """Sums of a few thousand float32 terms: the error of the whole is a few roundings of its size."""
    assert np.linalg.norm(found - expected) <= tolerance * np.linalg.norm(expected)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize(("n_rows", "zeros"), [(13, 0.0), (1100, 0.9)])  # parts of rows, and lists
def test_gradients(net, objective, n_rows, zeros):
    if net == "one layer" and "code_layer" in OBJECTIVES[objective]:
        return
    rows = images(n_rows, zeros)
    order = np.random.default_rng(2).permutation(n_rows).astype(np.uint32)
    (a, g), (b, h) = (
        engine.gradient(rows, OBJECTIVES[objective], SEED, STEP, 2, order, None)
        for engine in engines(NETS[net], "float32", "float64")
    )
    assert a == pytest.approx(b, rel=2e-6)
    assert_close(g, h, 3e-6)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("objective", ["penalties", "sparsity", "masking"])
def test_training(solver, objective):
    rows = images(205, 0.8)
    settings = {"batch_size": 50, **OBJECTIVES[objective], **SOLVERS[solver]}
    fast, plain = engines(NETS["tied"], "float32", "float64")
    for epoch in range(2):
        a, b = (e.train(rows, None, settings, SEED, 5 * epoch, 2) for e in (fast, plain))
        assert (a["n_updates"], a["n_rows"], a["finite"]) == (5, 205, True)
        assert a["loss"] == pytest.approx(b["loss"], rel=1e-5)
    assert_close(fast.parameters(), plain.parameters(), 2e-5)


@pytest.mark.parametrize("net", ["deep", "tied"])
def test_bits_do_not_depend_on_threads_or_targets(net):
    rows = images(300, 0.8)
    settings = {"batch_size": 70, **OBJECTIVES["masking"], "dropout": 0.2, **SOLVERS["adam"]}
    results = []
    for n_threads, target in [(1, None), (3, None), *((2, t) for t in _core.available_targets())]:
        with runtime.forced_target(target or _core.current_target()):
            (engine,) = engines(NETS[net], "float32")
            trained = engine.train(rows, None, settings, SEED, 0, n_threads)
            loss, gradient = engine.gradient(
                rows, OBJECTIVES["sparsity"], SEED, 0, n_threads, None, None
            )
            outputs = engine.forward(rows, n_threads)
        results.append((trained["loss"], engine.parameters(), loss, gradient, outputs))
    for other in results[1:]:
        for x, y in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("precision", ["float32", "fast"])
@pytest.mark.parametrize("batch_size", [37, 600])
@pytest.mark.parametrize("solver", ["momentum", "adam"])
@pytest.mark.parametrize("net", ["deep", "wide"])
def test_lists_of_inputs_change_no_bit(net, solver, batch_size, precision):
    """Noise that no sum can see makes zeros to values: whole products instead of lists. Of many rows these
    have more than one chunk, of many units more than one block of panels."""
    wide = ([75, 150, 75], ["logistic"] * 2, "cross_entropy", None)
    shape = wide if net == "wide" else NETS[net]
    rows = images(1200, 0.8, shape[0][0])
    objective = OBJECTIVES["sparsity"]
    settings = {"batch_size": batch_size, **objective, **SOLVERS[solver]}
    found = []
    for noise in ({}, {"corruption": "gaussian", "corruption_level": 1e-45}):
        engine = make_fast(shape)[0] if precision == "fast" else engines(shape, precision)[0]
        engine.train(rows, None, settings | noise, SEED, 0, 2)
        _, gradient = engine.gradient(rows, objective | noise, SEED, 0, 2, None, None)
        found.append((engine.parameters(), gradient))
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("net", ["deep", "tied"])
@pytest.mark.parametrize("precision", ["float32", "fast"])
def test_outputs_of_a_row_do_not_depend_on_those_beside_it(precision, net):
    """Many rows or few, by lists of inputs or, where the first rows have few zeros, without."""
    (engine,) = make_fast(NETS[net])[:1] if precision == "fast" else engines(NETS[net], precision)
    x = pixels(600, 0.8)
    outputs = engine.forward(_core.Rows.from_array(x), 2)
    for before, rows in ((70, x), (0, x[:50])):
        beside = np.concatenate([pixels(before), rows])
        found = engine.forward(_core.Rows.from_array(beside), 2)[before:]
        np.testing.assert_array_equal(found, outputs[: len(rows)])


@pytest.mark.parametrize("shift", [-3e4, -120.0, 200.0, 3e4])
def test_softmax_does_not_see_what_all_units_share(shift):
    """Outputs of ten units whose sums are all far from 0 are those of sums around it."""
    net = ([1, 10], ["softmax"], "multinomial", None)
    (engine,) = engines(net, "float32")
    biases = np.arange(10) / 4
    engine.set_parameters(np.concatenate([np.zeros(10), biases + shift]))
    rows = _core.Rows.from_array(np.ones((3, 1), np.float32))
    expected = np.exp(biases) / np.exp(biases).sum()
    np.testing.assert_allclose(engine.forward(rows, 1), [expected] * 3, rtol=5e-6)
    targets = _core.Rows.from_array(np.eye(10, dtype=np.uint8)[[9, 0, 4]])
    value, _ = engine.gradient(
        rows, OBJECTIVES["penalties"] | {"weight_decay": 0, "l1": 0}, SEED, STEP, 1, None, targets
    )
    assert value == pytest.approx(-np.log(expected[[9, 0, 4]]).mean(), rel=1e-5)


def test_a_loss_that_is_no_number_ends_training():
    (engine,) = engines(NETS["deep"], "float32")
    settings = {"batch_size": 10, **SOLVERS["descent"], "learning_rate": 1e30}
    result = engine.train(images(100), None, settings, SEED, 0, 2)
    assert not result["finite"]
    assert result["n_updates"] < 10


def test_a_pass_ends_between_minibatches_when_it_is_told_to():
    (engine,) = engines(NETS["deep"], "float32")
    rows, seen = images(40_000), []

    def stop(n_rows):
        seen.append((n_rows, engine.parameters()))
        return True

    settings = {"batch_size": 2, **SOLVERS["adam"]}
    result = engine.train(rows, None, settings, SEED, 0, 2, stop)
    assert result["stopped"]
    assert len(seen) == 1
    assert seen[0][0] == result["n_rows"] == 2 * result["n_updates"] < 40_000
    np.testing.assert_array_equal(engine.parameters(), seen[0][1])
    assert engine.state()["adam_steps"] == result["n_updates"]

    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.train(rows, None, settings, SEED, 0, 2, interrupt)


# ---- precision="fast": products of bfloat16 numbers ----


def make_fast(net):
    try:
        return engines(net, "fast", "float64")
    except NotImplementedError as refusal:
        pytest.skip(str(refusal))


@pytest.mark.parametrize("sizes", [[1, 1], [37, 50], [16, 33], [70, 31], [2100, 15], [17, 1100]])
@pytest.mark.parametrize("n_rows", [1, 13, 48])
@pytest.mark.parametrize("share", [1.0, 0.2])
def test_products_of_numbers_that_bfloat16_holds_are_exact(sizes, n_rows, share):
    """Sums of small integers: any value in a wrong place, and any that is left out, would show. Where a
    share of the inputs is not 0, by lists."""
    (fast, plain) = make_fast((sizes, ["linear"], "squared", None))
    generator = np.random.default_rng(4)
    parameters = generator.integers(-3, 4, fast.n_parameters).astype(float)
    values = generator.integers(-3, 4, (n_rows, sizes[0])) * (
        generator.random((n_rows, sizes[0])) < share
    )
    x = _core.Rows.from_array(values.astype(float))
    by_outputs = generator.integers(-3, 4, (n_rows, sizes[1])).astype(float)
    found = []
    for engine in (fast, plain):
        engine.set_parameters(parameters)
        outputs = engine.forward(x, 2)
        by_inputs = engine.backward(x, by_outputs.astype(outputs.dtype), 2)
        engine.update({"solver": "sgd", "learning_rate": 1.0, "momentum": 0.0}, 2)
        found.append((outputs, by_inputs, engine.parameters()))
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("zeros", [0.0, 0.8])
@pytest.mark.parametrize("net", [*NETS, "odd"])
def test_steps_are_those_of_gradients(net, zeros, momentum):
    """To the bit, in float32: products of a step are those of the gradient."""
    odd = ([37, 531, 37], ["relu", "linear"], "squared", None)
    engine, _ = make_fast(odd if net == "odd" else NETS[net])
    rows, objective = images(128, zeros), {"weight_decay": 0.0}
    rule = {"solver": "sgd", "learning_rate": 0.25, "momentum": momentum}
    w, v = engine.parameters().astype(np.float32), np.float32(0)
    for step in range(3):
        _, gradient = engine.gradient(rows, objective, SEED, step, 2, None, None)
        v = np.float32(momentum) * v - np.float32(0.25) * gradient.astype(np.float32)
        w = w + v
        engine.train(rows, None, {"batch_size": 128, **rule}, SEED, step, 2)
        np.testing.assert_array_equal(engine.parameters(), w)


@pytest.mark.parametrize("n_rows", [1, 2, 3, 64, 65, 145, 289, 1001])
@pytest.mark.parametrize("n_inputs", [3, 64, 70, 1100])
def test_rows_that_are_listed_together(n_inputs, n_rows):
    """A layer of many units finds rows that are alike, wherever they are: each has its own outputs, those of
    rows by themselves and of whole products."""
    engine, _ = make_fast(([n_inputs, 300, 20], ["logistic", "linear"], "squared", None))
    x = pixels(n_rows, 0.85, n_inputs)
    x[::7] = 0
    x[1::5] = x[0]
    outputs = engine.forward(_core.Rows.from_array(x), 2)
    whole = np.concatenate([pixels(100, 0.0, n_inputs), x])
    np.testing.assert_array_equal(engine.forward(_core.Rows.from_array(whole), 2)[100:], outputs)
    for r in range(0, n_rows, 97):
        alone = engine.forward(_core.Rows.from_array(x[r : r + 1]), 1)
        np.testing.assert_array_equal(alone[0], outputs[r])


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("net", NETS)
def test_gradients_of_rounded_products(net, objective):
    """Eight bits in each factor; codes that round and units of relu near 0 would jump."""
    if net == "one layer" and "code_layer" in OBJECTIVES[objective]:
        return
    sizes, activations, loss, tied = NETS[net]
    smooth = ["tanh" if activation == "relu" else activation for activation in activations]
    without = {k: v for k, v in OBJECTIVES[objective].items() if k != "rounded_code"}
    (a, g), (b, h) = (
        engine.gradient(images(150), without, SEED, STEP, 2, None, None)
        for engine in make_fast((sizes, smooth, loss, tied))
    )
    assert a == pytest.approx(b, rel=5e-3)
    assert_close(g, h, 0.04)


@pytest.mark.parametrize("zeros", [0.0, 0.8])
@pytest.mark.parametrize("net", ["deep", "tied"])
def test_bits_of_fast_do_not_depend_on_threads(net, zeros):
    results = []
    for n_threads in (1, 2, 3):
        engine, _ = make_fast(NETS[net])
        settings = {"batch_size": 71, **OBJECTIVES["masking"], "dropout": 0.2, **SOLVERS["adam"]}
        trained = engine.train(images(300, zeros), None, settings, SEED, 0, n_threads)
        results.append(
            (trained["loss"], engine.parameters(), engine.forward(images(301), n_threads))
        )
    for other in results[1:]:
        for x, y in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(x, y)


def test_a_call_keeps_the_target_that_it_began_with():
    """Another target comes into use, in a call between minibatches, which has no bfloat16 products."""
    rows, settings = images(200_000), {"batch_size": 2, **SOLVERS["momentum"]}
    expected, _ = make_fast(NETS["deep"])
    expected.train(rows, None, settings, SEED, 0, 2)
    engine, _ = make_fast(NETS["deep"])
    with runtime.forced_target(_core.current_target()):
        polled = []

        def change_target(n_rows):
            polled.append(n_rows)
            _core.set_target("baseline")
            return False

        engine.train(rows, None, settings, SEED, 0, 2, change_target)
    assert polled
    np.testing.assert_array_equal(engine.parameters(), expected.parameters())


def test_fast_is_refused_where_there_are_no_such_products():
    with (
        runtime.forced_target("baseline"),
        pytest.raises(NotImplementedError, match=r"BF16.*float32"),
    ):
        engines(NETS["deep"], "fast")


def test_parameters_that_are_set_leave_nothing_of_what_was_there():
    """Panels have lanes of units that are missing: here they are NaN in between."""
    generator = np.random.default_rng(0)
    x = generator.random((40, 20)).astype(np.float32)
    rows = _core.Rows.from_array(x)
    net = _core.NetEngine([20, 24, 20], ["linear", "linear"], "squared", "float32")
    parameters = generator.standard_normal(net.n_parameters) * 0.1
    net.set_parameters(parameters)
    value, _ = net.gradient(rows, {"weight_decay": 0.1}, 0, 0, 1)
    net.set_parameters(np.full(net.n_parameters, 1e38))
    net.backward(rows, np.ones_like(x), 1)
    net.update({"solver": "sgd", "learning_rate": 1e-3, "momentum": 0.0}, 1)
    assert not np.isfinite(net.parameters()).all()
    net.set_parameters(parameters)
    assert net.gradient(rows, {"weight_decay": 0.1}, 0, 0, 1)[0] == value
