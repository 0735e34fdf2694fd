"""The first steps of training, one by one: none may stall, and `precision="fast"` may be slower at none.

Early in training weights double every few steps, and with them the scale of their integers. Each precision
learns the first minibatches from small random weights, as `RBM.fit` starts from; every call of the engine is
timed. Runs are repeated with the same seed, which does the same work: of each call the shortest time
counts, so that a neighbour's burst on a shared machine is none of ours. Recorded are, for each size, the
longest of these calls over their median, and the median ratio of both precisions over the whole and over
the first fifth.
"""

import statistics
import sys
import time
from typing import Any

import numpy as np

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import _core, get_num_threads
from udl_fast.bench.harness import rounded
from udl_fast.bench.table import markdown_table

SEED = 20260101
LEARNING_RATE = 0.1
PRECISIONS = ("fixed", "fast")
# batch, visible, hidden, minibatches a call: calls take milliseconds.
SIZES = (
    (10, 64, 256, 400),
    (10, 784, 256, 100),
    (100, 784, 500, 5),
    (1024, 784, 4096, 1),
    (256, 3072, 8192, 1),
)
QUICK_SIZES = ((10, 64, 32, 2), (30, 70, 130, 1))
SETTINGS = {
    "algorithm": "cd",
    "k": 1,
    "statistics": "mean",
    "learning_rate": LEARNING_RATE,
    "momentum": 0.0,
    "weight_decay": 0.0,
    "l1": 0.0,
    "sparsity_target": None,
    "sparsity_cost": 0.0,
    "sparsity_damping": 0.9,
    "sample_visibles": True,
    "binarize_sample": False,
    "data_step": 0,
}


class Run:
    """One training from the start, whose calls are timed."""

    def __init__(self, precision: str, size: tuple[int, int, int, int], n_threads: int) -> None:
        self._batch_size, n_visible, n_hidden, n_minibatches = size
        self._n_threads = n_threads
        self._n_rows = self._batch_size * n_minibatches
        generator = np.random.RandomState(SEED)
        self._rows = generator.random_sample((2 * self._n_rows, n_visible)) < 0.3
        self._engine = _core.RbmEngine(n_visible, n_hidden, precision)
        self._engine.set_parameters(
            generator.normal(0, 0.01, (n_hidden, n_visible)),
            np.zeros(n_hidden),
            np.zeros(n_visible),
        )
        self._step = 0
        self.seconds: list[float] = []

    def call(self) -> None:
        """The next minibatches: rows other than those of the call before."""
        first = len(self.seconds) % 2 * self._n_rows
        rows = _core.Rows.from_array(self._rows[first : first + self._n_rows])
        settings = {**SETTINGS, "batch_size": self._batch_size}
        start = time.perf_counter()
        done = self._engine.train(rows, None, settings, SEED, self._step, self._n_threads)
        self.seconds.append(time.perf_counter() - start)
        self._step = done["step"]


def shortest_seconds(
    size: tuple[int, int, int, int], n_calls: int, repeats: int, n_threads: int
) -> dict[str, list[float]]:
    """By precision: of each call the shortest time of all repetitions. Precisions take turns."""
    found: dict[str, list[list[float]]] = {precision: [] for precision in PRECISIONS}
    for _ in range(repeats):
        runs = {precision: Run(precision, size, n_threads) for precision in PRECISIONS}
        for call in range(n_calls + 1):
            for precision in PRECISIONS[:: 1 if call % 2 else -1]:
                runs[precision].call()
        for precision, run in runs.items():
            found[precision].append(run.seconds[1:])  # the first call brings memory into being
    return {
        precision: [min(times) for times in zip(*runs, strict=True)]
        for precision, runs in found.items()
    }


def measure(
    size: tuple[int, int, int, int], n_calls: int, repeats: int, n_threads: int
) -> dict[str, Any]:
    """Medians, the longest call over the median, and `fast` against the default."""
    seconds = shortest_seconds(size, n_calls, repeats, n_threads)
    ratios = [a / b for a, b in zip(seconds["fixed"], seconds["fast"], strict=True)]
    return {
        "size": list(size[:3]),
        "minibatches_a_call": size[3],
        "precisions": {
            precision: {
                "median_ms": rounded(1e3 * statistics.median(times)),
                "longest_over_median": round(max(times) / statistics.median(times), 3),
            }
            for precision, times in seconds.items()
        },
        "fast_speed": round(statistics.median(ratios), 3),
        "fast_speed_first_fifth": round(statistics.median(ratios[: max(1, n_calls // 5)]), 3),
    }


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    header = ["batch x visible x hidden"]
    for precision in record["sizes"][0]["precisions"]:
        header += [f"{precision}, ms a call", "longest of the first calls"]
    header += ["fast against the default", "in the first fifth"]
    rows = []
    for found in record["sizes"]:
        row = [" x ".join(str(n) for n in found["size"])]
        for times in found["precisions"].values():
            row += [f"{times['median_ms']:g}", f"{times['longest_over_median']:.2f} medians"]
        rows.append(
            [*row, f"{found['fast_speed']:.2f}x", f"{found['fast_speed_first_fifth']:.2f}x"]
        )
    return markdown_table(header, rows)


def main() -> int:
    """Measure, print, record."""
    options = parser(__doc__)
    options.add_argument("--repeats", type=int, default=5)
    arguments = options.parse_args()
    path = output_path(arguments, "first_steps")
    n_calls, repeats = (5, 2) if arguments.quick else (50, arguments.repeats)
    sizes = []
    for size in QUICK_SIZES if arguments.quick else SIZES:
        sizes.append(measure(size, n_calls, repeats, get_num_threads()))
        print(sizes[-1], flush=True)
    settings = {
        "threads": get_num_threads(),
        "calls": n_calls,
        "repeats": repeats,
        "learning_rate": LEARNING_RATE,
    }
    finish("first_steps", path, {"settings": settings, "sizes": sizes})
    return 0


if __name__ == "__main__":
    sys.exit(main())
