"""The kernels of nets against float64 NumPy on every CPU target, and bit for bit between targets and cuts."""

import numpy as np
import pytest
from scipy.special import expit, log_softmax, logsumexp, softmax

from udl_fast import _core, runtime

EPS = np.finfo(np.float32).eps
ACTIVATIONS = {
    "linear": (lambda x: x, lambda y: np.ones_like(y)),
    "logistic": (expit, lambda y: y * (1 - y)),
    "tanh": (np.tanh, lambda y: 1 - y * y),
    "relu": (lambda x: np.maximum(x, 0), lambda y: (y > 0) * 1.0),
}
# (rows, inputs, outputs): one and many of each, whole panels and not, strips and reductions that are cut.
SHAPES = [
    (1, 1, 1),
    (3, 17, 16),
    (13, 16, 33),
    (25, 70, 47),
    (37, 430, 31),
    (6, 15, 530),
    (2, 2497, 17),
]


def normal(seed, *shape, scale=1.0):
    return (np.random.default_rng(seed).standard_normal(shape) * scale).astype(np.float32)


def sum_bound(a, b):
    """What float32 sums of the products of rows of a with columns of b may be off: n roundings of each term."""
    return (a.shape[1] + 2) * EPS * (np.abs(a) @ np.abs(b))


def on_all_targets(call):
    """What call() returns, after it was found the same, bit for bit, on every target."""
    results = []
    for name in _core.available_targets():
        with runtime.forced_target(name):
            results.append(call())
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)
    return results[0]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_forward(shape, activation):
    rows, n_in, n_out = shape
    x, w, b = normal(0, rows, n_in), normal(1, n_out, n_in, scale=0.3), normal(2, n_out)
    noise = normal(3, rows, n_out)

    def call(task_panels=2, task_rows=rows):
        return _core.dense_product(
            w, x, False, activation, b, None, noise, task_panels, task_rows
        ), _core.dense_product(w, x, False, activation, b, None, None, task_panels, task_rows)

    noisy, plain = on_all_targets(call)
    exact = x.astype(float) @ w.T.astype(float) + b
    bound = sum_bound(x, w.T) + 4 * EPS * (np.abs(exact) + np.abs(noise) + 1)
    assert (np.abs(plain - ACTIVATIONS[activation][0](exact)) <= bound).all()
    assert (np.abs(noisy - ACTIVATIONS[activation][0](exact + noise)) <= bound).all()
    for cut in ((1, 5), (3, 4)):
        np.testing.assert_array_equal(call(*cut)[0], noisy)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_errors_of_inputs(shape, activation):
    rows, n_in, n_out = shape
    d, w = normal(0, rows, n_out), normal(1, n_out, n_in, scale=0.3)
    y = ACTIVATIONS[activation][0](normal(2, rows, n_in))
    term, scale = normal(3, n_in), (normal(4, rows, n_in) > 0) * np.float32(1.25)

    def call(task_panels=2, task_rows=rows):
        arguments = (w, d, True, activation, term, y, scale, task_panels, task_rows)
        return (_core.dense_product(*arguments),)

    (found,) = on_all_targets(call)
    slope = np.abs(ACTIVATIONS[activation][1](y.astype(float)))
    exact = ((d.astype(float) @ w) * scale + term) * ACTIVATIONS[activation][1](y.astype(float))
    bound = (1.25 * sum_bound(d, w) + 4 * EPS) * slope + 8 * EPS * (np.abs(exact) + 1)
    assert (np.abs(found - exact) <= bound).all()
    for cut in ((1, 5), (3, 4)):
        np.testing.assert_array_equal(call(*cut)[0], found)


def reference_step(rule, w, m, s, g, n):
    """The rules of kernels/dense/update.h, in float64."""
    g = g + n["weight_decay"] * w + n["l1"] * np.sign(w)
    if rule == "gradient":
        return w, g, s
    if rule == "accumulate":
        return w, m + g, s
    if rule == "descent":
        return w - n["rate"] * g, m, s
    if rule in ("sgd", "nesterov"):
        v = n["momentum"] * m - n["rate"] * g
        return w + (v if rule == "sgd" else n["momentum"] * v - n["rate"] * g), v, s
    m = m + n["one_minus_beta1"] * (g - m)
    s = s + n["one_minus_beta2"] * (g * g - s)
    return w - n["rate"] * m / (np.sqrt(s * n["correction"]) + n["epsilon"]), m, s


