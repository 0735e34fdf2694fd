"""The thread pool through real kernels: same bits, and no hang, whoever calls it from where."""

import ctypes
import multiprocessing
import os
import platform
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest

import udl_fast as udl

TIMEOUT = 120  # seconds; a hang is the failure these tests look for


def data(n_rows: int = 200) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 2, (n_rows, 65)).astype(np.uint8)


def train(n_jobs: int, seed: int = 0) -> bytes:
    """The trained weights of a small model."""
    model = udl.RBM(40, n_iter=2, batch_size=32, n_jobs=n_jobs, random_state=seed)
    return model.fit(data()).components_.tobytes()


@pytest.fixture(scope="module")
def expected() -> bytes:
    return train(1)


def test_any_number_of_threads_gives_the_same_bits(n_threads, expected):
    assert train(n_threads) == expected


def test_more_threads_than_processors_and_items(expected):
    assert train(64) == expected


def test_many_python_threads_at_once():
    """Eight callers: one has the pool, the others go on alone, and each gets its own result."""
    alone = [train(1, seed) for seed in range(8)]
    with ThreadPoolExecutor(8) as executor:
        together = list(executor.map(train, [3] * 8, range(8), timeout=TIMEOUT))
    assert together == alone


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_joblib(backend, expected):
    """Process workers get one thread each from joblib, or ask for more: the bits stay."""
    with joblib.parallel_config(backend, n_jobs=2):
        results = joblib.Parallel(timeout=TIMEOUT)(
            joblib.delayed(train)(n_jobs) for n_jobs in (None, 1, 2, 3)
        )
    assert results == [expected] * 4


# fork()

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork() here")


def send_trained(connection) -> None:
    connection.send_bytes(train(2))


def train_in_forked_child() -> bytes:
    receiver, sender = multiprocessing.Pipe(duplex=False)
    with warnings.catch_warnings():  # Python 3.12 warns of what is tested here
        warnings.simplefilter("ignore", DeprecationWarning)
        child = multiprocessing.get_context("fork").Process(target=send_trained, args=(sender,))
        child.start()
    sender.close()
    try:
        assert receiver.poll(TIMEOUT), "the forked child hangs"
        return receiver.recv_bytes()
    finally:
        child.kill()
        child.join()


@needs_fork
def test_child_of_a_fork_makes_its_own_pool(expected):
    assert train(3) == expected  # the threads of the parent exist
    assert train_in_forked_child() == expected
    assert train(3) == expected


@needs_fork
def test_fork_while_the_pool_is_at_work(expected):
    stop = threading.Event()

    def keep_busy() -> None:
        while not stop.is_set():
            train(2)

    busy = threading.Thread(target=keep_busy)
    busy.start()
    try:
        assert [train_in_forked_child() for _ in range(3)] == [expected] * 3
    finally:
        stop.set()
        busy.join()


# Python beside a training run


def long_training() -> udl.RBM:
    """At least some tenths of a second."""
    return udl.RBM(512, n_iter=40, n_jobs=2, random_state=0).fit(data(4000))


@pytest.mark.filterwarnings("ignore:RBM. learning has not begun")  # nothing to learn in noise
def test_other_python_threads_run_during_training():
    with ThreadPoolExecutor(1) as executor:
        training = executor.submit(long_training)
        n_turns = 0
        while not training.done():
            time.sleep(0.001)
            n_turns += 1
        training.result()
    assert n_turns > 20


# The last thing before the interpreter ends is a call that holds the GIL (first registered, last run):
# the thread then waits for the GIL when the interpreter begins to end.
EXIT_WITH_DAEMON_THREAD = """
import atexit
atexit.register(sum, range(6 * 10**7))
import threading, time, numpy as np, udl_fast as udl
x = np.random.default_rng(0).integers(0, 2, (4000, 65)).astype(np.uint8)
def forever(model):
    while True:
        model.{call}
started = udl.RBM({n_components}, n_iter=1, n_jobs=3).fit(x)
threading.Thread(target=forever, args=(started,), daemon=True).start()
time.sleep(0.1)
"""


@pytest.mark.parametrize(
    ("call", "n_components"),
    [
        ("set_params(n_iter=100).fit(x)", 512),  # takes the GIL within the run, to poll for Ctrl-C
        ("log_partition('exact')", 20),  # takes it at the end of the call
    ],
)
def test_exit_with_daemon_thread_at_work(call, n_components):
    """Python ends a thread that waits for the GIL; its stack holds frames that forbid unwinding."""
    code = EXIT_WITH_DAEMON_THREAD.format(call=call, n_components=n_components)
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=TIMEOUT
    )
    assert (result.returncode, result.stderr) == (0, "")


# Floating-point state

FE_UPWARD = {"x86_64": 0x800, "AMD64": 0x800, "aarch64": 0x400000}


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in FE_UPWARD,
    reason="rounding modes are set through the C library of Linux",
)
def test_rounding_mode_of_the_caller_changes_no_bit():
    """Some libraries change the floating-point state of a thread and leave it so."""
    libm = ctypes.CDLL("libm.so.6")
    model = udl.RBM(40, n_iter=1, n_jobs=2, random_state=0).fit(data())
    rows = np.random.default_rng(1).random((50, 65), dtype=np.float32)
    before = model.transform(rows)
    libm.fesetround(FE_UPWARD[platform.machine()])
    try:
        during = model.transform(rows)
        kept = libm.fegetround()
    finally:
        libm.fesetround(0)
    np.testing.assert_array_equal(during, before)
    assert kept == FE_UPWARD[platform.machine()]
