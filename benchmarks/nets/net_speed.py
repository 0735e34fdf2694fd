"""Training steps of autoencoders, SGD with momentum, against seven forms of PyTorch.

Every contestant has a process of its own; the others sleep while one is timed, and turns rotate. Before
anything is timed each answers for the gradient and for two steps of a small autoencoder, held against NumPy
in float64. Ours in float32 has the forms of PyTorch in float32 as peers; ours with bfloat16 products has
autocast and bfloat16 weights. Beside that, the share of the multiply-add peak that each product reaches.
"""

import contextlib
import itertools
import sys
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import _core, datasets, get_num_threads
from udl_fast.bench import suite
from udl_fast.bench.contestants.nets._steps import MOMENTUM, Layers
from udl_fast.bench.harness import interleave
from udl_fast.bench.process import Contestant, ContestantError
from udl_fast.bench.table import markdown_table

SEED = 20261128
LEARNING_RATE = 0.01
N_BATCHES = 8
DEEP = [784, 1000, 500, 250, 30, 250, 500, 1000, 784]
WIDE = [3072, 8192, 4096, 3072]
# (batch size, units, layer whose units are linear)
WORKLOADS = {
    "784-1000-500-250-30-250-500-1000-784, batch 100": (100, DEEP, 3),
    "784-1000-500-250-30-250-500-1000-784, batch 1000": (1000, DEEP, 3),
    "3072-8192-4096-3072, batch 256": (256, WIDE, 1),
}
QUICK = {"64-40-12-40-64, batch 20": (20, [64, 40, 12, 40, 64], 1)}
CONTESTANTS = {
    "float32": ("nets/udl_fast.py", "Float32"),
    "fast": ("nets/udl_fast.py", "Fast"),
    "torch": ("nets/torch.py", "Eager"),
    "torch-fused": ("nets/torch.py", "Fused"),
    "torch-compiled": ("nets/torch.py", "Compiled"),
    "torch-autocast": ("nets/torch.py", "Autocast"),
    "torch-autocast-compiled": ("nets/torch.py", "CompiledAutocast"),
    "torch-bfloat16": ("nets/torch.py", "Bfloat16"),
    "torch-bfloat16-compiled": ("nets/torch.py", "CompiledBfloat16"),
}
EXACT = ("float32", "torch", "torch-fused", "torch-compiled")
ROUNDED = tuple(name for name in CONTESTANTS if name not in EXACT)
# Relative error of a whole gradient, and of what two steps change.
TOLERANCE = dict.fromkeys(EXACT, 1e-4) | dict.fromkeys(ROUNDED, 0.05)
PRODUCTS = ("forward", "input_gradient", "update")


def random_layers(sizes: list[int]) -> Layers:
    """Weights of the usual size, and biases that differ."""
    g = np.random.default_rng(SEED)
    return [
        (
            g.normal(0, np.sqrt(2 / (n + m)), (m, n)).astype(np.float32),
            g.normal(0, 0.1, m).astype(np.float32),
        )
        for n, m in itertools.pairwise(sizes)
    ]


def pixels(n_rows: int, n_columns: int) -> NDArray[np.float32]:
    """Pixels of MNIST where they fit, else uniform values."""
    if n_columns == 784:
        return np.resize(datasets.load_mnist().data[:n_rows], (n_rows, 784)).astype(np.float32)
    return np.random.default_rng(SEED + 1).random((n_rows, n_columns), np.float32)


# ---- right before fast ----


def gradient_of(layers: Layers, code: int, x: NDArray[np.float64]) -> Layers:
    """The gradient of the mean cross-entropy of reconstructions, in float64."""
    seen = [x]
    for number, (weights, bias) in enumerate(layers):
        sums = seen[-1] @ weights.T + bias
        seen.append(sums if number == code else expit(sums))
    delta, found = (seen[-1] - x) / len(x), []
    for number in reversed(range(len(layers))):
        found.append((delta.T @ seen[number], delta.sum(0)))
        y = seen[number]
        delta = delta @ layers[number][0]
        if number - 1 != code:
            delta = delta * y * (1 - y)
    return found[::-1]


def two_steps(layers: Layers, code: int, x: NDArray[np.float64], rate: float) -> Layers:
    """Layers after two steps with momentum, in float64."""
    now = [(w.astype(np.float64), b.astype(np.float64)) for w, b in layers]
    velocity = [(0 * w, 0 * b) for w, b in now]
    for _ in range(2):
        gradient = gradient_of(now, code, x)
        pairs = zip(velocity, gradient, strict=True)
        velocity = [(MOMENTUM * v + g, MOMENTUM * u + h) for (v, u), (g, h) in pairs]
        pairs = zip(now, velocity, strict=True)
        now = [(w - rate * v, b - rate * u) for (w, b), (v, u) in pairs]
    return now


def relative_error(found: Layers, expected: Layers) -> float:
    """Of all values together."""
    a, b = (
        np.concatenate([np.r_[w.ravel(), c] for w, c in layers]) for layers in (found, expected)
    )
    return float(np.linalg.norm(a.astype(np.float64) - b) / np.linalg.norm(b))


def difference(after: Layers, before: Layers) -> Layers:
    """What was learned."""
    pairs = zip(after, before, strict=True)
    return [(w.astype(np.float64) - v, b.astype(np.float64) - c) for (w, b), (v, c) in pairs]


