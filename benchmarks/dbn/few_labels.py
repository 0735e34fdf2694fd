"""Whether pretraining helps, and where: the same net from an RBM of all images and from random weights.

784-1024-10 on MNIST with 100 to 60,000 labels; the other images are there without a label. Published for such
a net, by the README of yell/boltzmann-machines: 81.70 % of the test images right against 76.02 % with 100
labels, 93.65 against 88.71 with 1,000, 97.27 against 94.73 with 10,000, 98.73 against 98.20 with all. Both
nets are learned by the same arguments, for as many updates whatever the number of labels.
"""

import copy
import statistics
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.dbn.science2006_classifier import rows_of
from benchmarks.support.recording import finish, output_path, parser
from udl_fast import DBNClassifier, presets
from udl_fast.bench.table import markdown_table

NAME = "few_labels"
LABELS, QUICK_LABELS = (100, 1_000, 10_000, 60_000), (100, 1_000)
N_COMPONENTS, QUICK_COMPONENTS = 1024, 64
FINE_TUNING = {
    "solver": "sgd",
    "learning_rate": 0.1,
    "learning_rate_schedule": "linear",
    "momentum": 0.5,
    "batch_size": 100,
}
FEWEST_GAINED = {1_000: 4.0}  # points, over five seeds


def balanced(y: NDArray[Any], n_labels: int, seed: int) -> NDArray[np.int64]:
    """Numbers of rows, as many of each class as far as there are."""
    order = np.random.default_rng(seed).permutation(len(y))
    classes = np.unique(y)
    of_each = [order[y[order] == one] for one in classes]
    turns = [(turn, k, row) for k, rows in enumerate(of_each) for turn, row in enumerate(rows)]
    return np.array([row for _, _, row in sorted(turns)[:n_labels]])


def with_labels(y: NDArray[Any], n_labels: int, seed: int) -> tuple[NDArray[Any], int]:
    """Labels of so many rows, -1 for the others; and how many updates an epoch of them has."""
    labels = np.full(len(y), -1)
    chosen = balanced(y, min(n_labels, len(y)), seed)
    labels[chosen] = y[chosen]
    return labels, -(-len(chosen) // FINE_TUNING["batch_size"])  # type: ignore[operator]


def begun(pretrain: bool, seed: int, arguments: Any, rows: tuple[Any, ...]) -> DBNClassifier:
    """The net before its first update: its RBM has learned from all images, or there is none."""
    X, y, *_ = rows
    model = DBNClassifier(
        (QUICK_COMPONENTS if arguments.quick else N_COMPONENTS,),
        pretrain=pretrain,
        rbm=presets.science2006(n_iter=arguments.pretraining),
        n_iter=0,
        precision=arguments.precision,
        random_state=seed,
        **FINE_TUNING,
    )
    return model.fit(X, with_labels(y, QUICK_LABELS[0], seed)[0])


def run(seed: int, arguments: Any, rows: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Per cent of test images right, from pretrained and from random weights."""
    X, y, X_test, y_test = rows
    nets = {
        "pretrained": begun(True, seed, arguments, rows),
        "random": begun(False, seed, arguments, rows),
    }
    results = []
    for n_labels in QUICK_LABELS if arguments.quick else LABELS:
        labels, n_updates_of_epoch = with_labels(y, n_labels, seed)
        n_iter = max(1, arguments.updates // n_updates_of_epoch)
        found: dict[str, Any] = {"seed": seed, "labels": n_labels}
        for name, net in nets.items():
            model = copy.deepcopy(net).set_params(n_iter=n_iter).resume(X, labels)
            found[name] = 100 * model.score(X_test, y_test)
        print(found, file=sys.stderr, flush=True)
        results.append(found)
    return results


def summary(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Means and standard deviations over the seeds, for each number of labels."""
    found = []
    for n_labels in dict.fromkeys(result["labels"] for result in results):
        own = [result for result in results if result["labels"] == n_labels]
        of_size: dict[str, Any] = {"labels": n_labels, "seeds": len(own)}
        for name in ("pretrained", "random"):
            values = [result[name] for result in own]
            of_size[name] = statistics.fmean(values)
            of_size[f"{name}_deviation"] = statistics.stdev(values) if len(values) > 1 else 0.0
        found.append({**of_size, "gain": of_size["pretrained"] - of_size["random"]})
    return found


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    rows = [
        [
            f"{found['labels']:,}",
            f"{found['pretrained']:.2f} ± {found['pretrained_deviation']:.2f}",
            f"{found['random']:.2f} ± {found['random_deviation']:.2f}",
            f"{found['gain']:+.2f}",
        ]
        for found in record["summary"]
    ]
    header = ["labels", "pretrained, % right", "random weights, % right", "gain, points"]
    return markdown_table(header, rows)


def draw(found: list[dict[str, Any]], path: Any) -> None:
    """Both curves with their standard deviations."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, 3.6), layout="constrained")
    axes = figure.subplots()
    for name, text in (("pretrained", "pretrained on all images"), ("random", "random weights")):
        axes.errorbar(
            [one["labels"] for one in found],
            [one[name] for one in found],
            [one[f"{name}_deviation"] for one in found],
            marker="o",
            capsize=3,
            label=text,
        )
    axes.set(xscale="log", xlabel="labels", ylabel="test images right, %")
    axes.legend()
    figure.savefig(path, dpi=120)


def main() -> int:
    """Train, draw, print, record; 1 if pretraining gains less than it should."""
    options = parser(__doc__)
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--pretraining", type=int, default=30, help="epochs of the RBM (30)")
    options.add_argument("--updates", type=int, default=18_000, help="of the net (18,000)")
    options.add_argument("--precision", default="float32", help='of the net, or "fast"')
    arguments = options.parse_args()
    path = output_path(arguments, NAME)
    if arguments.quick:
        arguments.seeds, arguments.pretraining, arguments.updates = 1, 30, 500
    rows = rows_of(arguments.quick)
    results = [found for seed in range(arguments.seeds) for found in run(seed, arguments, rows)]
    found = summary(results)
    if path is not None:
        draw(found, path.with_suffix(".png"))
    names = ("pretraining", "updates", "precision")
    settings = {**FINE_TUNING, **{name: getattr(arguments, name) for name in names}}
    finish(NAME, path, {"settings": settings, "summary": found, "results": results})
    enough = all(one["gain"] > FEWEST_GAINED.get(one["labels"], 0.0) for one in found)
    return 0 if arguments.quick or enough else 1


if __name__ == "__main__":
    sys.exit(main())
