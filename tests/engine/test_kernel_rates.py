"""What the benchmarks time kernel by kernel computes what they say."""

import numpy as np
import pytest
from scipy.special import expit

from udl_fast import _core

N_ROWS, N_VISIBLE, N_HIDDEN = 37, 70, 52
TILES = -(-N_HIDDEN // 16)


def states(n_rows=N_ROWS):
    generator = np.random.RandomState(1)
    v, h = (generator.randint(0, 2, (n_rows, n)).astype(np.uint8) for n in (N_VISIBLE, N_HIDDEN))
    return v, h, generator.normal(0, 0.3, (N_HIDDEN, N_VISIBLE)).astype(np.float32)


def rates_of(v, h, w, narrow=False):
    return _core.KernelRates(_core.Rows.from_array(v), _core.Rows.from_array(h), w, narrow)


def integer_weights(w, narrow):
    return np.rint(w * 2.0 ** -_core.weight_scale_exponent(w, narrow)).astype(np.int64)


def fixed_probabilities(n_rows):
    """Those the gradients are given, (n_rows, 16)."""
    return (np.arange(16 * n_rows) * 40503 % 65536).reshape(n_rows, 16)


@pytest.fixture(params=_core.available_targets())
def target(request):
    _core.set_target(request.param)
    yield request.param
    _core.set_target("")


@pytest.mark.parametrize("n_rows", [N_ROWS, 170])  # tables of fours, and of fives
@pytest.mark.parametrize("narrow", [False, True])
def test_products_are_whole(target, narrow, n_rows):
    v, h, w = states(n_rows)
    z = integer_weights(w, narrow)
    rates = rates_of(v, h, w, narrow)
    assert rates.total("hidden") == (v.astype(int) @ z.T).sum()
    assert rates.total("visible") == (h.astype(int) @ z).sum()
    assert rates.total("pair_counts") == (v.astype(int).T @ h).sum()
    p = fixed_probabilities(n_rows)
    if narrow:
        p = np.minimum(1023, (p + np.arange(n_rows)[:, None] * 37 % 64) >> 6)
    assert rates.total("gradient") == TILES * (v.astype(int).T @ p).sum()


def test_dense_products_are_whole(target):
    v, h, w = states()
    rates = rates_of(v, h, w)
    exact = (v @ w.T.astype(np.float64)).sum()
    assert rates.total("dense_hidden") == pytest.approx(exact, rel=1e-5)
    exact = TILES * (v.T @ (fixed_probabilities(N_ROWS) / 65536)).sum()
    assert rates.total("dense_gradient") == pytest.approx(exact, rel=1e-5)


def test_epilogues_draw_with_the_probabilities_of_the_first_tile(target):
    v, h, w = states(1000)
    rates = rates_of(v, h, w)
    p = expit(v @ w[:16].T.astype(np.float64))
    assert rates.total("sample_and_mean") / 65536 == pytest.approx(TILES * p.sum(), rel=1e-4)
    z = (rates.total("sample") - TILES * p.sum()) / np.sqrt(TILES * (p * (1 - p)).sum())
    assert abs(z) < 5


@pytest.mark.parametrize("n_threads", [1, 3])
def test_every_kernel_runs_on_any_number_of_threads(target, n_threads):
    rates = rates_of(*states())
    before = rates.total("hidden")
    for kernel in ("hidden", "visible", "gradient", "pair_counts", "dense_hidden",
                   "dense_gradient", "sample", "sample_and_mean"):  # fmt: skip
        rates.run(kernel, 2, n_threads)
    assert rates.total("hidden") == before
    _core.run_multiply_adds(1, n_threads)
    _core.run_entry_additions(1, n_threads)


def test_wrong_arguments_are_named():
    v, h, w = states()
    with pytest.raises(ValueError, match=r"weights has shape \(70, 52\), expected \(52, 70\)"):
        rates_of(v, h, w.T)
    with pytest.raises(ValueError, match="hidden has 36 rows, visible 37"):
        rates_of(v, h[:-1], w)
    with pytest.raises(ValueError, match="visible must be 1 to 16384 rows of bits, got 37 rows of"):
        rates_of(v * 0.5, h, w)
    rates = rates_of(v, h, w)
    with pytest.raises(ValueError, match=r"kernel must be one of hidden, .*, got 'up'"):
        rates.run("up", 1, 1)
    with pytest.raises(ValueError, match="n must be >= 1, got 0"):
        rates.run("hidden", 0, 1)
    with pytest.raises(ValueError, match="run_multiply_adds: n_blocks must be >= 1, got 0"):
        _core.run_multiply_adds(0, 1)


@pytest.mark.parametrize("precision", ["float32", "fast"])
def test_products_of_a_layer_are_whole(target, precision):
    rows, n_in, n_out = 37, 70, 52
    try:
        rates = _core.LayerRates(rows, n_in, n_out, precision)
    except NotImplementedError as refusal:
        pytest.skip(str(refusal))

    def values(n, m):
        i = np.arange(n * m)
        return ((i * 2654435761 % 1024 - 512) / 8192).reshape(n, m)

    x, w, d = values(rows, n_in), values(n_out, n_in), values(rows, n_out)
    tolerance = {"rel": 1e-5, "abs": 1e-7} if precision == "float32" else {"rel": 1e-2, "abs": 1e-3}
    assert rates.total("forward") == pytest.approx(expit(x @ w.T).sum(), **tolerance)
    errors = (d @ w) * x * (1 - x)
    assert rates.total("input_gradient") == pytest.approx(errors.sum(), **tolerance)
    # Velocities begin anew with every step, whose rate is 1e-12.
    assert rates.total("update") * -1e12 == pytest.approx((d.T @ x).sum(), **tolerance)
