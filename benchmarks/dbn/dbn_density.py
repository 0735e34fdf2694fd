"""How good a density a second layer makes: the bound of a deep belief net against its first RBM alone.

784-500-2000 on MNIST whose pixels are drawn anew at every presentation, the protocol of Salakhutdinov and
Murray (2008), who print a bound of -85.97 nats on the test images; the test images are drawn once. log Z of
the first RBM and of the one at the top are annealed in both directions. `--long` is the full run; without,
layers learn by fewer Gibbs steps and epochs, and the RBM and the net are compared on the same budget: the RBM
learns for as many epochs as both layers.
"""

import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import DBN, datasets, presets
from udl_fast.bench.table import markdown_table

NAME = "dbn_density"
SIZES, QUICK_SIZES = (500, 2000), (32, 64)
GOAL = -86.0  # nats, of the full run
BUDGETS = {"short": {"k": 5, "n_iter": 20}, "long": {"k": 25, "n_iter": 100}}
ANNEALING = {"betas": 10_000, "n_runs": 100}
QUICK_ANNEALING = {"betas": 300, "n_runs": 20}


def rows_of(quick: bool) -> tuple[NDArray[Any], NDArray[Any]]:
    """Grey training images, and test images whose pixels are drawn once."""
    if quick:
        images = datasets.load_digits().data
        train, test = images[:1500], images[1500:]
    else:
        train, test = (datasets.load_mnist(subset=subset).data for subset in ("train", "test"))
    drawn = np.random.default_rng(0).random(test.shape) < test
    return train, drawn.astype(np.uint8)


def likelihoods(model: DBN, train: NDArray[Any], test: NDArray[Any], annealing: Any) -> Any:
    """The bound by log Z of each direction, and halfway between; of one layer it is the likelihood."""
    rows = np.linspace(0, len(train) - 1, annealing["n_runs"]).astype(int)
    starts = (train[rows] > 0.5).astype(np.uint8)
    found: dict[str, Any] = {}
    for method in ("ais", "reverse_ais"):
        start = {"start": starts} if method == "reverse_ais" else {}
        log_z = model.log_partition(method, random_state=0, **annealing, **start)
        found[method] = float(model.log_likelihood_bound(test, log_z).mean())
    found["gap"] = found["ais"] - found["reverse_ais"]
    found["bound"] = (found["ais"] + found["reverse_ais"]) / 2
    return found


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    rows = [
        [name, f"{found['bound']:.2f}", f"{found['gap']:.2f}", f"{found['seconds']:.0f}"]
        for name, found in record["results"].items()
    ]
    return markdown_table(["model", "test images, nats", "AIS less reverse AIS", "seconds"], rows)


def main() -> int:
    """Train, print, record; 1 if the net is no better than the RBM, or the full run misses its goal."""
    options = parser(__doc__)
    options.add_argument("--long", action="store_true", help="the full run, many hours")
    options.add_argument("--seed", type=int, default=0)
    arguments = options.parse_args()
    path = output_path(arguments, NAME)
    budget: dict[str, Any] = dict(BUDGETS["long" if arguments.long else "short"])
    if arguments.quick:
        budget = {"k": 5, "n_iter": 40, "batch_size": 20}
    sizes = QUICK_SIZES if arguments.quick else SIZES
    annealing = QUICK_ANNEALING if arguments.quick else ANNEALING
    train, test = rows_of(arguments.quick)
    results = {}
    for name, layers, n_iter in (
        ("RBM", sizes[:1], 2 * budget["n_iter"]),
        ("DBN", sizes, budget["n_iter"]),
    ):
        begin = time.perf_counter()
        template = presets.sm2008(**budget | {"n_iter": n_iter})
        model = DBN(layers, rbm=template, random_state=arguments.seed).fit(train)
        seconds = round(time.perf_counter() - begin, 1)
        results[name] = {**likelihoods(model, train, test, annealing), "seconds": seconds}
        print(f"{name}: {results[name]}", file=sys.stderr, flush=True)
    measured = {"seed": arguments.seed, "sizes": sizes, "budget": budget, "annealing": annealing}
    finish(NAME, path, {**measured, "results": results})
    is_better = results["DBN"]["bound"] > results["RBM"]["bound"]
    reached = not arguments.long or results["DBN"]["bound"] >= GOAL
    return 0 if arguments.quick or (is_better and reached) else 1


if __name__ == "__main__":
    sys.exit(main())
