"""HammingIndex in a running program: Ctrl-C, forks, many Python threads, memory, and sizes beyond 32 bits."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest

from udl_fast import HammingIndex, _core, hamming_distances, hamming_histogram
from udl_fast.hamming.index_file import Contents
from udl_fast.hamming.tables import ScanRecord

TIMEOUT = 60


def random_codes(n, n_bytes, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, n_bytes), dtype=np.uint8)


def index_of(codes, index_type="auto"):
    index = HammingIndex(8 * codes.shape[1], index_type=index_type)
    index.add(codes)
    return index


# Ctrl-C


class StoppedError(Exception):
    """What the second signal raises."""


def long_work(name):
    """Work of many seconds, of which little is done."""
    codes = random_codes(400_000, 8)
    scan = index_of(codes, "scan")
    if name == "search":
        return lambda: scan.search(codes, 1)
    if name == "range_search":
        return lambda: scan.range_search(codes, 1)
    if name == "pairs_within":
        return lambda: scan.pairs_within(1)
    if name == "distance_histogram":
        return lambda: scan.distance_histogram(codes[:40_000])
    if name == "hamming_histogram":
        return lambda: hamming_histogram(codes[:40_000], codes)
    if name == "hamming_distances":
        wide = np.zeros((5_000, 8191), np.uint8)
        return lambda: hamming_distances(wide, wide, n_jobs=1)
    tables = _core.HammingTables(codes, 0, 2)
    if name == "build_tables":
        wide = np.zeros((300_000, 512), np.uint8)
        return lambda: _core.HammingTables(wide, 4096, 1)
    if name == "search in tables":
        return lambda: _core.hamming_hash_search(tables, codes, ~codes, 40, 2, always=True)
    if name == "range_search in tables":
        return lambda: _core.hamming_hash_range(tables, codes, codes, 14, 2, always=True)
    assert name == "pairs in tables"
    return lambda: _core.hamming_hash_pairs(tables, codes, 14, 2, always=True)


def call_with_alarms(work):
    signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
    work()
    signal.setitimer(signal.ITIMER_REAL, 0)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs setitimer")
@pytest.mark.parametrize(
    "name",
    [
        "search",
        "range_search",
        "pairs_within",
        "distance_histogram",
        "hamming_histogram",
        "hamming_distances",
        "build_tables",
        "search in tables",
        "range_search in tables",
        "pairs in tables",
    ],
)
def test_signals_are_handled_during_long_work(name):
    """Work that does not look at signals sees all of them as one, when it ends: only the second raises."""
    work, count = long_work(name), 0

    def handle(number, frame):
        nonlocal count
        count += 1
        if count == 2:
            raise StoppedError

    before = signal.signal(signal.SIGALRM, handle)
    try:
        with pytest.raises(StoppedError):
            call_with_alarms(work)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# Forks and threads


def send_found(connection, index, queries):
    connection.send(
        [x.tolist() for x in (*index.search(queries, 5), *index.range_search(queries, 20))]
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork() here")
@pytest.mark.parametrize("index_type", ["scan", "mih"])
def test_a_forked_child_searches_the_index_of_its_parent(index_type, tmp_path):
    codes, queries = random_codes(30_000, 8), random_codes(40, 8, 1)
    index_of(codes, index_type).save(tmp_path / "codes")
    for index in (index_of(codes, index_type), HammingIndex.load(tmp_path / "codes", mmap=True)):
        expected = [
            x.tolist() for x in (*index.search(queries, 5), *index.range_search(queries, 20))
        ]
        receiver, sender = multiprocessing.Pipe(duplex=False)
        with warnings.catch_warnings():  # Python 3.12 warns of what is tested here
            warnings.simplefilter("ignore", DeprecationWarning)
            context = multiprocessing.get_context("fork")
            child = context.Process(target=send_found, args=(sender, index, queries))
            child.start()
        sender.close()
        try:
            assert receiver.poll(TIMEOUT), "the forked child hangs"
            assert receiver.recv() == expected
        finally:
            child.kill()
            child.join()
        assert index.search(queries, 5)[0].tolist() == expected[0]


@pytest.mark.parametrize("index_type", ["auto", "scan", "mih"])
def test_many_threads_read_one_index(index_type):
    """The first of them build the tables, while others search."""
    codes = random_codes(20_000, 8)
    index, queries = index_of(codes, index_type), random_codes(160, 8, 1)
    expected = index_of(codes, "scan").search(queries, 5)
    start = threading.Barrier(8)

    def search(worker):
        start.wait(TIMEOUT)
        rows = slice(20 * worker, 20 * worker + 20)
        for _ in range(10):
            found = index.search(queries[rows], 5, n_jobs=1 + worker % 3)
            index.range_search(queries[rows], 8, n_jobs=1 + worker % 3)
        return [(x == y[rows]).all() for x, y in zip(found, expected, strict=True)]

    with ThreadPoolExecutor(8) as executor:
        assert all(all(equal) for equal in executor.map(search, range(8)))


# Memory and sizes

LITTLE_MEMORY = """
import resource
import numpy as np
from udl_fast import HammingIndex

