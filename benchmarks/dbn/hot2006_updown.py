"""A deep belief net with label units, learned greedily and then by up-down: its error by free energies of labels.

784-500-[500 + 10 labels]-2000 on MNIST, as Hinton, Osindero and Teh (2006) have it. They print 2.49 % of the
test images wrong after greedy learning of 30 epochs a layer, 1.39 % after 300 epochs of up-down from 44,000
images, with 3, 6 and 10 Gibbs steps at the top in a hundred epochs each, and 1.25 % after more from all 60,000.
Minibatches of 100 images hold every class in its share, and are the same in every epoch. The short schedule fits
half an hour of one core; `--long` learns as long as the paper.
"""

import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.dbn.science2006_classifier import rows_of
from benchmarks.support.recording import finish, output_path, parser
from udl_fast import DBN, RBM
from udl_fast.bench.table import markdown_table

NAME = "hot2006_updown"
SIZES, QUICK_SIZES = (500, 500, 2000), (64, 64, 128)
GREEDY_LIMIT = 2.5  # per cent of the test images
LONG_ROWS = 44_000
LAYER: dict[str, Any] = {
    "learning_rate": 0.1,
    "learning_rate_schedule": "linear",
    "momentum": 0.5,
    "final_momentum": 0.9,
    "momentum_switch_epoch": 1,
    "weight_decay": 2e-4,
    "batch_size": 100,
    "shuffle": False,  # rows are in the order of balanced minibatches
}
EPOCHS = {"short": (10, 10, 20), "long": (30, 30, 30)}  # of the layers
LAST_EPOCHS = 59  # of the long schedule, from all rows
# Parts of up-down, each of so many epochs with so many Gibbs steps; the error is looked at after each.
PARTS = {
    "quick": ((1, 1), (1, 2)),
    "short": ((4, 3), (4, 3), (4, 6), (4, 6), (4, 10)),
    "long": ((50, 3), (50, 3), (50, 6), (50, 6), (50, 10), (50, 10), (LAST_EPOCHS, 10)),
}
# The rate falls to 0 in even steps, part by part.
UP_DOWN: dict[str, Any] = {"learning_rate": 0.05, "batch_size": 100, "shuffle": False}
LONG_LIMIT = 1.25


def balanced(y: NDArray[Any], n_rows: int, seed: int) -> NDArray[np.int64]:
    """Numbers of so many rows, chosen by chance, in an order in which each class is spread evenly."""
    order = np.random.default_rng(seed).permutation(len(y))[:n_rows]
    places = np.empty(len(order))
    for one in np.unique(y):
        of_class = np.flatnonzero(y[order] == one)
        places[of_class] = (np.arange(len(of_class)) + 0.5) / len(of_class)
    found: NDArray[np.int64] = order[np.argsort(places, kind="stable")]
    return found


def error(model: DBN, X: NDArray[Any], y: NDArray[Any]) -> float:
    """Per cent of the rows whose class is missed."""
    return 100 * float((model.predict(X) != y).mean())


def greedy(seed: int, arguments: Any, rows: tuple[Any, ...]) -> tuple[DBN, dict[str, Any]]:
    """A net learned layer by layer, and its errors."""
    X, y, X_test, y_test = rows
    n_rows = LONG_ROWS if arguments.long else len(y)
    order = balanced(y, n_rows, seed)
    options = {**LAYER, "batch_size": 20, "learning_rate": 0.05} if arguments.quick else LAYER
    epochs = EPOCHS["long" if arguments.long else "short"]
    templates = [RBM(n_iter=n_iter, **options) for n_iter in epochs]
    sizes = QUICK_SIZES if arguments.quick else SIZES
    model = DBN(
        sizes,
        rbm=templates,
        pass_up="sample",
        labels=True,
        n_jobs=arguments.threads,
        random_state=seed,
    )
    begin = time.perf_counter()
    model.fit(X[order], y[order])
    found = {
        "seed": seed,
        "seconds": round(time.perf_counter() - begin, 1),
        "greedy_error": round(error(model, X_test, y_test), 3),
        "greedy_training_error": round(error(model, X[order], y[order]), 3),
    }
    return model, found


def up_down(model: DBN, arguments: Any, rows: tuple[Any, ...], seed: int) -> dict[str, Any]:
    """What fine-tuning the net makes of its errors, part by part."""
    X, y, X_test, y_test = rows
    order = balanced(y, LONG_ROWS if arguments.long else len(y), seed)
    schedule = "quick" if arguments.quick else "long" if arguments.long else "short"
    begin = time.perf_counter()
    errors = []
    for number, (n_iter, k) in enumerate(PARTS[schedule]):
        rate = UP_DOWN["learning_rate"] * (1 - number / len(PARTS[schedule]))
        if n_iter == LAST_EPOCHS:  # from all rows
            order = balanced(y, len(y), seed)
        options = {**UP_DOWN, "learning_rate": rate, "n_gibbs_steps": k}
        model.up_down(X[order], y[order], n_iter=n_iter, **options)
        errors.append(round(error(model, X_test, y_test), 3))
        print(
            f"{NAME}: {n_iter} more epochs with {k} steps: {errors[-1]} %",
            file=sys.stderr,
            flush=True,
        )
    return {
        "up_down_parts": PARTS[schedule],
        "up_down_errors": errors,
        "up_down_seconds": round(time.perf_counter() - begin, 1),
        "training_error": round(error(model, X[order], y[order]), 3),
    }


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    rows = [
        [
            str(found["seed"]),
            f"{found['greedy_error']:.2f} %",
            f"{found['seconds']:.0f}",
            ", ".join(f"{each:.2f} %" for each in found["up_down_errors"]),
            f"{found['up_down_seconds']:.0f}",
        ]
        for found in record["results"]
    ]
    header = ["seed", "test error, greedy", "seconds", "during up-down", "seconds"]
    return markdown_table(header, rows)


def _is_good(found: dict[str, Any], *, is_long: bool) -> bool:
    last = float(found["up_down_errors"][-1])
    limit = LONG_LIMIT if is_long else float(found["greedy_error"])
    return bool(found["greedy_error"] <= GREEDY_LIMIT and last <= limit)


def main() -> int:
    """Train, print, record; 1 if a net is worse than its limit, or no better for up-down."""
    options = parser(__doc__)
    options.add_argument("--long", action="store_true", help="the schedule of the paper")
    options.add_argument("--seeds", type=int, nargs="+", default=[0])
    options.add_argument("--threads", type=int, default=None, help="default: all usable")
    arguments = options.parse_args()
    path = output_path(arguments, NAME)
    rows = rows_of(arguments.quick)
    results = []
    for seed in arguments.seeds:
        model, found = greedy(seed, arguments, rows)
        found |= up_down(model, arguments, rows, seed)
        print(f"{NAME}: {found}", file=sys.stderr, flush=True)
        results.append(found)
    measured = {
        "epochs": EPOCHS["long" if arguments.long else "short"],
        "layer": LAYER,
        "up_down": UP_DOWN,
        "limits": {"greedy": GREEDY_LIMIT, "long": LONG_LIMIT},
        "results": results,
    }
    finish(NAME, path, measured)
    is_good = all(_is_good(found, is_long=arguments.long) for found in results)
    return 0 if arguments.quick or is_good else 1


if __name__ == "__main__":
    sys.exit(main())
