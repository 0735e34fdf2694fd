"""Resident memory that training an autoencoder on 60,000 rows of MNIST adds, beside PyTorch's.

784-1000-500-250-30 and back, batches of 100, one epoch, float32, in new order. Each in a fresh process, whose
libraries are loaded, whose threads have run and whose array of rows lies there before: the highest resident
size during training, sampled every millisecond and as kept by Linux itself, less the size before. Linux only.
"""

import gc
import importlib.util
import itertools
import multiprocessing
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.support.recording import finish, output_path, parser
from benchmarks.support.resident import Peak, status_mb
from udl_fast import DeepAutoencoder, datasets, get_num_threads
from udl_fast.bench.table import markdown_table

SEED = 20261128
BATCH_SIZE = 100
LEARNING_RATE = {"sgd": 0.01, "adam": 1e-3}
HIDDEN, QUICK_HIDDEN = [1000, 500, 250, 30], [400, 30]

Rows = NDArray[np.float32]


def training_rows(quick: bool) -> Rows:
    """MNIST; uniform values where it is not needed."""
    if quick:
        return np.random.default_rng(SEED).random((5000, 784), np.float32)
    return datasets.load_mnist().data.astype(np.float32)


def train_udl_fast(rows: Rows, hidden: list[int], solver: str) -> Any:
    """By this package: `fit`, with all that it keeps so that nothing is lost on Ctrl-C."""
    return DeepAutoencoder(
        hidden,
        pretrain=False,
        solver=solver,
        learning_rate=LEARNING_RATE[solver],
        batch_size=BATCH_SIZE,
        n_iter=1,
        random_state=SEED,
    ).fit(rows)


def train_torch(rows: Rows, hidden: list[int], solver: str) -> Any:
    """By PyTorch, eager, with its fused optimizers; the rows are those of the array."""
    import torch

    torch.set_num_threads(get_num_threads())
    torch.manual_seed(SEED)
    sizes = [rows.shape[1], *hidden, *hidden[-2::-1], rows.shape[1]]
    modules: list[torch.nn.Module] = []
    for number, (n_in, n_out) in enumerate(itertools.pairwise(sizes)):
        modules.append(torch.nn.Linear(n_in, n_out))
        if number not in (len(hidden) - 1, len(sizes) - 2):  # code is linear, outputs stay logits
            modules.append(torch.nn.Sigmoid())
    net = torch.nn.Sequential(*modules)
    rate = LEARNING_RATE[solver]
    optimizer: torch.optim.Optimizer = (
        torch.optim.SGD(net.parameters(), lr=rate, momentum=0.9, fused=True)
        if solver == "sgd"
        else torch.optim.Adam(net.parameters(), lr=rate, fused=True)
    )
    x = torch.from_numpy(rows)
    for numbers in torch.randperm(len(rows)).split(BATCH_SIZE):
        batch = x[numbers]
        optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            net(batch), batch, reduction="sum"
        )
        (loss / len(batch)).backward()
        optimizer.step()
    return net


TRAIN: dict[str, Callable[[Rows, list[int], str], Any]] = {
    "udl_fast": train_udl_fast,
    "torch": train_torch,
}


def measure(name: str, solver: str, quick: bool) -> dict[str, float]:
    """Sizes in MB. To be called in a fresh process."""
    rows = training_rows(quick)
    TRAIN[name](rows[:BATCH_SIZE], [10], solver)
    gc.collect()
    before = status_mb("VmRSS")
    with Peak() as peak:
        kept = TRAIN[name](rows, QUICK_HIDDEN if quick else HIDDEN, solver)
    del kept
    return {
        "before_mb": round(before, 1),
        "highest_mb": round(peak.highest, 1),
        "added_mb": round(peak.highest - before, 1),
    }


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    rows = [
        [solver, name, f"{found['before_mb']:.0f} MB", f"{found['added_mb']:.0f} MB"]
        for solver, of_solver in record["results"].items()
        for name, found in of_solver.items()
    ]
    return markdown_table(["solver", "contestant", "before training", "added by training"], rows)


def main() -> int:
    """Measure, print, record; 1 if ours adds more than PyTorch."""
    arguments = parser(__doc__).parse_args()
    path = output_path(arguments, "memory_nets")
    names = [n for n in TRAIN if n == "udl_fast" or importlib.util.find_spec("torch") is not None]
    results: dict[str, dict[str, Any]] = {}
    for solver in LEARNING_RATE:
        results[solver] = {}
        for name in names:
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as fresh:
                found = fresh.submit(measure, name, solver, arguments.quick).result()
            results[solver][name] = found
    settings = {
        "threads": get_num_threads(),
        "batch_size": BATCH_SIZE,
        "hidden": QUICK_HIDDEN if arguments.quick else HIDDEN,
        "seed": SEED,
    }
    record = {"settings": settings, "results": results}
    print(table(record), file=sys.stderr)
    finish("memory_nets", path, record)
    is_larger = any(
        "torch" in found and found["udl_fast"]["added_mb"] > found["torch"]["added_mb"]
        for found in results.values()
    )
    return 1 if is_larger and not arguments.quick else 0


if __name__ == "__main__":
    sys.exit(main())
