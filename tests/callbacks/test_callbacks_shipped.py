"""The callbacks we ship: they change no bit, are copied with models, and do what their names say."""

import copy
import pickle
import threading

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import udl_fast
from tests.support.models import Recorder, assert_same
from udl_fast import RBM, BernoulliRBM, datasets
from udl_fast.callbacks import Checkpoint, EarlyStopping, History, MetricsLogger


def every_callback(tmp_path, digits):
    return [
        History(validation=digits[:100]),
        EarlyStopping(patience=100, restore_best=True, monitor="epoch", mode="max"),
        Checkpoint(tmp_path),
        MetricsLogger(lambda metrics, step: None),
        lambda model, info: False,
    ]


@pytest.mark.parametrize(
    "make",
    [
        lambda **options: RBM(12, n_iter=4, random_state=3, **options),
        lambda **options: RBM(
            12, n_iter=3, random_state=3, algorithm="pcd", momentum=0.5, **options
        ),
        lambda **options: RBM(12, n_iter=3, random_state=3, precision="float64", **options),
        lambda **options: BernoulliRBM(12, n_iter=3, random_state=3, **options),
    ],
)
def test_callbacks_change_no_bit(digits, tmp_path, make):
    watch = every_callback(tmp_path, digits)
    assert_same(make().fit(digits), make(callbacks=watch).fit(digits))


