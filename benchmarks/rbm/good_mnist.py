"""What the recipe of docs/good_mnist.md reaches, by seed, and what its parts do.

An RBM with 500 hidden units learns MNIST thresholded at 0.5 with the arguments of the demo. All numbers are exact
pseudo-likelihoods in nats, of the 10,000 test images and of as many training images, and the difference of their
mean free energies. The other settings change one argument each, or two.
"""

import argparse
import statistics
import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import RBM, datasets
from udl_fast.bench.table import markdown_table
from udl_fast.commands.demo.data import GOOD_MNIST

NAME = "good_mnist"
QUICK = {"n_components": 16, "n_iter": 4, "batch_size": 20}

SETTINGS: dict[str, dict[str, Any]] = {  # changes of the recipe, by their name in the table
    "the recipe": {},
    "cosine": {"learning_rate_schedule": "cosine"},
    "constant rate": {"learning_rate_schedule": "constant"},
    "a constant tenth of the rate": {
        "learning_rate_schedule": "constant",
        "learning_rate": GOOD_MNIST["learning_rate"] / 10,
    },
    "CD-1": {"algorithm": "cd"},
}


def images(quick: bool) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Training and test images, 0 or 1."""
    if quick:
        bits = datasets.load_digits(binary=0.5, dtype=np.uint8).data
        return bits[:1500], bits[1500:]
    subsets = [datasets.load_mnist(subset=s, binary=0.5, dtype="uint8") for s in ("train", "test")]
    return subsets[0].data, subsets[1].data


def run(
    arguments: dict[str, Any], seed: int, train: NDArray[np.uint8], test: NDArray[np.uint8]
) -> dict[str, Any]:
    """Train once and measure."""
    begin = time.perf_counter()
    model = RBM(**arguments, random_state=seed).fit(train)
    seconds = time.perf_counter() - begin
    some = train[: len(test)]
    scores = model.pseudo_likelihood(test, exact=True)
    gap = model.free_energy(test).mean() - model.free_energy(some).mean()
    return {
        "seed": seed,
        "test": float(scores.mean()),
        "test_standard_error": float(scores.std(ddof=1) / np.sqrt(len(scores))),
        "training": float(model.pseudo_likelihood(some, exact=True).mean()),
        "free_energy_gap": float(gap),
        "seconds": round(seconds, 2),
    }


def summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Means over seeds, and the range."""
    names = ("test", "test_standard_error", "training", "free_energy_gap")
    means = {name: statistics.fmean(found[name] for found in runs) for name in names}
    tests = [found["test"] for found in runs]
    return {**means, "lowest_test": min(tests), "highest_test": max(tests), "runs": runs}


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    rows = []
    for result in record["results"].values():
        n_seeds = len(result["runs"])
        spread = (
            f" ({result['lowest_test']:.1f} to {result['highest_test']:.1f})" if n_seeds > 1 else ""
        )
        rows.append(
            [
                result["name"],
                f"{result['test']:.1f}{spread}",
                f"{result['training']:.1f}",
                f"{result['free_energy_gap']:.1f}",
                str(n_seeds),
            ]
        )
    header = ["setting", "exact pseudo-likelihood of test images, nats (range over seeds)"]
    header += ["of training images", "free energy gap, nats", "seeds"]
    return markdown_table(header, rows)


def main() -> int:
    """Run, print, record."""
    options: argparse.ArgumentParser = parser(__doc__)
    options.add_argument("--seeds", type=int, default=5, help="of the recipe (default 5)")
    options.add_argument("--other-seeds", type=int, default=1, help="of the others (default 1)")
    arguments = options.parse_args()
    path = output_path(arguments, NAME)
    train, test = images(arguments.quick)
    recipe = GOOD_MNIST | (QUICK if arguments.quick else {})
    results = {}
    for name, changes in SETTINGS.items():
        n_seeds = arguments.seeds if not changes else arguments.other_seeds
        runs = []
        for seed in range(1 if arguments.quick else n_seeds):
            runs.append(run(recipe | changes, seed, train, test))
            print(f"{name}: {runs[-1]}", file=sys.stderr, flush=True)
        results[name.replace(" ", "_")] = {"name": name, **summary(runs)}
    measured = {"recipe": recipe, "rows": {"training": len(train), "test": len(test)}}
    finish(NAME, path, {**measured, "results": results})
    return 0


if __name__ == "__main__":
    sys.exit(main())
