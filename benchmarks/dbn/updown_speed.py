"""An epoch of the up-down algorithm, 784-500-500-2000, against the best form of PyTorch.

Binarised MNIST, minibatches of 100, three Gibbs steps at the top as in the first epochs of Hinton, Osindero and
Teh (2006). Every contestant has a process of its own; the others sleep while one is timed, and turns rotate.
Before anything is timed each answers for one step of rate 1 on a small net, whose mean change of every weight must
lie within five standard errors of that of a plain NumPy step with draws of its own. Rates are rows a second: an
epoch of 60,000 rows takes 60,000 over that.
"""

import contextlib
import itertools
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import datasets, get_num_threads
from udl_fast.bench import suite
from udl_fast.bench.contestants.belief._steps import Layers
from udl_fast.bench.harness import interleave
from udl_fast.bench.process import Contestant, ContestantError
from udl_fast.bench.table import markdown_table, rate, ratio

SIZES, QUICK_SIZES, SMALL = (784, 500, 500, 2000), (784, 40, 30, 50), (5, 4, 3, 3)
BATCH_SIZE, K, N_BATCHES = 100, 3, 20
LEARNING_RATE = 0.01
SEED = 20261128
LIMIT = 3.0
OURS, FAST = "udl_fast", "udl_fast fast"
CONTESTANTS = {
    OURS: ("belief/udl_fast.py", "UpDown"),
    FAST: ("belief/udl_fast.py", "FastUpDown"),
    "torch": ("belief/torch.py", "UpDown"),
    "torch-compiled": ("belief/torch.py", "CompiledUpDown"),
    "torch-bfloat16": ("belief/torch.py", "Bfloat16UpDown"),
    "torch-bfloat16-compiled": ("belief/torch.py", "CompiledBfloat16UpDown"),
}
PEERS = [name for name in CONTESTANTS if name.startswith("torch")]
SIGMAS, TOLERANCE = 5.0, 2e-3  # bfloat16 products have eight bits


def random_layers(sizes: tuple[int, ...], spread: float) -> Layers:
    """RBMs with weights of that standard deviation, and biases that differ."""
    g = np.random.default_rng(SEED)
    return [
        (
            g.normal(0, spread, (m, n)).astype(np.float32),
            g.normal(0, 0.5, m).astype(np.float32),
            g.normal(0, 0.5, n).astype(np.float32),
        )
        for n, m in itertools.pairwise(sizes)
    ]


def rows_of(quick: bool, n_rows: int) -> NDArray[np.uint8]:
    """Binarised images, or bits that need no files."""
    if quick:
        return (np.random.default_rng(SEED).random((n_rows, QUICK_SIZES[0])) < 0.2).astype(np.uint8)
    images: NDArray[np.uint8] = datasets.load_mnist(binary=0.5, dtype=np.uint8).data[:n_rows]
    return images


# ---- right before fast ----