@pytest.mark.filterwarnings("ignore:Checkpoint. .* of another run")
@pytest.mark.parametrize("how", [clone, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_models_with_callbacks_are_copied(digits, tmp_path, how):
    watch = [History(validation=digits[:50]), EarlyStopping(patience=1), Checkpoint(tmp_path)]
    model = RBM(5, n_iter=2, random_state=0, callbacks=watch)
    for given in (model, model.fit(digits)):
        again = how(given)
        assert [type(c) for c in again.callbacks] == [History, EarlyStopping, Checkpoint]
        assert again.callbacks[0] is not watch[0]
        assert_same(again.fit(digits), RBM(5, n_iter=2, random_state=0).fit(digits))
        assert "free_energy_gap" in again.history_


def test_a_clone_shares_the_tracker(digits):
    class Tracker:
        lock, rows = threading.Lock(), []

        def log_metrics(self, metrics, step):
            self.rows.append(step)

    tracker = Tracker()
    clone(RBM(5, n_iter=2, callbacks=[MetricsLogger(tracker)])).fit(digits)
    assert tracker.rows == [1, 2]


def test_a_clone_shares_the_validation_rows(digits):
    model = clone(RBM(5, callbacks=[History(validation=digits, n_rows=7, every=2)]))
    found = model.callbacks[0]
    assert (found.validation is digits, found.n_rows, found.every) == (True, 7, 2)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_grid_search_with_callbacks(digits, n_jobs):
    target = datasets.load_digits().target[:300]
    rbm = RBM(8, n_iter=3, random_state=0, callbacks=[EarlyStopping(patience=1)])
    rbm.set_callbacks(History(validation=digits[300:400]))
    pipe = make_pipeline(rbm, LogisticRegression(max_iter=50, tol=0.1))
    search = GridSearchCV(
        pipe, {"rbm__learning_rate": [0.01, 0.1]}, cv=2, n_jobs=n_jobs, error_score="raise"
    ).fit(digits[:300], target)
    assert "free_energy_gap" in search.best_estimator_[0].history_


def test_threads_may_share_one_callback(digits):
    from concurrent.futures import ThreadPoolExecutor

    stop = EarlyStopping(patience=2, min_delta=1e6, wait_for_learning=False)
    models = [RBM(5, n_iter=20, random_state=s).set_callbacks(stop) for s in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda model: model.fit(digits), models))
    assert [model.n_iter_ for model in models] == [3] * 4


# ---- EarlyStopping ----


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


# ---- Checkpoint ----


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_checkpoints_keep_the_last(digits, tmp_path):
    RBM(5, n_iter=6, callbacks=[Checkpoint(tmp_path / "new" / "run", keep=2)]).fit(digits)
    expected = ["checkpoint-000005.safetensors", "checkpoint-000006.safetensors"]
    assert names(tmp_path / "new" / "run") == expected


def test_checkpoints_every_few_epochs_and_the_last(digits, tmp_path):
    RBM(5, n_iter=7, callbacks=[Checkpoint(tmp_path, every=3, keep=None, prefix="m")]).fit(digits)
    assert names(tmp_path) == [f"m-{epoch:06d}.safetensors" for epoch in (3, 6, 7)]


@pytest.mark.parametrize("algorithm", ["cd", "pcd"])
def test_training_resumes_from_a_checkpoint_bit_for_bit(digits, tmp_path, algorithm):
    options = {"algorithm": algorithm, "momentum": 0.5, "random_state": 0}
    crash = Recorder(fail_after=4)
    with pytest.raises(RuntimeError, match="disk full"):
        RBM(6, n_iter=9, callbacks=[Checkpoint(tmp_path, every=2), crash], **options).fit(digits)
    model = udl_fast.load(Checkpoint.latest(tmp_path))
    assert model.n_iter_ == 4
    checkpoint = Checkpoint(tmp_path, every=2)
    model.set_params(warm_start=True, n_iter=5, callbacks=[checkpoint]).fit(digits)
    whole = RBM(6, n_iter=9, **options).fit(digits)
    assert_same(model, whole)
    assert model.history_["epoch"] == whole.history_["epoch"]
    assert model.history_["pseudo_likelihood"] == whole.history_["pseudo_likelihood"]
    # It took over the files of the first run.
    assert names(tmp_path) == [f"checkpoint-{epoch:06d}.safetensors" for epoch in (6, 8, 9)]


def test_checkpoints_of_other_runs_make_room(digits, tmp_path):
    """The latest is of the run that began last, however far another one got, and nothing is lost."""
    for name in ("checkpoint-000900.safetensors", "checkpoint-x.safetensors", "other"):
        (tmp_path / name).write_text("precious")
    model = RBM(5, n_iter=3, callbacks=[Checkpoint(tmp_path, keep=1)])
    with pytest.warns(UserWarning, match="up to epoch 900; moved to .*earlier-000001"):
        model.fit(digits)
    expected = [
        "checkpoint-000003.safetensors",
        "checkpoint-x.safetensors",
        "earlier-000001",
        "other",
    ]
    assert names(tmp_path) == expected
    assert Checkpoint.latest(tmp_path).name == "checkpoint-000003.safetensors"
    with pytest.warns(UserWarning, match="held 1 of another run, up to epoch 3; moved to .*02"):
        model.set_params(n_iter=2).fit(digits)
    assert Checkpoint.latest(tmp_path).name == "checkpoint-000002.safetensors"
    assert (tmp_path / "earlier-000001" / "checkpoint-000900.safetensors").read_text() == "precious"
    assert names(tmp_path / "earlier-000002") == ["checkpoint-000003.safetensors"]
    assert Checkpoint.latest(tmp_path / "none") is None


def test_a_run_that_goes_on_is_not_overtaken_by_another(digits, tmp_path):
    early = RBM(5, n_iter=2, random_state=0).fit(digits)
    RBM(5, n_iter=5, callbacks=[Checkpoint(tmp_path, every=2, keep=None)]).fit(digits)
    early.set_params(n_iter=3, callbacks=[Checkpoint(tmp_path)])
    with pytest.warns(UserWarning, match="held 2 of another run, up to epoch 5"):
        early.resume(digits)
    assert_same(udl_fast.load(Checkpoint.latest(tmp_path)), early)
    assert names(tmp_path / "earlier-000001") == [
        f"checkpoint-{epoch:06d}.safetensors" for epoch in (4, 5)
    ]


def test_the_restored_epoch_is_saved_before_later_files_go(digits, tmp_path, monkeypatch):
    class Back(Checkpoint):
        def after_fit(self, estimator):
            super().after_fit(estimator)
            estimator._go_back(first[0])
            monkeypatch.setattr(RBM, "save", full)

    def full(model, path):
        raise OSError("disk full")

    def keep_first(model, info):
        if info["epoch"] == 1 and info["rows_done"] == info["n_rows"]:
            first.append(model._state())

    first, saving = [], RBM.save
    checkpoint = Back(tmp_path, keep=2)
    model = RBM(5, n_iter=4, random_state=0, callbacks=[keep_first, checkpoint])
    with pytest.raises(OSError, match="disk full"):
        model.fit(digits)
    assert names(tmp_path) == [f"checkpoint-{epoch:06d}.safetensors" for epoch in (3, 4)]
    assert not checkpoint._runs
    assert not checkpoint._finished
    assert not checkpoint._updates
    monkeypatch.setattr(RBM, "save", saving)
    udl_fast.load(Checkpoint.latest(tmp_path))


def test_the_latest_checkpoint_is_the_model_stopped_within_an_epoch(tmp_path):
    rows = np.random.default_rng(0).random((60000, 100)) < 0.3

    def within_second_epoch(model, info):
        return model.n_iter_ == 1 and 0 < info["rows_done"] < info["n_rows"]

    callbacks = [Checkpoint(tmp_path), within_second_epoch]
    options = {"batch_size": 5, "n_iter": 3, "random_state": 0, "n_jobs": 1}
    model = RBM(100, callbacks=callbacks, **options).fit(rows)
    assert 12000 < model.n_updates_ < 24000
    assert_same(udl_fast.load(Checkpoint.latest(tmp_path)), model)


def test_a_class_that_cannot_be_saved_is_refused_before_it_learns(digits, tmp_path):
    class Unknown(RBM):
        pass

    model = Unknown(5, n_iter=2, callbacks=[Checkpoint(tmp_path)])
    with pytest.raises(ValueError, match=r"Unknown.save: load knows no model 'Unknown'"):
        model.fit(digits)
    assert not hasattr(model, "n_iter_")
    assert names(tmp_path) == []


# ---- MetricsLogger ----


class Tracker:
    """A tracker with one of the usual methods."""

    def __init__(self, method):
        self.seen = []
        setattr(self, method, getattr(self, f"_{method}"))

    def _log_metrics(self, metrics, step):
        self.seen.append((step, sorted(metrics)))

    _log = _log_metrics

    def _add_scalar(self, name, value, step):
        if not self.seen or self.seen[-1][0] != step:
            self.seen.append((step, []))
        self.seen[-1] = (step, sorted([*self.seen[-1][1], name]))


MEASURED = [
    "activation_spread",
    "dead_units",
    "mean_activation",
    "pseudo_likelihood",
    "saturated_units",
    "seconds",
    "weight_change",
]


@pytest.mark.parametrize("method", ["log_metrics", "log", "add_scalar", "function"])
def test_metrics_reach_every_kind_of_tracker(digits, method):
    tracker = Tracker("log" if method == "function" else method)
    logger = MetricsLogger(tracker.log if method == "function" else tracker)
    RBM(5, n_iter=3, callbacks=[logger]).fit(digits)
    assert tracker.seen == [(step, MEASURED) for step in (1, 2, 3)]


def test_metrics_of_epochs_not_measured_are_not_logged(digits):
    tracker = Tracker("log")
    watch = [History(every=2), MetricsLogger(tracker, prefix="rbm/")]
    RBM(5, n_iter=5, callbacks=watch).fit(digits)
    assert [step for step, _ in tracker.seen] == [2, 4, 5]
    assert tracker.seen[0][1] == [f"rbm/{name}" for name in MEASURED]


# ---- arguments ----


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: MetricsLogger(3), TypeError, "log must be callable or have a method"),
        (lambda: EarlyStopping(patience=0), ValueError, "EarlyStopping: patience must be >= 1"),
        (lambda: EarlyStopping(min_delta=-1), ValueError, "EarlyStopping: min_delta"),
        (lambda: EarlyStopping(mode="best"), ValueError, "EarlyStopping: mode must be 'auto'"),
        (lambda: EarlyStopping(restore_best=1), TypeError, "EarlyStopping: restore_best"),
        (lambda: Checkpoint("x", every=0), ValueError, "Checkpoint: every must be >= 1"),
        (lambda: Checkpoint("x", keep=0), ValueError, "Checkpoint: keep must be >= 1"),
        (lambda: Checkpoint("x", prefix="a/b"), ValueError, "Checkpoint: prefix"),
        (lambda: History(n_rows=0), ValueError, "History: n_rows must be >= 1"),
        (lambda: History(every=1.5), TypeError, "History: every must be an integer"),
    ],
)
def test_wrong_arguments_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make()
