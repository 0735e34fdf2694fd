"""Does a linear autoencoder find the space of PCA?

784-30-784 on MNIST without nonlinearities, by each solver: the squared error of the test images, summed over the
pixels, has to be within 1 % of that of PCA with 30 components, below which no such net can get on the training
images.
"""

import sys
import time
from typing import Any

from benchmarks.rbm.metric_check import pca_error
from benchmarks.support.recording import finish, output_path, parser
from udl_fast import Autoencoder, datasets
from udl_fast.bench.table import markdown_table

NAME = "linear_autoencoder"
ALLOWED = 1.01  # times the error of PCA
SOLVERS: dict[str, dict[str, Any]] = {
    "adam": {"learning_rate": 2e-3, "learning_rate_schedule": "linear", "n_iter": 15},
    "lbfgs": {"n_iter": 200},
}


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    pca = ["PCA", f"{record['pca']:.3f}", "", ""]
    rows = [
        [
            name,
            f"{found['error']:.3f}",
            f"{100 * found['above_pca']:.2f} %",
            f"{found['seconds']:.0f}",
        ]
        for name, found in record["results"].items()
    ]
    columns = [f"{record['n_components']} components", "test error", "above PCA", "seconds"]
    return markdown_table(columns, [pca, *rows])


def main() -> int:
    """Train, print, record; 1 if an error is not that of PCA."""
    options = parser(__doc__)
    options.add_argument("--seed", type=int, default=0)
    arguments = options.parse_args()
    path = output_path(arguments, NAME)
    if arguments.quick:
        data = datasets.load_digits().data
        train, test, n_components = data[:1200], data[1200:], 8
    else:
        train, test = (datasets.load_mnist(subset=s).data for s in ("train", "test"))
        n_components = 30
    pca = pca_error(train, test, n_components)
    results = {}
    for solver, settings in SOLVERS.items():
        model = Autoencoder(
            n_components,
            activation="linear",
            output_activation="linear",
            solver=solver,
            random_state=arguments.seed,
            **(settings | {"n_iter": 5} if arguments.quick else settings),
        )
        begin = time.perf_counter()
        model.fit(train)
        seconds = time.perf_counter() - begin
        error = float(model.reconstruction_error(test).mean())
        results[solver] = {"error": error, "above_pca": error / pca - 1, "seconds": seconds}
        print(f"{solver:<6} {error:8.3f}, PCA {pca:.3f}, {seconds:.1f} s", file=sys.stderr)
    measured = {"n_components": n_components, "pca": pca, "settings": SOLVERS, "results": results}
    finish(NAME, path, {"seed": arguments.seed, **measured})
    wrong = [found for found in results.values() if not found["error"] <= ALLOWED * pca]
    return 1 if wrong and not arguments.quick else 0


if __name__ == "__main__":
    sys.exit(main())
