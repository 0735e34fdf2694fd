"""Every method of the engine against the NumPy oracle, on every CPU target and thread count.

Samples, scales and sums are exact: any difference fails. Learned weights are compared with a
float64 update to the rounding of float32, and bit for bit between targets and threads.
"""

import numpy as np
import pytest
from tests.oracle import rbm as oracle

from udl_fast import _core

SEED = 0x1234567890ABCDEF
SETTINGS = {
    "batch_size": 10,
    "algorithm": "cd",
    "k": 1,
    "learning_rate": 0.1,
    "momentum": 0.0,
    "weight_decay": 0.0,
    "l1": 0.0,
    "sparsity_target": None,
    "sparsity_cost": 0.0,
    "sparsity_damping": 0.9,
    "sample_visibles": True,
    "statistics": "mean",
    "binarize_sample": False,
    "data_step": 0,
}
# (visible, hidden, rows): every size next to a group of 4, a tile of 16 and a word of 64.
SHAPES = [
    (1, 1, 1), (7, 1, 4), (1, 7, 10), (63, 65, 37), (65, 63, 100), (7, 499, 130), (499, 7, 5),
    (785, 65, 37), (65, 785, 300), (130, 64, 513),
]  # fmt: skip


def rng(*key):
    return np.random.default_rng(list(key))


PACKED = ("fixed", "fast")


def random_model(n_visible, n_hidden, spread=0.3, precision="fixed"):
    g = rng(n_visible, n_hidden)
    weights = g.normal(0, spread, (n_hidden, n_visible)).astype(np.float32)
    hidden, visible = (g.normal(0, 0.5, n).astype(np.float32) for n in (n_hidden, n_visible))
    engine = _core.RbmEngine(n_visible, n_hidden, precision)
    engine.set_parameters(weights, hidden, visible)
    narrow = precision == "fast"
    return engine, oracle.Rbm(weights, hidden, visible, _core.exp_negative, narrow)


def states(n_rows, n_units, density=0.3):
    return rng(n_rows, n_units, 1).random((n_rows, n_units)) < density


@pytest.mark.parametrize("density", [0.0, 0.03, 0.5, 1.0])
@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("by_lists", [False, True])
@pytest.mark.parametrize(("n_visible", "n_hidden", "n_rows"), SHAPES)
def test_sums_of_active_weights_by_each_kernel(
    target, n_visible, n_hidden, n_rows, by_lists, narrow, density
):
    """Tables and lists give the int64 sums, so the engine may choose between them freely."""
    weights = rng(n_visible, n_hidden).normal(0, 0.3, (n_hidden, n_visible)).astype(np.float32)
    integers = oracle.quantise(weights, oracle.scale_exponent(weights, narrow))
    for to_hidden, matrix in ((True, integers.T), (False, integers)):
        on = states(n_rows, len(matrix), density)
        rows = _core.Rows.from_array(on)
        found = _core.active_sums(weights, rows, to_hidden, by_lists, narrow)
        np.testing.assert_array_equal(found, on.astype(np.int64) @ matrix.astype(np.int64))


@pytest.mark.parametrize("precision", PACKED)
@pytest.mark.parametrize(("n_visible", "n_hidden", "n_rows"), SHAPES)
def test_half_steps(target, n_threads, n_visible, n_hidden, n_rows, precision):
    engine, expected = random_model(n_visible, n_hidden, precision=precision)
    v, h = states(n_rows, n_visible), states(n_rows, n_hidden)
    visible, hidden = _core.Rows.from_array(v), _core.Rows.from_array(h)
    equal = np.testing.assert_array_equal
    equal(engine.mean_hidden(visible, n_threads), expected.mean_hidden(v))
    equal(engine.mean_visible(hidden, n_threads), expected.mean_visible(h))
    where = (SEED, "gibbs", 2**33 + 5, 11)
    drawn = engine.sample_hidden(visible, *where, n_threads).to_array("bool")
    equal(drawn, expected.sample_hidden(v, *where))
    drawn = engine.sample_visible(hidden, *where, n_threads).to_array("bool")
    equal(drawn, expected.sample_visible(h, *where))
    np.testing.assert_allclose(
        engine.free_energy(visible, n_threads), expected.free_energy(v), rtol=1e-12, atol=1e-9
    )


