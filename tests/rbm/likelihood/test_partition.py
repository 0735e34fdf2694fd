"""log Z by enumeration and by annealing in both directions, and what needs it."""

import numpy as np
import pytest
from scipy import sparse

from tests.support.interruption import assert_ends_soon
from udl_fast import RBM, LogPartition
from udl_fast.evaluation import ais_betas
from udl_fast.evaluation.annealing import log_ratio

N_SEEDS = 6


@pytest.fixture(scope="module")
def small(digits):
    """Of 12 hidden units, well trained: log Z is known, and annealing has something to do."""
    return RBM(12, n_iter=30, batch_size=20, random_state=0).fit(digits)


@pytest.fixture(scope="module")
def exact(small):
    return small.log_partition().log_z


@pytest.mark.parametrize("method", ["ais", "reverse_ais"])
def test_estimates_meet_the_enumeration(small, exact, method):
    found = [small.log_partition(method, betas=1000, random_state=seed) for seed in range(N_SEEDS)]
    assert all(isinstance(estimate, LogPartition) for estimate in found)
    errors = [(estimate.log_z - exact) / estimate.std_error for estimate in found]
    assert sum(abs(error) < 3 for error in errors) >= N_SEEDS - 1, errors
    assert all(0 < estimate.std_error < 0.1 for estimate in found)


def test_few_temperatures_err_to_either_side(small, exact):
    """In the mean AIS is below log Z and reverse AIS above: with a coarse ladder, by much."""
    below, above = (
        small.log_partition(method, betas=5, n_runs=500, random_state=1)
        for method in ("ais", "reverse_ais")
    )
    assert below.log_z < exact - 0.3
    assert above.log_z > exact + 0.3


def test_bases_agree(small, exact, digits):
    for base_rates in (digits.mean(axis=0), np.full(64, 0.5), np.arange(64) / 63):
        found = small.log_partition("ais", betas=2000, base_rates=base_rates)
        assert abs(found.log_z - exact) < 4 * found.std_error


def test_reverse_runs_start_where_they_are_told(small, exact, digits):
    found = small.log_partition("reverse_ais", betas=1000, n_runs=200, start=digits[:200])
    assert abs(found.log_z - exact) < 4 * found.std_error
    as_they_are = small.log_partition(
        "reverse_ais", betas=1000, n_runs=200, start=sparse.csr_array(digits[:200]), burn_in=0
    )
    assert as_they_are != found


def test_likelihoods_in_reverse_start_at_their_rows(small, digits):
    rows, options = digits[:100], {"betas": 20, "burn_in": 0}
    found = small.log_likelihood(rows, method="reverse_ais", **options)
    told = small.log_likelihood(rows, method="reverse_ais", start=rows, **options)
    np.testing.assert_array_equal(found, told)
    few = small.log_likelihood(rows[:3], method="reverse_ais", n_runs=7, **options)
    assert np.isfinite(few).all()


def test_estimates_repeat(small):
    def estimate(**options):
        return small.log_partition("ais", betas=50, n_runs=10, **options)

    assert estimate() == estimate()
    assert estimate(random_state=1) == estimate(random_state=1) != estimate()
    assert estimate(random_state=2) != estimate(random_state=1)
    n_jobs = small.n_jobs
    try:
        for small.n_jobs in (1, 3):
            assert estimate(random_state=1).log_z == pytest.approx(
                estimate(random_state=1).log_z, abs=0
            )
    finally:
        small.n_jobs = n_jobs


def test_the_error_is_that_of_the_mean_weight():
    log_weights = np.log([1.0, 3.0]) + 5000
    found = log_ratio(log_weights)
    assert found.log_z == pytest.approx(5000 + np.log(2))
    assert found.std_error == pytest.approx(np.std([1, 3], ddof=1) / np.sqrt(2) / 2)


