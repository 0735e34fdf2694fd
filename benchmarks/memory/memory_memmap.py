"""Training on files larger than the memory allowed for it.

A file of rows is mapped into memory (`np.load(..., mmap_mode="r")`) and learned from while the process may
take no more than `--limit` MB of private memory beyond what it holds (RLIMIT_DATA; pages of the mapped
file are the system's, which drops them when it needs to). Three ways:

- states: `fit` on 0/1 bytes, which are packed to a bit each;
- grey: `fit` on float32 values in [0, 1], which stay in the file;
- chunks: `partial_fit` on an iterator of slices, one in memory at a time.

That the limit holds is checked by copying the file, which must fail. Linux only.
"""

import gc
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import gen_batches

from benchmarks.support.recording import finish, output_path, parser
from benchmarks.support.resident import Peak, status_mb
from udl_fast import RBM
from udl_fast.bench.table import markdown_table

N_FEATURES = 784
BLOCK_ROWS = 10_000  # of the file, written again and again
CHUNK_ROWS = 10_000


def write_rows(path: Path, megabytes: float, dtype: Any) -> NDArray[Any]:
    """A mapped file of about so many MB: random states, or values in [0, 1] for real dtypes."""
    generator = np.random.default_rng(0)
    block = generator.random((BLOCK_ROWS, N_FEATURES), np.float32)
    values = block if np.dtype(dtype).kind == "f" else (block < 0.13).astype(dtype)
    n_rows = round(megabytes * 1e6 / (N_FEATURES * values.itemsize))
    file = np.lib.format.open_memmap(path, "w+", dtype, (n_rows, N_FEATURES))
    for first in range(0, n_rows, BLOCK_ROWS):
        file[first : first + BLOCK_ROWS] = values[: n_rows - first]
    file.flush()
    del file
    mapped: NDArray[Any] = np.load(path, mmap_mode="r")
    return mapped


@contextmanager
def limited(megabytes: float) -> Iterator[None]:
    """No more private memory than this beyond what the process has now."""
    before, hard = resource.getrlimit(resource.RLIMIT_DATA)
    now = status_mb("VmData") * 1e6
    resource.setrlimit(resource.RLIMIT_DATA, (int(now + megabytes * 1e6), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (before, hard))


def fit(model: RBM, rows: NDArray[Any]) -> None:
    """All rows at once."""
    model.fit(rows)


def fit_chunks(model: RBM, rows: NDArray[Any]) -> None:
    """One chunk after the other."""
    model.partial_fit(rows[batch] for batch in gen_batches(len(rows), CHUNK_ROWS))


WAYS: dict[str, tuple[Any, Callable[[RBM, NDArray[Any]], None]]] = {
    "states": (np.uint8, fit),
    "grey": (np.float32, fit),
    "chunks": (np.uint8, fit_chunks),
}


def copying_fails(rows: NDArray[Any], limit: float) -> bool:
    """Whether the limit would stop somebody who reads the file into memory."""
    with limited(limit):
        try:
            np.array(rows)
        except MemoryError:
            return True
    return False


def measure(
    name: str, folder: Path, file_mb: float, limit: float, n_components: int
) -> dict[str, Any]:
    """One way of learning from one file; a MemoryError where it takes more than the limit.

    To be called in a fresh process, whose heap holds nothing to use again.
    """
    dtype, learn = WAYS[name]
    rows = write_rows(folder / f"{name}.npy", file_mb, dtype)
    RBM(2, n_iter=1).fit(rows[:200])  # the threads are started
    if not copying_fails(rows, limit):
        raise RuntimeError(f"memory_memmap: a limit of {limit} MB does not keep {file_mb} MB out")
    model = RBM(n_components, n_iter=1, random_state=0)
    gc.collect()
    before = status_mb("RssAnon")
    start = time.perf_counter()
    with limited(limit), Peak("RssAnon") as peak:
        learn(model, rows)
    seconds = time.perf_counter() - start
    (folder / f"{name}.npy").unlink()
    return {
        "way": name,
        "dtype": np.dtype(dtype).name,
        "rows": len(rows),
        "file_mb": round(rows.nbytes / 1e6, 1),
        "added_mb": round(peak.highest - before, 1),
        "seconds": round(seconds, 2),
    }


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    words = {
        "states": "`fit`, packed to a bit each",
        "grey": "`fit`, left in the file",
        "chunks": "`partial_fit` on an iterator of chunks",
    }
    rows = [
        [
            found["dtype"],
            words[found["way"]],
            f"{found['file_mb']:,.0f} MB",
            f"{found['added_mb']:.0f} MB",
        ]
        for found in record["results"]
    ]
    limit = f"memory added (allowed: {record['limit_mb']:.0f} MB)"
    return markdown_table(["values", "way", "mapped file", limit], rows)


def main() -> int:
    """Measure, print, record; 1 if more was taken than allowed."""
    options = parser(__doc__)
    options.add_argument("--file", type=float, default=1024, metavar="MB", help="default 1024")
    options.add_argument("--limit", type=float, default=192, metavar="MB", help="default 192")
    arguments = options.parse_args()
    path = output_path(arguments, "memory_memmap")
    file_mb, limit = (96.0, 32.0) if arguments.quick else (arguments.file, arguments.limit)
    n_components = 32 if arguments.quick else 100
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for name in WAYS:
            options_of_one = (name, Path(folder), file_mb, limit, n_components)
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as fresh:
                results.append(fresh.submit(measure, *options_of_one).result())
            print(
                f"{name:<7} file {results[-1]['file_mb']:7.1f} MB   added "
                f"{results[-1]['added_mb']:6.1f} MB (limit {limit:g} MB)   "
                f"{results[-1]['seconds']:.1f} s",
                flush=True,
            )
    measured = {
        "settings": {"n_features": N_FEATURES, "n_components": n_components, "n_iter": 1},
        "limit_mb": limit,
        "copying_the_file_fails": True,
        "results": results,
    }
    finish("memory_memmap", path, measured)
    return 0 if all(found["added_mb"] <= limit for found in results) else 1


if __name__ == "__main__":
    sys.exit(main())
