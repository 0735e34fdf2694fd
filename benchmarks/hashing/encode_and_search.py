"""From 50,000 images to what is found for 1,000 of them, against PyTorch and FAISS.

Rows of 3,072 values go through an encoder 3072-1024-512-256 of logistic units to 256 bits, are packed and
indexed, and the ten nearest of the first 1,000 are searched. Every contestant has a process of its own; the
others sleep while one is timed, and turns rotate. All encode the rows whole and in chunks of 5,000; the
faster way counts. PyTorch takes part in eight forms. Before anything is timed the codes of some rows are held
against NumPy in float64, and what is found by them against all distances. Ours in float32 and with products of
16-bit integers, which changes one bit in ten thousand, have the forms in float32 as peers; ours with products of
8-bit integers has theirs as well, and ours with bfloat16 products those of bfloat16. In the end the fastest of
ours is held against all forms, and has to change no more bits than the one it is held to; of each the share of
bits is told that are others than NumPy's.
"""

import contextlib
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.nets import encode_speed
from benchmarks.nets.encode_speed import LIMIT, best_ways, codes_of, compared
from benchmarks.nets.net_speed import SEED, pixels, random_layers
from benchmarks.support.recording import finish, output_path, parser
from udl_fast import get_num_threads, hamming_distances, pack_bits
from udl_fast.bench import suite
from udl_fast.bench.contestants.nets._steps import Layers
from udl_fast.bench.harness import Timings, interleave
from udl_fast.bench.process import Contestant, ContestantError, Part
from udl_fast.bench.table import markdown_table

NAME = "encode_and_search"
ENCODER = [3072, 1024, 512, 256]
QUICK = [64, 40, 16]
CONTESTANTS = {
    "float32": ("nets/retrieval_udl_fast.py", "Float32"),
    "int16": ("nets/retrieval_udl_fast.py", "Int16"),
    "int8": ("nets/retrieval_udl_fast.py", "Int8"),
    "fast": ("nets/retrieval_udl_fast.py", "Fast"),
    "torch": ("nets/retrieval_torch.py", "Eager"),
    "torch-compiled": ("nets/retrieval_torch.py", "Compiled"),
    "torch-frozen": ("nets/retrieval_torch.py", "Frozen"),
    "torch-int8": ("nets/retrieval_torch.py", "Int8"),
    "torch-autocast": ("nets/retrieval_torch.py", "Autocast"),
    "torch-bfloat16": ("nets/retrieval_torch.py", "Bfloat16"),
    "torch-bfloat16-compiled": ("nets/retrieval_torch.py", "CompiledBfloat16"),
    "torch-bfloat16-frozen": ("nets/retrieval_torch.py", "FrozenBfloat16"),
}
_FLOAT32 = encode_speed.PEERS["float32"]
PEERS = {
    "float32": _FLOAT32,
    "int16": _FLOAT32,
    "int8": (*_FLOAT32, "torch-int8"),
    "fast": encode_speed.PEERS["fast"],
}
_K = 10
_REQUIRED = ("float32", "int16", "int8")
# Share of bits that may differ: those whose inputs are next to 0.
_EXACT, _ROUNDED = 1e-3, 0.05


