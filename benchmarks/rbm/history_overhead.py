"""What `history_` costs: fits of an RBM with and without it, in turns.

MNIST thresholded at 0.5, 784-500, CD-1, `--epochs` epochs a fit, all of them measured. In each round the
order of the two is changed; the overhead is the median over the rounds of their ratio, less 1. On a
machine whose speed drifts by more than that, the share of the fit that goes into measuring says more: it
is timed inside, and is what the limit is held against. Weights must be the same bits either way.
"""

import statistics
import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import RBM, datasets, get_num_threads
from udl_fast.bench.harness import rounded
from udl_fast.bench.table import markdown_table
from udl_fast.callbacks import History, _monitor
from udl_fast.callbacks._monitor import Monitor

LIMIT_PERCENT = 2.0


class TimedMonitor(Monitor):
    """Adds up the time that measuring takes."""

    total = 0.0

    def after_epoch(self, *arguments: Any, **options: Any) -> None:
        """Measure, timed."""
        start = time.perf_counter()
        super().after_epoch(*arguments, **options)
        TimedMonitor.total += time.perf_counter() - start


def fit(images: NDArray[np.uint8], n_components: int, n_iter: int, watched: bool) -> RBM:
    """A model with `history_` as everybody gets it, or with nothing measured."""
    callbacks = None if watched else [History(every=0)]
    model = RBM(n_components, n_iter=n_iter, callbacks=callbacks, random_state=0)
    return model.fit(images)


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    settings = record["settings"]
    rows = [
        [
            f"{settings['rows']:,} rows, 784-{settings['n_components']}, {settings['n_iter']} epochs",
            f"{sorted(record['seconds_without'])[len(record['ratios']) // 2]:.2f} s",
            f"{record['measuring_percent']:.1f} %",
            f"{record['overhead_percent']:+.1f} % ({min(record['ratios']):.2f} to "
            f"{max(record['ratios']):.2f})",
        ]
    ]
    header = ["MNIST", "fit without", "share of measuring", "median ratio of fits, less 1 (range)"]
    return markdown_table(header, rows)


def main() -> int:
    """Measure, print, record; 1 if it costs too much or changes a bit."""
    options = parser(__doc__)
    options.add_argument("--rounds", type=int, default=15, help="pairs of fits (default 15)")
    options.add_argument("--epochs", type=int, default=3, help="epochs a fit (default 3)")
    arguments = options.parse_args()
    path = output_path(arguments, "history_overhead")
    quick = arguments.quick
    load = datasets.load_digits if quick else datasets.load_mnist
    images = load(binary=0.5, dtype=np.uint8).data
    n_components, n_iter, rounds = (
        (32, 3, 3) if quick else (500, arguments.epochs, arguments.rounds)
    )
    shares: list[float] = []
    seconds: dict[bool, list[float]] = {True: [], False: []}
    _monitor.Monitor = TimedMonitor  # type: ignore[misc]
    models = {watched: fit(images, n_components, 1, watched) for watched in seconds}
    for number in range(rounds):
        for watched in (True, False) if number % 2 else (False, True):
            start, TimedMonitor.total = time.perf_counter(), 0.0
            models[watched] = fit(images, n_components, n_iter, watched)
            seconds[watched].append(time.perf_counter() - start)
            if watched:
                shares.append(100 * TimedMonitor.total / seconds[watched][-1])
    same = np.array_equal(models[True].components_, models[False].components_)
    ratios = [a / b for a, b in zip(seconds[True], seconds[False], strict=True)]
    overhead = 100 * (statistics.median(ratios) - 1)
    share = statistics.median(shares)
    print(
        f"measuring takes {share:.2f} % of a fit (limit {LIMIT_PERCENT:g} %), {max(shares):.2f} % at most"
    )
    print(f"fits with history_ took {overhead:+.2f} % longer; same bits: {same}")
    measured = {
        "settings": {
            "threads": get_num_threads(),
            "n_components": n_components,
            "n_iter": n_iter,
            "rows": len(images),
            "rounds": rounds,
        },
        "epochs_measured": len(models[True].history_["epoch"]),
        "seconds_with": [rounded(value) for value in seconds[True]],
        "seconds_without": [rounded(value) for value in seconds[False]],
        "ratios": [rounded(value) for value in ratios],
        "overhead_percent": round(overhead, 2),
        "measuring_percent": round(share, 2),
        "measuring_percent_highest": round(max(shares), 2),
        "limit_percent": LIMIT_PERCENT,
        "same_bits": same,
    }
    finish("history_overhead", path, measured)
    return 0 if same and (quick or share < LIMIT_PERCENT) else 1


if __name__ == "__main__":
    sys.exit(main())
