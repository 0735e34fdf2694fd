"""Look-up of 28-bit codes as addresses: exact, and in a time that does not grow with the number of codes.

Codes lie in clusters, as those of a trained model do: centres at random, each code a few bits from its
centre. At every size as many codes lie near each query (fixed occupancy), so more codes are more centres. A
query takes all codes within a Hamming ball of 5 bits, one query at a time, through the table of addresses and
by a scan of all codes; both must be equal. What of a query is the ball's own, 122,438 addresses, costs the
same at every size.
"""

import statistics
import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import HammingIndex, get_num_threads, pack_bits
from udl_fast.bench.table import markdown_table

NAME = "address_lookup"
SIZES = (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
_N_BITS, _RADIUS = 28, 5
_PER_CLUSTER, _FLIPS = 100, 0.05
_N_QUERIES, _N_CHECKED = 200, 20
_REPEATS = 5


def clustered(n_codes: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Codes, and queries that are others of the same clusters."""
    generator = np.random.default_rng(seed)
    n_clusters = n_codes // _PER_CLUSTER
    centres = generator.random((n_clusters, _N_BITS)) < 0.5
    bits = np.repeat(centres, _PER_CLUSTER, axis=0)
    bits ^= generator.random(bits.shape, dtype=np.float32) < _FLIPS
    asked = centres[generator.integers(0, n_clusters, _N_QUERIES)]
    asked ^= generator.random(asked.shape) < _FLIPS
    return pack_bits(bits), pack_bits(asked)


def seconds_of(index: HammingIndex, queries: NDArray[np.uint8]) -> float:
    """Median over rounds of the mean time of a call with one query."""
    samples = []
    for _ in range(_REPEATS + 1):
        start = time.perf_counter()
        for query in range(len(queries)):
            index.range_search(queries[query : query + 1], _RADIUS, inclusive=True)
        samples.append((time.perf_counter() - start) / len(queries))
    return statistics.median(samples[1:])  # the first one warms up


def measure(n_codes: int, seed: int) -> dict[str, Any]:
    """Times at one size, and whether both ways find the same."""
    codes, queries = clustered(n_codes, seed)
    tables = HammingIndex(32, index_type="mih")
    tables.add(codes)
    begin = time.perf_counter()
    tables.build_tables()
    build = time.perf_counter() - begin
    scan = HammingIndex(32, index_type="scan")
    scan.add(codes)
    some = queries[:_N_CHECKED]
    expected = scan.range_search(some, _RADIUS, inclusive=True)
    found = tables.range_search(some, _RADIUS, inclusive=True)
    limits = tables.range_search(queries, _RADIUS, inclusive=True)[0]
    return {
        "codes": n_codes,
        "equal": all(map(np.array_equal, found, expected)),
        "found_per_query": round(float(limits[-1]) / len(queries), 1),
        "tables_seconds": seconds_of(tables, queries),
        "scan_seconds": seconds_of(scan, some),
        "build_seconds": round(build, 3),
        "table_bytes_per_code": round(tables.tables_nbytes / n_codes, 2),
    }


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    rows = [
        [
            f"{row['codes']:,}",
            f"{row['found_per_query']:.0f}",
            f"{1e6 * row['tables_seconds']:.0f} us",
            f"{1e6 * row['scan_seconds']:,.0f} us",
            "yes" if row["equal"] else "no",
        ]
        for row in record["results"]
    ]
    header = ["codes", "found by a query", "by address", "by scan", "the same found"]
    return markdown_table(header, rows)


def main() -> int:
    """Run, print, record."""
    found = parser(__doc__)
    found.add_argument("--seed", type=int, default=0)
    options = found.parse_args()
    path = output_path(options, NAME)
    results = []
    for n_codes in (2_000, 20_000) if options.quick else SIZES:
        results.append(measure(n_codes, options.seed))
        print(results[-1], file=sys.stderr)
    settings = {
        "bits": _N_BITS,
        "radius": _RADIUS,
        "codes_per_cluster": _PER_CLUSTER,
        "flips": _FLIPS,
        "seed": options.seed,
        "threads": get_num_threads(),
    }
    finish(NAME, path, {"settings": settings, "results": results})
    return 0 if all(row["equal"] for row in results) else 1


if __name__ == "__main__":
    sys.exit(main())
