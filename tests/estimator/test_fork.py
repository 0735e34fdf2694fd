"""fork() in the middle of another thread's work, or within a callback: the child answers."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork() here")

BEGIN = """
import os, sys, threading, time
import numpy as np
from udl_fast import RBM, HammingIndex

X = (np.random.default_rng(0).random((4000, 64)) < 0.3).astype(np.uint8)
model = RBM(96, n_iter=1, batch_size=50, random_state=0, warm_start=True).fit(X)
before = model.transform(X[:20])
index = HammingIndex(64)
index.add(np.packbits(X, axis=1, bitorder="little"))
nearest = index.search(np.packbits(X[:5], axis=1, bitorder="little"), 3)

def answer():
    "In the child: everything works, and the model is one at the end of an epoch."
    twin = RBM(96, n_iter=1, batch_size=50, random_state=0, warm_start=True).fit(X)
    for _ in range(model.n_iter_ - 1):
        twin.fit(X)
    same = np.array_equal(model.components_, twin.components_)
    same &= np.array_equal(model.transform(X[:20]), twin.transform(X[:20]))
    found = index.search(np.packbits(X[:5], axis=1, bitorder="little"), 3)
    same &= all(np.array_equal(a, b) for a, b in zip(found, nearest))
    model.sample(2, 3)
    model.partial_fit(X[:100])
    twin.partial_fit(X[:100])
    return same and np.array_equal(model.components_, twin.components_)

def child_answers():
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if answer() else 3)
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(4)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return "the child hangs"
"""

IN_A_THREAD = (
    BEGIN
    + """
stop = threading.Event()
rbm = RBM(96, n_iter=1, random_state=1).fit(X)

def work():
    while not stop.is_set():
        {work}

thread = threading.Thread(target=work, daemon=True)
thread.start()
found = []
for i in range({forks}):
    time.sleep(0.003 + 0.017 * i / {forks})
    found.append(child_answers())
stop.set()
thread.join()
print(found)
assert set(found) == {{0}}, found
"""
)

WORK = {
    "fit": "model.fit(X)",
    "partial_fit of another model": "rbm.partial_fit(X)",
    "search": "index.search(np.packbits(X, axis=1, bitorder='little'), 10)",
    "change of an index": "index.remove_ids([10_000_000]); index.add(index.reconstruct_n(0, 0))",
    "save": "rbm.save(sys.argv[1]); index.save(sys.argv[1] + '.udl')",
    "sample": "rbm.sample(2, 2)",
}


def run(script, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.mark.parametrize("name", WORK)
def test_the_child_of_a_fork_beside_a_working_thread_answers(tmp_path, name):
    """What the thread was training is the model of before its epoch, and may be trained."""
    run(IN_A_THREAD.format(work=WORK[name], forks=6), str(tmp_path / "file"))


BETWEEN_EPOCHS = (
    BEGIN
    + """
def fork(model, info):
    if info["rows_done"] == info["n_rows"] and os.getpid() == parent:
        child = os.fork()
        children.append(child)

parent, children = os.getpid(), []
model.set_params(n_iter=3, callbacks=[fork]).fit(X)
if os.getpid() != parent:
    os._exit(0 if model.n_iter_ == 4 else 3)
codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
assert codes == [0, 0, 0], codes
"""
)


def test_a_child_that_is_forked_between_epochs_may_go_on_with_the_fit():
    run(BETWEEN_EPOCHS)


WITHIN_AN_EPOCH = (
    BEGIN
    + """
X = np.tile(X, (200, 1))  # an epoch of more than a few looks
children = []

def fork(model, info):
    if not children and 0 < info["rows_done"] < info["n_rows"]:
        children.append(os.fork())

try:
    model.set_params(n_jobs=2, callbacks=[fork]).fit(X)
except RuntimeError as error:
    assert children == [0] and "forked within the call" in str(error), error
    model.set_params(callbacks=None)
    X = X[:4000]
    os._exit(0 if model.n_iter_ == 1 and answer() else 3)
assert children, "no callback within the epoch"
assert os.waitstatus_to_exitcode(os.waitpid(children[0], 0)[1]) == 0
assert model.n_iter_ == 2
"""
)


def test_a_child_that_is_forked_within_an_epoch_gets_an_error_and_the_model_before_it():
    """It has none of the threads that compute, and waited for them for ever."""
    run(WITHIN_AN_EPOCH)


def test_a_forked_child_shows_no_bar():
    """It shares the terminal of its parent, and a lock of the bar that may be held for ever."""
    run(
        BEGIN
        + """
from udl_fast import progress
sys.stderr = type("Terminal", (), {"isatty": lambda self: True, "write": lambda *a: 0, "flush": lambda s: 0})()
assert progress.is_watched()
def answer():
    return not progress.is_watched()
assert child_answers() == 0
"""
    )