generator = np.random.default_rng(0)
index = HammingIndex(256, index_type="scan")
index.add(generator.integers(0, 256, (20_000, 32), dtype=np.uint8))
queries = generator.integers(0, 256, (8_000, 32), dtype=np.uint8)
index.search(queries[:1], 1, n_jobs=2)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 500_000_000,) * 2)
distances, ids = index.search(queries, 500, n_jobs=2)
assert distances.shape == (8_000, 500)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_of_a_batch_is_little_beyond_its_results():
    """Lists of k ids for each distance and query, as counting selection may keep, would take 8 GB here."""
    done = subprocess.run(
        [sys.executable, "-c", LITTLE_MEMORY], capture_output=True, text=True, timeout=TIMEOUT
    )
    assert done.returncode == 0, done.stderr


MANY_PAIRS = """
import resource, sys
import numpy as np
from udl_fast import HammingIndex

generator = np.random.default_rng(0)
codes = generator.integers(0, 256, (4_500, 8), dtype=np.uint8)
index = HammingIndex(64, index_type="scan")
if sys.argv[1] == "in order":
    index.add(codes)
else:
    index.add_with_ids(codes, generator.permutation(4_500))
index.pairs_within(1)

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

before = peak()
found = index.pairs_within(64, inclusive=True, n_jobs=2)
assert len(found[0]) == 4_500 * 4_499 // 2
print((peak() - before) / sum(x.nbytes for x in found))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss in kilobytes")
@pytest.mark.parametrize("order", ["in order", "in any order"])
def test_memory_of_pairs_is_little_beyond_twice_the_result(order):
    """A pair takes 20 bytes in the result, 24 while it is collected."""
    done = subprocess.run(
        [sys.executable, "-c", MANY_PAIRS, order], capture_output=True, text=True, timeout=TIMEOUT
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 2.4


def test_pairs_show_how_far_they_have_come(monkeypatch):
    shares, steps = [], []

    class Bar:
        update = steps.append

    @contextmanager
    def progress(total, label):
        assert (total, label) == (1000, "pairs_within")
        yield Bar()

    monkeypatch.setattr("udl_fast.progress.progress", progress)
    index = index_of(random_codes(60_000, 8), "scan")
    index.pairs_within(1, n_jobs=1)
    assert 0 < sum(steps) <= 1000
    assert all(step >= 0 for step in steps)

    def watch(share):
        shares.append(share)
        if len(shares) == 3:
            raise LookupError("of the watcher")
        return True  # means nothing

    codes = random_codes(400_000, 8)  # work for far more than three looks
    for find in (
        lambda: _core.hamming_pairs(codes, 1, 1, watch=watch),
        lambda: _core.hamming_hash_pairs(
            _core.HammingTables(codes, 0, 2), codes, 9, 1, always=True, watch=watch
        ),
    ):
        shares.clear()
        with pytest.raises(LookupError, match="of the watcher"):
            find()
        assert len(shares) == 3
        assert shares == sorted(shares)
        assert 0 < shares[-1] < 1


TOO_LITTLE_MEMORY = """
import resource
import numpy as np
from udl_fast import HammingIndex

