"""Likelihoods of CD-1, CD-3 and CD-25 at 784-500, in the order of Salakhutdinov and Murray (2008).

The preset `sm2008` on MNIST whose pixels are drawn anew at every presentation, under a shortened schedule
(`--epochs`); test pixels are drawn once. log Z is estimated by annealed importance sampling in both directions,
between which the likelihood lies; a model is judged by their mean. Reverse runs start at chains from training
rows: chains from elsewhere may never find the modes that the model has at the data, and then both directions
flatter it. Published: -125.53 (CD-1), -105.50 (CD-3), and
-86.34 for CD-25 whose steps grew. `--long` is such a run alone: steps grow from 1 to 25 over 250 epochs.
"""

import argparse
import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import RBM, datasets, presets
from udl_fast.bench.table import markdown_table

LONG_STEPS = [(0, 1), (25, 5), (50, 10), (100, 15), (150, 20), (200, 25)]
BURN_IN = 5000  # Gibbs steps before runs are annealed back
AIM_NATS, LARGEST_GAP_NATS = -86.34, 2.0  # of the long run


def images(quick: bool) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Probabilities of the training pixels, and test pixels drawn from theirs."""
    if quick:
        grey = datasets.load_digits().data.astype(np.float32)
        train, test = grey[:1500], grey[1500:]
    else:
        subsets = [datasets.load_mnist(subset=s).data for s in ("train", "test")]
        train, test = (np.asarray(found, dtype=np.float32) for found in subsets)
    drawn = np.random.default_rng(0).random(test.shape, dtype=np.float32) < test
    return train, drawn.astype(np.uint8)


def likelihoods(
    model: RBM,
    base_rates: NDArray[np.float32],
    start: NDArray[np.uint8],
    test: NDArray[np.uint8],
    n_betas: int,
) -> dict[str, float]:
    """Mean test log-likelihood by both directions of annealing, and their mean, nats; a run for each row of
    `start`."""
    free_energy = model.free_energy(test).mean()
    options: dict[str, Any] = {"n_runs": len(start), "betas": n_betas, "base_rates": base_rates}
    found = {}
    for method, more in (("ais", {}), ("reverse_ais", {"start": start, "burn_in": BURN_IN})):
        log_z = model.log_partition(method, random_state=0, **options, **more)
        found[method] = float(-free_energy - log_z.log_z)
        found[f"{method}_std_error"] = float(log_z.std_error)
    found["log_likelihood"] = (found["ais"] + found["reverse_ais"]) / 2
    found["gap"] = found["ais"] - found["reverse_ais"]
    return found


def run(
    name: str,
    model: RBM,
    data: tuple[NDArray[np.float32], NDArray[np.uint8]],
    arguments: argparse.Namespace,
) -> dict[str, Any]:
    """Train and measure one model."""
    train, test = data
    begin = time.perf_counter()
    model.fit(train)
    seconds = time.perf_counter() - begin
    n_betas = 200 if arguments.quick else arguments.betas
    rows = train[: arguments.runs]
    start = np.random.default_rng(1).random(rows.shape, dtype=np.float32) < rows
    found = likelihoods(model, train.mean(axis=0), start.astype(np.uint8), test, n_betas)
    print(f"{name}: {found} in {seconds:.0f} s", file=sys.stderr, flush=True)
    steps = {"k": model.k, "n_iter": model.n_iter, "n_components": model.n_components}
    return {"name": name, **steps, **found, "training_seconds": round(seconds, 1)}


def models(arguments: argparse.Namespace) -> dict[str, RBM]:
    """Those to train."""
    n_components = 16 if arguments.quick else 500
    options: dict[str, Any] = {"random_state": arguments.seed}
    if arguments.long:
        n_iter = 3 if arguments.quick else 250
        return {"CD-25, long": presets.sm2008(n_components, k=LONG_STEPS, n_iter=n_iter, **options)}
    n_iter = 3 if arguments.quick else arguments.epochs
    return {
        f"CD-{k}": presets.sm2008(n_components, k=k, n_iter=n_iter, **options) for k in (1, 3, 25)
    }


def is_reached(results: list[dict[str, Any]], long: bool) -> bool:
    """The order of CD-1, CD-3 and CD-25; of the long run the published likelihood, which the two directions
    agree on."""
    found = [result["log_likelihood"] for result in results]
    if long:
        return bool(found[0] >= AIM_NATS and abs(results[0]["gap"]) <= LARGEST_GAP_NATS)
    return found == sorted(found)


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    rows = [
        [
            result["name"],
            f"{result['log_likelihood']:.2f}",
            f"{result['ais']:.2f} +- {result['ais_std_error']:.2f}",
            f"{result['reverse_ais']:.2f} +- {result['reverse_ais_std_error']:.2f}",
            f"{result['training_seconds']:.0f} s",
        ]
        for result in record["results"]
    ]
    header = ["training", "test log-likelihood, nats", "by AIS", "by reverse AIS", "trained in"]
    return markdown_table(header, rows)


def main() -> int:
    """Train, measure, print, record; 1 if what is to be reached is not."""
    options = parser(__doc__)
    options.add_argument("--epochs", type=int, default=20, help="of each model (default 20)")
    options.add_argument("--long", action="store_true", help="the long run of CD-25 alone")
    options.add_argument("--seed", type=int, default=0, help="default 0")
    options.add_argument("--runs", type=int, default=100, help="of annealing (default 100)")
    options.add_argument(
        "--betas", type=int, default=10_000, help="temperatures of annealing (default 10000)"
    )
    arguments = options.parse_args()
    path = output_path(arguments, "sm2008_long" if arguments.long else "sm2008")
    data = images(arguments.quick)
    results = [run(name, model, data, arguments) for name, model in models(arguments).items()]
    measured = {
        "data": "scikit-learn digits" if arguments.quick else "MNIST, test pixels drawn once",
        "seed": arguments.seed,
        "annealing": {
            "runs": arguments.runs,
            "betas": 200 if arguments.quick else arguments.betas,
            "burn_in": BURN_IN,
        },
        "results": results,
        "reached": is_reached(results, arguments.long),
    }
    finish("sm2008", path, measured)
    return 0 if arguments.quick or measured["reached"] else 1


if __name__ == "__main__":
    sys.exit(main())
