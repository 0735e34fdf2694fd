"""Warnings and errors about what was given name what to give instead, at the line of the caller."""

import re
import warnings

import numpy as np
import pytest

from udl_fast import RBM, BernoulliRBM
from udl_fast.callbacks import Checkpoint, EarlyStopping, History
from udl_fast.exceptions import LearningWarning

X = (np.random.default_rng(0).random((40, 6)) < 0.4).astype(np.uint8)


# ---- arguments without effect ----


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sparsity_target": 0.1}, "sparsity_target=0.1 has no effect while sparsity_cost is 0"),
        ({"sparsity_cost": 0.1}, "sparsity_cost=0.1 has no effect while sparsity_target is None"),
        ({"algorithm": "cd", "n_chains": 5}, "n_chains=5 has no effect with algorithm='cd'"),
        (
            {"algorithm": "cd", "n_temperatures": 5},
            "n_temperatures=5 has no effect with algorithm='cd'",
        ),
        ({"algorithm": "pcd", "beta_min": 0.5}, "beta_min=0.5 has no effect with algorithm='pcd'"),
    ],
)
@pytest.mark.parametrize("model_class", [RBM, BernoulliRBM])
def test_an_argument_without_effect_is_warned_of(model_class, options, message):
    model = model_class(2, n_iter=1, **options)
    for learn in (model.fit, model.partial_fit):
        with pytest.warns(UserWarning, match=f"{model_class.__name__}: {message}") as caught:
            learn(X)
        assert {warning.filename for warning in caught} == {__file__}


def test_arguments_with_effect_are_not():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        RBM(2, n_iter=1, sparsity_target=0.1, sparsity_cost=0.1).fit(X)
        RBM(2, n_iter=1, algorithm="pcd", n_chains=5).fit(X)
        RBM(2, n_iter=1, visible="gaussian", sigma=3, learn_sigma=False).fit(X)
        RBM(2, n_iter=1, algorithm="pt", n_temperatures=3, beta_min=0.1, n_chains=5).fit(X)


def test_sigma_is_of_gaussian_units():
    for options, name in (({"sigma": [3] * 6}, "sigma"), ({"learn_sigma": False}, "learn_sigma")):
        with pytest.warns(UserWarning, match=f"RBM: {name}.* has no effect with visible='bern"):
            RBM(2, n_iter=1, **options).fit(X)


def test_units_that_begin_alike_are_told_of_their_weights():
    rows = np.tile(X, (3, 1))
    with pytest.warns(LearningWarning, match="not begun.* or with initial_weights above 0 .now 0"):
        RBM(2, n_iter=25, batch_size=20, initial_weights=0, random_state=0).fit(rows)


def test_a_training_that_is_over_names_the_epochs_it_has_made():
    model = RBM(2, n_iter=5, random_state=0).fit(X)
    with pytest.raises(ValueError, match="all its 5 epochs; to go on, set n_iter to more than 5"):
        model.set_params(n_iter=2).resume(X)
    assert model.set_params(n_iter=6).resume(X).n_iter_ == 6


@pytest.mark.parametrize("value", [-0.0, 0.0])
def test_no_zero_has_a_sign(value):
    with pytest.warns(UserWarning, match="values from -1 to 0, but"):
        RBM(2, n_iter=0).fit(np.array([[-1.0, value], [value, -1.0]]))


@pytest.mark.filterwarnings("ignore::udl_fast.exceptions.LearningWarning")
def test_weights_that_overshoot_name_their_decay():
    model = RBM(2, n_iter=3000, weight_decay=100.0, random_state=0)
    with pytest.raises(
        FloatingPointError, match=r"lower weight_decay \(now 100\) or learning_rate"
    ):
        model.fit(X)


# ---- rows ----


@pytest.mark.parametrize(
    ("values", "advice"),
    [
        ([0, 255], "grey levels: X / 255"),
        ([0, 200], "grey levels: X / 255"),
        ([0, 16], "X / 16"),
        ([0, 1023], "X / 1023"),
        ([0, 1.5], "X / 1.5"),
        ([-1, 1], "(X + 1) / 2"),
        ([-1, -0.0], "X + 1"),
    ],
)
def test_the_scale_is_that_of_the_values(values, advice):
    rows = np.array([values, values[::-1]], np.float64)
    with pytest.warns(UserWarning, match=re.escape(f"Scale X ({advice}) or set binarize")):
        RBM(2, n_iter=0).fit(rows)


@pytest.mark.parametrize(
    ("call", "found"),
    [
        (lambda model: model.fit(iter([X])), "an iterator"),
        (lambda model: model.partial_fit([X, X[:3]]), "a list of 2, a matrix among them"),
        (lambda model: model.partial_fit([X, X]), "a list of 2, a matrix among them"),
        (lambda model: model.partial_fit((X, y) for y in [None]), "a tuple of 2, a matrix"),
        (lambda model: model.fit(X).transform(iter([X])), "an iterator"),
    ],
)
def test_several_matrices_are_refused_with_the_way_to_learn_from_them(call, found):
    with pytest.raises(TypeError, match=f"RBM: X must be one matrix, got {found}.*iterator of X"):
        call(RBM(2, n_iter=1))


def test_resume_on_other_rows_is_warned_of():
    def half():
        return RBM(2, n_iter=2, batch_size=10, random_state=0).fit(X).set_params(n_iter=4)

    with pytest.warns(UserWarning, match="30 rows is 3 updates, and those before were 4"):
        half().resume(X[:30])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        half().resume(X)
        half().partial_fit(X[:5]).resume(X[:30])  # nothing is known


# ---- callbacks and seeds ----


def test_one_callback_needs_no_list():
    stop = EarlyStopping("epoch", mode="min", patience=1)
    assert RBM(2, n_iter=5, callbacks=stop).fit(X).n_iter_ == 2
    assert RBM(2, n_iter=5, callbacks=lambda model, info: info["epoch"] == 3).fit(X).n_iter_ == 3
    rbm = RBM(2, n_iter=2, callbacks=History(validation=X)).fit(X)
    assert len(rbm.history_["free_energy_gap"]) == 2
    with pytest.raises(TypeError, match=r"got the class EarlyStopping; write EarlyStopping\(\)"):
        RBM(2, callbacks=EarlyStopping).fit(X)


def test_set_callbacks_takes_no_list():
    with pytest.raises(
        TypeError, match=r"one by one, got a list: write set_callbacks\(\*callbacks"
    ):
        RBM(2).set_callbacks([EarlyStopping()])


def test_validation_rows_are_rows():
    with pytest.raises(TypeError, match=r"rows that the model does not learn from.*got 0\.1"):
        History(validation=0.1)
    with pytest.raises(
        TypeError, match="History: validation: RBM: X must be one matrix, got a tuple"
    ):
        RBM(2, callbacks=History(validation=(X, X[:, 0]))).fit(X)


def test_a_generator_is_refused_with_what_takes_its_draws():
    rng = np.random.default_rng(0)
    with pytest.raises(
        ValueError, match=r"RBM: random_state must be None, an integer or a .*got Gen"
    ):
        RBM(2, random_state=rng).fit(X)
    RBM(2, n_iter=1, random_state=np.random.RandomState(rng.bit_generator)).fit(X)


def test_a_file_is_no_folder_of_checkpoints(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(
            NotADirectoryError, match="Checkpoint: folder must be a folder or a new"
        ):
            RBM(2, n_iter=1, callbacks=Checkpoint(folder)).fit(X)
