"""How long `import udl_fast` takes beyond `import sklearn.base`.

Fresh interpreters in turns: one imports sklearn.base, the next udl_fast (which needs sklearn.base).
Each times the import itself, so starting the interpreter does not count. The first pair warms the
file cache and is left out.
"""

import statistics
import subprocess
import sys

from recording import finish, output_path, parser

_CODE = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"
LIMIT_SECONDS = 0.1


def import_seconds(module: str) -> float:
    """Seconds that importing `module` takes in a fresh interpreter."""
    command = [sys.executable, "-c", _CODE.format(module)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main() -> int:
    """Measure, print, record; 1 if the limit is passed."""
    options = parser(__doc__)
    options.add_argument("--rounds", type=int, help="pairs of interpreters (default 21)")
    arguments = options.parse_args()
    path = output_path(arguments, "import_time")
    rounds = arguments.rounds or (3 if arguments.quick else 21)
    times: dict[str, list[float]] = {"sklearn.base": [], "udl_fast": []}
    for number in range(rounds + 1):
        for module, taken in times.items():
            seconds = import_seconds(module)
            if number > 0:
                taken.append(seconds)
    medians = {module: statistics.median(taken) for module, taken in times.items()}
    added = medians["udl_fast"] - medians["sklearn.base"]
    for module, median in medians.items():
        print(f"import {module:<14} {median * 1000:7.1f} ms")
    print(f"added by udl_fast     {added * 1000:7.1f} ms (limit {LIMIT_SECONDS * 1000:.0f} ms)")
    measured = {
        "rounds": rounds,
        "seconds": {module: round(median, 4) for module, median in medians.items()},
        "added_seconds": round(added, 4),
        "limit_seconds": LIMIT_SECONDS,
    }
    finish("import_time", path, measured)
    return 0 if added <= LIMIT_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