NUMBERS = {
    "rate": 0.1,
    "momentum": 0.9,
    "weight_decay": 0.01,
    "l1": 0.003,
    "one_minus_beta1": 0.1,
    "one_minus_beta2": 0.001,
    "epsilon": 1e-3,
    "correction": 3.0,
}


RULES = ["gradient", "accumulate", "descent", "sgd", "nesterov", "adam"]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("n_terms", [1, 3])
def test_update(rule, n_terms):
    for rows, n_in, n_out in [(1, 1, 1), (5, 17, 16), (7, 47, 33), (300, 30, 50)]:
        w, m = normal(0, n_out, n_in), normal(1, n_out, n_in)
        s = np.abs(normal(2, n_out, n_in))
        terms = [(normal(5 + t, rows, n_in), normal(8 + t, rows, n_out)) for t in range(n_terms)]

        def call(panels=2, units=16, w=w, m=m, s=s, terms=terms):
            return _core.dense_update(w, m, s, terms, rule, NUMBERS, panels, units)

        found = on_all_targets(call)
        gradient = sum(d.T.astype(float) @ x for x, d in terms)
        # Blocks of 256 rows: fewer roundings than rows.
        bound = sum((min(rows, 258) + 2) * EPS * (np.abs(d).T @ np.abs(x)) for x, d in terms) + EPS
        expected = reference_step(rule, *(a.astype(float) for a in (w, m, s)), gradient, NUMBERS)
        size = np.abs(gradient) + 1
        # Adam divides by sqrt(second), whose smallest value here is far above epsilon^2.
        for a, b, factor in zip(found, expected, (4, 1, 0.002 * size), strict=True):
            assert (np.abs(a - b) <= factor * bound + 8 * EPS * (np.abs(b) + 1)).all()
        for a, b in zip(call(1, 32), found, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("rule", RULES)
def test_steps(rule):
    """The one rounding of each operation; in halves, the same bits."""
    for n_in, n_out in [(1, 1), (17, 16), (30, 50)]:
        w, m, g = (normal(seed, n_out, n_in) for seed in (0, 1, 3))
        s = np.abs(normal(2, n_out, n_in))

        def call(in_halves, arguments=(w, m, s, g, rule, NUMBERS)):
            return _core.dense_step(*arguments, in_halves)

        found = on_all_targets(lambda: call(False))
        expected = reference_step(rule, *(a.astype(float) for a in (w, m, s, g)), NUMBERS)
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=30 * EPS)
        for a, b in zip(on_all_targets(lambda: call(True)), found, strict=True):
            np.testing.assert_array_equal(a, b)


def test_sums_over_many_rows_are_nearly_exact():
    """One chain of 4,000 additions would be ten times further off."""
    x, d = np.abs(normal(0, 4000, 16)), np.abs(normal(1, 4000, 16))
    zero = np.zeros((16, 16), np.float32)
    _, gradient, _ = _core.dense_update(zero, zero, zero, [(x, d)], "gradient", {}, 2, 16)
    exact = d.T.astype(float) @ x
    assert np.sqrt(np.mean((gradient / exact - 1) ** 2)) < 5e-7
    (sums,) = on_all_targets(lambda: (_core.dense_row_sums(d),))
    np.testing.assert_allclose(sums, d.sum(0, dtype=float), rtol=2e-6)


@pytest.mark.parametrize("n_units", [5, 16, 70, 170])
def test_sums_over_rows(n_units):
    """Panels are summed side by side, each as if it were alone."""
    for rows in (1, 7, 300):
        d = normal(rows, rows, n_units)
        (found,) = on_all_targets(lambda: (_core.dense_row_sums(d),))  # noqa: B023
        bound = (min(rows, 258) + 2) * EPS * np.abs(d).sum(0, dtype=float)
        assert (np.abs(found - d.sum(0, dtype=float)) <= bound).all()
        alone = [_core.dense_row_sums(d[:, k : k + 1].copy())[0] for k in range(n_units)]
        np.testing.assert_array_equal(found, alone)


