"""Callbacks: scikit-learn's protocol and ours for older versions.

Tests with "sklearn" in their name need scikit-learn's own callbacks; `test_all_this_without_...` runs the
others, and those of the objects we ship, again on our stand-in.
"""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from tests.support.models import Recorder, assert_same
from udl_fast import RBM, BernoulliRBM, callbacks, datasets
from udl_fast.callbacks import History
from udl_fast.callbacks._hooks import Hooks

EXPECTED = [
    "setup",
    "begin fit 0",
    "begin epoch 0",
    "end epoch 0",
    "begin epoch 1",
    "end epoch 1",
    "end fit 0",
    "teardown",
]


@pytest.mark.parametrize("through", ["constructor", "set_callbacks", "both"])
@pytest.mark.parametrize("model_class", [RBM, BernoulliRBM])
def test_hooks_are_called_around_fit_and_epochs(digits, through, model_class):
    recorder = Recorder()
    model = model_class(5, n_iter=2)
    if through != "set_callbacks":
        model.set_params(callbacks=[recorder])
    if through != "constructor":
        assert model.set_callbacks(recorder) is model
    model.fit(digits)
    assert recorder.calls == EXPECTED
    model.fit(digits)
    assert recorder.calls == EXPECTED * 2


def test_set_callbacks_without_arguments_removes_them(digits):
    recorder = Recorder()
    RBM(5, n_iter=1).set_callbacks(recorder).set_callbacks().fit(digits)
    assert recorder.calls == []


def test_constructor_and_set_callbacks_add_up(digits):
    first, second = Recorder(), Recorder()
    model = RBM(5, n_iter=2, callbacks=[first]).set_callbacks(second).fit(digits)
    assert first.calls == second.calls == EXPECTED
    assert model.callbacks == [first]


def test_a_true_result_stops_after_the_epoch(digits):
    recorder = Recorder(stop_after=3)
    model = RBM(5, n_iter=50, callbacks=[recorder], random_state=0).fit(digits)
    assert model.n_iter_ == 3
    assert recorder.calls[-2:] == ["end fit 0", "teardown"]
    assert_same(model, RBM(5, n_iter=3, random_state=0).fit(digits))


def test_a_failing_hook_is_torn_down_and_leaves_a_usable_model(digits):
    recorder = Recorder(fail_after=2)
    model = RBM(5, n_iter=50, callbacks=[recorder], random_state=0)
    with pytest.raises(RuntimeError, match="disk full"):
        model.fit(digits)
    assert recorder.calls[-1] == "teardown"
    assert_same(model, RBM(5, n_iter=2, random_state=0).fit(digits))
    model.set_params(callbacks=None).fit(digits[:10])
    assert recorder.calls.count("setup") == 1


def test_hooks_get_what_they_name(digits):
    class Named(Recorder):
        def on_fit_task_end(self, estimator, context, *, X=None, y=None, fitted_estimator=None):
            if context.task_name == "epoch":
                self.calls.append((X, y, fitted_estimator))

    recorder = Named()
    RBM(5, n_iter=3, callbacks=[recorder], random_state=0).fit(digits)
    seen = [call for call in recorder.calls if isinstance(call, tuple)]
    for epoch, (X, y, fitted) in enumerate(seen, 1):
        np.testing.assert_array_equal(X, digits)
        assert y is None
        assert fitted.n_iter_ == epoch == len(fitted.history_["epoch"])
        assert_same(fitted, RBM(5, n_iter=epoch, random_state=0).fit(digits))


def test_a_hook_that_names_anything_else_is_an_error(digits):
    class Wrong(Recorder):
        def on_fit_task_end(self, estimator, context, *, loss=None):
            """Asks for what there is not."""

    with pytest.raises(TypeError, match="loss"):
        RBM(5, n_iter=1, callbacks=[Wrong()]).fit(digits)


def test_functions_and_hooks_work_side_by_side(digits):
    recorder, seen = Recorder(), []
    callbacks = [recorder, lambda model, info: seen.append(info["epoch"])]
    RBM(5, n_iter=2, callbacks=callbacks).fit(digits)
    assert recorder.calls == EXPECTED
    assert seen[-1] == 2


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ([History], TypeError, "write History"),
        ([Recorder], TypeError, "write Recorder"),
        ([History(), History()], ValueError, "more than one History"),
        ("history", TypeError, "must be None or a list"),
    ],
)
def test_wrong_callbacks_are_refused(digits, given, error, message):
    with pytest.raises(error, match=message):
        RBM(5, callbacks=given).fit(digits)


def test_set_callbacks_refuses_what_lacks_hooks():
    for wrong in (print, History):
        with pytest.raises(TypeError, match="FitCallback"):
            RBM().set_callbacks(wrong)


@pytest.mark.parametrize("algorithm", ["cd", "pcd"])
def test_the_model_stands_still_while_a_callback_looks(algorithm):
    looks = []

    def look(model, info):
        if 0 < info["rows_done"] < info["n_rows"]:
            first = model._engine.visible_bias()
            time.sleep(0.02)
            looks.append(np.array_equal(first, model._engine.visible_bias()))
        return len(looks) == 4

    rows = (
        np.random.default_rng(0).random((100000, 200)) < 0.3
    )  # an epoch outlasts the time between looks
    options = {"batch_size": 20, "n_iter": 1000, "n_jobs": 2, "random_state": 0}
    RBM(200, algorithm=algorithm, callbacks=[look], **options).fit(rows)
    assert looks == [True] * 4


