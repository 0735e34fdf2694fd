"""Edges that a sparse autoencoder learns from whitened patches of natural images.

The exercise of the CS294A notes: 64-25-64 on 10,000 patches of 8 x 8, sparsity target 0.01, cost 3, weight decay
1e-4, 400 iterations of L-BFGS. The images there are Olshausen's; here they are grey images of CIFAR-10, whitened
by the same filter, |f| exp(-(|f| / f0)^4), and the record says so. A unit counts as an edge if a Gabor function, a
wave under a Gaussian, explains more than 80 % of the variance of its weights. The filters are saved as a picture
beside the record.
"""

import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import SparseAutoencoder, datasets
from udl_fast.bench.table import markdown_table
from udl_fast.plot import WeightsDisplay

NAME = "sae_patches"
SIDE = 8
N_IMAGES = 2000
EXPLAINED, WANTED_EDGES, TOLERANCE = 0.8, 20, 0.005  # R^2, units of 25, of the mean activation
CUT_OFF = 0.4  # f0 of the whitening filter, in cycles a pixel


def whitened(images: NDArray[Any]) -> NDArray[np.float64]:
    """Images (n, height, width) with frequencies of about one strength, but the highest, which are noise."""
    fy, fx = (np.fft.fftfreq(n) for n in images.shape[1:])
    frequency = np.hypot(fy[:, None], fx[None, :])
    response = frequency * np.exp(-((frequency / CUT_OFF) ** 4))
    out: NDArray[np.float64] = np.fft.ifft2(np.fft.fft2(images) * response).real
    return out


def patches(images: NDArray[Any], n: int, seed: int) -> NDArray[np.float64]:
    """`n` patches, each of mean 0, clipped at three standard deviations and mapped to [0.1, 0.9]."""
    g = np.random.default_rng(seed)
    image = g.integers(0, len(images), n)
    top = g.integers(0, images.shape[1] - SIDE + 1, n)
    left = g.integers(0, images.shape[2] - SIDE + 1, n)
    across = np.arange(SIDE)
    rows = top[:, None, None] + across[:, None], left[:, None, None] + across
    out = images[image[:, None, None], *rows].reshape(n, SIDE * SIDE)
    out = out - out.mean(axis=1, keepdims=True)
    limit = 3 * out.std()
    mapped: NDArray[np.float64] = 0.5 + 0.4 * np.clip(out / limit, -1, 1)
    return mapped


def gabor(parameters: NDArray[np.float64]) -> NDArray[np.float64]:
    """A wave under a Gaussian, on the pixels of a patch, and a constant."""
    x0, y0, angle, frequency, phase, along, across, size, constant = parameters
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float64)
    u = (x - x0) * np.cos(angle) + (y - y0) * np.sin(angle)
    v = -(x - x0) * np.sin(angle) + (y - y0) * np.cos(angle)
    under = np.exp(-(u**2) / (2 * across**2) - v**2 / (2 * along**2))
    wave: NDArray[np.float64] = size * under * np.cos(2 * np.pi * frequency * u + phase) + constant
    return wave


def gabor_fit(one: NDArray[Any]) -> float:
    """Share of the variance of weights (SIDE, SIDE) that the best Gabor function explains: R^2."""
    weights = np.asarray(one, dtype=np.float64) / np.abs(one).max()
    yc, xc = np.unravel_index(np.abs(weights - weights.mean()).argmax(), weights.shape)
    low = [-1, -1, -np.inf, 0.02, -np.inf, 0.7, 0.7, -4, -1]
    high = [SIDE, SIDE, np.inf, 0.5, np.inf, 2 * SIDE, 2 * SIDE, 4, 1]
    least = np.inf
    for angle in np.pi * np.arange(4) / 4:
        for frequency in (0.12, 0.25):
            start = [xc, yc, angle, frequency, np.pi / 4, 2.0, 1.5, 1.0, 0.0]
            found = least_squares(
                lambda p: (gabor(p) - weights).ravel(), start, bounds=(low, high), max_nfev=60
            )
            least = min(least, 2 * found.cost)
    return float(1 - least / ((weights - weights.mean()) ** 2).sum())


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    found = record["results"]
    rows = [
        ["units that are edges", f"{found['edges']} of {found['units']}"],
        ["R^2 of the Gabor fits, median", f"{found['median_fit']:.3f}"],
        ["units of noise that are edges", f"{found['edges_among_noise']}"],
        ["largest distance of a mean activation from its target", f"{found['off_target']:.4f}"],
        ["seconds", f"{found['seconds']:.0f}"],
    ]
    return markdown_table(["whitened patches of CIFAR-10", "value"], rows)


def main() -> int:
    """Train, print, record; 1 if too few units are edges."""
    options = parser(__doc__)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--units", type=int, default=25)
    arguments = options.parse_args()
    path = output_path(arguments, NAME)
    units, n = (4, 500) if arguments.quick else (arguments.units, 10_000)
    if arguments.quick:
        images = datasets.load_digits().data.reshape(-1, 8, 8)
    else:
        images = datasets.load_cifar10().data[:N_IMAGES].reshape(-1, 3, 32, 32).mean(axis=1)
    X = patches(whitened(images), n, arguments.seed)
    model = SparseAutoencoder(
        units,
        sparsity_target=0.01,
        weight_decay=1e-4,
        n_iter=20 if arguments.quick else 400,
        random_state=arguments.seed,
    )
    begin = time.perf_counter()
    model.fit(X)
    seconds = time.perf_counter() - begin
    filters = model.components_.reshape(-1, SIDE, SIDE)
    noise = np.random.default_rng(0).normal(size=filters.shape)
    fits = [gabor_fit(one) for one in filters]
    results = {
        "units": units,
        "edges": sum(fit > EXPLAINED for fit in fits),
        "edges_among_noise": sum(gabor_fit(one) > EXPLAINED for one in noise),
        "median_fit": float(np.median(fits)),
        "fits": [round(fit, 4) for fit in fits],
        "off_target": float(np.abs(model.transform(X).mean(axis=0) - 0.01).max()),
        "seconds": round(seconds, 2),
    }
    print(results, file=sys.stderr)
    if path is not None:
        display = WeightsDisplay.from_estimator(model, image_shape=(SIDE, SIDE))
        display.figure_.savefig(path.with_suffix(".png"), dpi=80)
    data = (
        "digits" if arguments.quick else "CIFAR-10, grey, whitened, instead of Olshausen's images"
    )
    measured = {"data": data, "parameters": model.get_params() | {"callbacks": None}}
    finish(NAME, path, {**measured, "results": results})
    good = results["edges"] >= 0.8 * units and results["off_target"] <= TOLERANCE
    return 0 if good or arguments.quick else 1


if __name__ == "__main__":
    sys.exit(main())
