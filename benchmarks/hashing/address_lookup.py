"""Look-up of 28-bit codes as addresses: exact, and in a time that does not grow with the number of codes.

Occupancy is fixed: at every size each query has as many codes within its Hamming ball of 5 bits. So many lie a
few bits from a centre of its own, as codes of a trained model do; all others lie anywhere outside of the balls.
A query takes all codes of its ball, one query at a time, through the table of addresses, as HammingIndex with
index_type="mih" chooses between the two, and by a scan of all codes; all must be equal. A ball has 122,438
addresses at every size. `found_when_spread` tells how many codes a ball would hold if all were spread evenly.
"""

import math
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import HammingIndex, _core, get_num_threads, pack_bits
from udl_fast.bench.table import markdown_table

NAME = "address_lookup"
SIZES = (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
_N_BITS, _RADIUS = 28, 5
_ADDRESSES = sum(math.comb(_N_BITS, d) for d in range(_RADIUS + 1))
_PER_BALL, _FLIPS = 100, 0.05
_N_QUERIES, _N_CHECKED = 200, 20
_REPEATS = 5
Search = Callable[[NDArray[np.uint8]], Any]


def fixed_occupancy(n_codes: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Codes, and queries with _PER_BALL of them in the ball of each."""
    generator = np.random.default_rng(seed)
    queries = generator.random((_N_QUERIES, _N_BITS)) < 0.5
    near = np.repeat(queries, 2 * _PER_BALL, axis=0)
    near ^= generator.random(near.shape, dtype=np.float32) < _FLIPS
    inside = (near != np.repeat(queries, 2 * _PER_BALL, axis=0)).sum(axis=1) <= _RADIUS
    first = np.cumsum(inside.reshape(_N_QUERIES, -1), axis=1) <= _PER_BALL
    own = pack_bits(near[inside & first.ravel()])
    packed = pack_bits(queries)
    others = outside(packed, n_codes - len(own), generator)
    return generator.permutation(np.concatenate([own, others])), packed


def outside(
    queries: NDArray[np.uint8], n_codes: int, generator: np.random.Generator
) -> NDArray[np.uint8]:
    """Codes that are in no ball of a query, and anywhere else with equal probability."""
    found: list[NDArray[np.uint8]] = []
    while (missing := n_codes - sum(map(len, found))) > 0:
        words = generator.integers(0, 1 << _N_BITS, missing + missing // 5 + 100, dtype="<u4")
        codes = words.view(np.uint8).reshape(-1, 4)
        index = HammingIndex.from_codes(codes, index_type="scan")
        within = index.range_search(queries, _RADIUS, inclusive=True)[2]
        found.append(np.delete(codes, np.unique(within), axis=0)[:missing])
    return np.concatenate(found)


def seconds_of(search: Search, queries: NDArray[np.uint8]) -> float:
    """Median over rounds of the mean time of a call with one query."""
    samples = []
    for _ in range(_REPEATS + 1):
        start = time.perf_counter()
        for query in range(len(queries)):
            search(queries[query : query + 1])
        samples.append((time.perf_counter() - start) / len(queries))
    return statistics.median(samples[1:])  # the first one warms up


def ball_of(index: HammingIndex) -> Search:
    """Range searches of an index, which scans where that promises to be faster."""
    return lambda queries: index.range_search(queries, _RADIUS, inclusive=True)


def measure(n_codes: int, seed: int) -> dict[str, Any]:
    """Times at one size, and whether all ways find the same."""
    codes, queries = fixed_occupancy(n_codes, seed)
    begin = time.perf_counter()
    addresses = _core.HammingTables(codes, 1, get_num_threads())
    build = time.perf_counter() - begin

    def by_address(some: NDArray[np.uint8]) -> Any:
        return _core.hamming_hash_range(addresses, codes, some, _RADIUS, 1, always=True)[:3]

    mixed = HammingIndex.from_codes(codes, index_type="mih")
    mixed.build_tables()
    ways = {
        "addresses": by_address,
        "index": ball_of(mixed),
        "scan": ball_of(HammingIndex.from_codes(codes, index_type="scan")),
    }
    some = queries[:_N_CHECKED]
    expected = ways["scan"](some)
    equal = all(all(map(np.array_equal, search(some), expected)) for search in ways.values())
    limits = ways["scan"](queries)[0]
    return {
        "codes": n_codes,
        "tables": addresses.n_tables,
        "equal": equal,
        "found_per_query": round(float(limits[-1]) / len(queries), 1),
        "found_when_spread": round(n_codes * _ADDRESSES / 2.0**_N_BITS, 1),
        **{f"{name}_seconds": seconds_of(search, queries) for name, search in ways.items()},
        "build_seconds": round(build, 3),
        "table_bytes_per_code": round(addresses.nbytes / n_codes, 2),
    }


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    rows = [
        [
            f"{row['codes']:,}",
            f"{row['found_per_query']:.0f}",
            f"{1e6 * row['addresses_seconds']:.0f} us",
            f"{1e6 * row['index_seconds']:.0f} us",
            f"{1e6 * row['scan_seconds']:,.0f} us",
            "yes" if row["equal"] else "no",
        ]
        for row in record["results"]
    ]
    header = ["codes", "found by a query", "by address", "as HammingIndex chooses", "by scan"]
    header.append("the same found")
    return markdown_table(header, rows)


def main() -> int:
    """Run, print, record."""
    found = parser(__doc__)
    found.add_argument("--seed", type=int, default=0)
    options = found.parse_args()
    path = output_path(options, NAME)
    results = []
    for n_codes in (70_000, 140_000) if options.quick else SIZES:
        results.append(measure(n_codes, options.seed))
        print(results[-1], file=sys.stderr)
    settings = {
        "bits": _N_BITS,
        "radius": _RADIUS,
        "codes_per_ball": _PER_BALL,
        "flips": _FLIPS,
        "seed": options.seed,
        "threads": get_num_threads(),
    }
    finish(NAME, path, {"settings": settings, "results": results})
    return 0 if all(row["equal"] for row in results) else 1


if __name__ == "__main__":
    sys.exit(main())
