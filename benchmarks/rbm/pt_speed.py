"""What parallel tempering costs: epochs with ten temperatures beside epochs of PCD with ten times the chains.

784-500, minibatches of 100, 100 chains at each of 10 temperatures against 1,000 chains of PCD: the same half
steps. Both take turns; the ratio is the median over the rounds. The ratio of the least times stands beside it,
for machines with neighbours.
"""

import statistics
import sys
import time
from typing import Any

import numpy as np

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import RBM, datasets, get_num_threads
from udl_fast.bench.table import markdown_table
from udl_fast.callbacks import History

LIMIT_RATIO = 1.15
N_TEMPERATURES = 10


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    settings = record["settings"]
    shape = f"{settings['n_visible']}-{settings['n_components']}"
    ratios = [f"{record[name]:.2f}x" for name in ("ratio", "ratio_of_least", "limit_ratio")]
    header = ["model", "tempering against PCD (median)", "least times", "limit"]
    return markdown_table(header, [[shape, *ratios]])


def main() -> int:
    """Measure, print, record; 1 if tempering costs more than the limit."""
    options = parser(__doc__)
    options.add_argument("--rounds", type=int, default=9, help="pairs of epochs (default 9)")
    options.add_argument("--rows", type=int, default=10_000, help="rows an epoch (default 10000)")
    arguments = options.parse_args()
    path = output_path(arguments, "pt_speed")
    quick = arguments.quick
    load = datasets.load_digits if quick else datasets.load_mnist
    images = load(binary=0.5, dtype=np.uint8).data[: arguments.rows]
    n_components, n_chains, rounds = (32, 20, 2) if quick else (500, 100, arguments.rounds)
    settings: dict[str, dict[str, Any]] = {
        "pt": {"algorithm": "pt", "n_temperatures": N_TEMPERATURES, "n_chains": n_chains},
        "pcd": {"algorithm": "pcd", "n_chains": N_TEMPERATURES * n_chains},
    }
    models = {
        name: RBM(
            n_components,
            batch_size=n_chains,
            learning_rate=0.01,
            n_iter=1,
            warm_start=True,
            callbacks=[History(every=0)],
            random_state=0,
            **chosen,
        ).fit(images)
        for name, chosen in settings.items()
    }
    seconds: dict[str, list[float]] = {name: [] for name in models}
    for number in range(rounds):
        for name in sorted(models, reverse=number % 2 == 1):
            start = time.perf_counter()
            models[name].fit(images)
            seconds[name].append(time.perf_counter() - start)
    ratio = statistics.median(a / b for a, b in zip(seconds["pt"], seconds["pcd"], strict=True))
    least = min(seconds["pt"]) / min(seconds["pcd"])
    print(
        f"pt takes {ratio:.3f} times as long as pcd (limit {LIMIT_RATIO}), by least times {least:.3f}"
    )
    measured = {
        "settings": {
            "threads": get_num_threads(),
            "n_components": n_components,
            "n_visible": images.shape[1],
            "rows": len(images),
            "batch_size": n_chains,
            "rounds": rounds,
            "models": settings,
        },
        "seconds": {name: [round(value, 4) for value in found] for name, found in seconds.items()},
        "ratio": round(ratio, 4),
        "ratio_of_least": round(least, 4),
        "limit_ratio": LIMIT_RATIO,
    }
    finish("pt_speed", path, measured)
    return 0 if quick or ratio <= LIMIT_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
