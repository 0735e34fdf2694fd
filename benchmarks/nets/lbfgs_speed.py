"""A sparse autoencoder, 784-200-784, by L-BFGS on 10,000 rows of MNIST at once, against the same in PyTorch.

Two kinds of work: one evaluation of objective and gradient, and a fit of 20 iterations, all from the same
start. Ours is `SparseAutoencoder.fit` with its defaults; peers are torch.optim.LBFGS with its search for the
strong Wolfe conditions, and SciPy's L-BFGS-B over PyTorch's gradient, both eager and compiled. Every
contestant has a process of its own; the others sleep while one is timed, and turns rotate. Before anything is
timed each answers for the objective and its gradient, held against NumPy in float64, and for where its fit
ends: line searches differ, and so do the values that are reached.
"""

import contextlib
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from benchmarks.nets.net_speed import SEED, pixels, random_layers
from benchmarks.support.recording import finish, output_path, parser
from udl_fast import get_num_threads
from udl_fast.bench import suite
from udl_fast.bench.contestants.nets._sparse import COST, TARGET, WEIGHT_DECAY
from udl_fast.bench.contestants.nets._steps import Layers
from udl_fast.bench.harness import Timings, interleave, rounded
from udl_fast.bench.process import Contestant, ContestantError, Part
from udl_fast.bench.table import markdown_table

LIMIT = 2.0  # times the rate of the best form of PyTorch
OURS = "udl_fast"
CONTESTANTS = {
    OURS: ("nets/sparse_udl_fast.py", "Float32"),
    "torch": ("nets/sparse_torch.py", "Eager"),
    "torch-compiled": ("nets/sparse_torch.py", "Compiled"),
    "scipy-torch": ("nets/sparse_torch.py", "Scipy"),
    "scipy-torch-compiled": ("nets/sparse_torch.py", "CompiledScipy"),
}
VALUE_TOLERANCE, GRADIENT_TOLERANCE = 1e-5, 1e-4  # relative; of all values of the gradient together
WORK = ("evaluation", "fit")


def objective(layers: Layers, rows: NDArray[np.float32]) -> tuple[float, NDArray[np.float64]]:
    """Value and gradient in float64: of layer after layer, weights and bias."""
    x = rows.astype(np.float64)
    (w, b), (v, c) = [(w.astype(np.float64), b.astype(np.float64)) for w, b in layers]
    h = expit(x @ w.T + b)
    y = expit(h @ v.T + c)
    m = h.mean(axis=0)
    kl = TARGET * np.log(TARGET / m) + (1 - TARGET) * np.log((1 - TARGET) / (1 - m))
    value = 0.5 * ((y - x) ** 2).sum() / len(x) + COST * kl.sum()
    value += 0.5 * WEIGHT_DECAY * ((w**2).sum() + (v**2).sum())
    above = (y - x) * y * (1 - y) / len(x)
    sparsity = COST * ((1 - TARGET) / (1 - m) - TARGET / m) / len(x)
    below = (above @ v + sparsity) * h * (1 - h)
    parts = [below.T @ x + WEIGHT_DECAY * w, below.sum(0)]
    parts += [above.T @ h + WEIGHT_DECAY * v, above.sum(0)]
    return float(value), np.concatenate([part.ravel() for part in parts])


def check(contestant: Contestant, value: float, gradient: NDArray[np.float64]) -> dict[str, float]:
    """Relative errors of objective and gradient at the start, and the objective where a fit ends.

    Raises
    ------
    ContestantError
        If an error is too large, or a fit does not lead down.
    """
    answer = contestant.call("check")
    found = {
        "value": abs(answer["value"] / value - 1),
        "gradient": float(np.linalg.norm(answer["gradient"] - gradient) / np.linalg.norm(gradient)),
    }
    for what, tolerance in (("value", VALUE_TOLERANCE), ("gradient", GRADIENT_TOLERANCE)):
        if not found[what] <= tolerance:
            raise ContestantError(f"{contestant.name}: the {what} is off by {found[what]:.2g}")
    if not answer["reached"] < value:
        raise ContestantError(
            f"{contestant.name}: a fit went from {value:.6g} to {answer['reached']:.6g}"
        )
    errors = {what: float(f"{error:.3g}") for what, error in found.items()}
    return {**errors, "reached": float(f"{answer['reached']:.6g}")}