def check(contestant: Contestant, layers: Layers) -> float:
    """The largest share of bits that are others than NumPy's.

    Raises
    ------
    ContestantError
        If it is too large, or other distances are found than those of its own codes.
    """
    rows = pixels(500, layers[0][0].shape[1])
    expected = pack_bits(codes_of(layers, rows), threshold=0.0)
    largest = 0.0
    for chunk_size in (len(rows), len(rows) // 2):
        codes, distances, _ = contestant.call(
            "check", layers=layers, rows=rows, n_queries=50, k=_K, chunk_size=chunk_size
        )
        differing = np.unpackbits(codes ^ expected).mean() * 8 * codes.shape[1] / len(layers[-1][1])
        largest = max(largest, float(differing))
        all_distances = np.sort(hamming_distances(codes[:50], codes), axis=1)[:, :_K]
        if not np.array_equal(distances, all_distances):
            raise ContestantError(f"{contestant.name}: the nearest codes are not found")
    is_exact = contestant.name in ("float32", "int16", *_FLOAT32)
    if not largest <= (_EXACT if is_exact else _ROUNDED):
        raise ContestantError(f"{contestant.name}: {largest:.2%} of the bits are others")
    return float(f"{largest:.3g}")


def measure(quick: bool, wanted: list[str] | None) -> dict[str, Any]:
    """The whole record."""
    sizes, n_rows, n_queries = (QUICK, 600, 60) if quick else (ENCODER, 50_000, 1000)
    rounds, seconds = (1, 0.01) if quick else (5, 2.0)
    chunk_sizes = {"whole": n_rows, f"{n_rows // 10:,} rows": n_rows // 10}
    n_threads = get_num_threads()
    layers, rows = random_layers(sizes), pixels(n_rows, sizes[0])
    with contextlib.ExitStack() as stack:
        if wanted is None:
            wanted = ["fast", "torch"] if quick else list(CONTESTANTS)
        started = [
            suite.start(n, CONTESTANTS, n_threads, stack, required=_REQUIRED)
            for n in CONTESTANTS
            if n in [*_REQUIRED, *wanted]
        ]
        contestants = [contestant for contestant in started if contestant is not None]
        checks = {c.name: check(c, layers) for c in contestants}
        for contestant in contestants:
            contestant.call("prepare", layers=layers, rows=rows, n_queries=n_queries, k=_K)
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
            "queries": n_queries,
            "k": _K,
            "limit": LIMIT,
            "unit": "times all of it per second",
        },
        "contestants": versions,
        "checks": checks,
        "rates": timings.as_record("")["rates"],
        "results": compared(timings, list(versions), PEERS)
        | {"fastest": fastest(timings, list(versions))},
    }


def fastest(timings: Timings, names: list[str]) -> dict[str, Any]:
    """The fastest of ours against all of PyTorch."""
    ways = best_ways(timings, names)
    ours = max((n for n in names if n in PEERS), key=lambda n: timings.median(ways[n][1]))
    others = tuple(name for name in names if name not in PEERS)
    return {"ours": ours} | compared(timings, names, {ours: others})[ours]


def table(record: Mapping[str, Any]) -> str:
    """The record in Markdown."""
    header = ["ours", "encode and search, s", "other bits", "PyTorch with FAISS, s", "its form"]
    header += ["other bits", "ratio"]
    rows = []
    for name, found in record["results"].items():
        ours = found.get("ours", name)
        label = f"{ours}, the fastest" if "ours" in found else ours
        row = [label, f"{found['seconds']:.3g}", f"{record['checks'][ours]:.2%}"]
        if "best_peer" in found:
            peer = found["best_peer"]
            row += [f"{found['its_seconds']:.3g}", peer, f"{record['checks'][peer]:.2%}"]
            row += [f"{found['ratio_to_best']:.2f}x"]
        rows.append(row + [""] * (len(header) - len(row)))
    return markdown_table(header, rows)


def short_of(record: Mapping[str, Any]) -> list[str]:
    """What is not as wanted, in words: a ratio, or other bits than the fastest of ours may have."""
    results, checks = record["results"], record["checks"]
    missed = [
        f"{name}: {found['ratio_to_best']:.2f}x, wanted {LIMIT:.1f}x"
        for name, found in results.items()
        if found.get("ratio_to_best", LIMIT) < LIMIT
    ]
    ours, peer = results["fastest"]["ours"], results["fastest"].get("best_peer")
    if peer is not None and checks[ours] > checks[peer]:
        missed.append(f"{ours}: {checks[ours]:.2%} other bits, {peer} {checks[peer]:.2%}")
    return missed


def main() -> int:
    """Measure, print and record; 1 if one of ours is not as wanted."""
    options = parser(__doc__)
    options.add_argument(
        "--peers",
        nargs="+",
        choices=list(CONTESTANTS),
        help="contestants beside ours in float32, int16 and int8",
    )
    arguments = options.parse_args()
    path = output_path(arguments, NAME)
    record = measure(arguments.quick, arguments.peers)
    print(table(record), file=sys.stderr)
    finish(NAME, path, record)
    if arguments.quick:
        return 0
    for missed in short_of(record):
        print(missed, file=sys.stderr)
    return 1 if short_of(record) else 0


if __name__ == "__main__":
    sys.exit(main())
