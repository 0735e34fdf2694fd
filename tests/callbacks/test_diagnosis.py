"""Warnings of training that goes wrong name the parameter to change; ordinary training warns of nothing."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest

import udl_fast
from udl_fast import RBM, BernoulliRBM, datasets
from udl_fast.exceptions import LearningWarning


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"learning_rate": 3}, r"64 of 64 hidden units are dead.*lower learning_rate \(now 3\)"),
        (
            {"learning_rate": 3, "momentum": 0.5},
            r"dead.*learning_rate \(now 3\) or momentum \(now 0.5\)",
        ),
        ({"learning_rate": 100}, r"weights explode: after epoch 1.*learning_rate \(now 100\)"),
        (
            {"learning_rate": 0.01, "sparsity_target": 0.01, "sparsity_cost": 1000.0},
            r"or sparsity_cost \(now 1000\)",
        ),
        (
            {"learning_rate": 0.1, "weight_decay": 21.0},
            r"weights explode.*lower weight_decay \(now 21\) or learning_rate \(now 0.1\)",
        ),
    ],
)
def test_warnings_name_the_fix(digits, options, message):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        RBM(64, n_iter=4, random_state=0, **options).fit(digits)
    assert {warning.category for warning in caught} == {LearningWarning}
    assert {warning.filename for warning in caught} == {__file__}
    texts = [str(warning.message) for warning in caught]
    assert any(re.search(message, text) for text in texts), texts
    assert len({text[:40] for text in texts}) == len(texts)


def test_a_folder_beside_the_package_is_not_the_package():
    """Its name may begin with that of the package."""
    path = f"{Path(udl_fast.__file__).parent}_experiments/run.py"
    code = compile("RBM(2, n_iter=1).fit([[0, 7], [1, 0]])", path, "exec")
    with pytest.warns(UserWarning, match="X holds values from 0 to 7") as caught:
        exec(code, {"RBM": RBM})
    assert caught[0].filename == path


def test_saturated_units_are_warned_of(digits):
    model = RBM(9, n_iter=0, learning_rate=0.0, warm_start=True).fit(digits)
    model.intercept_hidden_ = np.full(9, 20.0)
    with pytest.warns(LearningWarning, match="9 of 9 hidden units are saturated"):
        model.set_params(n_iter=2).fit(digits)


@pytest.mark.parametrize(
    "options",
    [
        {"learning_rate": 0.5},
        {"momentum": 0.9},
        {"algorithm": "pcd"},
        {"algorithm": "pcd", "learning_rate": 0.05, "batch_size": 20},
        {"weight_decay": 0.001},
        {"l1": 0.0003},
        {"sparsity_target": 0.05, "sparsity_cost": 0.1},
        {"binarize": "sample"},
        {"precision": "fast"},
    ],
)
def test_ordinary_training_warns_of_nothing(options):
    X = datasets.load_digits().data
    if "binarize" not in options:
        X = (X > 0.5).astype(np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        RBM(64, n_iter=25, random_state=0, **options).fit(X)
        BernoulliRBM(64, n_iter=5, random_state=0).fit(X)


# scikit-learn's class is at .83 after such a fit, where logistic regression on these features is at .68.
NOT_BEGUN = (
    r"learning has not begun: after epoch 10, 140 updates.*n_iter, now 10.*learning_rate \(now"
)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, NOT_BEGUN),
        ({"weight_decay": 0.1}, r"not begun.*lower weight_decay \(now 0.1\)"),
        ({"learning_rate": 0.001}, r"higher learning_rate \(now 0.001\)"),
    ],
)
def test_a_fit_that_ends_on_the_plateau_says_so(options, message):
    X = datasets.load_digits().data[:1347]
    with pytest.warns(LearningWarning, match=message):
        RBM(random_state=0, **options).fit(X)


def test_few_epochs_are_no_reason_to_warn(digits):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        RBM(64, n_iter=9, random_state=0).fit(digits)
        RBM(64, n_iter=60, learning_rate=0.0, random_state=0).fit(digits)


def strokes(n_rows):
    """Images of 784 pixels that are as dark as handwritten digits."""
    generator = np.random.default_rng(0)
    patterns = generator.random((40, 784)) < 0.03
    return (generator.random((n_rows, 40)) < 0.12) @ patterns > 0


@pytest.mark.parametrize(
    ("options", "warned"),
    [
        ({}, True),  # the default rate, that of "cd"
        ({"learning_rate": 0.01}, False),
        ({"learning_rate_schedule": "linear"}, False),
        ({"algorithm": "cd"}, False),
    ],
)
def test_persistent_chains_that_cannot_keep_up_are_warned_of(options, warned):
    X = strokes(1000)
    options = {"algorithm": "pcd", "batch_size": 10, "n_iter": 8, "random_state": 0, **options}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        RBM(100, **options).fit(X)
    texts = [str(warning.message) for warning in caught]
    expected = r"cannot keep up.*learning_rate \(now 0.1, try 0.0.*n_chains \(now 10\)"
    assert [bool(re.search(expected, text)) for text in texts] == [True] * warned


def test_chains_are_counted_as_they_are_and_not_as_the_batch_size_is_now():
    options = {"algorithm": "pcd", "batch_size": 10, "random_state": 0, "warm_start": True}
    model = RBM(100, n_iter=1, **options).fit(strokes(1000))
    model.set_params(n_iter=8, batch_size=15)
    with pytest.warns(LearningWarning, match=r"cannot keep up.*n_chains \(now 10\)"):
        model.fit(strokes(1000))


def test_a_warning_turned_error_stops_at_a_finished_epoch(digits):
    model = RBM(64, n_iter=9, learning_rate=3, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", LearningWarning)
        with pytest.raises(LearningWarning):
            model.fit(digits)
    assert model.n_iter_ == 2
    assert model.transform(digits[:2]).shape == (2, 64)
