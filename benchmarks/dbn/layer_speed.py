"""Greedy learning of a deep belief net, 784-500-500-2000: an epoch of each layer against the best form of PyTorch.

CD-1 in minibatches of 100 with momentum 0.9 and weight decay 2e-4, as Hinton and Salakhutdinov (2006) train. Two
ways to pass up: binarised MNIST and sampled states, visible units sampled; and grey MNIST and probabilities, which
visible units come back as, as their code does. What a layer learns from is what a net of layers that learned for
one epoch makes of the images. Every contestant has a process of its own; the others sleep while one is timed, and
turns rotate. Before anything is timed each answers for one step on a small RBM, whose mean change of every
parameter must lie within five standard errors of that of a plain NumPy step with draws of its own.
"""

import contextlib
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import DBN, RBM, datasets, get_num_threads
from udl_fast.bench import suite
from udl_fast.bench.harness import interleave
from udl_fast.bench.process import Contestant, ContestantError
from udl_fast.bench.table import markdown_table, rate, ratio

SIZES, QUICK_SIZES = (500, 500, 2000), (40, 30, 50)
BATCH_SIZE, N_BATCHES, N_ROWS = 100, 20, 60_000
SETTINGS = {"learning_rate": 0.1, "momentum": 0.9, "weight_decay": 2e-4}
SEED = 20261128
OURS, FAST = "udl_fast", "udl_fast fast"
CONTESTANTS = {
    OURS: ("belief/udl_fast.py", "Greedy"),
    FAST: ("belief/udl_fast.py", "FastGreedy"),
    "torch": ("belief/torch.py", "Greedy"),
    "torch-compiled": ("belief/torch.py", "CompiledGreedy"),
    "torch-bfloat16": ("belief/torch.py", "Bfloat16Greedy"),
    "torch-bfloat16-compiled": ("belief/torch.py", "CompiledBfloat16Greedy"),
}
PEERS = [name for name in CONTESTANTS if name.startswith("torch")]
WAYS = {"binarised, sampled": True, "grey, means": False}
LIMITS = {"binarised, sampled": 2.5, "grey, means": 1.3}  # of a whole epoch of all layers
SIGMAS, TOLERANCE = 5.0, 5e-3  # bfloat16 products have eight bits


def images_of(sampled: bool, quick: bool, n_rows: int) -> NDArray[Any]:
    """Binarised or grey images, or values that need no files."""
    if not quick:
        images: NDArray[Any] = datasets.load_mnist(binary=0.5 if sampled else None).data[:n_rows]
        return images
    values = np.random.default_rng(SEED).random((n_rows, 784))
    return values < 0.2 if sampled else values * (values < 0.2)


def inputs(sampled: bool, sizes: tuple[int, ...], images: NDArray[Any]) -> list[NDArray[Any]]:
    """What each layer learns from, as many rows."""
    rows: NDArray[Any] = images.astype(np.uint8 if sampled else np.float32)
    template = RBM(n_iter=1, batch_size=BATCH_SIZE, sample_visibles=sampled, momentum=0.5)
    pass_up = "sample" if sampled else "mean"
    net = DBN(sizes, rbm=template, pass_up=pass_up, random_state=0).fit(rows)
    found = [np.asarray(net._stage_input(number, rows)) for number in range(len(sizes))]
    return [each.astype(rows.dtype) for each in found]


def random_rbm(n_visible: int, n_hidden: int, spread: float) -> dict[str, NDArray[np.float32]]:
    """Weights of that standard deviation, and biases that differ."""
    g = np.random.default_rng(SEED)
    weights = g.normal(0, spread, (n_hidden, n_visible)).astype(np.float32)
    return {
        "weights": weights,
        "biases": g.normal(0, 0.5, n_visible + n_hidden).astype(np.float32),
    }


# ---- right before fast ----


def check(contestant: Contestant, sampled: bool, n_rows: int) -> float:
    """The largest deviation of a step of a small RBM, in standard errors.

    Raises
    ------
    ContestantError
        If it is too large.
    """
    g = np.random.default_rng(SEED + 1)
    model = random_rbm(5, 4, 0.7)
    rows = g.random((n_rows, 5)).astype(np.float32)
    if sampled:
        rows = (rows < 0.4).astype(np.uint8)
    weights, biases = model["weights"].astype(np.float64), model["biases"].astype(np.float64)
    visible, hidden = biases[:5], biases[5:]
    v0 = rows.astype(np.float64)
    p0 = expit(v0 @ weights.T + hidden)
    v1 = expit((g.random(p0.shape) < p0) @ weights + visible)
    if sampled:
        v1 = (g.random(v1.shape) < v1).astype(np.float64)
    p1 = expit(v1 @ weights.T + hidden)
    pairs = p0[:, :, None] * v0[:, None, :] - p1[:, :, None] * v1[:, None, :]
    expected = np.hstack([pairs.reshape(n_rows, -1), v0 - v1, p0 - p1])
    before = np.concatenate([weights.ravel(), biases])
    decay = np.concatenate([0.01 * weights.ravel(), np.zeros(9)])
    answer = contestant.call("check", **model, rows=rows, sample_visibles=sampled, seed=SEED)
    change = answer.astype(np.float64) - before + decay
    error = np.sqrt(2 * expected.var(axis=0) / n_rows) + TOLERANCE / SIGMAS  # both draw
    largest = float(np.abs((change - expected.mean(axis=0)) / error).max())
    if not largest <= SIGMAS:
        raise ContestantError(f"{contestant.name}: a step is off by {largest:.1f} standard errors")
    return round(largest, 2)