def check(contestant: Contestant) -> dict[str, float]:
    """Relative errors of the gradient and of the change of two steps of a small autoencoder.

    Raises
    ------
    ContestantError
        If they are too large. Weights of bfloat16 lose small steps: of them the gradient counts.
    """
    sizes, code, rate = [64, 40, 12, 40, 64], 1, 0.1
    layers, x = random_layers(sizes), pixels(50, 64)
    answer = contestant.call("check", layers=layers, code=code, rows=x, learning_rate=rate)
    x64 = x.astype(np.float64)
    change = difference(two_steps(layers, code, x64, rate), layers)
    errors = {
        "gradient": relative_error(answer["gradient"], gradient_of(layers, code, x64)),
        "two steps": relative_error(difference(answer["layers"], layers), change),
    }
    counted = ["gradient"] if "bfloat16" in contestant.name else list(errors)
    for what in counted:
        if not errors[what] <= TOLERANCE[contestant.name]:
            raise ContestantError(f"{contestant.name}: the {what} is off by {errors[what]:.2g}")
    return {what: float(f"{error:.3g}") for what, error in errors.items()}


# ---- timing ----


def best_rate(run: Any, work: float, seconds: float) -> float:
    """The highest of the rates of five or more runs of so much work each, in about so many seconds."""
    best, n_runs, end = 0.0, 0, time.perf_counter() + seconds
    while n_runs < 5 or time.perf_counter() < end:
        n_runs += 1
        start = time.perf_counter()
        run()
        best = max(best, work / (time.perf_counter() - start))
    return best


def products_of(
    batch_size: int, sizes: list[int], precision: str, n_threads: int, seconds: float
) -> dict[str, float]:
    """Share of the peak that all layers' products of each kind reach together. bfloat16 instructions
    do twice the multiply-adds."""
    blocks = 30
    peak = best_rate(
        lambda: _core.run_multiply_adds(blocks, n_threads),
        32.0 * blocks * _core.CEILING_BLOCK * n_threads,
        seconds,
    ) * (2 if precision == "fast" else 1)
    layers = list(itertools.pairwise(sizes))
    found = {}
    for product in PRODUCTS:
        work = took = 0.0
        for n_in, n_out in layers[1:] if product == "input_gradient" else layers:
            rates = _core.LayerRates(batch_size, n_in, n_out, precision)
            flop = 2.0 * batch_size * n_in * n_out
            rate = best_rate(lambda r=rates, p=product: r.run(p, 1, n_threads), flop, seconds)
            work, took = work + flop, took + flop / rate
        found[product] = round(work / took / peak, 3)
    return found


def measure(quick: bool, wanted: list[str] | None) -> dict[str, Any]:
    """The whole record."""
    workloads = QUICK if quick else WORKLOADS
    rounds, seconds = (1, 0.01) if quick else (9, 1.0)
    n_threads = get_num_threads()
    results: dict[str, Any] = {}
    with contextlib.ExitStack() as stack:
        if wanted is None:
            wanted = ["fast", "torch"] if quick else list(CONTESTANTS)
        names = [name for name in CONTESTANTS if name in ["float32", *wanted]]
        started = [
            suite.start(n, CONTESTANTS, n_threads, stack, required=("float32",)) for n in names
        ]
        contestants = [contestant for contestant in started if contestant is not None]
        checks = {c.name: check(c) for c in contestants}
        for workload, (batch_size, sizes, code) in workloads.items():
            results[workload] = measure_one(
                contestants, batch_size, sizes, code, rounds, seconds, n_threads
            )
        versions = {c.name: c.call("versions") for c in contestants}
    return {
        "settings": {
            "threads": n_threads,
            "rounds": rounds,
            "seconds": seconds,
            "seed": SEED,
            "unit": "steps per second",
        },
        "contestants": versions,
        "checks": checks,
        "results": results,
    }


def measure_one(
    contestants: list[Contestant],
    batch_size: int,
    sizes: list[int],
    code: int,
    rounds: int,
    seconds: float,
    n_threads: int,
) -> dict[str, Any]:
    """One shape."""
    case = {
        "layers": random_layers(sizes),
        "code": code,
        "rows": pixels(N_BATCHES * batch_size, sizes[0]),
        "batch_size": batch_size,
        "learning_rate": LEARNING_RATE,
    }
    for contestant in contestants:
        contestant.call("prepare", **case)
    timings = interleave(contestants, rounds=rounds, seconds=seconds)
    found: dict[str, Any] = {"rates": timings.as_record("float32")["rates"]}
    for ours, peers in (("float32", EXACT[1:]), ("fast", ROUNDED[1:])):
        if ours in timings.rates:
            found[ours] = timings.against_best(ours, peers)
            found[ours]["share_of_peak"] = products_of(
                batch_size, sizes, ours, n_threads, seconds / 4
            )
    return found


def table(record: Mapping[str, Any]) -> str:
    """The record in Markdown."""
    header = ["autoencoder", "precision", "step, ms", "best PyTorch, ms", "its form", "ratio"]
    header += [f"{product.replace('_', ' ')}, % of peak" for product in PRODUCTS]
    rows = []
    for workload, found in record["results"].items():
        for ours in ("float32", "fast"):
            if ours not in found:
                continue
            best = found[ours].get("best_peer")
            times = {n: f"{1e3 / r['median']:.2f}" for n, r in found["rates"].items()}
            shares = [f"{100 * found[ours]['share_of_peak'][p]:.0f}" for p in PRODUCTS]
            ratio = f"{found[ours]['ratio_to_best']:.2f}x" if best else ""
            rows.append(
                [workload, ours, times[ours], times.get(best, ""), best or "", ratio, *shares]
            )
    return markdown_table(header, rows)


def main() -> None:
    """Measure, print and record."""
    options = parser(__doc__)
    options.add_argument(
        "--peers", nargs="+", choices=list(CONTESTANTS), help="contestants beside ours in float32"
    )
    arguments = options.parse_args()
    path = output_path(arguments, "net_speed")
    record = measure(arguments.quick, arguments.peers)
    print(table(record), file=sys.stderr)
    finish("net_speed", path, record)


if __name__ == "__main__":
    main()