def changes(layers: Layers, rows: NDArray[np.float64], k: int) -> dict[str, NDArray[np.float64]]:
    """What each row asks of every weight and hidden bias, with draws of NumPy: (rows, units, inputs + 1)."""
    g = np.random.default_rng(SEED + 2)
    *below, (weights, hidden, visible) = layers

    def drawn(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return (g.random(x.shape) < expit(x)).astype(np.float64)

    def pairs(units: NDArray[np.float64], inputs: NDArray[np.float64]) -> NDArray[np.float64]:
        with_one = np.hstack([inputs, np.ones((len(inputs), 1))])
        return units[:, :, None] * with_one[:, None, :]

    wake = [rows]
    for w, c, _ in below:
        wake.append(drawn(wake[-1] @ w.T + c))
    v = wake[-1]
    for _ in range(k):
        v = drawn(drawn(v @ weights.T + hidden) @ weights + visible)
    means = [expit(states @ weights.T + hidden) for states in (wake[-1], v)]
    found = {"top": pairs(means[0], wake[-1]) - pairs(means[1], v)}
    sleep = [v]
    for w, _, b in reversed(below):
        sleep.insert(0, drawn(sleep[0] @ w + b))
    for n, (w, c, b) in enumerate(below):
        found[f"down.{n}"] = pairs(wake[n] - expit(wake[n + 1] @ w + b), wake[n + 1])
        found[f"up.{n}"] = pairs(sleep[n + 1] - expit(sleep[n] @ w.T + c), sleep[n])
    return found


def check(contestant: Contestant, n_rows: int) -> float:
    """The largest deviation of a step of a small net, in standard errors.

    Raises
    ------
    ContestantError
        If it is too large.
    """
    layers = random_layers(SMALL, 0.7)
    rows = (np.random.default_rng(SEED + 1).random((n_rows, SMALL[0])) < 0.4).astype(np.uint8)
    answer = contestant.call("check", layers=layers, rows=rows, k=K, seed=SEED)
    before = {"top": np.column_stack(layers[-1][:2])}
    for n, (w, c, b) in enumerate(layers[:-1]):
        before |= {f"up.{n}": np.column_stack([w, c]), f"down.{n}": np.column_stack([w.T, b])}
    largest = 0.0
    for name, expected in changes(layers, rows.astype(np.float64), K).items():
        change = answer[name].astype(np.float64) - before[name]
        error = np.sqrt(2 * expected.var(axis=0) / n_rows) + TOLERANCE / SIGMAS  # both draw
        largest = max(largest, float(np.abs((change - expected.mean(axis=0)) / error).max()))
    if not largest <= SIGMAS:
        raise ContestantError(f"{contestant.name}: a step is off by {largest:.1f} standard errors")
    return round(largest, 2)


# ---- timing ----


def measure(quick: bool) -> dict[str, Any]:
    """The whole record."""
    rounds, seconds = (1, 0.01) if quick else (9, 1.0)
    n_threads = get_num_threads()
    sizes = QUICK_SIZES if quick else SIZES
    images = rows_of(quick, N_BATCHES * BATCH_SIZE)
    with contextlib.ExitStack() as stack:
        names = [OURS, FAST, "torch"] if quick else list(CONTESTANTS)
        started = [suite.start(n, CONTESTANTS, n_threads, stack, required=(OURS,)) for n in names]
        contestants = [contestant for contestant in started if contestant is not None]
        checks = {c.name: check(c, 5_000 if quick else 40_000) for c in contestants}
        for contestant in contestants:
            contestant.call(
                "prepare",
                layers=random_layers(sizes, 0.05),
                rows=images,
                batch_size=BATCH_SIZE,
                learning_rate=LEARNING_RATE,
                k=K,
                seed=SEED,
            )
        timings = interleave(contestants, rounds=rounds, seconds=seconds, units_per_run=BATCH_SIZE)
        versions = {c.name: c.call("versions") for c in contestants}
    found = {
        ours: timings.against_best(ours, PEERS) for ours in (OURS, FAST) if ours in timings.rates
    }
    return {
        "settings": {
            "threads": n_threads,
            "rounds": rounds,
            "seconds": seconds,
            "seed": SEED,
            "sizes": sizes,
            "batch_size": BATCH_SIZE,
            "k": K,
            "unit": "rows per second",
        },
        "contestants": versions,
        "checks": checks,
        "rates": timings.as_record(OURS)["rates"],
        "results": found,
        "limit": LIMIT,
    }


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    header = ["net", "ours", "rows/s", "best PyTorch, rows/s", "its form", "ratio"]
    shape = "-".join(map(str, record["settings"]["sizes"]))
    rows = []
    for ours, found in record["results"].items():
        best = found.get("best_peer")
        if best is None:
            continue
        rates = [rate(record["rates"][name]["median"]) for name in (ours, best)]
        rows.append([shape, ours, *rates, best, ratio(found["ratio_to_best"])])
    return markdown_table(header, rows)


def main() -> int:
    """Measure, print, record; 1 if ours is not as much faster as it should be."""
    arguments = parser(__doc__).parse_args()
    path = output_path(arguments, "updown_speed")
    record = measure(arguments.quick)
    print(table(record), file=sys.stderr)
    finish("updown_speed", path, record)
    ratios = [found.get("ratio_to_best", LIMIT) for found in record["results"].values()]
    return 0 if arguments.quick or max(ratios) >= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
