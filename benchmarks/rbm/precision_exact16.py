"""Whether coarser arithmetic trains worse models: exact likelihoods of `precision` and `statistics`.

The model of rbm_exact16.py (784-16, PCD-1, MNIST thresholded at 0.5, Z summed over 2^16 states), trained
with precision="fixed" and statistics="mean" (the defaults), with precision="fast", and with
statistics="sampled", several seeds each. A setting trains as well as the default if the two mean
test log-likelihoods differ by less than three standard errors of their difference over the seeds.
"""

import math
import statistics
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.rbm.rbm_exact16 import load
from benchmarks.support.recording import finish, output_path, parser
from udl_fast import RBM
from udl_fast.bench.table import markdown_table

SETTINGS = {
    "fixed": {"precision": "fixed", "statistics": "mean"},
    "fast": {"precision": "fast", "statistics": "mean"},
    "sampled": {"precision": "fixed", "statistics": "sampled"},
}
LIMIT_ERRORS = 3.0


def log_likelihood(
    train: NDArray[np.uint8],
    test: NDArray[np.uint8],
    seed: int,
    n_iter: int,
    options: dict[str, str],
) -> float:
    """Train one model; its exact mean test log-likelihood in nats."""
    model = RBM(
        16,
        algorithm="pcd",
        learning_rate=0.01,
        batch_size=100,
        n_iter=n_iter,
        random_state=seed,
        **options,
    )
    model.fit(train)
    log_z = model.log_partition(method="exact").log_z
    return float(-model.free_energy(test).mean(dtype=np.float64) - log_z)


def compare(values: list[float], reference: list[float]) -> dict[str, float]:
    """Mean of `values` against that of `reference`, in nats and in standard errors."""
    difference = statistics.mean(values) - statistics.mean(reference)
    variance = (statistics.variance(values) + statistics.variance(reference)) / len(values)
    return {
        "difference_nats": round(difference, 3),
        "standard_errors": round(difference / math.sqrt(variance), 2),
    }


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    header = [
        "setting",
        "exact test log-likelihood, nats (mean)",
        "standard deviation",
        "against the default",
    ]
    rows = []
    for name, result in record["results"].items():
        against = f"{result['standard_errors']:+.1f} standard errors" if name != "fixed" else ""
        mean, deviation = result["mean_log_likelihood"], result["standard_deviation"]
        rows.append([name, f"{mean:.2f}", f"{deviation:.2f}", against])
    return markdown_table(header, rows)


def main() -> int:
    """Train, print, record; 1 if "fast" trains worse models."""
    options = parser(__doc__)
    options.add_argument("--seeds", type=int, default=8, help="number of seeds (default 8)")
    arguments = options.parse_args()
    path = output_path(arguments, "precision_exact16")
    train, test, data = load(arguments.quick)
    n_iter = 3 if arguments.quick else 50
    seeds = list(range(2 if arguments.quick else arguments.seeds))
    results: dict[str, Any] = {}
    for name, setting in SETTINGS.items():
        values = [log_likelihood(train, test, seed, n_iter, setting) for seed in seeds]
        results[name] = {
            "mean_log_likelihood": round(statistics.mean(values), 3),
            "standard_deviation": round(statistics.stdev(values), 3),
            "log_likelihoods": [round(value, 3) for value in values],
        }
        if name != "fixed":
            results[name] |= compare(values, results["fixed"]["log_likelihoods"])
        print(f"{name:<8} {results[name]['mean_log_likelihood']:9.3f} nats", flush=True)
    measured = {
        "data": data,
        "settings": {
            "n_components": 16,
            "algorithm": "pcd",
            "learning_rate": 0.01,
            "n_iter": n_iter,
        },
        "seeds": seeds,
        "results": results,
        "limit_standard_errors": LIMIT_ERRORS,
    }
    finish("precision_exact16", path, measured)
    equal = results["fast"]["standard_errors"] > -LIMIT_ERRORS
    return 0 if arguments.quick or equal else 1


if __name__ == "__main__":
    sys.exit(main())
