"""How long `import udl_fast`, and getting a class from it, takes beyond `import sklearn.base`.

Names of the package are imported when first used, so both are timed: the bare import, and
`from udl_fast import RBM`, which needs sklearn.base. Fresh interpreters in turns, one statement
each; the time is that of the statement, without starting the interpreter. The first round warms the
file cache and is left out.

Two commands are timed as a whole, interpreter and all: what people type first is to answer at once.
"""

import statistics
import subprocess
import sys
import time
from typing import Any

from benchmarks.support.recording import finish, output_path, parser
from udl_fast.bench.table import markdown_table

_CODE = "import time; t = time.perf_counter(); {}; print(time.perf_counter() - t)"
BASE = "import sklearn.base"
STATEMENTS = [BASE, "import udl_fast", "from udl_fast import RBM"]
LIMIT_SECONDS = 0.1
COMMANDS = ["--help", "info"]
COMMAND_LIMIT_SECONDS = 0.3


def seconds_of(statement: str) -> float:
    """Seconds that the statement takes in a fresh interpreter."""
    command = [sys.executable, "-c", _CODE.format(statement)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def command_seconds(argument: str) -> float:
    """Seconds of `udl-fast ARGUMENT`, with the start of the interpreter."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "udl_fast", argument]
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - start


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    rows = []
    for statement, seconds in record["seconds"].items():
        added = record["added_seconds"].get(statement)
        more = "" if added is None else f"{added * 1000:+.0f} ms"
        rows.append([f"`{statement}`", f"{seconds * 1000:.0f} ms", more])
    rows += [
        [f"`{name}`", f"{s * 1000:.0f} ms", ""]
        for name, s in record.get("command_seconds", {}).items()
    ]
    return markdown_table(["statement", "median", "beyond sklearn.base"], rows)


def main() -> int:
    """Measure, print, record; 1 if a limit is passed."""
    options = parser(__doc__)
    options.add_argument("--rounds", type=int, help="interpreters of each kind (default 21)")
    arguments = options.parse_args()
    path = output_path(arguments, "import_time")
    rounds = arguments.rounds or (3 if arguments.quick else 21)
    times: dict[str, list[float]] = {name: [] for name in (*STATEMENTS, *COMMANDS)}
    for number in range(rounds + 1):
        for name, taken in times.items():
            seconds = command_seconds(name) if name in COMMANDS else seconds_of(name)
            if number > 0:
                taken.append(seconds)
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    added = {s: medians[s] - medians[BASE] for s in STATEMENTS if s != BASE}
    commands = {f"udl-fast {name}": round(medians.pop(name), 4) for name in COMMANDS}
    print(f"{BASE:<24} {medians[BASE] * 1000:7.1f} ms")
    for statement, more in added.items():
        print(f"{statement:<24} {medians[statement] * 1000:7.1f} ms, {more * 1000:+.1f} ms")
    for command, seconds in commands.items():
        print(f"{command:<24} {seconds * 1000:7.1f} ms")
    measured = {
        "rounds": rounds,
        "seconds": {statement: round(median, 4) for statement, median in medians.items()},
        "added_seconds": {statement: round(more, 4) for statement, more in added.items()},
        "limit_seconds": LIMIT_SECONDS,
        "command_seconds": commands,
        "command_limit_seconds": COMMAND_LIMIT_SECONDS,
    }
    finish("import_time", path, measured)
    within = (
        max(added.values()) <= LIMIT_SECONDS and max(commands.values()) <= COMMAND_LIMIT_SECONDS
    )
    return 0 if arguments.quick or within else 1


if __name__ == "__main__":
    sys.exit(main())
