"""What `fit` of an autoencoder costs beside its steps: 60,000 rows of MNIST, 784-1000-500-250-30, batch 100.

The calls by which `fit` trains its engine are timed inside it; what is left is reading and checking the rows,
the first weights, snapshots, and measuring `history_`. That share is what the limit is held against: a
machine whose speed drifts does not move it. The same calls are then made once more on the engine alone, from
the same start, in turns with the fits; they must lead to the same bits.
"""

import statistics
import sys
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import DeepAutoencoder, _core, datasets, get_num_threads
from udl_fast.bench.table import markdown_table
from udl_fast.nets.learner import NetLearner

LIMIT_PERCENT = 5.0
HIDDEN, QUICK_HIDDEN = [1000, 500, 250, 30], [40, 10]


class Recorder:
    """Times what a fit asks of its engine, and keeps it where it is to be repeated."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.calls: list[tuple[Any, ...]] | None = None
        self.start: dict[str, NDArray[Any]] = {}
        train = NetLearner.train

        def timed(learner: NetLearner, *arguments: Any, **options: Any) -> dict[str, Any]:
            if self.calls is not None:
                self.start = self.start or learner.state()
                self.calls.append(arguments)
            start = time.perf_counter()
            result = train(learner, *arguments, **options)
            self.seconds += time.perf_counter() - start
            return result

        NetLearner.train = timed  # type: ignore[method-assign]

    def repeat(self, engine: _core.NetEngine) -> float:
        """Make the kept calls of an engine; seconds of all."""
        assert self.calls is not None
        engine.set_state(self.start)
        start = time.perf_counter()
        for rows, order, settings, seed, step, n_threads, *_ in self.calls:
            engine.train(rows, order, settings, seed, step, n_threads)
        return time.perf_counter() - start


def measure_one(
    recorder: Recorder, model: DeepAutoencoder, rows: NDArray[np.float32], rounds: int
) -> dict[str, Any]:
    """Fits of a model, and its steps alone."""
    recorder.calls, recorder.start = [], {}
    engine = model.fit(rows)._engine.net
    expected = engine.state()
    recorder.repeat(engine)
    found = engine.state()
    same_bits = all(np.array_equal(found[name], expected[name]) for name in expected)
    kept = recorder.calls
    fits, inside, alone = [], [], []
    for _ in range(rounds):
        recorder.calls, recorder.seconds = None, 0.0
        start = time.perf_counter()
        model.fit(rows)
        fits.append(time.perf_counter() - start)
        inside.append(recorder.seconds)
        recorder.calls = kept
        alone.append(recorder.repeat(engine))
    # Times of six digits: of a quick fit four would say too little to compute shares from.
    shares = [100 * (whole / steps - 1) for whole, steps in zip(fits, inside, strict=True)]
    return {
        "same_bits": same_bits,
        "seconds_fit": [float(f"{value:.6g}") for value in fits],
        "seconds_inside": [float(f"{value:.6g}") for value in inside],
        "seconds_alone": [float(f"{value:.6g}") for value in alone],
        "overhead_percent": round(statistics.median(shares), 2),
        "overhead_percent_highest": round(max(shares), 2),
        "percent_over_alone": round(
            100 * (statistics.median(fits) / statistics.median(alone) - 1), 2
        ),
    }


def table(record: Mapping[str, Any]) -> str:
    """The record in Markdown."""
    header = ["precision", "fit", "beside its steps", "highest", "beyond the same steps alone"]
    rows = [
        [
            precision,
            f"{statistics.median(found['seconds_fit']):.3g} s",
            f"{found['overhead_percent']:.1f} %",
            f"{found['overhead_percent_highest']:.1f} %",
            f"{found['percent_over_alone']:+.1f} %",
        ]
        for precision, found in record["results"].items()
    ]
    return markdown_table(header, rows)


def precisions() -> list[str]:
    """Those of speed that this processor has."""
    try:
        _core.NetEngine([1, 1], ["linear"], "squared", "fast")
    except NotImplementedError:
        return ["float32"]
    return ["float32", "fast"]


def main() -> int:
    """Measure, print and record; 1 if it costs too much or bits differ."""
    options = parser(__doc__)
    options.add_argument("--rounds", type=int, default=7, help="fits (default 7)")
    options.add_argument("--epochs", type=int, default=1, help="epochs of a fit (default 1)")
    arguments = options.parse_args()
    path = output_path(arguments, "fit_overhead")
    quick = arguments.quick
    load = datasets.load_digits if quick else datasets.load_mnist
    rows = load().data.astype(np.float32)
    sizes, rounds = (QUICK_HIDDEN, 1) if quick else (HIDDEN, arguments.rounds)
    recorder = Recorder()
    results = {}
    for precision in precisions():
        model = DeepAutoencoder(
            sizes,
            pretrain=False,
            solver="sgd",
            learning_rate=0.01,
            precision=precision,
            n_iter=arguments.epochs,
            random_state=0,
        )
        results[precision] = measure_one(recorder, model, rows, rounds)
    record = {
        "settings": {
            "threads": get_num_threads(),
            "rounds": rounds,
            "epochs": arguments.epochs,
            "rows": len(rows),
            "sizes": [rows.shape[1], *sizes],
            "limit_percent": LIMIT_PERCENT,
        },
        "results": results,
    }
    print(table(record), file=sys.stderr)
    finish("fit_overhead", path, record)
    if not all(found["same_bits"] for found in results.values()):
        print("fit and its steps alone differ", file=sys.stderr)
        return 1
    highest = max(found["overhead_percent"] for found in results.values())
    return 0 if quick or highest <= LIMIT_PERCENT else 1


if __name__ == "__main__":
    sys.exit(main())