@pytest.mark.parametrize(
    ("n_visible", "n_hidden", "n_rows"), [(65, 37, 10), (7, 130, 3), (785, 63, 5)]
)
@pytest.mark.parametrize("precision", PACKED)
def test_gibbs(target, n_threads, n_visible, n_hidden, n_rows, precision):
    engine, expected = random_model(n_visible, n_hidden, precision=precision)
    v = states(n_rows, n_visible)
    found = engine.gibbs(_core.Rows.from_array(v), 4, SEED, "gibbs", 7, 3, n_threads)
    for a, b in zip(found, expected.gibbs(v, 4, SEED, "gibbs", 7, 3), strict=True):
        np.testing.assert_array_equal(a.to_array("bool"), b)


def test_many_chains_are_worked_in_blocks():
    """More chains than one block of rows: chain numbers go on across blocks."""
    engine, expected = random_model(9, 5)
    v = states(4100, 9)
    found, _ = engine.gibbs(_core.Rows.from_array(v), 2, SEED, "gibbs", 0, 0, 2)
    np.testing.assert_array_equal(found.to_array("bool"), expected.gibbs(v, 2, SEED, "gibbs", 0)[0])


@pytest.mark.parametrize("side", ["visible", "hidden"])
def test_real_valued_states_agree_within_rounding(target, n_threads, side):
    engine, expected = random_model(130, 65)
    n = 130 if side == "visible" else 65
    values = rng(4).random((37, n)).astype(np.float32)
    weights = expected.weights.T if side == "visible" else expected.weights
    bias = expected.hidden_bias if side == "visible" else expected.visible_bias
    x = values.astype(np.float64) @ weights + bias
    mean = engine.mean_hidden if side == "visible" else engine.mean_visible
    found = mean(_core.Rows.from_array(values), n_threads)
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-x)), atol=1e-6)


LEARNING = {
    "cd": {},
    "cd-3": {"k": 3},
    "momentum and decay": {"momentum": 0.5, "weight_decay": 1e-3, "l1": 1e-3},
    "sparsity": {"sparsity_target": 0.1, "sparsity_cost": 0.3},
    "mean reconstruction": {"sample_visibles": False, "k": 2},
    "pcd": {"algorithm": "pcd"},
    "pcd-2, chains other than rows": {"algorithm": "pcd", "k": 2, "chains": 7},
    "pcd, mean reconstruction": {"algorithm": "pcd", "sample_visibles": False},
    "cd, sampled": {"statistics": "sampled"},
    "cd-2, sampled": {"statistics": "sampled", "k": 2, "momentum": 0.5},
    "pcd-2, sampled": {"statistics": "sampled", "algorithm": "pcd", "k": 2, "chains": 67},
}


def learn(engine, data, options, n_threads, order=None):
    settings = {**SETTINGS, **options}
    chains = settings.pop("chains", settings["batch_size"])
    start = states(chains, engine.n_hidden, 0.5)
    if settings["algorithm"] == "pcd":
        engine.set_chains(start)
    rows = _core.Rows.from_array(data)
    return engine.train(rows, order, settings, SEED, 3, n_threads), settings, start


@pytest.mark.parametrize("options", LEARNING.values(), ids=LEARNING)
@pytest.mark.parametrize(
    ("n_visible", "n_hidden", "n_rows"), [(65, 37, 33), (7, 3, 10), (130, 66, 21)]
)
@pytest.mark.parametrize("precision", PACKED)
def test_learning(target, n_threads, options, n_visible, n_hidden, n_rows, precision):
    """The last minibatch is shorter than the others."""
    engine, expected = random_model(n_visible, n_hidden, precision=precision)
    data = states(n_rows, n_visible)
    result, settings, expected.chains = learn(engine, data, options, n_threads)
    step = expected.train(data, settings, SEED, 3)
    assert (result["step"], result["n_rows"]) == (step, n_rows)
    # 16-bit probabilities are exact in the oracle; what is left is float32 rounding of updates.
    bound = 2e-6 if settings["sample_visibles"] else 2e-5
    found = (engine.weights(), engine.hidden_bias(), engine.visible_bias())
    for a, b in zip(found, expected.parameters(), strict=True):
        np.testing.assert_allclose(a, b, atol=bound)
    if settings["algorithm"] == "pcd" and settings["sample_visibles"]:
        np.testing.assert_array_equal(engine.chains(), expected.chains)


