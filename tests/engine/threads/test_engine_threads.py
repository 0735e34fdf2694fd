"""Threads at one engine: whoever looks sees whole minibatches, whoever changes is alone."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from tests.support.engines import SEED, SETTINGS, learn, random_model, states
from udl_fast import _core

PRECISIONS = ("fixed", "fast", "float64")
needs_unix = pytest.mark.skipif(sys.platform == "win32", reason="signals and forks of Unix")


@contextlib.contextmanager
def repeated(work):
    """Another thread does the work again and again until the end of this scope."""
    stop, began = threading.Event(), threading.Event()
    failures = []

    def run():
        try:
            while not stop.is_set():
                work()
                began.set()
        except BaseException as error:
            failures.append(error)
            began.set()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        assert began.wait(60)
        yield
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()
    assert not failures


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_states_read_beside_training_are_those_of_whole_minibatches(precision, n_threads):
    """Every minibatch multiplies all weights by one half or by two: all units are equal between two of them."""
    engine = _core.RbmEngine(200, 300, precision)
    engine.set_parameters(np.ones((300, 200)), np.full(300, 500.0), np.full(200, 500.0))
    rows = _core.Rows.from_array(np.ones((400, 200), bool))
    signs = [1.0]

    def train():
        settings = {**SETTINGS, "learning_rate": 1.0, "weight_decay": 0.5 * signs[0]}
        signs[0] = 1.0 if signs[0] < 0 else -2.0
        engine.train(rows, None, {**settings, "batch_size": 400}, SEED, 0, n_threads)

    with repeated(train):
        for _ in range(200):
            weights = engine.state()["weights"]
            assert weights.min() == weights.max()


@pytest.mark.parametrize("precision", PRECISIONS)
def test_an_engine_in_training_may_be_looked_at_and_not_changed(precision):
    engine, _ = random_model(30, 20, precision=precision)
    engine.snapshot()
    arrays = engine.state()
    changes = {
        "train": lambda: learn(engine, states(5, 30), {}, 1),
        "set_state": lambda: engine.set_state(arrays),
        "set_parameters": lambda: engine.set_parameters(
            *(arrays[name] for name in ("weights", "hidden_bias", "visible_bias"))
        ),
        "set_chains": lambda: engine.set_chains(states(2, 20)),
        "set_optimizer_state": lambda: engine.set_optimizer_state({}),
        "snapshot": engine.snapshot,
        "restore": engine.restore,
        "change_since_snapshot": engine.change_since_snapshot,
    }
    n_seen = []

    def look():
        engine.state()
        engine.mean_hidden(_core.Rows.from_array(states(3, 30)), 2)
        n_seen.append(1)

    def poll(n_rows):
        for name, change in changes.items():
            with pytest.raises(RuntimeError, match=f"{name}: the model is being trained"):
                change()
        look()
        other = threading.Thread(target=look)
        other.start()
        other.join()
        raise LookupError("of the callback")

    n_rows = 100 if precision == "float64" else 2_000_000
    rows = _core.Rows.from_array(np.broadcast_to(states(1, 30), (n_rows, 30)))
    with pytest.raises(LookupError, match="of the callback"):
        engine.train(rows, None, SETTINGS, SEED, 0, 2, poll)
    assert len(n_seen) == 2
    for name, change in changes.items():
        if name != "train":
            change()
    assert engine.n_chains == 2


def test_a_callback_may_change_the_array_of_the_order():
    data, order = states(400, 30), np.arange(400, dtype=np.uint32)[::-1].copy()
    expected, _ = random_model(30, 20, precision="float64")
    learn(expected, data, {}, 1, order.copy())
    engine, _ = random_model(30, 20, precision="float64")

    def poll(n_rows):
        order[:] = 2**32 - 1
        return False

    engine.train(_core.Rows.from_array(data), order, SETTINGS, SEED, 3, 1, poll)
    np.testing.assert_array_equal(engine.weights(), expected.weights())


@pytest.mark.parametrize("precision", PRECISIONS)
def test_what_waits_to_be_taken_over_may_change_meanwhile(precision):
    engine, _ = random_model(30, 20, precision=precision)
    expected = engine.state()
    given = {name: array.copy() for name, array in expected.items()}
    weights, hidden, visible = (given[name] for name in ("weights", "hidden_bias", "visible_bias"))
    rows = _core.Rows.from_array(states(64, 30))
    n_steps = 1000 if precision == "float64" else 30_000

    def spoil():
        for array in (weights, hidden, visible, given["hidden_velocity"]):
            array.fill(np.nan)

    for change in (
        lambda: engine.set_state(given),
        lambda: engine.set_parameters(weights, hidden, visible),
    ):
        looking = threading.Thread(target=engine.gibbs, args=(rows, n_steps, 0, "gibbs", 0, 0, 1))
        spoiling = threading.Timer(0.05, spoil)
        looking.start()
        time.sleep(0.02)
        spoiling.start()
        change()
        spoiling.join()
        looking.join()
        for name, array in engine.state().items():
            np.testing.assert_array_equal(array, expected[name])
        for name, array in expected.items():
            given[name][...] = array


def test_readers_without_end_do_not_keep_training_waiting():
    engine, _ = random_model(64, 64, precision="float64")
    rows = _core.Rows.from_array(states(300, 64))
    with contextlib.ExitStack() as readers:
        for _ in range(3):
            readers.enter_context(repeated(lambda: engine.free_energy(rows, 1)))
        result = engine.train(rows, None, SETTINGS, SEED, 0, 1)
    assert result["n_updates"] == 30


# ---- signals, forks and the end of the interpreter ----


@needs_unix
@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_handler_of_a_signal_looks_at_the_engine_its_thread_trains(precision):
    engine, _ = random_model(256, 256, precision=precision)
    n_looks = []

    def handler(*_):
        n_looks.append(engine.state()["weights"].shape)
        if len(n_looks) == 3:
            raise TimeoutError

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)
    try:
        with pytest.raises(TimeoutError):
            learn(engine, states(50, 256), {"batch_size": 50, "k": 10**8}, 2)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert n_looks == [(256, 256)] * 3


def run_python(script, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, ""), (done.returncode, done.stderr)


HANDLERS = """
import signal, sys, threading, time, warnings
import numpy as np
from udl_fast import RBM, _core
warnings.simplefilter("ignore")
X = np.random.default_rng(0).random((64, 784)) < 0.3
rbm = RBM(256, n_iter=1, precision=sys.argv[1], n_jobs=1, random_state=0).fit(X)
engine, rows, busy = rbm._engine, _core.Rows.from_array(X), []
def look():
    "Some tenths of a second."
    engine.gibbs(rows, 30 if sys.argv[1] == "float64" else 1000, 0, "gibbs", 0, 0, 1)