def result_of(timings: Timings, work: str, names: list[str], units: int) -> dict[str, Any]:
    """Of one kind of work: seconds of each, of which a run has so many, and the best peer."""
    selected = timings.selected({name: f"{name}: {work}" for name in names}, units)
    seconds = {name: rounded(1 / selected.median(name)) for name in names}
    peers = tuple(name for name in names if name != OURS)
    return {"seconds": seconds, **selected.against_best(OURS, peers)}


def measure(quick: bool, wanted: list[str] | None) -> dict[str, Any]:
    """The whole record."""
    sizes, n_rows, n_iter = ([64, 20, 64], 200, 4) if quick else ([784, 200, 784], 10_000, 20)
    rounds, seconds = (1, 0.01) if quick else (7, 1.0)
    n_threads = get_num_threads()
    layers, rows = random_layers(sizes), pixels(n_rows, sizes[0])
    value, gradient = objective(layers, rows)
    with contextlib.ExitStack() as stack:
        if wanted is None:
            wanted = ["torch"] if quick else list(CONTESTANTS)
        started = [
            suite.start(n, CONTESTANTS, n_threads, stack, required=(OURS,))
            for n in CONTESTANTS
            if n in [OURS, *wanted]
        ]
        contestants = [contestant for contestant in started if contestant is not None]
        for contestant in contestants:
            contestant.call("prepare", layers=layers, rows=rows, n_iter=n_iter)
        checks = {c.name: check(c, value, gradient) for c in contestants}
        parts = [Part(f"{c.name}: {work}", c, {"work": work}) for c in contestants for work in WORK]
        timings = interleave(parts, rounds=rounds, seconds=seconds)
        versions = {c.name: c.call("versions") for c in contestants}
    names = list(versions)
    return {
        "settings": {
            "threads": n_threads,
            "rounds": rounds,
            "seconds": seconds,
            "seed": SEED,
            "sizes": sizes,
            "rows": n_rows,
            "iterations": n_iter,
            "limit": LIMIT,
        },
        "contestants": versions,
        "start": float(f"{value:.6g}"),
        "checks": checks,
        "results": {
            "evaluation": result_of(timings, "evaluation", names, 1),
            "iteration": result_of(timings, "fit", names, n_iter),
        },
    }


def table(record: Mapping[str, Any]) -> str:
    """The record in Markdown."""
    header = ["contestant", "objective and gradient, ms", "we are", "iteration, ms", "we are"]
    header += [f"objective after {record['settings']['iterations']}"]
    rows = []
    for name in record["contestants"]:
        row = [name]
        for found in record["results"].values():
            ratio = found["ratios"].get(name)
            row += [
                f"{1e3 * found['seconds'][name]:.3g}",
                f"{ratio['median']:.2f}x" if ratio else "",
            ]
        rows.append([*row, f"{record['checks'][name]['reached']:.5g}"])
    return markdown_table(header, rows)


def main() -> int:
    """Measure, print and record; 1 if ours is slower than wanted."""
    options = parser(__doc__)
    options.add_argument(
        "--peers", nargs="+", choices=list(CONTESTANTS), help="contestants beside ours"
    )
    arguments = options.parse_args()
    path = output_path(arguments, "lbfgs_speed")
    record = measure(arguments.quick, arguments.peers)
    print(table(record), file=sys.stderr)
    finish("lbfgs_speed", path, record)
    ratios = [found.get("ratio_to_best", LIMIT) for found in record["results"].values()]
    return 0 if arguments.quick or min(ratios) >= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
