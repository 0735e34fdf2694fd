"""Bad input gets an error that names the argument, what came and what was expected."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import NotFittedError

from udl_fast import RBM, BernoulliRBM, pack_bits, unpack_bits
from udl_fast.callbacks import EarlyStopping
from udl_fast.commands.inputs.values import check_states, check_values

X = np.eye(6, dtype=np.uint8)


@pytest.fixture(scope="module")
def fitted():
    return RBM(3, n_iter=1, random_state=0).fit(X)


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"n_components": 0}, ValueError, "RBM: n_components must be >= 1, got 0"),
        ({"n_components": 2.5}, TypeError, "RBM: n_components must be an integer, got 2.5"),
        ({"n_components": True}, TypeError, "RBM: n_components must be an integer, got True"),
        ({"batch_size": -1}, ValueError, "RBM: batch_size must be >= 1, got -1"),
        ({"n_iter": -1}, ValueError, "RBM: n_iter must be >= 0, got -1"),
        ({"k": 0}, ValueError, "RBM: k must be >= 1, got 0"),
        ({"n_chains": 0}, ValueError, "RBM: n_chains must be >= 1, got 0"),
        ({"learning_rate": -0.1}, ValueError, "RBM: learning_rate must be finite and at least 0"),
        (
            {"learning_rate": np.nan},
            ValueError,
            "RBM: learning_rate must be finite and at least 0, got nan",
        ),
        ({"learning_rate": "fast"}, TypeError, "RBM: learning_rate must be a number, got 'fast'"),
        (
            {"k": []},
            ValueError,
            r"RBM: k must be an integer or pairs \(first epoch, steps\), got \[\]",
        ),
        ({"k": [(0, 1), 3]}, ValueError, "RBM: k must be an integer or pairs"),
        ({"k": [(1, 1)]}, ValueError, "RBM: k must have epochs that rise from 0"),
        ({"k": [(0, 1), (5, 3), (5, 4)]}, ValueError, "RBM: k must have epochs that rise from 0"),
        ({"k": [(0, 1), (5, 0)]}, ValueError, "RBM: k must be >= 1, got 0"),
        ({"k": [(0, 1), (5, 2.5)]}, TypeError, "RBM: k must be an integer, got 2.5"),
        ({"max_norm": 0}, ValueError, "RBM: max_norm must be above 0, got 0"),
        ({"max_norm": -1.0}, ValueError, "RBM: max_norm must be finite and at least 0, got -1.0"),
        ({"momentum": 1.5}, ValueError, "RBM: momentum must be between 0 and 1, got 1.5"),
        ({"sparsity_target": 2}, ValueError, "RBM: sparsity_target must be between 0 and 1, got 2"),
        (
            {"algorithm": "cdd"},
            ValueError,
            "RBM: algorithm must be 'cd' or 'pcd' or 'pt', got 'cdd'; did you mean cd?",
        ),
        ({"visible": "gauss"}, ValueError, "did you mean gaussian"),
        (
            {"hidden": "gaussian", "precision": "fast"},
            NotImplementedError,
            "RBM: precision='fast' has no visible='bernoulli' with hidden='gaussian' yet",
        ),
        ({"visible": "softmax"}, ValueError, "RBM: visible='softmax' needs visible_groups"),
        (
            {"visible_groups": [2]},
            ValueError,
            "RBM: visible_groups are the groups of visible='softm",
        ),
        ({"visible_groups": 2}, TypeError, "RBM: visible_groups must be None or a sequence"),
        ({"visible_groups": [0]}, ValueError, "RBM: visible_groups must be >= 1, got 0"),
        ({"sigma": 0}, ValueError, "RBM: sigma must be from 3e-09 to 4e.08, .* got 0"),
        ({"sigma": [1, -1]}, ValueError, "RBM: sigma must be from 3e-09 to 4e.08, .* got -1"),
        (
            {"visible": "gaussian", "binarize": 0.5},
            ValueError,
            "RBM: binarize makes states of visible='bernoulli'",
        ),
        ({"precision": "half"}, ValueError, "RBM: precision must be"),
        ({"statistics": "exact"}, ValueError, "RBM: statistics must be"),
        (
            {"statistics": "sampled", "sample_visibles": False},
            ValueError,
            "needs sample_visibles=True",
        ),
        (
            {"binarize": "sampled"},
            ValueError,
            "RBM: binarize must be None, a threshold or 'sample'",
        ),
        ({"binarize": [1]}, TypeError, "RBM: binarize must be a number"),
        (
            {"device": "cuda"},
            RuntimeError,
            "RBM: device='cuda' is not available: ",
        ),
        ({"device": "tpu"}, ValueError, r"RBM: device must be 'cpu' or 'cuda\[:n\]', got 'tpu'"),
        ({"device": "cuda:x"}, ValueError, r"RBM: device must be 'cpu' or 'cuda\[:n\]'"),
        ({"shuffle": "yes"}, TypeError, "RBM: shuffle must be True or False, got 'yes'"),
        ({"n_jobs": 0}, ValueError, "n_jobs"),
        ({"callbacks": [3]}, TypeError, "RBM: callbacks must be None or a list of callables"),
        ({"callbacks": 3}, TypeError, "RBM: callbacks must be None or a list of callables"),
        ({"verbose": "yes"}, TypeError, "RBM: verbose must be an integer, got 'yes'"),
    ],
)
def test_parameters(parameters, error, message):
    with pytest.raises(error, match=message):
        RBM(**parameters).fit(X)


def test_unknown_option_is_refused_by_name():
    with pytest.raises(TypeError, match="learn_rate"):
        RBM(learn_rate=0.1)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.full((3, 2), np.nan), "contains NaN"),
        (np.full((3, 2), np.inf), "contains infinity"),
        (np.empty((0, 4)), "0 sample"),
        (np.empty((4, 0)), "0 feature"),
        (np.zeros(4), "Expected 2D array"),
        (sparse.csr_array(np.array([[np.nan, 1.0]])), "contains NaN"),
    ],
)
def test_data(method, data, message):
    with pytest.raises(ValueError, match=message):
        getattr(RBM(3), method)(data)


@pytest.mark.parametrize(
    "method", ["transform", "score_samples", "free_energy", "gibbs", "partial_fit"]
)
def test_wrong_number_of_columns(fitted, method):
    with pytest.raises(ValueError, match="X has 5 features, but RBM is expecting 6 features"):
        getattr(fitted, method)(X[:, :5])


@pytest.mark.parametrize(
    ("method", "argument"),
    [("inverse_transform", "H"), ("mean_visible", "h"), ("sample_visible", "h")],
)
def test_wrong_hidden_states_name_the_method_that_was_called(fitted, method, argument):
    with pytest.raises(ValueError, match=f"{method}: {argument} has 2 columns, expected 3"):
        getattr(fitted, method)(np.zeros((1, 2)))
    with pytest.raises(ValueError, match=f"Input {argument} contains NaN"):
        getattr(fitted, method)(np.full((1, 3), np.nan))


@pytest.mark.parametrize(
    "method", ["transform", "gibbs", "score_samples", "sample", "log_partition"]
)
def test_before_fit(method):
    with pytest.raises(NotFittedError):
        getattr(RBM(), method)(*([X] if method not in ("sample", "log_partition") else []))
    assert not hasattr(RBM(), "components_")


@pytest.mark.parametrize("n_steps", [0, -3])
def test_steps(fitted, n_steps):
    with pytest.raises(ValueError, match=f"n_steps must be >= 1, got {n_steps}"):
        fitted.gibbs(X, n_steps)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("a",), TypeError, "RBM: n_samples must be an integer, got 'a'"),
        ((0,), ValueError, "RBM: n_samples must be >= 1, got 0"),
        ((2, 1.5), TypeError, "RBM: n_steps must be an integer, got 1.5"),
    ],
)
def test_numbers_of_samples_and_steps(fitted, arguments, error, message):
    with pytest.raises(error, match=message):
        fitted.sample(*arguments)


@pytest.mark.parametrize("method", ["fit", "partial_fit", "transform", "gibbs"])
def test_none_is_no_matrix(fitted, method):
    name = "v" if method == "gibbs" else "X"
    with pytest.raises(TypeError, match=f"{name} must be a matrix, got None"):
        getattr(fitted, method)(None)


@pytest.mark.parametrize("model", [RBM(3, n_iter=1), BernoulliRBM(3, n_iter=1)])
@pytest.mark.parametrize("data", [X * 255, X * 2.0, X - 0.5])
def test_values_outside_the_unit_interval_warn_and_name_the_fix(model, data):
    with pytest.warns(UserWarning, match="Bernoulli units expect values in \\[0, 1\\].*binarize"):
        model.fit(data)


def test_grey_values_and_thresholded_bytes_do_not_warn():
    RBM(3, n_iter=1).fit(X / 2)
    RBM(3, n_iter=1, binarize=127).fit(X * 255)


def test_changed_precision_cannot_continue():
    model = RBM(3, n_iter=1, warm_start=True).fit(X)
    with pytest.raises(
        ValueError, match="precision is 'float64', but the fitted model has 'fixed'"
    ):
        model.set_params(precision="float64").fit(X)


def test_negative_threshold_needs_dense_input():
    with pytest.raises(ValueError, match="binarize must be >= 0 for sparse input"):
        RBM(3, binarize=-0.5).fit(sparse.csr_array(X * 1.0))


def test_changed_n_components_cannot_continue(fitted):
    model = RBM(3, n_iter=1).fit(X)
    with pytest.raises(ValueError, match="n_components is 4, but the fitted model has 3"):
        model.set_params(n_components=4).partial_fit(X)


def test_packing():
    with pytest.raises(ValueError, match="pack_bits: X holds values other than 0 and 1"):
        pack_bits([[0, 2]])
    with pytest.raises(ValueError, match="pack_bits: X must have 2 dimensions"):
        pack_bits([0, 1])
    with pytest.raises(ValueError, match="NaN"):
        pack_bits([[np.nan]], threshold=0.5)
    with pytest.raises(TypeError, match="unpack_bits: packed has dtype int64, expected uint8"):
        unpack_bits(np.zeros((1, 1), dtype=np.int64))
    with pytest.raises(ValueError, match="expected"):
        unpack_bits(np.zeros((1, 1), dtype=np.uint8), 17)


@pytest.mark.parametrize("n_bits", [1, 7, 8, 9, 64, 65, 130])
def test_packing_is_numpys_little_order(n_bits):
    bits = np.random.default_rng(n_bits).random((5, n_bits)) < 0.5
    packed = pack_bits(bits)
    np.testing.assert_array_equal(packed, np.packbits(bits, axis=1, bitorder="little"))
    np.testing.assert_array_equal(unpack_bits(packed, n_bits), bits)
    np.testing.assert_array_equal(pack_bits(bits * 0.7, threshold=0.5), packed)


@pytest.mark.parametrize("power", [400, 5000])  # of the latter Python writes no digits
@pytest.mark.parametrize("name", ["learning_rate", "weight_decay", "momentum", "binarize"])
def test_integers_beyond_floats_are_named(name, power):
    for number in (10**power, -(10**power)):
        with pytest.raises(ValueError, match=f"RBM: {name} must be .*, got an integer of"):
            RBM(3, **{name: number}).fit(X)


@pytest.mark.parametrize("wrong", [10**400, "0.5", [0.5]])
def test_a_threshold_that_was_changed_is_checked_where_it_is_used(wrong):
    model = RBM(3, n_iter=1).fit(X).set_params(binarize=wrong)
    for use in (model.transform, model.log_likelihood):
        with pytest.raises((ValueError, TypeError), match="RBM: binarize must be"):
            use(X / 2)


def test_min_delta_beyond_floats_is_named():
    with pytest.raises(ValueError, match="EarlyStopping: min_delta must be finite"):
        EarlyStopping(min_delta=10**400)


@pytest.mark.filterwarnings("error")
def test_one_rounding_above_1_is_no_reason_to_warn():
    scaled = X * np.nextafter(1.0, 2.0)
    RBM(3, n_iter=1).fit(scaled)
    check_values(scaled, RBM(3), "data")


def test_values_just_outside_are_printed_with_their_digits():
    with pytest.warns(UserWarning, match=r"values from 0 to 1\.00001"):
        RBM(3, n_iter=1).fit(X * 1.00001)
    with pytest.raises(ValueError, match=r"values from 0 to 1\.00001"):
        check_values(X * 1.00001, RBM(3), "data")


def test_states_are_checked_in_sparse_rows_too():
    check_states(sparse.csr_matrix(X), RBM(3), "data")
    with pytest.raises(ValueError, match="between 0 and 1"):
        check_states(sparse.csr_matrix(X / 2), RBM(3), "data")
