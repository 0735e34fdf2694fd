"""Training speed with Gaussian visible and binary hidden units: CD-1 against the best form of PyTorch.

Every contestant has a process of its own; the others sleep while one is timed, and turns rotate. Before
anything is timed each answers for p(h|v) and for one step on a small model, whose mean change must lie
within five standard errors of that of a plain NumPy step. Two kinds of step: sigma is learned, which the
weights' gradient takes part in, or it stays. Ours in float32 has the forms of PyTorch in float32 as
peers; ours with bfloat16 products has all of them.
"""

import contextlib
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import get_num_threads
from udl_fast.bench import suite
from udl_fast.bench.contestants.gaussian._steps import CHECK_RATE
from udl_fast.bench.harness import interleave
from udl_fast.bench.process import Contestant, ContestantError
from udl_fast.bench.table import markdown_table, rate, ratio

SIZE, QUICK_SIZE = (128, 3072, 1024), (16, 64, 32)  # rows of a minibatch, visible, hidden
N_BATCHES = 8
SEED = 20261128
LEARNING_RATE = 1e-4
OURS, FAST = "udl_fast", "udl_fast fast"
CONTESTANTS = {
    OURS: ("gaussian/udl_fast.py", "Engine"),
    FAST: ("gaussian/udl_fast.py", "Fast"),
    "torch": ("gaussian/torch.py", "Eager"),
    "torch-joined": ("gaussian/torch.py", "Joined"),
    "torch-compiled": ("gaussian/torch.py", "Compiled"),
    "torch-bfloat16": ("gaussian/torch.py", "Bfloat16"),
    "torch-bfloat16-compiled": ("gaussian/torch.py", "CompiledBfloat16"),
}
TORCH = [name for name in CONTESTANTS if name.startswith("torch")]
PEERS = {OURS: [name for name in TORCH if "bfloat16" not in name], FAST: TORCH}
WORKLOADS = {"sigma learned": True, "sigma stays": False}
SIGMAS, TOLERANCE = 5.0, 1e-5
BFLOAT16_TOLERANCE = 0.01  # eight bits of a product's factors


def random_parameters(n_visible: int, n_hidden: int, spread: float) -> dict[str, NDArray[Any]]:
    """Weights of that standard deviation, and biases and variances that differ."""
    g = np.random.default_rng(SEED)
    found = {
        "weights": g.normal(0, spread, (n_hidden, n_visible)),
        "hidden_bias": g.normal(0, 0.5, n_hidden),
        "visible_bias": g.normal(0, 0.5, n_visible),
        "log_variance": g.normal(0, 0.3, n_visible),
    }
    return {name: values.astype(np.float32) for name, values in found.items()}


def random_rows(n_rows: int, n_visible: int) -> NDArray[np.float32]:
    """Independent standard normal values: what they are costs nothing."""
    return np.random.default_rng(SEED + 1).normal(size=(n_rows, n_visible)).astype(np.float32)


# ---- right before fast ----