@pytest.mark.parametrize("precision", PACKED)
@pytest.mark.parametrize(
    "options", [o for o in LEARNING.values() if o.get("sample_visibles", True)]
)
def test_learned_bits_do_not_depend_on_target_or_threads(options, precision):
    found = set()
    for name in _core.available_targets():
        _core.set_target(name)
        for n_threads in (1, 2, 3):
            engine, _ = random_model(200, 130, precision=precision)
            learn(engine, states(64, 200), {**options, "batch_size": 30}, n_threads)
            found.add(
                engine.weights().tobytes()
                + engine.hidden_bias().tobytes()
                + engine.visible_bias().tobytes()
            )
    _core.set_target("")
    assert len(found) == 1


@pytest.mark.parametrize("options", [{}, {"k": 2}, {"algorithm": "pcd", "k": 2}])
def test_visible_sums_may_be_split_by_thread(options):
    """Small minibatches of a wide layer: threads sum over the hidden units they own."""
    found = set()
    for n_threads in (1, 2, 3, 5):
        engine, _ = random_model(600, 150)
        learn(engine, states(70, 600), {**options, "batch_size": 30}, n_threads)
        found.add(engine.weights().tobytes() + engine.visible_bias().tobytes())
    assert len(found) == 1


def test_order_is_the_order_of_rows():
    data = states(50, 20)
    order = rng(0).permutation(50).astype(np.uint32)
    (first, _), (second, _) = random_model(20, 9), random_model(20, 9)
    learn(first, data, {}, 2, order)
    learn(second, data[order], {}, 2)
    np.testing.assert_array_equal(first.weights(), second.weights())


@pytest.mark.parametrize("precision", PACKED)
def test_batches_too_long_for_one_int32_sum(precision):
    """More rows than kMaxRowsPerSum = 16,384: blocks of exact sums, the same gradient."""
    engine, expected = random_model(9, 5, precision=precision)
    data = states(40000, 9)
    _, settings, _ = learn(engine, data, {"batch_size": 40000}, 2)
    expected.train(data, settings, SEED, 3)
    np.testing.assert_allclose(engine.weights(), expected.weights, atol=1e-6)


def test_grey_data_learns_like_the_float64_engine(target):
    values = rng(8).random((33, 65)).astype(np.float32)
    engine, model = random_model(65, 37)
    plain = _core.RbmEngine(65, 37, "float64")
    plain.set_parameters(model.weights, model.hidden_bias, model.visible_bias)
    for each in (engine, plain):
        learn(each, values, {"momentum": 0.5}, 2)
    np.testing.assert_allclose(engine.weights(), plain.weights(), atol=2e-5)
    np.testing.assert_allclose(engine.visible_bias(), plain.visible_bias(), atol=2e-5)


@pytest.mark.parametrize("options", LEARNING.values(), ids=LEARNING)
def test_float64_engine_learns_like_the_packed_one(options):
    engine, model = random_model(65, 37)
    plain = _core.RbmEngine(65, 37, "float64")
    plain.set_parameters(model.weights, model.hidden_bias, model.visible_bias)
    for each in (engine, plain):
        learn(each, states(33, 65), options, 2)
    np.testing.assert_allclose(engine.weights(), plain.weights(), atol=2e-5)


@pytest.mark.parametrize("momenta", [(0.0, 0.9), (0.5, 0.0, 0.5), (0.0, 0.5, 0.0, 0.5)])
def test_momentum_may_start_and_stop(momenta):
    """A pass without momentum leaves no velocity behind, in both engines."""
    engine, expected = random_model(65, 37)
    plain = _core.RbmEngine(65, 37, "float64")
    plain.set_parameters(expected.weights, expected.hidden_bias, expected.visible_bias)
    data = states(10, 65)
    for step, momentum in enumerate(momenta):
        settings = {**SETTINGS, "momentum": momentum}
        for each in (engine, plain):
            each.train(_core.Rows.from_array(data), None, settings, SEED, step, 2)
        expected.train(data, settings, SEED, step)
        np.testing.assert_allclose(engine.weights(), expected.weights, atol=2e-6)
        np.testing.assert_allclose(engine.hidden_bias(), expected.hidden_bias, atol=2e-6)
    np.testing.assert_allclose(engine.weights(), plain.weights(), atol=2e-5)
    np.testing.assert_allclose(engine.visible_bias(), plain.visible_bias(), atol=2e-5)