def test_every_epoch_that_begins_ends(digits):
    """Also one that a function stops; the callbacks we ship take no notice of it."""
    rows = np.random.default_rng(0).random((60000, 100)) < 0.3
    logged = []

    class Ends(Hooks):
        def after_epoch(self, estimator):
            logged.append(estimator.n_iter_)

    def within_second_epoch(model, info):
        return model.n_iter_ == 1 and 0 < info["rows_done"] < info["n_rows"]

    recorder = Recorder()
    watch = [recorder, Ends(), within_second_epoch]
    RBM(100, n_iter=3, batch_size=5, n_jobs=1, callbacks=watch, random_state=0).fit(rows)
    assert recorder.calls == EXPECTED
    assert logged == [1]


def test_a_function_that_returns_an_array_is_named(digits):
    def scores(model, info):
        return np.zeros(3)

    with pytest.raises(TypeError, match=r"scores returned an object of type ndarray.*return True"):
        RBM(5, n_iter=1, callbacks=[scores]).fit(digits)


def test_an_interruption_in_teardown_leaves_nothing_behind(digits):
    class Interrupted(Recorder):
        def teardown(self, estimator, context):
            raise KeyboardInterrupt

    last = Recorder()
    model = RBM(5, n_iter=1, callbacks=[Interrupted(), last])
    with pytest.raises(KeyboardInterrupt):
        model.fit(digits)
    assert last.calls[-1] == "teardown"
    assert not [name for name in model.__dict__ if "callback" in name and name != "callbacks"]


def test_callbacks_show_how_they_were_made(digits, tmp_path):
    shown = {
        "EarlyStopping()": callbacks.EarlyStopping(),
        "EarlyStopping(monitor='seconds', patience=3)": callbacks.EarlyStopping(
            "seconds", patience=3
        ),
        "History(validation=<ndarray of shape (1797, 64)>, every=2)": History(digits, every=2),
        "Checkpoint(folder='runs', keep=None)": callbacks.Checkpoint("runs", keep=None),
        "MetricsLogger(log=<built-in function print>, prefix='a/')": callbacks.MetricsLogger(
            print, prefix="a/"
        ),
    }
    for text, callback in shown.items():
        assert repr(callback) == text


def test_callbacks_of_others_show_how_they_were_made():
    zeros = np.zeros(3)

    class Weighted(Hooks):
        def __init__(self, *names, weights=zeros, rate=1.0, **options):
            self.weights = weights
            self.rate = rate

    assert repr(Weighted("a", key=2)) == "Weighted()"
    shown = "Weighted(weights=<ndarray of shape (2,)>, rate=2.0)"
    assert repr(Weighted(weights=np.ones(2), rate=2.0)) == shown
    assert repr(Weighted(weights=np.ones(3))) == "Weighted(weights=<ndarray of shape (3,)>)"


# ---- scikit-learn's own, and without it ----


def test_sklearn_scoring_monitor(digits):
    sklearn_callback = pytest.importorskip("sklearn.callback")
    monitor = sklearn_callback.ScoringMonitor(
        scoring=lambda estimator, X, y=None: float(estimator.score_samples(X[:50]).mean())
    )
    RBM(5, n_iter=4, random_state=0).set_callbacks(monitor).fit(digits)
    log = monitor.get_logs()
    rows = [row for row in log.data if row["task_name"] == "epoch"]
    assert [row["task_id"] for row in rows] == [0, 1, 2, 3]


def test_sklearn_pipelines_pass_callbacks_on(digits):
    pytest.importorskip("sklearn.callback")

    class Spreading(Recorder):
        max_propagation_depth = None

    recorder = Spreading()
    pipe = make_pipeline(RBM(5, n_iter=2), LogisticRegression(max_iter=20, tol=0.5))
    pipe.set_callbacks(recorder).fit(digits[:100], datasets.load_digits().target[:100])
    assert [call for call in recorder.calls if "epoch" in call] == EXPECTED[2:6]
    assert "_skl_callbacks" not in pipe[0].__dict__

    inside = make_pipeline(RBM(5, callbacks=[Spreading()]), LogisticRegression())
    with pytest.raises(TypeError, match="Spreading in callbacks of a model inside"):
        inside.fit(digits[:100], datasets.load_digits().target[:100])


def test_all_this_without_scikit_learns_protocol():
    """The stand-in for versions before 1.9 passes the tests of this file and of callbacks we ship."""
    shipped = ("callbacks_shipped", "early_stopping", "checkpoint", "metrics_logger")
    files = [__file__, *(str(Path(__file__).with_name(f"test_{name}.py")) for name in shipped)]
    program = (
        "import sys; sys.modules['sklearn.callback'] = None\n"
        "import pytest, udl_fast.callbacks as found\n"
        "assert found.FitCallback.__module__ == 'udl_fast.callbacks._shim'\n"
        "del sys.modules['sklearn.callback']  # other parts of scikit-learn import it\n"
        f"sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', *{files!r}, '-k',\n"
        "    'not sklearn and not without and not grid_search']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout


def test_names_of_the_protocol_are_exported():
    for name in ("CallbackContext", "CallbackSupportMixin", "FitCallback", "with_callbacks"):
        assert hasattr(callbacks, name)


def test_importing_a_model_does_not_load_the_protocol():
    """scikit-learn's callback module loads rich, which takes longer than all of udl_fast."""
    program = (
        "import sys, udl_fast; udl_fast.RBM(2, n_iter=1).fit([[0, 1]]); import udl_fast.callbacks\n"
        "sys.exit('sklearn.callback' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_partial_fit_refuses_what_fit_refuses():
    model = RBM(3, callbacks=[History(), History()])
    with pytest.raises(ValueError, match="more than one History"):
        model.partial_fit([[0, 1], [1, 0]])
