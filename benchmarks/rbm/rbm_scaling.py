"""How training time grows: with threads, with rows, and what `fit` adds to its kernels.

- threads: CD-1 steps a second with one thread and with all, in turns, at the three larger sizes of
  `udl-fast bench rbm`;
- rows: whole calls of `RBM.fit` on the first n rows of MNIST, thresholded, for n up to 60,000; the time
  of a row must not grow with n;
- overhead: how much longer `fit` on 60,000 rows takes than the compiled passes inside it.
"""

import statistics
import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import RBM, datasets, get_num_threads
from udl_fast.bench.contestants.rbm.udl_fast import Engine
from udl_fast.bench.harness import interleave, rounded
from udl_fast.bench.rbm.cases import SIZES, timing_case
from udl_fast.bench.table import markdown_table, rate, ratio


class Threads(Engine):
    """The engine with a number of threads, as the harness wants it."""

    def __init__(self, n_threads: int) -> None:
        super().__init__(n_threads)
        self.name = f"{n_threads} threads"

    def seconds(self, n: int) -> float:
        """Seconds that n minibatches take."""
        self.ready(n)
        start = time.perf_counter()
        self.run(n)
        return time.perf_counter() - start


def thread_scaling(size: tuple[int, int, int], rounds: int, seconds: float) -> dict[str, Any]:
    """Rates of one and of all threads at one size, and their ratio."""
    batch_size, n_visible, n_hidden = size
    contestants = [Threads(n) for n in (1, get_num_threads())]
    for contestant in contestants:
        contestant.prepare(**timing_case(batch_size, n_visible, n_hidden, "random"))
    timings = interleave(contestants, rounds=rounds, seconds=seconds, units_per_run=batch_size)
    names = [contestant.name for contestant in contestants]
    return {
        "size": list(size),
        "rates": {name: rounded(timings.median(name)) for name in names},
        "ratio": round(statistics.median(timings.ratios(names[-1], names[0])), 3),
    }


class _TimedEngine:
    """Passes everything on to the engine and adds up the time of its training passes."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def train(self, *arguments: Any) -> dict[str, Any]:
        start = time.perf_counter()
        result: dict[str, Any] = self._engine.train(*arguments)
        self.seconds += time.perf_counter() - start
        return result


class TimedRBM(RBM):
    """An RBM that knows how long its compiled passes took."""

    def _start(self, X: Any, rows: Any) -> None:
        super()._start(X, rows)
        self._engine = _TimedEngine(self._engine)


def fit_seconds(images: NDArray[Any], n_components: int, n_iter: int) -> tuple[float, float]:
    """Seconds of a whole fit, and of the compiled passes in it."""
    model = TimedRBM(n_components, n_iter=n_iter, random_state=0)
    start = time.perf_counter()
    model.fit(images)
    return time.perf_counter() - start, model._engine.seconds


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    sizes = []
    for found in record["thread_scaling"]:
        rates = [rate(value) for value in found["rates"].values()]
        sizes.append([" x ".join(map(str, found["size"])), *rates, ratio(found["ratio"])])
    names = list(record["thread_scaling"][0]["rates"])
    header = ["batch x visible x hidden", *(f"{name}, examples/s" for name in names), "ratio"]
    rows = [
        [
            f"{row['rows']:,}",
            f"{row['fit_seconds']:.3f} s",
            f"{row['microseconds_per_row']:.2f}",
            f"{row['overhead_percent']:.1f} %",
        ]
        for row in record["rows"]
    ]
    growth = ["rows of MNIST", "fit", "microseconds a row and pass", "beyond the compiled passes"]
    return f"{markdown_table(header, sizes)}\n\n{markdown_table(growth, rows)}"


def main() -> int:
    """Measure, print, record."""
    arguments = parser(__doc__).parse_args()
    path = output_path(arguments, "rbm_scaling")
    quick = arguments.quick
    sizes = [(20, 64, 32)] if quick else SIZES[1:]
    threads = [thread_scaling(size, 2 if quick else 7, 0.02 if quick else 1.0) for size in sizes]
    for found in threads:
        print(f"{found['size']}: {found['ratio']:.2f} with {get_num_threads()} threads", flush=True)
    load = datasets.load_digits if quick else datasets.load_mnist
    images = load(binary=0.5, dtype=np.uint8).data
    n_components, n_iter, repeats = (16, 1, 1) if quick else (500, 10, 3)
    rows = []
    for n_rows in [len(images) // k for k in (8, 4, 2, 1)]:
        runs = [fit_seconds(images[:n_rows], n_components, n_iter) for _ in range(repeats)]
        total, kernels = min(runs)
        rows.append(
            {
                "rows": n_rows,
                "fit_seconds": round(total, 4),
                "microseconds_per_row": round(total / n_rows / n_iter * 1e6, 3),
                "overhead_percent": round(100 * (total / kernels - 1), 2),
            }
        )
        print(rows[-1], flush=True)
    measured = {
        "settings": {"threads": get_num_threads(), "n_components": n_components, "n_iter": n_iter},
        "thread_scaling": threads,
        "rows": rows,
    }
    finish("rbm_scaling", path, measured)
    return 0


if __name__ == "__main__":
    sys.exit(main())