def test_binarized_pixels_are_drawn_from_the_data_stream(target):
    from tests.oracle.philox import draws, uniforms

    values = rng(3).random((150, 37)).astype(np.float32)
    engine, _ = random_model(37, 8)
    learn(engine, values, {"binarize_sample": True, "data_step": 6, "batch_size": 70}, 2)
    batches = [values[:70], values[70:140], values[140:]]
    bits = [
        uniforms(draws(SEED, "data", 0, 6 + i, 0, len(batch), 37)) < batch
        for i, batch in enumerate(batches)
    ]
    same, _ = random_model(37, 8)
    learn(same, np.concatenate(bits), {"batch_size": 70}, 2)
    np.testing.assert_array_equal(engine.weights(), same.weights())


# ---- scale ----


@pytest.mark.parametrize(
    "weights",
    [
        np.zeros((3, 4)),
        rng(0).normal(0, 0.01, (65, 785)),
        rng(1).standard_t(1.5, (130, 63)),
        np.full((16, 785), 3.0),
        -np.full((785, 16), 1e-3),
        np.full((1, 1), 1e30),
        np.full((2, 2), 1e-30),
        rng(2).normal(0, 1, (3, 3)) * 2.0 ** rng(3).integers(-40, 40, (3, 3)),
    ],
)
@pytest.mark.parametrize("narrow", [False, True])
def test_scale_exponent_is_the_oracles(weights, narrow):
    weights = weights.astype(np.float32)
    found = _core.weight_scale_exponent(weights, narrow)
    assert found == oracle.scale_exponent(weights, narrow)


@pytest.mark.parametrize("precision", PACKED)
@pytest.mark.parametrize("sign", [1, -1])
def test_sums_at_the_limit_do_not_overflow(target, sign, precision):
    """All weights equal and all units on: the largest sum the scale allows."""
    for n_visible, n_hidden in ((785, 3), (3, 785), (300, 300)):
        weights = np.full((n_hidden, n_visible), sign * 1.0, np.float32)
        engine = _core.RbmEngine(n_visible, n_hidden, precision)
        engine.set_parameters(weights, np.full(n_hidden, -sign * n_visible), np.zeros(n_visible))
        ones = _core.Rows.from_array(np.ones((5, n_visible), bool))
        np.testing.assert_allclose(engine.mean_hidden(ones, 1), 0.5, atol=1e-6)


@pytest.mark.parametrize("precision", PACKED)
@pytest.mark.parametrize("learning_rate", [0.01, 1.0, 30.0])
@pytest.mark.parametrize(
    ("n_visible", "n_hidden", "start"),
    [
        (150, 137, 0.0),
        (150, 137, 1.0),
        (300, 280, 1.69),
        (40, 400, 1.27),
        (400, 40, 1.27),
        (40, 400, -1.27),
    ],
)
def test_scale_stays_right_while_weights_grow(
    n_threads, n_visible, n_hidden, start, learning_rate, precision
):
    """Samples after training are the oracle's with a scale computed from the weights alone.

    Of random weights the largest decides; of equal ones the sums over more than 256 units, which start
    within a hundredth of the limit. Biases keep both layers about half on.
    """
    g = rng(n_visible, n_hidden)
    weights = (start + g.normal(0, 0.01, (n_hidden, n_visible))).astype(np.float32)
    engine = _core.RbmEngine(n_visible, n_hidden, precision)
    engine.set_parameters(
        weights,
        np.full(n_hidden, -0.3 * start * n_visible),
        np.full(n_visible, -0.5 * start * n_hidden),
    )
    data = states(60, n_visible)
    for _ in range(5):
        learn(engine, data, {"learning_rate": learning_rate, "momentum": 0.5}, n_threads)
        expected = oracle.Rbm(
            engine.weights(),
            engine.hidden_bias(),
            engine.visible_bias(),
            _core.exp_negative,
            precision == "fast",
        )
        np.testing.assert_array_equal(
            engine.mean_hidden(_core.Rows.from_array(data), 2), expected.mean_hidden(data)
        )


