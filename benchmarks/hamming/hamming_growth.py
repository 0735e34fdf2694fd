"""How the cost of one query and the memory of an index grow with the number of codes.

256-bit codes in clusters of 10 near duplicates; a query takes all codes at a distance of at most 24,
one query at a time: by a scan, and through tables. Memory is the resident size that an index adds,
against the bytes of its codes. With --plot the result is drawn too. Linux only.
"""

import gc
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.support.recording import finish, output_path, parser
from benchmarks.support.resident import status_mb
from udl_fast import HammingIndex, get_num_threads
from udl_fast.bench.hamming.data import clustered
from udl_fast.bench.table import markdown_table

SIZES = (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000, 20_000_000)
_N_BITS, _LARGEST, _PER_CLUSTER, _N_QUERIES = 256, 24, 10, 200
_REPEATS = 5


def search_seconds(index: HammingIndex, queries: NDArray[np.uint8]) -> float:
    """Median time of one call with one query."""
    samples = []
    for _ in range(_REPEATS + 1):
        start = time.perf_counter()
        for q in range(len(queries)):
            index.range_search(queries[q : q + 1], _LARGEST, inclusive=True)
        samples.append((time.perf_counter() - start) / len(queries))
    return statistics.median(samples[1:])  # the first one warms up


def measure(n_codes: int) -> dict[str, float]:
    """Times and memory at one size."""
    codes, queries = clustered(n_codes, _N_BITS, _N_QUERIES, _PER_CLUSTER)
    gc.collect()
    before = status_mb("VmRSS")
    scanned = HammingIndex(_N_BITS, index_type="scan")
    scanned.add(codes)
    added = 1e6 * (status_mb("VmRSS") - before)
    scan = search_seconds(scanned, queries[:20])
    expected = scanned.range_search(queries, _LARGEST, inclusive=True)
    del scanned
    tabled = HammingIndex(_N_BITS, index_type="mih")
    tabled.add(codes)
    start = time.perf_counter()
    tabled.build_tables()
    build = time.perf_counter() - start
    tables = search_seconds(tabled, queries)
    found = tabled.range_search(queries, _LARGEST, inclusive=True)
    if not all(map(np.array_equal, found, expected)):
        raise SystemExit("tables and scan differ")
    return {
        "codes": n_codes,
        "scan_seconds": scan,
        "tables_seconds": tables,
        "build_seconds": round(build, 3),
        "bytes_per_code": round(added / n_codes, 3),
        "table_bytes_per_code": round(tabled.tables_nbytes / n_codes, 2),
    }


def plot(results: list[dict[str, float]], path: Path) -> None:
    """Time against codes, both axes logarithmic."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    n = [row["codes"] for row in results]
    axes.loglog(n, [1e3 * row["scan_seconds"] for row in results], "o-", label="scan")
    axes.loglog(n, [1e3 * row["tables_seconds"] for row in results], "s-", label="tables")
    axes.set(xlabel="codes", ylabel="ms a query", title="All codes within 24 of 256 bits")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=100, metadata={"Software": None})


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    header = ["codes", "a query by scan", "a query by tables", "tables built in"]
    header += ["index without tables", "its tables"]
    rows = [
        [
            f"{row['codes']:,}",
            f"{1e3 * row['scan_seconds']:.3g} ms",
            f"{1e6 * row['tables_seconds']:.3g} us",
            f"{row['build_seconds']:.2f} s",
            f"{row['bytes_per_code']:.2f} B a code",
            f"{row['table_bytes_per_code']:.1f} B a code",
        ]
        for row in record["results"]
    ]
    return markdown_table(header, rows)


def main() -> None:
    """Measure as the command line says."""
    options = parser(__doc__)
    options.add_argument("--plot", type=Path, metavar="FILE", help="draw the result as PNG")
    arguments = options.parse_args()
    path = output_path(arguments, "hamming_growth")
    results = []
    for n_codes in (1000, 20_000) if arguments.quick else SIZES:
        results.append(measure(n_codes))
        print(results[-1], file=sys.stderr)
    settings = {"bits": _N_BITS, "radius": _LARGEST, "threads": get_num_threads()}
    finish("hamming_growth", path, {"settings": settings, "results": results})
    if arguments.plot is not None:
        plot(results, arguments.plot)


if __name__ == "__main__":
    main()
