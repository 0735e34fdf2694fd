"""When early stopping stops, what it keeps, and what checkpoints it leaves."""

import warnings

import numpy as np
import pytest

import udl_fast
from tests.support.models import assert_same
from udl_fast import RBM, datasets
from udl_fast.callbacks import Checkpoint, EarlyStopping, History
from udl_fast.exceptions import LearningWarning

ALL_EPOCHS = 10**9


def first_and_rest(digits):
    return digits[:1500], digits[1500:]


def test_the_plateau_before_learning_is_no_reason_to_stop(digits):
    """Digits learn nothing for some ten epochs: independent pixels have -24.0 on these rows."""
    train, rest = first_and_rest(digits)
    stop = EarlyStopping(patience=1, restore_best=True)
    options = {"n_iter": 40, "random_state": 0}
    model = RBM(64, callbacks=[History(validation=rest), stop], **options).fit(train)
    assert model.pseudo_likelihood(rest).mean() > -21
    assert model.history_["activation_spread"][stop.best_epoch_ - 1] > 0.1
    # It does not keep the first best of the plateau, though there the score fell now and then.
    early = model.history_["validation_pseudo_likelihood"][:10]
    assert min(np.diff(early)) < 0


def test_a_model_that_never_begins_is_trained_to_the_end(digits):
    stop = EarlyStopping(patience=1)
    model = RBM(16, n_iter=12, learning_rate=0.001, callbacks=[stop], random_state=0)
    with pytest.warns(LearningWarning, match="learning has not begun"):
        model.fit(digits)
    assert (model.n_iter_, stop.stopped_epoch_) == (12, None)
    plain = EarlyStopping(patience=1, min_delta=9, wait_for_learning=False)
    assert model.set_params(callbacks=[plain]).fit(digits).n_iter_ == 2


def test_patience_counts_measurements(digits):
    stop = EarlyStopping("weight_change", mode="max", patience=2)
    model = RBM(5, n_iter=50, callbacks=[History(every=4), stop], random_state=0).fit(digits)
    assert model.history_["epoch"] == [4, 8, 12]
    assert (stop.best_epoch_, stop.stopped_epoch_) == (4, 12)


def test_one_miss_between_distant_measurements_ends_no_patience(digits):
    """After epoch 20 large layers on few rows are measured every few epochs."""

    class OneMiss(EarlyStopping):
        def after_epoch(self, estimator):
            epochs = estimator.history_["epoch"]
            values = estimator.history_.setdefault("score", [None] * len(epochs))
            values[-1] = 0 if epochs[-1] == 22 else epochs[-1]
            return super().after_epoch(estimator)

    stop = OneMiss("score", patience=2)
    model = RBM(600, n_iter=44, learning_rate=0.0, callbacks=[stop], random_state=0)
    assert model.fit(digits[:60]).history_["epoch"] == [*range(1, 21), 22, 33, 44]
    assert stop.stopped_epoch_ is None


@pytest.mark.parametrize("through", ["constructor", "set_callbacks"])
def test_without_measurements_it_says_so(digits, through):
    model = RBM(5, n_iter=3, random_state=0)
    watch = [History(every=0), EarlyStopping()]
    model = (
        model.set_params(callbacks=watch)
        if through == "constructor"
        else model.set_callbacks(*watch)
    )
    with pytest.raises(ValueError, match=r"EarlyStopping decides by.*History\(every=0\)"):
        model.fit(digits)
    assert not hasattr(model, "_engine")


def test_the_smallest_gap_is_the_best(digits):
    """The direction of free_energy_gap: a gap that grows is overfitting."""
    stop = EarlyStopping("free_energy_gap", patience=ALL_EPOCHS, restore_best=True)
    watch = [History(validation=digits[900:]), stop]
    options = {"n_iter": 30, "batch_size": 5, "learning_rate": 0.2, "random_state": 0}
    model = RBM(64, callbacks=watch, **options).fit(digits[:40])
    gap = model.history_["free_energy_gap"]
    assert stop.best_epoch_ == 1 + int(np.argmin(gap)) < 30
    assert stop.best_ == min(gap)


# ---- checkpoints ----


@pytest.mark.parametrize("checkpoint_first", [False, True])
@pytest.mark.parametrize("keep", [None, 1])
def test_the_latest_checkpoint_is_the_model_that_fit_returned(
    digits, tmp_path, checkpoint_first, keep
):
    stop = EarlyStopping("weight_change", mode="max", patience=3, restore_best=True)
    watch = [Checkpoint(tmp_path, keep=keep), stop]
    model = RBM(5, n_iter=50, callbacks=watch if checkpoint_first else watch[::-1], random_state=0)
    model.fit(digits)
    assert model.n_iter_ == 1
    again = udl_fast.load(Checkpoint.latest(tmp_path))
    assert again.n_iter_ == 1
    np.testing.assert_array_equal(again.components_, model.components_)


