"""An RBM whose likelihood is exact: 784-16, PCD-1, on MNIST thresholded at 0.5.

The published schedule of Melchior, Fischer and Wiskott (2016; PyDeep's small example): learning
rate 0.01, batch 100, 50 epochs on all 60,000 training images. Z is summed over the 2^16 hidden
states, so the test log-likelihood has no estimation error. Both polarities: the images, and the
images with 0 and 1 exchanged, on which an RBM that is not centred learns worse. Published without
centring: -149.05 nats, flipped -183.36; centred (`--centered`): -142.56, flipped -142.09. A centred
model starts from weights and biases drawn as PyDeep draws them.
"""

import statistics
import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import RBM, datasets
from udl_fast.bench.table import markdown_table

LIMIT_NATS = {False: -149.1, True: -142.6}  # not centred, centred
LARGEST_DIFFERENCE_NATS = 1.0  # of both polarities of a centred model


def load(quick: bool) -> tuple[NDArray[np.uint8], NDArray[np.uint8], str]:
    """0/1 training rows, test rows, and what they are."""
    if quick:
        digits = datasets.load_digits(binary=0.5, dtype=np.uint8).data
        return digits[:1500], digits[1500:], "scikit-learn digits, thresholded at 0.5"
    train, test = (
        datasets.load_mnist(subset=subset, binary=0.5, dtype=np.uint8).data
        for subset in ("train", "test")
    )
    return train, test, "MNIST, thresholded at 0.5"


def new_model(train: NDArray[np.uint8], centered: bool, **parameters: Any) -> RBM:
    """A model about to be trained."""
    if not centered:
        return RBM(16, **parameters)
    n_hidden, n_visible = 16, train.shape[1]
    widest = 4 * np.sqrt(6 / (n_visible + n_hidden))
    weights = np.random.default_rng(parameters["random_state"]).uniform(
        -widest, widest, (n_hidden, n_visible)
    )
    means = train.mean(axis=0, dtype=np.float64)
    clipped = np.clip(means, 0.001, 0.999)
    # PyDeep's biases are those of a centred model, whose offsets start at the means and at 1/2.
    visible_bias = np.log(clipped / (1 - clipped)) - weights.sum(axis=0) / 2
    hidden_bias = -weights @ means
    arguments = {"centered": True, "warm_start": True, **parameters}
    return RBM.from_parameters(weights, visible_bias, hidden_bias, **arguments)


def log_likelihood(
    train: NDArray[np.uint8],
    test: NDArray[np.uint8],
    seed: int,
    n_iter: int,
    centered: bool = False,
) -> dict[str, float]:
    """Train one model; its exact mean test log-likelihood in nats, log Z, training seconds."""
    model = new_model(
        train,
        centered,
        algorithm="pcd",
        k=1,
        learning_rate=0.01,
        batch_size=100,
        n_iter=n_iter,
        random_state=seed,
    )
    start = time.perf_counter()
    model.fit(train)
    seconds = time.perf_counter() - start
    log_z = model.log_partition(method="exact").log_z
    value = float(-model.free_energy(test).mean(dtype=np.float64) - log_z)
    return {
        "seed": seed,
        "log_likelihood": round(value, 3),
        "log_z": round(float(log_z), 3),
        "seconds": round(seconds, 2),
    }


def reaches(results: dict[str, Any], centered: bool) -> bool:
    """Whether the means over the seeds are what they are to be."""
    normal, flipped = (results[name]["mean_log_likelihood"] for name in ("normal", "flipped"))
    alike = abs(normal - flipped) <= LARGEST_DIFFERENCE_NATS
    return bool(normal >= LIMIT_NATS[centered] and (alike or not centered))


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    rows = []
    for name, result in record["results"].items():
        values = [run["log_likelihood"] for run in result["runs"]]
        spread = f"{min(values):.2f} to {max(values):.2f}"
        rows.append([name, f"{result['mean_log_likelihood']:.2f}", spread, str(len(values))])
    header = ["polarity", "exact test log-likelihood, nats (mean)", "range over seeds", "seeds"]
    return markdown_table(header, rows)


def main() -> int:
    """Train, print, record; 1 if the means over the seeds miss the limits."""
    options = parser(__doc__)
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="default 0 1 2")
    options.add_argument("--centered", action="store_true", help="with the centred gradient")
    arguments = options.parse_args()
    centered = arguments.centered
    path = output_path(arguments, "rbm_exact16_centered" if centered else "rbm_exact16")
    train, test, data = load(arguments.quick)
    n_iter = 3 if arguments.quick else 50
    seeds = arguments.seeds[:1] if arguments.quick else arguments.seeds
    results: dict[str, Any] = {}
    for name, flip in (("normal", np.uint8(0)), ("flipped", np.uint8(1))):
        runs = []
        for seed in seeds:
            runs.append(log_likelihood(train ^ flip, test ^ flip, seed, n_iter, centered))
            print(
                f"{name:<8} seed {seed}  {runs[-1]['log_likelihood']:9.3f} nats"
                f"  ({runs[-1]['seconds']:.1f} s)",
                flush=True,
            )
        mean = statistics.mean(run["log_likelihood"] for run in runs)
        results[name] = {"mean_log_likelihood": round(mean, 3), "runs": runs}
    measured = {
        "data": data,
        "settings": {
            "n_components": 16,
            "algorithm": "pcd",
            "k": 1,
            "learning_rate": 0.01,
            "batch_size": 100,
            "n_iter": n_iter,
            "centered": centered,
        },
        "seeds": seeds,
        "results": results,
        "limit_nats": LIMIT_NATS[centered],
    }
    finish("rbm_exact16", path, measured)
    return 0 if arguments.quick or reaches(results, centered) else 1


if __name__ == "__main__":
    sys.exit(main())