@pytest.mark.parametrize("precision", ["fixed", "float64"])
def test_likelihoods_by_any_method(small, digits, precision):
    model = RBM.from_parameters(
        small.components_,
        small.intercept_visible_,
        small.intercept_hidden_,
        precision=precision,
        random_state=0,
    )
    X = digits[:20]
    exact = model.log_likelihood(X)
    for method in ("ais", "reverse_ais"):
        options = {"betas": 200, "n_runs": 20, "random_state": 3}
        log_z = model.log_partition(method, **options)
        found = model.log_likelihood(X, method=method, **options)
        np.testing.assert_array_equal(found, model.log_likelihood(X, log_z))
        np.testing.assert_allclose(found, exact, atol=8 * log_z.std_error + 0.1)
    with pytest.raises(ValueError, match="with log_z there is no use for method, betas"):
        model.log_likelihood(X, 3.0, "ais", betas=5)


WRONG = {
    "unknown method": ({"method": "annealing"}, "method must be 'exact' or 'ais'"),
    "one run": ({"n_runs": 1}, "n_runs must be >= 2, got 1"),
    "negative burn-in": ({"method": "reverse_ais", "burn_in": -1}, "burn_in must be >= 0"),
    "no step": ({"betas": 0}, "betas must be >= 1, got 0"),
    "unknown schedule": ({"betas": "neal"}, "salakhutdinov2008"),
    "beta above 1": ({"betas": [0, 0.5, 1.5, 1]}, r"within \[0, 1\], got 1.5 at position 2"),
    "beta no number": ({"betas": [0, np.nan, 1]}, "got nan at position 1"),
    "falling": ({"betas": [0, 0.5, 0.4, 1]}, "must increase, in float32 too, got 0.4 after 0.5"),
    "too near": ({"betas": [0, 0.5, 0.5 + 1e-12, 1]}, "must increase, in float32 too"),
    "not from 0": ({"betas": [0.1, 1]}, "from 0 to 1, got 0.1 to 1"),
    "two dimensions": ({"betas": [[0, 1]]}, r"one dimension, got shape \(1, 2\)"),
    "rates of another model": ({"base_rates": [0.5]}, r"base_rates must have shape \(64,\)"),
    "rates above 1": ({"base_rates": np.full(64, 1.5)}, r"base_rates must lie within \[0, 1\]"),
    "start for ais": ({"start": np.zeros((100, 64))}, "start is for method='reverse_ais'"),
    "rows of start": (
        {"method": "reverse_ais", "start": np.zeros((3, 64))},
        "start has 3 rows, expected n_runs = 100",
    ),
    "grey start": (
        {"method": "reverse_ais", "start": np.full((100, 64), 0.5)},
        "log_partition needs states",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments_are_named(small, name):
    options, message = WRONG[name]
    with pytest.raises(ValueError, match=message):
        small.log_partition(**{"method": "ais", **options})


def test_large_models_are_told_what_to_do():
    model = RBM(31, n_iter=0).fit(np.zeros((1, 31), np.uint8))
    with pytest.raises(ValueError, match="at most 30 units; this model has 31: 'ais' and"):
        model.log_likelihood(np.zeros((1, 31), np.uint8))


def test_schedules():
    sm2008 = ais_betas("salakhutdinov2008")
    assert len(sm2008) == 14_501
    steps = np.diff(sm2008.astype(np.float64))
    for first, last, step in ((0, 500, 1e-3), (500, 4500, 1e-4), (4500, 14_500, 1e-5)):
        np.testing.assert_allclose(steps[first:last], step, atol=1e-7)
    assert len(ais_betas()) == 10_001
    np.testing.assert_array_equal(ais_betas([0, 0.25, 1]), np.float32([0, 0.25, 1]))
    with pytest.raises(TypeError, match="an array of numbers"):
        ais_betas(["a", "b"])


@pytest.mark.parametrize("method", ["ais", "reverse_ais"])
def test_ctrl_c_ends_annealing(method):
    large = RBM(2048, n_iter=0, random_state=0).fit(np.zeros((1, 2048), np.uint8))
    assert_ends_soon(lambda: large.log_partition(method, n_runs=200))


# ---- energies ----


@pytest.mark.parametrize("precision", ["fixed", "float64"])
def test_free_energy_is_of_all_energies(precision):
    g = np.random.default_rng(0)
    model = RBM.from_parameters(
        g.normal(size=(4, 6)), g.normal(size=6), g.normal(size=4), precision=precision
    )
    hidden = (np.arange(16)[:, None] >> np.arange(4) & 1).astype(bool)
    for v in g.random((5, 6)) < 0.5:
        energies = model.energy(np.tile(v, (16, 1)), hidden)
        assert -np.logaddexp.reduce(-energies) == pytest.approx(model.free_energy(v), abs=3e-6)
    h = g.random(4)  # the mean over independent units
    expected = -(v @ model.intercept_visible_) - h @ (
        model.intercept_hidden_ + model.components_ @ v
    )
    assert model.energy(v, h) == pytest.approx(expected, rel=1e-6)
    assert np.shape(model.energy(v, h)) == ()


KINDS = {
    "gaussian": {"visible": "gaussian", "sigma": 0.7},
    "softmax": {"visible": "softmax", "visible_groups": [3, 3]},
    "replicated_softmax": {"visible": "replicated_softmax"},
}
VALUES = {"gaussian": [0.3, -1.2, 0, 2, 0.5, 1], "softmax": [0, 1, 0, 0, 0, 1],
          "replicated_softmax": [2, 0, 1, 0, 0, 3]}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_energies_of_other_kinds(kind):
    g = np.random.default_rng(1)
    model = RBM.from_parameters(
        g.normal(size=(4, 6)),
        g.normal(size=6),
        g.normal(size=4),
        precision="float64",
        **KINDS[kind],
    )
    hidden = (np.arange(16)[:, None] >> np.arange(4) & 1).astype(bool)
    v = np.array(VALUES[kind], float)
    energies = model.energy(np.tile(v, (16, 1)), hidden)
    assert -np.logaddexp.reduce(-energies) == pytest.approx(model.free_energy(v), rel=1e-9)


def test_rows_of_words_have_no_single_log_z():
    g = np.random.default_rng(1)
    model = RBM.from_parameters(
        g.normal(size=(4, 6)), g.normal(size=6), g.normal(size=4), visible="replicated_softmax",
        precision="float64",
    )  # fmt: skip
    with pytest.raises(NotImplementedError, match="rows of each length have another Z"):
        model.log_partition("ais")


@pytest.mark.parametrize("precision", ["fixed", "float64"])
@pytest.mark.parametrize("kind", ["gaussian", "softmax"])
def test_likelihoods_of_other_kinds_by_any_method(kind, precision):
    """From the biases of the model and from a base of its own."""
    g = np.random.default_rng(1)
    weights, b, c = g.normal(0, 0.7, (5, 6)), g.normal(size=6), g.normal(size=5)
    model = RBM.from_parameters(weights, b, c, precision=precision, random_state=0, **KINDS[kind])
    X = np.tile(np.array(VALUES[kind], float), (20, 1))
    if kind == "gaussian":
        X = X + g.normal(size=X.shape)
    exact = model.log_likelihood(X)
    rates = X.mean(axis=0)
    for method in ("ais", "reverse_ais"):
        for base in (None, rates):
            options = {"betas": 300, "n_runs": 100, "base_rates": base, "burn_in": 100}
            log_z = model.log_partition(method, **options)
            assert 0 < log_z.std_error < 0.2
            found = model.log_likelihood(X, method=method, **options)
            np.testing.assert_allclose(found, exact, atol=5 * log_z.std_error + 0.02)


def test_energies_of_pairs_that_do_not_fit(small):
    with pytest.raises(ValueError, match="v has 2 rows, but h has 3"):
        small.energy(np.zeros((2, 64)), np.zeros((3, 12)))
    with pytest.raises(ValueError, match="energy: h has 11 columns, expected 12"):
        small.energy(np.zeros((2, 64)), np.zeros((2, 11)))


def test_free_energy_gap_is_between_means(small, digits):
    gap = small.free_energy_gap(digits[:1000], digits[1000:])
    expected = small.free_energy(digits[1000:]).mean() - small.free_energy(digits[:1000]).mean()
    assert gap == pytest.approx(expected, rel=1e-12)


# ---- what log Z is given and asked ----


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ((50.0, 0.1), TypeError, r"RBM: log_z must be a number or a LogPartition, got \(50\.0, 0"),
        (np.zeros(3), TypeError, "log_z must be a number or a LogPartition"),
        ("50", TypeError, "log_z must be a number, got"),
        (np.nan, ValueError, "log_z must be finite, got nan"),
    ],
)
def test_a_log_z_that_is_no_number_is_refused(small, digits, given, error, message):
    with pytest.raises(error, match=message):
        small.log_likelihood(digits[:2], given)


