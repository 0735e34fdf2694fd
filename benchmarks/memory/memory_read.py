"""How fast all threads together read memory: the least time that a scan for one query can take.

A dot product of 64 MB of numbers with themselves, which BLAS shares between its threads: as many bytes
as 2 million codes of 256 bits, read once, with little to compute.
"""

import statistics
import sys
import time

import numpy as np

from benchmarks.support.recording import finish, output_path, parser
from udl_fast import get_num_threads

_BYTES = 64_000_000


def read_seconds(n_bytes: int, repeats: int) -> list[float]:
    """Time of each reading."""
    numbers = np.ones(n_bytes // 8)
    seconds = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        total = np.dot(numbers, numbers)
        seconds.append(time.perf_counter() - start)
        assert total == len(numbers)
    return seconds[1:]  # the first one wakes the threads


def main() -> int:
    """Measure, print, record."""
    arguments = parser(__doc__).parse_args()
    path = output_path(arguments, "memory_read")
    seconds = read_seconds(_BYTES, 3 if arguments.quick else 300)
    measured = {
        "settings": {"threads": get_num_threads(), "bytes": _BYTES},
        "gb_per_second": round(_BYTES / statistics.median(seconds) / 1e9, 1),
        "highest_gb_per_second": round(_BYTES / min(seconds) / 1e9, 1),
        "milliseconds": round(1e3 * statistics.median(seconds), 2),
        "least_milliseconds": round(1e3 * min(seconds), 2),
    }
    print(measured)
    finish("memory_read", path, measured)
    return 0


if __name__ == "__main__":
    sys.exit(main())
