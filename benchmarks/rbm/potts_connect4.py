"""Softmax groups and binary units on the same rows: positions of Connect Four, 42 squares of three states.

Both models have as many hidden units, few enough that log Z is exact: that of the Potts RBM over the states in
which every square has one value, that of the binary RBM over all bits, most of which are no positions. Beside them
squares that are independent of each other, with their training frequencies, each value counted once more. Samples
are the last states of chains that start at held-out positions; a legal one has one value in every square. Held out
are the collection's "valid" rows: it has no "test" of this set.
"""

import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import RBM, datasets
from udl_fast.bench.table import markdown_table

NAME = "potts_connect4"
STATES = 3  # of a square: empty, or whose piece
SMALLEST_GAIN_NATS = 1.0  # of the Potts RBM over independent squares


def positions(quick: bool) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Training and held-out rows, one-hot codes of the squares."""
    if not quick:
        train, held_out = (
            datasets.load_density("connect4", subset=subset, dtype=np.uint8).data
            for subset in ("train", "valid")
        )
        return train, held_out
    g = np.random.default_rng(0)
    kinds = g.dirichlet(np.full(STATES, 0.3), (3, 8))  # three kinds of positions of eight squares
    chosen = [[g.choice(STATES, p=p) for p in kinds[kind]] for kind in g.integers(0, 3, 800)]
    rows = np.eye(STATES, dtype=np.uint8)[np.array(chosen)].reshape(800, -1)
    return rows[:600], rows[600:]


def independent(train: NDArray[np.uint8], held_out: NDArray[np.uint8]) -> float:
    """Mean log-likelihood of squares that know nothing of each other, nats."""
    counts = train.sum(axis=0, dtype=np.float64).reshape(-1, STATES) + 1
    log_p = np.log(counts / counts.sum(axis=1, keepdims=True)).ravel()
    return float((held_out @ log_p).mean())


def legal_share(model: RBM, start: NDArray[np.uint8], n_steps: int) -> float:
    """Share of samples that have one value in every square."""
    drawn = model.gibbs(start, n_steps).reshape(len(start), -1, STATES)
    return float((drawn.sum(axis=2) == 1).all(axis=1).mean())


def measure(
    model: RBM, train: NDArray[np.uint8], held_out: NDArray[np.uint8], n_steps: int
) -> dict[str, float]:
    """What one model learns, exactly, and what it draws."""
    begin = time.perf_counter()
    model.fit(train)
    seconds = time.perf_counter() - begin
    log_z = model.log_partition()
    return {
        "log_likelihood": round(float(model.log_likelihood(held_out, log_z).mean()), 3),
        "training": round(float(model.log_likelihood(train, log_z).mean()), 3),
        "legal_samples": round(legal_share(model, held_out[:1000], n_steps), 4),
        "seconds": round(seconds, 2),
    }


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    rows = [
        [
            name,
            f"{result['log_likelihood']:.2f}",
            f"{result['training']:.2f}" if "training" in result else "",
            f"{result['legal_samples']:.1%}" if "legal_samples" in result else "",
        ]
        for name, result in record["results"].items()
    ]
    return markdown_table(["squares", "held out, nats", "training, nats", "legal samples"], rows)


def main() -> int:
    """Train, print, record; 1 if the Potts RBM gains nothing over independent squares."""
    options = parser(__doc__)
    options.add_argument("--components", type=int, default=20, help="hidden units (default 20)")
    options.add_argument("--epochs", type=int, default=100)
    options.add_argument("--learning-rate", type=float, default=0.05)
    options.add_argument("--seed", type=int, default=0)
    arguments = options.parse_args()
    path = output_path(arguments, NAME)
    train, held_out = positions(arguments.quick)
    settings: dict[str, Any] = {
        "n_components": 6 if arguments.quick else arguments.components,
        "algorithm": "pcd",
        "learning_rate": 0.1 if arguments.quick else arguments.learning_rate,
        "batch_size": 20 if arguments.quick else 100,
        "learning_rate_schedule": "linear",
        "n_iter": 20 if arguments.quick else arguments.epochs,
        "random_state": arguments.seed,
    }
    groups = [STATES] * (train.shape[1] // STATES)
    n_steps = 20 if arguments.quick else 200
    potts = RBM(visible="softmax", visible_groups=groups, **settings)
    results: dict[str, Any] = {
        "independent": {"log_likelihood": round(independent(train, held_out), 3)},
        "softmax": measure(potts, train, held_out, n_steps),
        "bernoulli": measure(RBM(**settings), train, held_out, n_steps),
    }
    for name, result in results.items():
        print(f"{name:<12} {result}", file=sys.stderr)
    rows = {"training": len(train), "held out": len(held_out), "squares": len(groups)}
    finish(
        NAME, path, {"settings": settings, "rows": rows, "gibbs_steps": n_steps, "results": results}
    )
    gain = results["softmax"]["log_likelihood"] - results["independent"]["log_likelihood"]
    return 0 if gain > SMALLEST_GAIN_NATS else 1


if __name__ == "__main__":
    sys.exit(main())
