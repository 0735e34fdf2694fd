"""Speed of annealed importance sampling: 784-500, 100 runs, against PyTorch and NumPy.

Every contestant lives in a process of its own; all take turns in one run (see the protocol of
benchmarks/README.md). Before anything is timed each estimates log Z of a model that is small enough to
enumerate: within four standard errors and 0.005 nats (bfloat16 rounds weights: 0.05), or the run ends.
A unit is one temperature of all runs: two products, both log terms, both samples. PyTorch takes part
in four forms, of which the record names the fastest; it is left out where it is not installed.
"""

import contextlib
import statistics
import sys
from typing import Any

import numpy as np
from scipy.special import logsumexp

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import RBM, datasets
from udl_fast.bench import suite
from udl_fast.bench.process import Contestant, ContestantError
from udl_fast.bench.table import markdown_table
from udl_fast.evaluation.annealing import log_ratio

OURS, FAST = "udl_fast", "udl_fast fast"
CONTESTANTS = {
    OURS: ("annealing/udl_fast.py", "Engine"),
    FAST: ("annealing/udl_fast.py", "FastEngine"),
    "numpy": ("annealing/numpy.py", "Float32"),
    "torch": ("annealing/torch.py", "Float32"),
    "torch-compiled": ("annealing/torch.py", "Compiled"),
    "torch-bfloat16": ("annealing/torch.py", "Bfloat16"),
    "torch-bfloat16-compiled": ("annealing/torch.py", "CompiledBfloat16"),
}
LIMITS = {"torch": 4.0, "numpy": 10.0}  # of the fastest of each
SEED = 20260101
N_RUNS, N_HIDDEN = 100, 500


def small_model() -> dict[str, Any]:
    """Six visible and four hidden units."""
    generator = np.random.RandomState(SEED)
    return {
        "weights": generator.normal(size=(4, 6)).astype(np.float32),
        "hidden_bias": generator.normal(size=4).astype(np.float32),
        "visible_bias": generator.normal(size=6).astype(np.float32),
        "base_bias": generator.normal(size=6).astype(np.float32),
        "n_runs": 2000,
        "seed": SEED,
    }


def exact_log_ratio(model: dict[str, Any]) -> float:
    """log Z less that of the base model, by all pairs of states."""
    v, h = (np.arange(2**n)[:, None] >> np.arange(n) & 1 for n in (6, 4))
    joint = (v @ model["visible_bias"])[:, None] + h @ model["hidden_bias"]
    joint = joint + v @ model["weights"].T.astype(np.float64) @ h.T
    base = np.logaddexp(0, model["base_bias"]).sum() + 4 * np.log(2)
    return float(logsumexp(joint) - base)


def check(contestant: Contestant) -> float:
    """The contestant's error on the small model, in nats.

    Raises
    ------
    ContestantError
        If it is too large.
    """
    model = small_model()
    found = log_ratio(contestant.call("check", n_temperatures=200, **model))
    error = found.log_z - exact_log_ratio(model)
    allowed = 4 * found.std_error + (0.05 if "bfloat16" in contestant.name else 0.005)
    if not abs(error) <= allowed:
        raise ContestantError(f"{contestant.name}: log Z is off by {error:g}, allowed {allowed:g}")
    return round(error, 5)


def timed_model(quick: bool) -> tuple[str, dict[str, Any]]:
    """A model in training, and what it is."""
    if quick:
        X, n_hidden = datasets.load_digits(binary=0.5, dtype=np.uint8).data, 32
        rbm = RBM(n_hidden, n_iter=2, random_state=0, callbacks=[]).fit(X)
        name = "digits, 64-32, two epochs"
    else:
        X, n_hidden = datasets.load_mnist(binary=0.5, dtype=np.uint8).data, N_HIDDEN
        rbm = RBM(n_hidden, n_iter=5, random_state=0).fit(X)
        name = "MNIST thresholded at 0.5, 784-500, five epochs of CD-1"
    rates = X.mean(axis=0).clip(0.01, 0.99)
    return name, {
        "weights": np.array(rbm.components_),
        "hidden_bias": np.array(rbm.intercept_hidden_),
        "visible_bias": np.array(rbm.intercept_visible_),
        "base_bias": np.log(rates / (1 - rates)).astype(np.float32),
        "n_runs": N_RUNS,
        "seed": SEED,
    }


def fastest(ratios: dict[str, Any], family: str) -> tuple[str, float] | None:
    """The contestant of a family that ours is ahead of by least, and by how much."""
    found = [(of["median"], name) for name, of in ratios.items() if name.split("-")[0] == family]
    return (min(found)[1], min(found)[0]) if found else None


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    rates = record["rates"]
    rows = [
        [name, f"{of['median']:,.0f}", *(_ahead(rates, ours, name) for ours in (OURS, FAST))]
        for name, of in rates.items()
    ]
    header = ["contestant", "temperatures of 100 runs/s", f"{OURS} vs it", f"{FAST} vs it"]
    return markdown_table(header, rows)


def _ahead(rates: dict[str, Any], ours: str, name: str) -> str:
    """Median over the rounds of how much faster one of ours was; nothing for ours themselves."""
    if name in (OURS, FAST) or ours not in rates:
        return ""
    pairs = zip(rates[ours]["samples"], rates[name]["samples"], strict=True)
    return f"{statistics.median(a / b for a, b in pairs):.2f}x"


def main() -> int:
    """Check, time, print, record; 1 if a ratio misses its limit."""
    options = parser(__doc__)
    options.add_argument("--rounds", type=int, help="default 9, quick 2")
    options.add_argument("--seconds", type=float, help="aimed length of a sample, default 1")
    options.add_argument("--threads", type=int, help="default: all cores")
    options.add_argument("--peers", nargs="*", choices=list(CONTESTANTS)[2:], help="default: all")
    options.set_defaults(json=False)
    arguments = options.parse_args()
    path = output_path(arguments, "ais_speed")
    chosen = suite.chosen(arguments, rounds=9, peers=list(CONTESTANTS)[2:])
    settings = suite.Options(**chosen)
    what, model = timed_model(arguments.quick)
    with contextlib.ExitStack() as stack:
        contestants = []
        for name in [OURS, FAST, *settings.peers]:
            found = suite.start(name, CONTESTANTS, settings.threads, stack, required=(OURS,))
            if found is not None:
                contestants.append(found)
        checks = {
            contestant.name: {
                "versions": contestant.call("versions"),
                "error_nats": check(contestant),
            }
            for contestant in contestants
        }
        for contestant in contestants:
            contestant.call("prepare", **model)
        timings = suite.take_turns("annealing", contestants, settings)
    times = timings.as_record(OURS)
    for name, found in times["rates"].items():
        print(f"{name:<26}{found['median']:>10,.0f} temperatures/s")
    missed = 0
    results: dict[str, Any] = {}
    for family, limit in LIMITS.items():
        best = fastest(times["ratios"], family)
        if best is None:
            continue
        results[family] = {"fastest": best[0], "ratio": best[1], "limit": limit}
        print(f"{best[1]:.2f}x the fastest of {family}: {best[0]} (limit {limit:g}x)")
        missed += best[1] < limit
    finish(
        "ais_speed",
        path,
        {
            "model": what,
            "settings": {
                **settings.settings(),
                "n_runs": N_RUNS,
                "unit": "temperatures per second",
            },
            "contestants": checks,
            "results": results,
            **times,
        },
    )
    return 0 if arguments.quick or not missed else 1


if __name__ == "__main__":
    sys.exit(main())
