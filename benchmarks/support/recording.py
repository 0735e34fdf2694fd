"""What the scripts of benchmarks/ share: their options and their result files."""

import argparse
import sys
from pathlib import Path
from typing import Any

from udl_fast.bench.record import check_writable, new_record, write_json

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results"


def parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with the options every script has."""
    found = argparse.ArgumentParser(description=description)
    found.add_argument(
        "--quick",
        action="store_true",
        help="a small form of the measurement, to see that it runs; recorded only with --output",
    )
    found.add_argument(
        "--output", type=Path, metavar="FILE", help="result file (default: results/NAME.json)"
    )
    return found


def output_path(arguments: argparse.Namespace, name: str) -> Path | None:
    """Where the result goes, checked to be writable; None if it is not to be kept."""
    path: Path | None = arguments.output
    if path is None and not arguments.quick:
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{name}.json"
    if path is not None:
        check_writable(path)
    return path


def module_of(name: str) -> str:
    """The script of that name as a module of the checkout; no two rooms have one of the same name."""
    (path,) = (ROOT / "benchmarks").glob(f"*/{name}.py")
    return f"benchmarks.{path.parent.name}.{name}"


def finish(name: str, path: Path | None, measured: dict[str, Any]) -> None:
    """Write and print the record of a measurement."""
    command = ["python", "-m", module_of(name), *sys.argv[1:]]
    record = {**new_record(name, command, RESULTS.parent), **measured}
    if path is not None:
        write_json(path, record)
        print(f"recorded in {path.name}", file=sys.stderr)
