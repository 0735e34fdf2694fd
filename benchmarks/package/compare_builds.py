"""Two builds of udl_fast side by side: a change that must not cost speed is measured, not believed.

Each build lies in a folder of its own (`pip install --target FOLDER`) and works in a process of its own,
which waits on a pipe while the other is timed. A round times both once, in an order that changes from round
to round; reported is the median of the rounds' ratios, rate after the change by rate before it. Both
builds do the same work on the same data, and their results are compared to the bit before anything is timed;
`--other-bits` says that the change was meant to give others, and the record says which results were the same.

    python -m benchmarks.package.compare_builds --before FOLDER --after FOLDER

Without folders the installed build is compared with itself, which shows what the machine's noise is.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.support.recording import finish, output_path, parser
from udl_fast.bench.table import markdown_table

WORKER = Path(__file__).with_name("_work_of_build.py")
SETTLE_SECONDS = 0.1  # threads of the other build have gone to sleep by then
TRAINING = {  # name: (batch, visible, hidden)
    "cd-1 100x784x500": (100, 784, 500),
    "cd-1 512x784x1024": (512, 784, 1024),
    "cd-1 1024x784x4096": (1024, 784, 4096),
    "cd-1 256x3072x8192": (256, 3072, 8192),
    "cd-1 10x64x256": (10, 64, 256),
}
LARGE = (256, 3072, 8192)  # its weights fit no cache
QUICK_TRAINING = {"cd-1 20x64x32": (20, 64, 32)}
QUICK_LARGE = (20, 64, 32)


class Build:
    """One build in a process of its own."""

    def __init__(self, folder: Path | None, n_threads: int) -> None:
        environment = {**os.environ, "UDL_FAST_PROGRESS": "0"}
        environment["UDL_FAST_NUM_THREADS"] = str(n_threads)
        if folder is not None:
            environment["PYTHONPATH"] = str(folder)
        self._process = subprocess.Popen(
            [sys.executable, str(WORKER), str(n_threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        )

    def ask(self, **command: Any) -> Any:
        """The answer to one command."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(command), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a build's process ended with code {self._process.wait()}")
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def cases(quick: bool) -> dict[str, tuple[str, list[int]]]:
    """name: (kind of work, size)."""
    training = QUICK_TRAINING if quick else TRAINING
    found = {name: ("training", list(size)) for name, size in training.items()}
    large = list(QUICK_LARGE if quick else LARGE)
    label = "x".join(map(str, large))
    found[f"cd-1 fast {label}"] = ("training fast", large)
    for work in ("hidden", "hidden fast", "visible", "visible fast"):
        found[f"{work} {label}"] = (work, large)
    if quick:
        found["free energies 20x64x32"] = ("free energies", [20, 64, 32])
        return {**found, "one query of 2,000 codes": ("queries", [2000, 1])}
    return {
        **found,
        "free energies 2000x784x512": ("free energies", [2000, 784, 512]),
        "gibbs 2048x784x500": ("gibbs", [2048, 784, 500]),
        "fit 60000x784x500": ("fit", [60000, 784, 500]),
        "1 query of 2M codes": ("queries", [2_000_000, 1]),
        "1000 queries of 2M codes": ("queries", [2_000_000, 1000]),
    }


def runs_for(build: Build, seconds: float) -> int:
    """How many runs take about `seconds`; warms the build up on the way."""
    n = 1
    build.ask(do="run", n=n)
    taken = build.ask(do="run", n=n)
    while taken < seconds / 4:
        n = max(2 * n, int(n * min(16.0, seconds / 2 / max(taken, 1e-9))))
        taken = build.ask(do="run", n=n)
    return max(1, round(n * seconds / taken))