def derivatives(
    parameters: dict[str, NDArray[Any]], v: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Minus the derivatives of the energy of each row, with h at its mean; of weights and visible
    biases times sigma^2, which is what moves them."""
    inverse = np.exp(-parameters["log_variance"].astype(np.float64))
    scaled = v * inverse
    p = expit(scaled @ parameters["weights"].T + parameters["hidden_bias"])
    distance = (v - parameters["visible_bias"]) ** 2 * inverse / 2
    return {
        "weights": p[:, :, None] * v[:, None, :],
        "hidden_bias": p,
        "visible_bias": v,
        "log_variance": distance - scaled * (p @ parameters["weights"]),
    }


def check(contestant: Contestant, learn_sigma: bool) -> float:
    """The largest deviation of one step of a small model, in standard errors.

    Raises
    ------
    ContestantError
        If it, or p(h|v), is too far from what NumPy finds with draws of its own.
    """
    parameters, rows = random_parameters(10, 6, 0.2), random_rows(20_000, 10)
    v0 = rows.astype(np.float64)
    up = derivatives(parameters, v0)
    g = np.random.default_rng(SEED + 2)
    h = g.random(up["hidden_bias"].shape) < up["hidden_bias"]
    deviation = np.exp(0.5 * parameters["log_variance"])
    v1 = (
        h @ parameters["weights"] + parameters["visible_bias"] + deviation * g.normal(size=v0.shape)
    )
    down = derivatives(parameters, v1)
    answer = contestant.call(
        "check", parameters=parameters, rows=rows, learn_sigma=learn_sigma, seed=SEED
    )
    off = float(np.abs(answer["mean_hidden"] - up["hidden_bias"]).max())
    if not off <= (BFLOAT16_TOLERANCE if "bfloat16" in contestant.name else TOLERANCE):
        raise ContestantError(f"{contestant.name}: p(h|v) is off by {off:.2g}")
    largest = 0.0
    for name, positive in up.items():
        change = (answer[name].astype(np.float64) - parameters[name]) / CHECK_RATE
        if name == "log_variance" and not learn_sigma:
            largest = max(largest, np.inf if np.abs(change).max() > 0 else 0.0)
            continue
        difference = positive - down[name]
        error = np.sqrt(2 * difference.var(axis=0) / len(rows))  # both draw
        largest = max(largest, float(np.abs((change - difference.mean(axis=0)) / error).max()))
    if not largest <= SIGMAS:
        raise ContestantError(f"{contestant.name}: a step is off by {largest:.1f} standard errors")
    return round(largest, 2)


# ---- timing ----


def measure(quick: bool) -> dict[str, Any]:
    """The whole record."""
    size = QUICK_SIZE if quick else SIZE
    batch_size, n_visible, n_hidden = size
    rounds, seconds = (1, 0.01) if quick else (9, 1.0)
    n_threads = get_num_threads()
    results: dict[str, Any] = {}
    with contextlib.ExitStack() as stack:
        names = [OURS, FAST, "torch"] if quick else list(CONTESTANTS)
        started = [suite.start(n, CONTESTANTS, n_threads, stack, required=(OURS,)) for n in names]
        contestants = [contestant for contestant in started if contestant is not None]
        case = {
            "parameters": random_parameters(n_visible, n_hidden, 0.01),
            "rows": random_rows(N_BATCHES * batch_size, n_visible),
            "batch_size": batch_size,
            "learning_rate": LEARNING_RATE,
            "seed": SEED,
        }
        for workload, learn_sigma in WORKLOADS.items():
            checks = {c.name: check(c, learn_sigma) for c in contestants}
            for contestant in contestants:
                contestant.call("prepare", learn_sigma=learn_sigma, **case)
            timings = interleave(
                contestants, rounds=rounds, seconds=seconds, units_per_run=batch_size
            )
            results[workload] = {
                "check_sigmas": checks,
                "rates": timings.as_record(OURS)["rates"],
                **{
                    ours: timings.against_best(ours, peers)
                    for ours, peers in PEERS.items()
                    if ours in timings.rates
                },
            }
        versions = {c.name: c.call("versions") for c in contestants}
    return {
        "settings": {
            "size": list(size),
            "threads": n_threads,
            "rounds": rounds,
            "seconds": seconds,
            "seed": SEED,
            "unit": "examples per second",
        },
        "contestants": versions,
        "results": results,
    }


def against_best(found: dict[str, Any], ours: str) -> str:
    """The ratio of one of ours to its fastest peer, where there is one."""
    if "best_peer" not in found.get(ours, {}):
        return ""
    return f"{ratio(found[ours]['ratio_to_best'])} ({found[ours]['best_peer']})"


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    names = list(record["contestants"])
    rows = [
        [
            workload,
            *(rate(found["rates"][name]["median"]) for name in names),
            *(against_best(found, ours) for ours in PEERS),
        ]
        for workload, found in record["results"].items()
    ]
    header = ["step", *(f"{name}, examples/s" for name in names)]
    header += [f"{OURS} vs the fastest float32 form", f"{FAST} vs the fastest form"]
    return markdown_table(header, rows)


def main() -> None:
    """Measure, print and record."""
    arguments = parser(__doc__).parse_args()
    path = output_path(arguments, "gaussian_speed")
    record = measure(arguments.quick)
    for workload, found in record["results"].items():
        rates = ", ".join(f"{n} {r['median']:,.0f}/s" for n, r in found["rates"].items())
        best = ", ".join(f"{ours} {against_best(found, ours)}" for ours in PEERS)
        print(f"{workload}: {rates}; {best}", file=sys.stderr)
    finish("gaussian_speed", path, record)


if __name__ == "__main__":
    main()
