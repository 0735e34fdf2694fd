"""Filters that a Gaussian-Bernoulli RBM learns from whitened patches of natural images.

Grey patches of CIFAR-10 (of digits in the quick form) are whitened by ZCA, as in Krizhevsky's technical report of
2009, and learned at the default learning rate with sigma learned. Recorded are sigma, how well held-out patches
are reconstructed against the whitened data themselves, and how many filters are edges: an edge has its spectral
power at one frequency and orientation, where noise has it everywhere. The filters are saved as a picture beside
the record.
"""

import argparse
import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import RBM, datasets
from udl_fast.bench.table import markdown_table
from udl_fast.plot import WeightsDisplay

NAME = "gaussian_patches"
SIDE = 12  # of a patch; 8 in the quick form
RIDGE = (
    0.1  # added to variances before whitening, which leaves the noise of the last components out
)
EDGE_SHARE = 0.4  # of spectral power next to the peak; about 0.1 for white noise


def grey_images(quick: bool) -> NDArray[Any]:
    """(n, height, width), values in [0, 1]."""
    if quick:
        return datasets.load_digits().data.reshape(-1, 8, 8)
    return datasets.load_cifar10().data.reshape(-1, 3, 32, 32).mean(axis=1)


def patches(images: NDArray[Any], side: int, n: int, seed: int) -> NDArray[np.float64]:
    """`n` patches, each of mean 0 and variance about 1."""
    g = np.random.default_rng(seed)
    image = g.integers(0, len(images), n)
    top = g.integers(0, images.shape[1] - side + 1, n)
    left = g.integers(0, images.shape[2] - side + 1, n)
    out = np.empty((n, side * side))
    for row, (k, y, x) in enumerate(zip(image, top, left, strict=True)):
        out[row] = images[k, y : y + side, x : x + side].ravel()
    out -= out.mean(axis=1, keepdims=True)
    scale: NDArray[np.float64] = out / (out.std(axis=1, keepdims=True) + 0.05)
    return scale


def whitening(X: NDArray[np.float64]) -> NDArray[np.float64]:
    """The symmetric matrix that whitens (ZCA)."""
    values, vectors = np.linalg.eigh(np.cov(X, rowvar=False))
    matrix: NDArray[np.float64] = (vectors / np.sqrt(values + RIDGE)) @ vectors.T
    return matrix


def edge_shares(filters: NDArray[Any], side: int) -> NDArray[np.float64]:
    """Of each filter the share of its spectral power within one step of its peak, and of the peak's mirror."""
    shares = []
    for one in filters.reshape(-1, side, side):
        power = np.abs(np.fft.fft2(one)) ** 2
        power[0, 0] = 0
        y, x = np.unravel_index(power.argmax(), power.shape)
        near = sum(
            power[(y + dy) % side, (x + dx) % side] for dy in (-1, 0, 1) for dx in (-1, 0, 1)
        )
        shares.append(min(1.0, 2 * near / power.sum()))
    return np.array(shares)


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    found = record["results"]
    rows = [
        ["filters that are edges", f"{100 * found['edges']:.0f} %"],
        ["filters of noise that are", f"{100 * found['edges_among_noise']:.0f} %"],
        ["sigma, mean (least)", f"{found['sigma']['mean']:.3f} ({found['sigma']['least']:.3f})"],
        ["deviation of the pixels", f"{found['deviation_of_data']:.3f}"],
        ["squared error of reconstructions", f"{100 * found['reconstruction_error_share']:.1f} %"],
        ["seconds", f"{found['seconds']:.0f}"],
    ]
    return markdown_table(["of whitened patches", "value"], rows)


def main() -> int:
    """Run, print, record."""
    options: argparse.ArgumentParser = parser(__doc__)
    options.add_argument("--patches", type=int, default=40_000, help="to train on (default 40,000)")
    options.add_argument("--components", type=int, default=100)
    options.add_argument("--epochs", type=int, default=30)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--precision", default="fixed")
    arguments = options.parse_args()
    path = output_path(arguments, NAME)
    side, n = (8, 500) if arguments.quick else (SIDE, arguments.patches)
    images = grey_images(arguments.quick)
    raw = patches(images, side, n + n // 4, arguments.seed)
    matrix = whitening(raw[:n])
    X = (raw - raw[:n].mean(axis=0)) @ matrix
    model = RBM(
        8 if arguments.quick else arguments.components,
        visible="gaussian",
        precision=arguments.precision,
        momentum=0.5,
        final_momentum=0.9,
        sparsity_target=0.05,
        sparsity_cost=1.0,
        n_iter=40 if arguments.quick else arguments.epochs,
        random_state=arguments.seed,
    )
    begin = time.perf_counter()
    model.fit(X[:n])
    seconds = time.perf_counter() - begin
    error = float(((model.reconstruct(X[n:]) - X[n:]) ** 2).sum() / (X[n:] ** 2).sum())
    shares = edge_shares(model.components_, side)
    noise = edge_shares(np.random.default_rng(0).normal(size=model.components_.shape), side)
    results = {
        "sigma": {"mean": float(model.sigma_.mean()), "least": float(model.sigma_.min())},
        "deviation_of_data": float(X[:n].std()),
        "finite": bool(np.isfinite(model.components_).all()),
        "reconstruction_error_share": error,
        "edges": float((shares > EDGE_SHARE).mean()),
        "edges_among_noise": float((noise > EDGE_SHARE).mean()),
        "median_edge_share": float(np.median(shares)),
        "seconds": round(seconds, 2),
    }
    print(results, file=sys.stderr)
    if path is not None:
        display = WeightsDisplay.from_estimator(model, image_shape=(side, side), order="norm")
        display.figure_.savefig(path.with_suffix(".png"), dpi=80)
    measured = {"parameters": model.get_params() | {"callbacks": None}, "rows": n, "side": side}
    finish(NAME, path, {**measured, "results": results})
    return 0


if __name__ == "__main__":
    sys.exit(main())