def test_candidates_of_a_grid_search_have_folders_of_their_own(digits, tmp_path):
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline

    rbm = RBM(8, n_iter=2, random_state=0, callbacks=[Checkpoint(tmp_path, keep=1)])
    pipe = make_pipeline(rbm, LogisticRegression(max_iter=20, tol=0.5))
    search = GridSearchCV(pipe, {"rbm__learning_rate": [0.1, 0.2]}, cv=2, n_jobs=2)
    search.fit(digits[:200], datasets.load_digits().target[:200])
    runs = sorted(path.name for path in tmp_path.iterdir())
    assert runs == [f"run-{number:06d}" for number in range(1, 6)]  # 2 x 2, and the refit
    best = search.best_estimator_[0]
    saved = udl_fast.load(Checkpoint.latest(best.callbacks[0].folder_))
    np.testing.assert_array_equal(saved.components_, best.components_)


def test_a_folder_that_cannot_be_made_is_named(digits, tmp_path):
    (tmp_path / "file").write_text("in the way")
    model = RBM(5, n_iter=1, callbacks=[Checkpoint(tmp_path / "file" / "folder")])
    with pytest.raises(OSError, match="file"):
        model.fit(digits)


def test_an_interruption_in_setup_stays_one(digits, tmp_path):
    class Interrupted(EarlyStopping):
        def setup(self, estimator, context):
            raise KeyboardInterrupt

    for watch in ([Interrupted()], [Checkpoint(tmp_path), Interrupted(), EarlyStopping()]):
        with pytest.raises(KeyboardInterrupt):
            RBM(5, n_iter=1, callbacks=watch).fit(digits)


def test_ordinary_stops_warn_of_nothing(digits):
    """The settings of README and docs/watching.md, in short."""
    train, rest = first_and_rest(digits)
    watch = [History(validation=rest), EarlyStopping(patience=10, restore_best=True)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        RBM(64, n_iter=40, learning_rate=0.05, callbacks=watch, random_state=0).fit(train)


@pytest.mark.filterwarnings("ignore:RBM. learning has not begun")  # there is nothing to learn
def test_the_best_epoch_is_restored_after_a_stop_within_an_epoch():
    rows = np.random.default_rng(0).random((60000, 100)) < 0.3
    stop = EarlyStopping(monitor="epoch", mode="min", restore_best=True)

    def within_second_epoch(model, info):
        return model.n_iter_ == 1 and 0 < info["rows_done"] < info["n_rows"]

    options = {"batch_size": 5, "n_iter": 3, "random_state": 0, "n_jobs": 1}
    model = RBM(100, callbacks=[stop, within_second_epoch], **options).fit(rows)
    expected = RBM(100, **{**options, "n_iter": 1}).fit(rows)
    assert model.n_updates_ == expected.n_updates_
    assert_same(model, expected)


def test_early_stopping_waits_for_patience(digits):
    stop = EarlyStopping(patience=4, min_delta=1e6, wait_for_learning=False)
    model = RBM(5, n_iter=50, callbacks=[stop], random_state=0).fit(digits)
    assert (model.n_iter_, stop.best_epoch_, stop.stopped_epoch_) == (5, 1, 5)
    assert stop.best_ == model.history_["pseudo_likelihood"][0]


def test_early_stopping_goes_on_while_it_gets_better(digits):
    stop = EarlyStopping("weight_change", patience=2, mode="max")
    assert RBM(5, n_iter=4, callbacks=[stop], random_state=0).fit(digits).n_iter_ == 3
    stop = EarlyStopping("weight_change", patience=2)  # it falls, and small is good
    assert RBM(5, n_iter=4, callbacks=[stop], random_state=0).fit(digits).n_iter_ == 4
    assert stop.stopped_epoch_ is None


def test_early_stopping_restores_the_best_epoch(digits):
    watch = [
        History(validation=digits[1500:]),
        EarlyStopping(patience=3, min_delta=1e6, restore_best=True, wait_for_learning=False),
    ]
    options = {"learning_rate": 0.2, "momentum": 0.5, "algorithm": "pcd", "random_state": 0}
    model = RBM(8, n_iter=50, callbacks=watch, **options).fit(digits)
    assert model.n_iter_ == watch[1].best_epoch_ == 1
    assert model.history_["epoch"] == [1, 2, 3, 4]
    assert_same(model, RBM(8, n_iter=1, **options).fit(digits))
    # Training goes on from the best epoch, and so does the history.
    model.set_params(warm_start=True, callbacks=None, n_iter=2).fit(digits)
    assert_same(model, RBM(8, n_iter=3, **options).fit(digits))
    assert model.history_["epoch"] == [1, 2, 3]
    assert model.history_["free_energy_gap"][1:] == [None, None]


def test_early_stopping_prefers_validation_data(digits):
    class Falling(EarlyStopping):
        def after_epoch(self, estimator):
            estimator.history_["validation_pseudo_likelihood"][-1] = -estimator.n_iter_
            return super().after_epoch(estimator)

    watch = [History(validation=digits[:50]), Falling(patience=1, wait_for_learning=False)]
    assert RBM(5, n_iter=9, callbacks=watch).fit(digits).n_iter_ == 2


def test_early_stopping_names_what_is_missing(digits):
    stop = EarlyStopping("free_energy_gap")
    with pytest.raises(ValueError, match=r"'free_energy_gap' \(mean free.*History\(validation"):
        RBM(5, callbacks=[stop]).fit(digits)