@pytest.mark.parametrize("precision", PACKED)
@pytest.mark.parametrize(
    "options",
    [{}, {"k": 3}, {"algorithm": "pcd"}, {"statistics": "sampled"}, {"momentum": 0.5, "l1": 1e-3}],
)
@pytest.mark.parametrize(
    ("n_visible", "n_hidden", "batch_size"),
    [(64, 256, 10), (400, 40, 10), (40, 400, 10), (300, 280, 10), (150, 137, 70)],
)
def test_a_pass_is_its_minibatches(options, n_visible, n_hidden, batch_size, precision):
    """What a minibatch prepares for the next assumes the scale, which the first updates change."""
    settings = {**SETTINGS, "learning_rate": 0.1, "batch_size": batch_size, **options}
    data = states(12 * batch_size, n_visible)
    start = states(batch_size, n_hidden, 0.5)
    found, scales = [], []
    for rows_a_call in (len(data), batch_size):
        engine, model = random_model(n_visible, n_hidden, 0.001, precision)
        scales.append(_core.weight_scale_exponent(model.weights, precision == "fast"))
        if settings["algorithm"] == "pcd":
            engine.set_chains(start)
        step = 0
        for first in range(0, len(data), rows_a_call):
            rows = _core.Rows.from_array(data[first : first + rows_a_call])
            step = engine.train(rows, None, settings, SEED, step, 2)["step"]
            scales.append(_core.weight_scale_exponent(engine.weights(), precision == "fast"))
        found.append((engine.weights(), engine.hidden_bias(), engine.visible_bias()))
    for whole, parts in zip(*found, strict=True):
        np.testing.assert_array_equal(whole, parts)
    assert len(set(scales)) > 1


# ---- e^-x ----


def test_exp_negative_is_within_one_unit_in_the_last_place():
    x = np.concatenate([np.linspace(-86.9, 86.9, 400001), np.logspace(-8, 1, 20001)]).astype(
        np.float32
    )
    exact = np.exp(-x.astype(np.float64))
    found = _core.exp_negative(x)
    unit = np.spacing(exact.astype(np.float32)).astype(np.float64)
    assert (np.abs(found - exact) / unit).max() < 1.01


def test_exp_negative_at_the_edges():
    x = np.array([0.0, -0.0, -100, -np.inf, 100, np.inf, np.nan, -88.5], np.float32)
    found = _core.exp_negative(x)
    np.testing.assert_array_equal(found[:4], [1, 1, np.inf, np.inf])
    assert (found[4:6] < 1e-37).all()
    assert (found[6:] == np.inf).all()


# ---- rows ----


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8, bool])
@pytest.mark.parametrize("n_columns", [1, 63, 64, 65, 200])
def test_rows_hold_any_layout(dtype, n_columns):
    x = states(9, n_columns).astype(dtype)
    read_only = x.copy()
    read_only.setflags(write=False)
    wide = np.zeros((18, 2 * n_columns), dtype)
    wide[::2, ::2] = x
    for layout in (x, np.asfortranarray(x), read_only, wide[::2, ::2], x[::-1][::-1]):
        rows = _core.Rows.from_array(layout)
        assert rows.kind == "bits"
        np.testing.assert_array_equal(rows.to_array("bool"), x != 0)
        np.testing.assert_array_equal(
            rows.to_packed(), np.packbits(x != 0, axis=1, bitorder="little")
        )
    back = _core.Rows.from_packed(np.packbits(x != 0, axis=1, bitorder="little"), n_columns)
    np.testing.assert_array_equal(back.to_array("float32"), x)


def test_rows_keep_float_arrays_without_a_copy():
    x = rng(0).random((5, 7)).astype(np.float32)
    rows = _core.Rows.from_array(x)
    assert (rows.kind, rows.nbytes) == ("dense", 0)
    x[0, 0] = 0.125
    assert rows.to_array("float32")[0, 0] == 0.125