def compare(
    builds: dict[str, Build], rounds: int, seconds: float, other_bits: bool = False
) -> dict[str, Any]:
    """Time both builds in turns on the work they have prepared."""
    for build in builds.values():
        build.ask(do="run", n=2)
    results = {name: build.ask(do="result") for name, build in builds.items()}
    same_bits = results["before"] == results["after"]
    if not (same_bits or other_bits):
        raise RuntimeError(f"the builds give different results: {results}")
    n = runs_for(builds["before"], seconds)
    runs_for(builds["after"], seconds)
    taken: dict[str, list[float]] = {name: [] for name in builds}
    for round_number in range(rounds):
        for name in sorted(builds, reverse=round_number % 2 == 1):
            time.sleep(SETTLE_SECONDS)
            builds[name].ask(do="run", n=max(1, n // 8))  # brings its data back into the caches
            taken[name].append(builds[name].ask(do="run", n=n))
    ratios = [a / b for a, b in zip(taken["before"], taken["after"], strict=True)]
    return {
        "same_bits": same_bits,
        "runs_a_sample": n,
        "seconds_a_run": {name: statistics.median(times) / n for name, times in taken.items()},
        "ratio": {
            "median": round(statistics.median(ratios), 4),
            "smallest": round(min(ratios), 4),
            "largest": round(max(ratios), 4),
        },
    }


def table(record: dict[str, Any]) -> str:
    """The record as a Markdown table."""
    rows = [
        [
            name,
            f"{case['seconds_a_run']['before'] * 1000:.4g} ms",
            f"{case['seconds_a_run']['after'] * 1000:.4g} ms",
            f"{case['ratio']['median']:.3f}",
            "same" if case.get("same_bits", True) else "other",
        ]
        for name, case in record["cases"].items()
    ]
    before, after = record["commits"]["before"], record["commits"]["after"]
    heads = ["work", f"before ({before})", f"after ({after})", "rate after / before", "bits"]
    return markdown_table(heads, rows)


def without_folders(command: list[str]) -> list[str]:
    """Arguments as a record states them: folders are of one machine and say nothing there."""
    found = list(command)
    for option in ("--before", "--after"):
        for place, argument in enumerate(found):
            if argument.startswith(f"{option}="):
                found[place] = f"{option}=FOLDER"
            elif argument == option:
                found[place + 1] = "FOLDER"
    return found


def main() -> None:
    """Compare, print and record."""
    options = parser(__doc__)
    options.add_argument("--before", type=Path, metavar="FOLDER", help="of the old build")
    options.add_argument("--after", type=Path, metavar="FOLDER", help="of the new build")
    options.add_argument("--commits", nargs=2, metavar="COMMIT", help="of both builds, to record")
    options.add_argument("--only", nargs="+", metavar="CASE", help="cases that begin like these")
    options.add_argument("--other-bits", action="store_true", help="results may differ")
    options.add_argument("--rounds", type=int, default=21)
    options.add_argument("--seconds", type=float, default=0.6, help="of a sample")
    options.add_argument("--threads", type=int, default=2)
    arguments = options.parse_args()
    path = output_path(arguments, "compare_builds")
    rounds, seconds = (3, 0.05) if arguments.quick else (arguments.rounds, arguments.seconds)
    measured = {}
    for name, (work, size) in cases(arguments.quick).items():
        if arguments.only and not name.startswith(tuple(arguments.only)):
            continue
        builds = {
            name: Build(folder, arguments.threads)
            for name, folder in (("before", arguments.before), ("after", arguments.after))
        }
        for build in builds.values():
            build.ask(do="prepare", work=work, size=size)
        measured[name] = compare(builds, rounds, seconds, arguments.other_bits)
        print(f"{name:<28} {measured[name]['ratio']}", file=sys.stderr, flush=True)
        for build in builds.values():
            build.close()
    sys.argv[1:] = without_folders(sys.argv[1:])
    compared = {
        "commits": dict(zip(("before", "after"), arguments.commits or (), strict=False)),
        "threads": arguments.threads,
        "cases": measured,
    }
    finish("compare_builds", path, compared)


if __name__ == "__main__":
    main()
