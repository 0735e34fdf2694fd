"""The encoder of the lecture, 3072-8192-4096-2048-1024-512-256 with 69,861,376 weights, at work on a CPU.

Each of the six RBMs learns from a few minibatches of CIFAR-10, then the whole net does, and images are
encoded: what is measured is that it fits into memory, and seconds of a step of each stage and of an image
encoded. Random weights would cost the same; nothing is said of what is learned. The full training is one
command, `udl-fast train cifar10 --model semantic-hasher` with the sizes and templates of
`udl_fast.presets.esann2011`, or in Python `presets.esann2011(precision="fast").fit(X)`: --epochs 80 here runs
it, for days.
"""

import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.support.recording import finish, output_path, parser
from benchmarks.support.resident import status_mb
from udl_fast import datasets, get_num_threads, presets
from udl_fast.bench.table import markdown_table

NAME = "esann2011_full"
N_WEIGHTS = 69_861_376
_LARGEST_GIB = 24.0


def pixels(n_rows: int, quick: bool, seed: int) -> NDArray[np.float32]:
    """Images of which every pixel has mean 0 and deviation 1."""
    if quick:
        return np.random.default_rng(seed).normal(size=(n_rows, 48)).astype(np.float32)
    X = datasets.load_cifar10().data[:n_rows].copy()  # the others need not wait in memory
    X -= X.mean(axis=0)
    X /= X.std(axis=0)
    return np.asarray(X)


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    results = record["results"]
    rows = [
        [stage, f"{1e3 * seconds:,.0f} ms"]
        for stage, seconds in results["seconds_of_a_step"].items()
    ]
    rows.append(["encoding an image", f"{1e3 * results['seconds_of_an_image']:.2f} ms"])
    return markdown_table(["stage", "a minibatch"], rows)


def main() -> int:
    """Run, print, record."""
    found = parser(__doc__)
    found.add_argument("--steps", type=int, default=8, help="minibatches of each stage")
    found.add_argument(
        "--epochs", type=int, default=1, help="of each stage; 80 of all images is the whole"
    )
    found.add_argument("--precision", choices=("float32", "fast"), default="float32")
    found.add_argument("--seed", type=int, default=0)
    options = found.parse_args()
    path = output_path(options, NAME)
    sizes = {"hidden_layer_sizes": (64, 32, 16, 8)} if options.quick else {}
    model = presets.esann2011(**sizes, n_iter=options.epochs, precision=options.precision)
    model.set_params(random_state=options.seed)
    n_rows = options.steps * model.batch_size
    for layer in model.rbm:
        layer.set_params(n_iter=options.epochs, batch_size=model.batch_size)
    X = pixels(n_rows, options.quick, options.seed)
    seconds = stage_seconds(model, X)
    begin = time.perf_counter()
    codes = model.encode(X)
    encoding = (time.perf_counter() - begin) / len(X)
    n_weights = sum(weights.size for weights in model.coefs_[: len(model.hidden_layer_sizes)])
    peak = status_mb("VmHWM") / 1024
    n_steps = options.steps * options.epochs
    results = {
        "weights_of_the_encoder": int(n_weights),
        "seconds_of_a_step": {stage: round(each / n_steps, 4) for stage, each in seconds.items()},
        "seconds_of_an_image": encoding,
        "peak_gib": round(peak, 2),
        "codes": list(codes.shape),
        "images_per_second": round(1 / encoding, 1),
    }
    print(results, file=sys.stderr)
    settings = {
        "batch_size": model.batch_size,
        "steps": options.steps,
        "epochs": options.epochs,
        "precision": options.precision,
        "threads": get_num_threads(),
    }
    finish(NAME, path, {"settings": settings, "results": results})
    is_right = options.quick or n_weights == N_WEIGHTS
    return 0 if is_right and peak <= _LARGEST_GIB else 1


def stage_seconds(model: Any, X: NDArray[np.float32]) -> dict[str, float]:
    """Seconds of learning in each stage, as its epochs are timed in `history_`."""
    model.fit(X)
    history = model.history_
    found: dict[str, float] = {}
    for stage, seconds in zip(history["stage"], history["seconds"], strict=True):
        found[stage] = found.get(stage, 0.0) + seconds
    return found


if __name__ == "__main__":
    sys.exit(main())
