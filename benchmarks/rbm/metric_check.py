"""Are our metrics those of the literature, and is the monitor of training sure enough?

Two numbers need no model of ours.

PCA with 30 components on MNIST: squared error summed over the pixels of an image, averaged over the
10,000 test images. Hinton and Salakhutdinov (2006) print 13.87.

Independent pixels ("base rate"): mean log-likelihood of the test images in nats under the pixel
means of the training images, for the three binarisations in use. This is the line of "has learned
nothing" for every likelihood.
"""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import RBM, _core, datasets
from udl_fast.bench.table import markdown_table
from udl_fast.callbacks._monitor import rows_to_measure

_EARLY = 2  # changes: from the first epoch to the third
PCA_EXPECTED, PCA_TOLERANCE = 13.866, 0.005
BASE_RATE_EXPECTED, BASE_RATE_TOLERANCE = -205.8, 0.1


def pca_error(train: NDArray[np.floating], test: NDArray[np.floating], n_components: int) -> float:
    """Mean over test rows of the summed squared error of reconstruction from the leading axes."""
    mean = train.mean(axis=0, dtype=np.float64)
    centred = train - mean
    _, vectors = np.linalg.eigh(centred.T @ centred)
    axes = vectors[:, -n_components:]
    rest = (test - mean) - (test - mean) @ axes @ axes.T
    return float(np.square(rest).sum(axis=1).mean())


def base_rate(train: NDArray[np.floating], test: NDArray[np.floating]) -> float:
    """Mean log-likelihood of the test rows under independent units with the training means.

    Means are (sum + 1) / (n + 2), so that a pixel that was never on costs a finite amount. Values
    between 0 and 1 count as expectations over their samples.
    """
    p = (train.sum(axis=0, dtype=np.float64) + 1) / (len(train) + 2)
    mean_test = test.mean(axis=0, dtype=np.float64)
    return float((mean_test * np.log(p) + (1 - mean_test) * np.log1p(-p)).sum())


def mnist_numbers() -> dict[str, float]:
    """The four numbers on MNIST."""
    grey = {s: datasets.load_mnist(subset=s).data for s in ("train", "test")}
    half = {s: datasets.load_mnist(subset=s, binary=0.5).data for s in ("train", "test")}
    fixed = {s: datasets.load_binarized_mnist(subset=s).data for s in ("train", "test")}
    return {
        "pca30_test_error": pca_error(grey["train"], grey["test"], 30),
        "base_rate_sampled": base_rate(grey["train"], grey["test"]),
        "base_rate_threshold": base_rate(half["train"], half["test"]),
        "base_rate_fixed": base_rate(fixed["train"], fixed["test"]),
    }


def digits_numbers() -> dict[str, float]:
    """The same on scikit-learn's digits, where nothing was published: PCA against scikit-learn's.

    Raises
    ------
    RuntimeError
        If the two PCA errors differ.
    """
    from sklearn.decomposition import PCA

    data = datasets.load_digits(dtype=np.float64).data
    train, test = data[:1500], data[1500:]
    error = pca_error(train, test, 10)
    pca = PCA(10, svd_solver="full").fit(train)
    rest = test - pca.inverse_transform(pca.transform(test))
    theirs = float(np.square(rest).sum(axis=1).mean())
    if abs(error - theirs) > 1e-9 * theirs:
        raise RuntimeError(f"metric_check: PCA error {error} differs from scikit-learn's {theirs}")
    return {"pca10_test_error": error, "base_rate_sampled": base_rate(train, test)}


def monitor_numbers(quick: bool) -> list[dict[str, float]]:
    """Changes of the monitored score in the epochs after the first, and their standard errors."""
    load = datasets.load_digits if quick else datasets.load_mnist
    X = load(binary=0.5, dtype=np.uint8).data[:20_000]
    options: dict[str, Any] = {"learning_rate": 0.3} if quick else {}
    model = RBM(32 if quick else 500, random_state=0, n_iter=1, warm_start=True, **options)
    rows = _core.Rows.from_array(X)
    n_rows = rows_to_measure(len(X), model._measuring_cost(rows))
    sample = X[np.arange(n_rows) * len(X) // n_rows]
    found: list[dict[str, float]] = []
    before = model.fit(X).pseudo_likelihood(sample)
    for epoch in range(2, 6):
        scores = model.fit(X).pseudo_likelihood(sample)
        change = scores - before
        error = change.std(ddof=1) / np.sqrt(n_rows)
        found.append(
            {
                "epoch": epoch,
                "change": round(float(change.mean()), 4),
                "standard_error": round(float(error), 4),
                "rows": n_rows,
            }
        )
        before = scores
    return found


def deviations(numbers: dict[str, float]) -> list[str]:
    """Which of the MNIST numbers are not the expected ones."""
    found = []
    for name, value in numbers.items():
        expected, tolerance = (
            (PCA_EXPECTED, PCA_TOLERANCE)
            if name == "pca30_test_error"
            else (BASE_RATE_EXPECTED, BASE_RATE_TOLERANCE)
        )
        if not abs(value - expected) <= tolerance:
            found.append(f"{name} is {value:.4f}, expected {expected} +- {tolerance}")
    return found


def unsure(monitor: list[dict[str, float]]) -> list[str]:
    """Which of the first changes are not ten times their standard error."""
    return [
        f"epoch {row['epoch']} changes the score by {row['change']} +- {row['standard_error']}"
        for row in monitor[:_EARLY]
        if not row["change"] > 10 * row["standard_error"]
    ]


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    rows = [[name.replace("_", " "), f"{value:.3f}"] for name, value in record["results"].items()]
    return markdown_table([f"metric ({record['data']})", "value"], rows)


def main() -> int:
    """Compute, print, record; 1 if a number is not the expected one."""
    arguments = parser(__doc__).parse_args()
    path = output_path(arguments, "metric_check")
    numbers = digits_numbers() if arguments.quick else mnist_numbers()
    for name, value in numbers.items():
        print(f"{name:<22} {value:10.3f}")
    monitor = monitor_numbers(arguments.quick)
    for row in monitor:
        print("monitor:", *(f"{name} {value}" for name, value in row.items()))
    wrong = [] if arguments.quick else [*deviations(numbers), *unsure(monitor)]
    for line in wrong:
        print(line, file=sys.stderr)
    data = "scikit-learn digits" if arguments.quick else "MNIST"
    rounded = {name: round(value, 4) for name, value in numbers.items()}
    finish("metric_check", path, {"data": data, "results": rounded, "monitor": monitor})
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
