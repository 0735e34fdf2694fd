"""Codes of 60,000 rows of MNIST by the encoder 784-1000-500-250-30, against seven forms of PyTorch.

Every contestant has a process of its own; the others sleep while one is timed, and turns rotate. All encode
the rows whole, and in chunks of 10,000 and of 1,000; the fastest of its ways counts. Ours is `transform`.
Before anything is timed each answers for the codes of some rows, held against NumPy in float64.
Ours in float32 has the forms of PyTorch in float32 as peers; ours with bfloat16 products has autocast and
bfloat16 weights.
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
from udl_fast.bench.contestants.nets._steps import Layers
from udl_fast.bench.harness import Timings, interleave, rounded
from udl_fast.bench.process import Contestant, ContestantError, Part
from udl_fast.bench.table import markdown_table

LIMIT = 1.5  # times the rate of the best form of PyTorch in the same precision
ENCODER = [784, 1000, 500, 250, 30]
QUICK = [64, 40, 12]
CONTESTANTS = {
    "float32": ("nets/encoding_udl_fast.py", "Float32"),
    "fast": ("nets/encoding_udl_fast.py", "Fast"),
    "torch": ("nets/encoding_torch.py", "Eager"),
    "torch-compiled": ("nets/encoding_torch.py", "Compiled"),
    "torch-frozen": ("nets/encoding_torch.py", "Frozen"),
    "torch-autocast": ("nets/encoding_torch.py", "Autocast"),
    "torch-bfloat16": ("nets/encoding_torch.py", "Bfloat16"),
    "torch-bfloat16-compiled": ("nets/encoding_torch.py", "CompiledBfloat16"),
    "torch-bfloat16-frozen": ("nets/encoding_torch.py", "FrozenBfloat16"),
}
PEERS = {
    "float32": ("torch", "torch-compiled", "torch-frozen"),
    "fast": tuple(name for name in CONTESTANTS if name == "torch-autocast" or "bfloat16" in name),
}
# Relative error of all codes together.
EXACT, ROUNDED = 1e-5, 0.02


def codes_of(layers: Layers, rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """In float64."""
    found = rows.astype(np.float64)
    for number, (weights, bias) in enumerate(layers):
        sums = found @ weights.T.astype(np.float64) + bias
        found = sums if number == len(layers) - 1 else expit(sums)
    return found


def check(contestant: Contestant, layers: Layers) -> float:
    """The largest relative error of the codes of some rows, whole and in halves.

    Raises
    ------
    ContestantError
        If it is too large.
    """
    rows = pixels(500, layers[0][0].shape[1])
    expected = codes_of(layers, rows)
    largest = 0.0
    for chunk_size in (len(rows), len(rows) // 2):
        found = contestant.call("check", layers=layers, rows=rows, chunk_size=chunk_size)
        error = np.linalg.norm(found - expected) / np.linalg.norm(expected)
        largest = max(largest, float(error))
    is_exact = contestant.name in ("float32", *PEERS["float32"])
    if not largest <= (EXACT if is_exact else ROUNDED):
        raise ContestantError(f"{contestant.name}: codes are off by {largest:.2g}")
    return float(f"{largest:.3g}")


def best_ways(timings: Timings, names: list[str]) -> dict[str, tuple[str, str]]:
    """The fastest way of each contestant, and the name of its timings."""
    found = {}
    for name in names:
        ways = [part for part in timings.rates if part.split(": ")[0] == name]
        best = max(ways, key=timings.median)
        found[name] = (best.split(": ")[1], best)
    return found


def compared(
    timings: Timings, names: list[str], peers_of: Mapping[str, tuple[str, ...]]
) -> dict[str, Any]:
    """What is found of each of ours: seconds for all rows, the best peer, and the ratio of their rates."""
    ways = best_ways(timings, names)
    at_best = timings.selected({name: part for name, (_, part) in ways.items()}, 1)
    found: dict[str, Any] = {}
    for ours, peers in peers_of.items():
        if ours not in ways:
            continue
        found[ours] = {"way": ways[ours][0], "seconds": _seconds(at_best, ours)}
        there = [name for name in peers if name in ways]
        if there:
            best = max(there, key=at_best.median)
            ratio = at_best.as_record(ours)["ratios"][best]["median"]
            found[ours] |= {
                "best_peer": best,
                "its_way": ways[best][0],
                "its_seconds": _seconds(at_best, best),
                "ratio_to_best": ratio,
            }
    return found


def _seconds(timings: Timings, name: str) -> float:
    return rounded(1 / timings.median(name))


def measure(quick: bool, wanted: list[str] | None) -> dict[str, Any]:
    """The whole record."""
    sizes, n_rows = (QUICK, 600) if quick else (ENCODER, 60_000)
    rounds, seconds = (1, 0.01) if quick else (5, 1.0)
    chunk_sizes = {"whole": n_rows} | {f"{n_rows // k:,} rows": n_rows // k for k in (6, 60)}
    n_threads = get_num_threads()
    layers, rows = random_layers(sizes), pixels(n_rows, sizes[0])
    with contextlib.ExitStack() as stack:
        if wanted is None:
            wanted = ["fast", "torch"] if quick else list(CONTESTANTS)
        started = [
            suite.start(n, CONTESTANTS, n_threads, stack, required=("float32",))
            for n in CONTESTANTS
            if n in ["float32", *wanted]
        ]
        contestants = [contestant for contestant in started if contestant is not None]
        checks = {c.name: check(c, layers) for c in contestants}
        for contestant in contestants:
            contestant.call("prepare", layers=layers, rows=rows)
        parts = [
            Part(f"{c.name}: {way}", c, {"chunk_size": chunk_size})
            for c in contestants
            for way, chunk_size in chunk_sizes.items()
        ]
        timings = interleave(parts, rounds=rounds, seconds=seconds)
        versions = {c.name: c.call("versions") for c in contestants}
    return {
        "settings": {
            "threads": n_threads,
            "rounds": rounds,
            "seconds": seconds,
            "seed": SEED,
            "sizes": sizes,
            "rows": n_rows,
            "limit": LIMIT,
            "unit": "passes over all rows per second",
        },
        "contestants": versions,
        "checks": checks,
        "rates": timings.as_record("")["rates"],
        "results": compared(timings, list(versions), PEERS),
    }


def table(record: Mapping[str, Any]) -> str:
    """The record in Markdown."""
    header = ["precision", "all rows, s", "in chunks of", "best PyTorch, s", "its form"]
    header += ["in chunks of", "ratio"]
    rows = []
    for ours, found in record["results"].items():
        row = [ours, f"{found['seconds']:.3g}", found["way"]]
        if "best_peer" in found:
            row += [f"{found['its_seconds']:.3g}", found["best_peer"], found["its_way"]]
            row += [f"{found['ratio_to_best']:.2f}x"]
        rows.append(row + [""] * (len(header) - len(row)))
    return markdown_table(header, rows)


def main() -> int:
    """Measure, print and record; 1 if one of ours is slower than wanted."""
    options = parser(__doc__)
    options.add_argument(
        "--peers", nargs="+", choices=list(CONTESTANTS), help="contestants beside ours in float32"
    )
    arguments = options.parse_args()
    path = output_path(arguments, "encode_speed")
    record = measure(arguments.quick, arguments.peers)
    print(table(record), file=sys.stderr)
    finish("encode_speed", path, record)
    ratios = [found.get("ratio_to_best", LIMIT) for found in record["results"].values()]
    return 0 if arguments.quick or min(ratios) >= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
