"""Is annealed importance sampling right? A model whose log Z is known: 784-16 on thresholded MNIST.

Trained by PCD-1 as in rbm_exact16; log Z is summed over the 2^16 hidden states. Then for each of 100
seeds: 100 runs over the 14,501 different temperatures of Salakhutdinov and Murray (2008) from the base
rates of the training images up to the model, and 100 runs back, from chains that start at training images.
Gates: the exact value lies within three standard errors of the estimate from below in at least 95 of the 100
seeds, and of 100 seeds at least 95 bracket it: forward - 3 standard errors <= exact <= reverse + 3.
"""

import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import RBM, datasets
from udl_fast.bench.table import markdown_table

SHARE = 0.95
N_RUNS = 100


def load(quick: bool) -> tuple[str, NDArray[np.uint8], RBM]:
    """0/1 training rows, what they are, and a model of them."""
    if quick:
        X = datasets.load_digits(binary=0.5, dtype=np.uint8).data
        return (
            "scikit-learn digits, thresholded at 0.5",
            X,
            RBM(10, n_iter=30, random_state=0).fit(X),
        )
    X = datasets.load_mnist(binary=0.5, dtype=np.uint8).data
    rbm = RBM(16, algorithm="pcd", learning_rate=0.01, n_iter=20, random_state=0).fit(X)
    return "MNIST, thresholded at 0.5", X, rbm


def estimates(rbm: RBM, X: NDArray[np.uint8], seed: int, betas: Any) -> dict[str, Any]:
    """log Z and its standard error in both directions."""
    options: dict[str, Any] = {
        "n_runs": N_RUNS,
        "betas": betas,
        "base_rates": X.mean(axis=0),
        "random_state": seed,
    }
    start = X[np.random.RandomState(seed).permutation(len(X))[:N_RUNS]]
    found: dict[str, Any] = {"seed": seed}
    for method, more in (("ais", {}), ("reverse_ais", {"start": start})):
        estimate = rbm.log_partition(method, **options, **more)
        found[method] = [round(estimate.log_z, 5), round(estimate.std_error, 5)]
    return found


def summary(runs: list[dict[str, Any]], exact: float) -> dict[str, Any]:
    """Of how many seeds the gates hold."""
    within = {
        method: sum(abs(run[method][0] - exact) <= 3 * run[method][1] for run in runs)
        for method in ("ais", "reverse_ais")
    }
    brackets = sum(
        run["ais"][0] - 3 * run["ais"][1] <= exact
        and exact <= run["reverse_ais"][0] + 3 * run["reverse_ais"][1]
        for run in runs
    )
    means = {
        f"mean_{method}": round(float(np.mean([run[method][0] for run in runs])), 5)
        for method in ("ais", "reverse_ais")
    }
    return {
        "seeds": len(runs),
        "within_3_standard_errors": within["ais"],
        "reverse_within_3_standard_errors": within["reverse_ais"],
        "bracketed_within_3_standard_errors": brackets,
        "exact": round(exact, 5),
        **means,
    }


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    found = record["results"]
    of = f"of {found['seeds']} seeds"
    rows = [
        ["exact", f"{found['exact']:.3f}", ""],
        ["AIS", f"{found['mean_ais']:.3f}", f"{found['within_3_standard_errors']} {of}"],
        [
            "reverse AIS",
            f"{found['mean_reverse_ais']:.3f}",
            f"{found['reverse_within_3_standard_errors']} {of}",
        ],
        ["both", "", f"{found['bracketed_within_3_standard_errors']} {of}"],
    ]
    return markdown_table(["method", "log Z (mean)", "exact value within 3 standard errors"], rows)


def main() -> int:
    """Train, estimate, print, record; 1 if a gate is missed."""
    options = parser(__doc__)
    options.add_argument("--seeds", type=int, help="how many, from 0 on; default 100, quick 4")
    arguments = options.parse_args()
    path = output_path(arguments, "ais_small")
    n_seeds = arguments.seeds or (4 if arguments.quick else 100)
    data, X, rbm = load(arguments.quick)
    betas = 500 if arguments.quick else "salakhutdinov2008"
    exact = rbm.log_partition().log_z
    start = time.perf_counter()
    runs = [estimates(rbm, X, seed, betas) for seed in range(n_seeds)]
    results = summary(runs, exact)
    results["seconds"] = round(time.perf_counter() - start, 1)
    for name, value in results.items():
        print(f"{name:<36}{value:>12}")
    measured = {
        "data": data,
        "settings": {"n_components": rbm.n_components, "n_runs": N_RUNS, "betas": betas},
        "results": results,
        "runs": runs,
    }
    finish("ais_small", path, measured)
    least = SHARE * n_seeds
    reached = min(
        results["within_3_standard_errors"], results["bracketed_within_3_standard_errors"]
    )
    return 0 if arguments.quick or reached >= least else 1


if __name__ == "__main__":
    sys.exit(main())