@pytest.mark.parametrize("values", [states(9, 70), rng(0).random((9, 70))])
def test_rows_give_a_range_of_rows(values):
    rows = _core.Rows.from_array(values)
    np.testing.assert_array_equal(rows.to_array("float64", 2, 5), values[2:7])
    np.testing.assert_array_equal(rows.to_array("float64", 6), values[6:])
    for first, count in ((-1, 1), (10, 0), (3, 7), (0, -1)):
        with pytest.raises(ValueError, match=f"9 rows, got first {first} and count {count}"):
            rows.to_array("float64", first, count)


@pytest.mark.parametrize("index_type", [np.int32, np.int64])
def test_rows_from_csr(index_type):
    indptr, indices = np.array([0, 2, 2, 3], index_type), np.array([3, 0, 1], index_type)
    rows = _core.Rows.from_csr(indptr, indices, np.ones(3, np.float32), 4)
    assert rows.kind == "bits"
    np.testing.assert_array_equal(
        rows.to_array("uint8"), [[1, 0, 0, 1], [0, 0, 0, 0], [0, 1, 0, 0]]
    )
    assert _core.Rows.from_csr(indptr, indices, np.full(3, 0.5), 4).kind == "csr"


def test_sparse_values_keep_their_precision_and_are_copied():
    """1 - 2^-30 is no bit, though float32 would round it to 1."""
    values = np.array([1 - 2.0**-30, 0.1])
    indptr, indices = np.array([0, 1, 2]), np.array([3, 0])
    rows = _core.Rows.from_csr(indptr, indices, values, 4)
    assert rows.kind == "csr"
    indices[:] = 10**6
    values[:] = 7
    expected = [[0, 0, 0, 1 - 2.0**-30], [0.1, 0, 0, 0]]
    np.testing.assert_array_equal(rows.to_array("float64"), expected)


@pytest.mark.parametrize("dtype", [">f8", ">f4"])
def test_foreign_byte_order_is_read(dtype):
    x = rng(0).random((5, 7)).astype(dtype)
    if dtype == ">f4":
        with pytest.raises(TypeError, match="expected float32"):
            _core.Rows.from_array(x)
        return
    rows = _core.Rows.from_array(x)
    np.testing.assert_array_equal(rows.to_array("float64"), x)


@pytest.mark.parametrize(
    ("indptr", "indices", "message"),
    [
        ([0, 1], [4], "row 0 has column index 4, expected 0 to 3"),
        ([0, 1], [-1], "row 0 has column index -1"),
        ([0, 2], [1, 1], "row 0 repeats column 1"),
        ([0, 2, 1], [0, 1], "indptr decreases at row 1"),
        ([1, 2], [0, 1], "indptr must start with 0, got 1"),
        ([0, 3], [0, 1], "indptr ends at 3, but there are 2 indices"),
        ([0, 2**62], [0, 1], "but there are 2 indices"),
    ],
)
def test_damaged_csr_is_refused(indptr, indices, message):
    with pytest.raises(ValueError, match=message):
        _core.Rows.from_csr(np.array(indptr), np.array(indices), np.ones(2), 4)


def test_engine_errors_name_the_argument():
    engine, _ = random_model(5, 3)
    rows = _core.Rows.from_array(np.zeros((2, 4), bool))
    with pytest.raises(ValueError, match="mean_hidden: rows has 4 columns, the model expects 5"):
        engine.mean_hidden(rows, 1)
    with pytest.raises(ValueError, match="n_threads must be between 1 and 256, got 0"):
        engine.free_energy(_core.Rows.from_array(np.zeros((2, 5), bool)), 0)
    with pytest.raises(ValueError, match=r"weights has shape \(3, 4\), expected \(3, 5\)"):
        engine.set_parameters(np.zeros((3, 4)), np.zeros(3), np.zeros(5))
    good = _core.Rows.from_array(np.zeros((2, 5), bool))
    with pytest.raises(ValueError, match=r"order\[1\] is 9, but there are 2 rows"):
        engine.train(good, np.array([0, 9], np.uint32), SETTINGS, 0, 0, 1)
    with pytest.raises(ValueError, match="settings lack 'k'"):
        engine.train(good, None, {k: v for k, v in SETTINGS.items() if k != "k"}, 0, 0, 1)
    with pytest.raises(ValueError, match="'pcd' needs chains"):
        engine.train(good, None, {**SETTINGS, "algorithm": "pcd"}, 0, 0, 1)
