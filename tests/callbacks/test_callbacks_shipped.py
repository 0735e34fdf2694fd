"""The callbacks we ship: they change no bit, are copied with models, and do what their names say."""

import copy
import pickle
import threading

import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from tests.support.models import assert_same
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