# ---- timing ----


def measure(quick: bool) -> dict[str, Any]:
    """The whole record."""
    rounds, seconds = (1, 0.01) if quick else (9, 1.0)
    n_threads = get_num_threads()
    sizes = QUICK_SIZES if quick else SIZES
    results: dict[str, Any] = {}
    with contextlib.ExitStack() as stack:
        names = [OURS, FAST, "torch"] if quick else list(CONTESTANTS)
        started = [suite.start(n, CONTESTANTS, n_threads, stack, required=(OURS,)) for n in names]
        contestants = [contestant for contestant in started if contestant is not None]
        for way, sampled in WAYS.items():
            checks = {c.name: check(c, sampled, 5_000 if quick else 40_000) for c in contestants}
            layers = {}
            images = images_of(sampled, quick, N_BATCHES * BATCH_SIZE)
            for number, rows in enumerate(inputs(sampled, sizes, images)):
                case = {
                    **random_rbm(rows.shape[1], sizes[number], 0.05),
                    **SETTINGS,
                    "rows": rows,
                    "batch_size": BATCH_SIZE,
                    "sample_visibles": sampled,
                    "seed": SEED,
                }
                for contestant in contestants:
                    contestant.call("prepare", **case)
                layers[f"{rows.shape[1]}-{sizes[number]}"] = interleave(
                    contestants, rounds=rounds, seconds=seconds, units_per_run=BATCH_SIZE
                )
            results[way] = summary(layers) | {"checks": checks, "limit": LIMITS[way]}
        versions = {c.name: c.call("versions") for c in contestants}
    return {
        "settings": {
            "threads": n_threads,
            "rounds": rounds,
            "seconds": seconds,
            "seed": SEED,
            "sizes": sizes,
            "batch_size": BATCH_SIZE,
            **SETTINGS,
            "unit": "rows per second",
        },
        "contestants": versions,
        "results": results,
    }


def summary(layers: dict[str, Any]) -> dict[str, Any]:
    """Rates of every layer, and seconds of an epoch of all; of PyTorch by the best form of each layer."""
    rates = {
        shape: {name: timings.median(name) for name in timings.rates}
        for shape, timings in layers.items()
    }
    found: dict[str, Any] = {
        "layers": {shape: timings.as_record(OURS)["rates"] for shape, timings in layers.items()},
        "best_peers": {
            shape: max((n for n in PEERS if n in each), key=each.__getitem__, default=None)
            for shape, each in rates.items()
        },
    }
    epochs = {ours: sum(N_ROWS / each[ours] for each in rates.values()) for ours in (OURS, FAST)}
    if None not in found["best_peers"].values():
        best = found["best_peers"]
        of_peers = sum(N_ROWS / rates[shape][best[shape]] for shape in rates)
        found["ratios"] = {ours: round(of_peers / took, 3) for ours, took in epochs.items()}
        epochs["best PyTorch"] = of_peers
    found["seconds_of_an_epoch"] = {name: round(took, 3) for name, took in epochs.items()}
    return found


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    header = ["passed up", "layer", OURS, FAST, "best PyTorch, rows/s", "its form"]
    header += ["epoch of all, against best PyTorch", "fast"]
    rows = []
    for way, found in record["results"].items():
        for shape, rates in found["layers"].items():
            best = found["best_peers"][shape]
            shown = [rate(rates[n]["median"]) if n in rates else "" for n in (OURS, FAST, best)]
            ratios = found.get("ratios", {})
            all_layers = [ratio(ratios[n]) if n in ratios else "" for n in (OURS, FAST)]
            rows.append([way, shape, *shown, best or "", *all_layers])
    return markdown_table(header, rows)


def main() -> int:
    """Measure, print, record; 1 if ours is not as much faster as it should be."""
    arguments = parser(__doc__).parse_args()
    path = output_path(arguments, "layer_speed")
    record = measure(arguments.quick)
    print(table(record), file=sys.stderr)
    finish("layer_speed", path, record)
    is_fast = all(
        max(found.get("ratios", {OURS: found["limit"]}).values()) >= found["limit"]
        for found in record["results"].values()
    )
    return 0 if arguments.quick or is_fast else 1


if __name__ == "__main__":
    sys.exit(main())
