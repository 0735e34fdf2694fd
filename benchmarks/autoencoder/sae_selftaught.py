"""Self-taught learning on MNIST: features learned from digits that the classifier never sees.

The exercise of the UFLDL tutorial: a sparse autoencoder 784-200-784 learns from the images of 5 to 9 without
labels, by 400 iterations of L-BFGS with sparsity target 0.1, cost 3 and weight decay 3e-3, the defaults of
SparseAutoencoder. A softmax classifier is trained on its codes of half of the images of 0 to 4, and tested on the
other half; and another one on the pixels. The tutorial prints about 98 % against 96 %.
"""

import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import SparseAutoencoder, datasets
from udl_fast.bench.table import markdown_table

NAME = "sae_selftaught"
WANTED, WANTED_GAIN = 98.0, 1.0  # percent, and points above raw pixels
DECAY = 1e-4  # of the classifier's weights, per row


def images(quick: bool) -> tuple[NDArray[Any], NDArray[Any]]:
    """All images and their labels."""
    if quick:
        found = datasets.load_digits()
        return found.data, found.target
    parts = [datasets.load_mnist(subset=subset) for subset in ("train", "test")]
    return np.vstack([p.data for p in parts]), np.concatenate([p.target for p in parts])


def accuracy(
    train: NDArray[Any], test: NDArray[Any], y: NDArray[Any], y_test: NDArray[Any]
) -> float:
    """Percent of the test rows that a softmax classifier gets right."""
    from sklearn.linear_model import LogisticRegression

    classifier = LogisticRegression(C=1 / (DECAY * len(train)), max_iter=300)
    return float(100 * classifier.fit(train, y).score(test, y_test))


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    found = record["results"]
    rows = [
        ["codes of the sparse autoencoder", f"{found['codes']:.2f} %"],
        ["raw pixels", f"{found['pixels']:.2f} %"],
        ["mean activation of a code unit", f"{found['mean_activation']:.3f}"],
        ["seconds of training it", f"{found['seconds']:.0f}"],
    ]
    return markdown_table(["digits 0 to 4", "value"], rows)


def main() -> int:
    """Train, print, record; 1 if features are not as good as they should be."""
    options = parser(__doc__)
    options.add_argument("--seed", type=int, default=0)
    arguments = options.parse_args()
    path = output_path(arguments, NAME)
    X, y = images(arguments.quick)
    unlabelled, labelled = X[y >= 5], X[y < 5]
    labels = y[y < 5]
    half = len(labelled) // 2
    settings = {"n_components": 25, "n_iter": 20} if arguments.quick else {}
    model = SparseAutoencoder(random_state=arguments.seed, **settings)
    begin = time.perf_counter()
    model.fit(unlabelled)
    seconds = time.perf_counter() - begin
    codes = model.transform(labelled)
    results = {
        "codes": accuracy(codes[:half], codes[half:], labels[:half], labels[half:]),
        "pixels": accuracy(labelled[:half], labelled[half:], labels[:half], labels[half:]),
        "mean_activation": float(model.transform(unlabelled).mean()),
        "seconds": round(seconds, 1),
    }
    print(results, file=sys.stderr)
    measured = {"rows": len(unlabelled), "parameters": model.get_params() | {"callbacks": None}}
    finish(NAME, path, {**measured, "results": results})
    good = results["codes"] >= max(WANTED, results["pixels"] + WANTED_GAIN)
    return 0 if good or arguments.quick else 1


if __name__ == "__main__":
    sys.exit(main())