index = HammingIndex(64, index_type="scan")
index.add(np.zeros((40_000, 8), np.uint8))
few = np.zeros((3, 8), np.uint8)
expected = index.search(few, 5, n_jobs=2)[1].tolist()
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 400_000_000,) * 2)
for n_jobs in (1, 2, 3):
    try:
        index.range_search(np.zeros((20_000, 8), np.uint8), 64, n_jobs=n_jobs)
    except MemoryError:
        assert index.search(few, 5, n_jobs=n_jobs)[1].tolist() == expected
        continue
    raise AssertionError("8 * 10**8 results found room")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_results_without_room_are_a_memory_error_and_the_index_works_on():
    """The exception comes out of the threads that found no room."""
    done = subprocess.run(
        [sys.executable, "-c", TOO_LITTLE_MEMORY], capture_output=True, text=True, timeout=TIMEOUT
    )
    assert done.returncode == 0, done.stderr


def many_codes(n_bytes):
    """An index of more than 2^31 bytes, and how many codes that is: zeros that nobody wrote, which take no memory,
    four codes of ones at the end and among them one that differs from those in a bit."""
    n = 2**31 // n_bytes + 1000
    codes = np.zeros((n, n_bytes), np.uint8)
    codes[-5:] = 255
    codes[-3, 0] = 254
    return HammingIndex._of(Contents(8 * n_bytes, codes, None, n), "scan"), n


untouched = pytest.mark.skipif(sys.platform != "linux", reason="untouched memory must cost nothing")


@untouched
def test_positions_beyond_32_bits():
    index, n = many_codes(1)
    distances, ids = index.search(np.array([[255]], np.uint8), 6)
    np.testing.assert_array_equal(ids, [[n - 5, n - 4, n - 2, n - 1, n - 3, 0]])
    np.testing.assert_array_equal(distances, [[0, 0, 0, 0, 1, 8]])
    np.testing.assert_array_equal(index.reconstruct(n - 3), [254])


@untouched
@pytest.mark.parametrize("n_bytes", [250, 256])
def test_bytes_beyond_32_bits(n_bytes):
    index, n = many_codes(n_bytes)
    queries, width = np.full((9, n_bytes), 255, np.uint8), 8 * n_bytes
    equal = [n - 5, n - 4, n - 2, n - 1]
    for chosen in (queries, queries[:1]):
        distances, ids = index.search(chosen, 6)
        np.testing.assert_array_equal(ids[0], [*equal, n - 3, 0])
        np.testing.assert_array_equal(distances[0], [0, 0, 0, 0, 1, width])
        limits, _, ids = index.range_search(chosen, 1)
        np.testing.assert_array_equal(ids[: limits[1]], equal)
        np.testing.assert_array_equal(limits, 4 * np.arange(len(chosen) + 1))
    counts = index.distance_histogram(queries[:1])[0]
    assert (counts[0], counts[1], counts[-1]) == (4, 1, n - 5)
    np.testing.assert_array_equal(index.reconstruct(n - 3)[:2], [254, 255])
    ids = index.search(queries[:1], 2, ids=range(n - 3, n - 1))[1]
    np.testing.assert_array_equal(ids, [[n - 2, n - 3]])


@pytest.mark.skipif(sys.platform != "linux", reason="holes in files must cost nothing")
def test_a_mapped_file_beyond_32_bits(tmp_path):
    n, path = 2**31 // 256 + 1000, tmp_path / "codes.udl"
    few = index_of(random_codes(1, 256))
    few.save(path)
    header = bytearray(path.read_bytes()[:64])
    header[16:32] = np.array([n, n], "<i8").tobytes()
    with open(path, "wb") as file:
        file.write(header)
        file.seek(64 + 256 * (n - 1))
        file.write(b"\xff" * 256)
    index = HammingIndex.load(path, mmap=True)
    distances, ids = index.search(np.full((1, 256), 255, np.uint8), 2)
    np.testing.assert_array_equal(ids, [[n - 1, 0]])
    np.testing.assert_array_equal(distances, [[0, 2048]])


def test_scans_are_noted_while_others_are_added_up():
    """A search of another radius in another thread, while this one asks whether tables would pay."""
    record = ScanRecord()
    record.add(1, 2.0, 1, 1)
    record.add(2, 2.0, 1, 1)

    def price(radius):
        record.add(radius + 10, 2.0, 1, 1)  # what the other thread does meanwhile
        return 0.5

    assert record.saved(price) == 3.0