def handle(*_):
    if not busy:  # it may be interrupted itself
        busy.append(1)
        work()
        busy.clear()
signal.signal(signal.SIGALRM, handle)
"""

LOOKING_HANDLER = (
    HANDLERS
    + """
done, looks = [], []
def work():
    looks.append((rbm.components_.shape, engine.weights().shape))
def look_on():
    while not done:
        look()
threading.Thread(target=look_on).start()
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
most = 0
while most < 3:  # one may come before the wait, and one after it
    time.sleep(0.02)
    looks.clear()
    engine.snapshot()
    most = max(most, len(looks))
signal.setitimer(signal.ITIMER_REAL, 0)
done.append(1)
assert set(looks) <= {((256, 784), (256, 784))}
"""
)

CHANGING_HANDLER = (
    HANDLERS
    + """
refused = []
def work():
    signal.setitimer(signal.ITIMER_REAL, 0)
    for change in (engine.snapshot, lambda: rbm.partial_fit(X)):
        try:
            change()
        except RuntimeError as error:
            refused.append(str(error))
while not refused:
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    look()
assert len(refused) == 2
assert all("is being looked at by this thread" in text for text in refused), refused
rbm.partial_fit(X)
"""
)


@needs_unix
@pytest.mark.parametrize("script", [LOOKING_HANDLER, CHANGING_HANDLER])
@pytest.mark.parametrize("precision", ["fast", "float64"])
def test_a_handler_does_not_wait_for_the_call_it_interrupts(precision, script):
    """Its thread waits for another's look, or looks itself: all such calls end or are refused."""
    run_python(script, precision)


FORKS = """
import os, signal, sys, threading, time, warnings
import numpy as np
from udl_fast import RBM
warnings.simplefilter("ignore")
X = np.random.default_rng(0).random((200, 300)) < 0.3
model = RBM(300, n_iter=1, precision=sys.argv[1], n_jobs=2, random_state=0).fit(X)
kept = model.components_.copy()
# One minibatch without end: every fork finds it half done.
model.set_params(k=10**8, batch_size=200, warm_start=True)
threading.Thread(target=model.fit, args=(X,), daemon=True).start()
time.sleep(0.5)
for _ in range(2):
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        model.set_params(k=1)
        same = np.array_equal(model._engine.weights(), kept)
        model.transform(X)
        model.partial_fit(X)
        os._exit(0 if same and model.n_updates_ == 3 else 3)
    assert os.waitpid(child, 0)[1] == 0
os._exit(0)
"""


@needs_unix
@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_forked_child_has_the_model_from_before_the_epoch(precision):
    run_python(FORKS, precision)


POLLED = """
import sys, threading, time
import numpy as np
from udl_fast import _core
sys.path.insert(0, sys.argv[2])
from tests.support.engines import SETTINGS, random_model
began = threading.Event()
def poll(n_rows):
    began.set()
    while True:  # gives the interpreter up and asks for it again
        time.sleep(0.001)
engine, _ = random_model(30, 20, precision=sys.argv[1])
rows = _core.Rows.from_array(np.ones((2_000_000 if sys.argv[1] != "float64" else 100, 30), bool))
arguments = (rows, None, SETTINGS, 0, 0, 2, poll)
threading.Thread(target=engine.train, args=arguments, daemon=True).start()
assert began.wait(60)
"""


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_interpreter_ends_while_a_daemon_thread_is_in_a_callback(precision):
    run_python(POLLED, precision, os.getcwd())