@pytest.mark.parametrize(
    ("activation", "loss"),
    [
        *((a, "squared") for a in ACTIVATIONS),
        ("logistic", "cross_entropy"),
        ("softmax", "multinomial"),
    ],
)
@pytest.mark.parametrize("n_units", [1, 16, 23, 50])
def test_losses(activation, loss, n_units):
    x = normal(0, 37, n_units, scale=4)
    t = np.random.default_rng(1).random(x.shape, np.float32)
    y, errors, value = on_all_targets(lambda: _core.dense_loss(x, t, activation, loss, 0.25))
    x64 = x.astype(float)
    if loss == "squared":
        f, slope = ACTIVATIONS[activation]
        expected_y = f(x64)
        expected, losses = (expected_y - t) * slope(expected_y), (expected_y - t) ** 2 / 2
    elif loss == "cross_entropy":
        expected_y = expit(x64)
        expected, losses = expected_y - t, np.logaddexp(0, x64) - t * x64
    else:
        expected_y, total = softmax(x64, axis=1), t.sum(1, dtype=float)[:, None]
        expected, losses = expected_y * total - t, -t * log_softmax(x64, axis=1)
    scale = 1 + np.abs(x64) + n_units
    assert (np.abs(y - expected_y) <= 4 * EPS * scale).all()
    assert (np.abs(errors - 0.25 * expected) <= 4 * EPS * scale * (1 + np.abs(expected_y))).all()
    assert value == pytest.approx(losses.sum(), rel=4e-6, abs=1e-6)


def test_losses_of_large_inputs_are_finite_and_those_of_no_numbers_are_none():
    x = np.array([[300.0, -300.0, 80.0, -80.0]], np.float32)
    t = np.array([[0.0, 1.0, 1.0, 0.0]], np.float32)
    for activation, loss in (("logistic", "cross_entropy"), ("softmax", "multinomial")):
        _, errors, value = _core.dense_loss(x, t, activation, loss, 1.0)
        assert np.isfinite(errors).all()
        exact = 600.0 if loss == "cross_entropy" else 2 * logsumexp(x) - x[0, 1] - x[0, 2]
        assert value == pytest.approx(exact, rel=1e-6)
    for activation in ACTIVATIONS:
        for value in (np.nan, np.inf):
            y, _, loss = _core.dense_loss(
                np.full((1, 3), value, np.float32), t[:, :3], activation, "squared", 1.0
            )
            assert not np.isfinite(y).any(), (activation, value)
            assert not np.isfinite(loss)


def test_accuracy_of_activations():
    """Units in the last place of float32, over what inputs can be."""
    x = np.concatenate([np.linspace(-20, 20, 40001), np.logspace(-8, 1, 2000)]).astype(np.float32)
    for activation, limit in (("logistic", 3.0), ("tanh", 3.0)):
        y, _, _ = _core.dense_loss(x[:, None], x[:, None], activation, "squared", 1.0)
        exact = ACTIVATIONS[activation][0](x.astype(float))
        assert (
            np.abs(y[:, 0] - exact) / np.spacing(np.abs(exact).astype(np.float32))
        ).max() < limit


@pytest.mark.parametrize("density", [0.0, 0.2, 1.0])
def test_lists_give_the_bits_of_dense_products(density):
    generator = np.random.default_rng(3)
    for rows, n_in, n_out in [(1, 5, 7), (2, 9, 40), (41, 230, 100), (300, 40, 33), (650, 24, 17)]:
        x = (normal(0, rows, n_in) * (generator.random((rows, n_in)) < density)).astype(np.float32)
        x[1::5] = 0  # nothing is listed beside a row of which something is
        w, b, d = normal(1, n_out, n_in), normal(2, n_out), normal(3, rows, n_out)

        def forward(by_lists, x=x, w=w, b=b, rows=rows):
            return (_core.dense_product(w, x, False, "tanh", b, None, None, 3, rows, by_lists),)

        def update(by_lists, x=x, w=w, d=d):
            return _core.dense_update(w, w, np.abs(w), [(x, d)], "adam", NUMBERS, 5, 32, by_lists)

        for work in (forward, update):
            for a, c in zip(on_all_targets(lambda: work(True)), work(False), strict=True):  # noqa: B023
                np.testing.assert_array_equal(a, c)