def test_numbers_of_any_library_are_taken(small, digits):
    expected = -small.free_energy(digits[:2]) - 50
    for given in (50, np.float32(50), np.array(50.0), LogPartition(50.0, 0.1)):
        np.testing.assert_array_equal(small.log_likelihood(digits[:2], given), expected)


def test_an_enumeration_has_no_use_for_annealing(small, digits):
    with pytest.warns(UserWarning, match="'exact' enumerates .* no use for n_runs, betas, which"):
        assert small.log_partition(betas=5, n_runs=7).std_error == 0
    with pytest.warns(UserWarning, match="no use for random_state"):
        small.log_likelihood(digits[:2], random_state=0)


def words_model():
    g = np.random.default_rng(1)
    parameters = g.normal(size=(4, 6)), g.normal(size=6), g.normal(size=4)
    return RBM.from_parameters(*parameters, visible="replicated_softmax", precision="float64")


def test_log_z_of_words_is_of_a_length():
    """Z of all rows of n words, in their order: over hidden states of the n-th power of a sum over words."""
    model = words_model()
    hidden = np.arange(16)[:, None] >> np.arange(4) & 1
    word = np.logaddexp.reduce(hidden @ model.components_ + model.intercept_visible_, axis=1)
    word += hidden @ model.intercept_hidden_
    rows = np.array([[1, 0, 2, 0, 0, 0], [0, 1, 1, 3, 0, 0]])
    for n_words, row in zip((3, 5), rows, strict=True):
        found = model.log_partition(length=n_words)
        assert found == (pytest.approx(np.logaddexp.reduce(n_words * word)), 0)
        expected = -model.free_energy(row) - found.log_z
        assert model.log_likelihood(row[None])[0] == pytest.approx(expected)
    with pytest.raises(ValueError, match="log_partition needs length with visible='replicated_"):
        model.log_partition()
    for given in ({"log_z": 3.0}, {"length": 5}):
        with pytest.raises(ValueError, match=f"of each row and has no use for {next(iter(given))}"):
            model.log_likelihood(rows, **given)


def test_a_length_is_of_words(small):
    with pytest.raises(ValueError, match="length is of visible='replicated_softmax', got visible="):
        small.log_partition(length=3)


@pytest.mark.parametrize(
    ("options", "shape", "layer"),
    [
        ({"hidden": "gaussian"}, (5, 31), "visible"),
        ({"visible": "gaussian"}, (31, 5), "hidden"),
        ({"visible": "replicated_softmax"}, (31, 5), "hidden"),
    ],
)
def test_the_layer_that_is_too_large_is_named(options, shape, layer):
    n_hidden, n_visible = shape
    model = RBM.from_parameters(np.zeros(shape), np.zeros(n_visible), np.zeros(n_hidden), **options)
    with pytest.raises(ValueError, match=f"enumerates the {layer} units here.*this model has 31"):
        model.log_likelihood(np.eye(1, n_visible))
