"""What early stopping keeps: the exact held-out pseudo-likelihood, beside that of the best epoch of a long fit.

For each seed one fit of all epochs, of which every epoch's pseudo-likelihood over all held-out rows is known,
and one with the settings of README and docs/watching.md: `History(validation=...)` and
`EarlyStopping(patience=50, restore_best=True)`. The kept model must be within 1 % of the best epoch.
Digits thresholded at 0.5, 64 hidden units, and images of MNIST thresholded at 0.5, 128 hidden units: 2,000,
which are still being learned at the end, and 300, which are soon learned by heart.
"""

import sys
import time
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import RBM, datasets, get_num_threads, set_num_threads
from udl_fast.bench.table import markdown_table
from udl_fast.callbacks import EarlyStopping, History

LIMIT_PERCENT = 1.0
PATIENCE = 50


@dataclass(frozen=True)
class Case:
    """A data set and how it is learned."""

    data: str
    n_train: int
    n_held_out: int
    n_components: int
    learning_rate: float
    n_iter: int


CASES = (
    Case("digits", 1500, 297, 64, 0.05, 1000),
    Case("mnist", 2000, 1000, 128, 0.05, 200),
    Case("mnist", 300, 500, 128, 0.1, 1100),
)


def rows_of(case: Case) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Training rows, and the last rows of the set."""
    load = datasets.load_digits if case.data == "digits" else datasets.load_mnist
    X = load(binary=0.5, dtype=np.uint8).data
    return X[: case.n_train], X[-case.n_held_out :]


def long_fit(case: Case, train: Any, held_out: Any, seed: int) -> list[float]:
    """The exact held-out score of every epoch."""
    watch = [History(validation=held_out, n_rows=len(held_out), every=1)]
    model = model_of(case, seed, watch).fit(train)
    scores: list[float] = model.history_["validation_pseudo_likelihood"]
    return scores


def model_of(case: Case, seed: int, callbacks: list[Any]) -> RBM:
    """What both fits train."""
    return RBM(
        case.n_components,
        learning_rate=case.learning_rate,
        n_iter=case.n_iter,
        random_state=seed,
        callbacks=callbacks,
    )


def run(case: Case, seed: int) -> dict[str, Any]:
    """Both fits of one seed."""
    train, held_out = rows_of(case)
    scores = long_fit(case, train, held_out, seed)
    stop = EarlyStopping(patience=PATIENCE, restore_best=True)
    start = time.perf_counter()
    model = model_of(case, seed, [History(validation=held_out), stop]).fit(train)
    seconds = time.perf_counter() - start
    kept, best = float(model.pseudo_likelihood(held_out).mean()), max(scores)
    return {
        "seed": seed,
        "best_epoch": 1 + int(np.argmax(scores)),
        "best": round(best, 4),
        "first": round(scores[0], 4),
        "kept_epoch": model.n_iter_,
        "stopped_epoch": stop.stopped_epoch_,
        "kept": round(kept, 4),
        "short_of_best_percent": round(100 * (best - kept) / abs(best), 3),
        "measurements": len(model.history_["epoch"]),
        "seconds": round(seconds, 2),
    }


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    rows = [
        [
            f"{case['data']}, {case['n_train']:,} rows, {case['n_components']} hidden units",
            str(run["seed"]),
            f"{run['best']:.2f} (epoch {run['best_epoch']} of {case['n_iter']})",
            f"{run['kept']:.2f} (epoch {run['kept_epoch']})",
            "-" if run["stopped_epoch"] is None else str(run["stopped_epoch"]),
            f"{run['short_of_best_percent']:.2f} %",
        ]
        for case in record["results"]
        for run in case["runs"]
    ]
    header = [
        "data",
        "seed",
        "best of all epochs, nats",
        "kept, nats",
        "stopped",
        "short of the best",
    ]
    return markdown_table(header, rows)


def main() -> int:
    """Measure, print, record; 1 if a kept model is too far from the best."""
    options = parser(__doc__)
    options.add_argument("--seeds", type=int, default=5, help="seeds of each case (default 5)")
    options.add_argument("--threads", type=int, default=1, help="threads (default 1)")
    arguments = options.parse_args()
    path = output_path(arguments, "early_stopping")
    set_num_threads(arguments.threads)
    cases = [replace(CASES[0], n_iter=60)] if arguments.quick else list(CASES)
    results = []
    for case in cases:
        found = [run(case, seed) for seed in range(1 if arguments.quick else arguments.seeds)]
        for row in found:
            print(case.data, *(f"{name} {value}" for name, value in row.items()), flush=True)
        results.append({**asdict(case), "runs": found})
    worst = max(row["short_of_best_percent"] for found in results for row in found["runs"])
    print(f"at most {worst:.2f} % short of the best epoch (limit {LIMIT_PERCENT:g} %)")
    measured = {
        "settings": {"threads": get_num_threads(), "patience": PATIENCE},
        "limit_percent": LIMIT_PERCENT,
        "worst_percent": worst,
        "results": results,
    }
    finish("early_stopping", path, measured)
    return 0 if worst <= LIMIT_PERCENT else 1


if __name__ == "__main__":
    sys.exit(main())
