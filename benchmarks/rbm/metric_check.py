"""Are our metrics those of the literature? Two numbers that need no model of ours.

PCA with 30 components on MNIST: squared error summed over the pixels of an image, averaged over the
10,000 test images. Hinton and Salakhutdinov (2006) print 13.87.

Independent pixels ("base rate"): mean log-likelihood of the test images in nats under the pixel
means of the training images, for the three binarisations in use. This is the line of "has learned
nothing" for every likelihood.
"""

import sys

import numpy as np
from numpy.typing import NDArray

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import datasets

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


def main() -> int:
    """Compute, print, record; 1 if a number is not the expected one."""
    arguments = parser(__doc__).parse_args()
    path = output_path(arguments, "metric_check")
    numbers = digits_numbers() if arguments.quick else mnist_numbers()
    for name, value in numbers.items():
        print(f"{name:<22} {value:10.3f}")
    wrong = [] if arguments.quick else deviations(numbers)
    for line in wrong:
        print(line, file=sys.stderr)
    data = "scikit-learn digits" if arguments.quick else "MNIST"
    rounded = {name: round(value, 4) for name, value in numbers.items()}
    finish("metric_check", path, {"data": data, "results": rounded})
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
