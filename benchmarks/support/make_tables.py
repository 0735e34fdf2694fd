"""Fill the recorded figures into README.md and the docs, or check that they are up to date.

Figures stand between HTML comments and are never written by hand:

    <!-- table: rbm -->
    (the whole result as a Markdown table)
    <!-- end table -->

    <!-- table: rbm work -->
    (another table of the same result: effective Gflop/s and single products)
    <!-- end table -->

    ... <!-- figure: rbm_exact16 results.normal.mean_log_likelihood .1f -->x<!-- end figure --> nats

The name is that of a file in benchmarks/results/. `python -m benchmarks.support.make_tables` writes,
`python -m benchmarks.support.make_tables --check` only compares (exit code 1 if something differs).
"""

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

from udl_fast.bench.hamming.benchmark import table_of as hamming_table
from udl_fast.bench.rbm.tables import forms_table, product_table, speed_table, work_table
from udl_fast.bench.table import markdown_table

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results"
_TABLE = re.compile(r"(<!-- table: (\S+)(?: (\w+))? -->\n).*?(<!-- end table -->)", re.DOTALL)
_FIGURE = re.compile(r"(<!-- figure: (\S+) (\S+) (\S+) -->).*?(<!-- end figure -->)", re.DOTALL)
_MARKER = re.compile(r"<!--\s*(?:table|figure|end)\b.*?-->")
# Claims that must come from a record: speed ratios, rates, nats, and sizes or times measured.
_CLAIM = re.compile(
    r"\d[\d,.]*\s?(?:x faster|times faster|x\b(?! \d)|examples/s|examples per second|nats\b)"
)
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def documents() -> list[Path]:
    """The files that quote figures."""
    found = [ROOT / "README.md", ROOT / "benchmarks" / "README.md"]
    return [path for path in [*found, *sorted((ROOT / "docs").rglob("*.md"))] if path.is_file()]


def filled(text: str, results: Path = RESULTS) -> str:
    """The text with every table and figure as recorded.

    Raises
    ------
    ValueError
        If a figure has no record, a record has no such entry, or a marker is not well-formed.
    """
    stray = _MARKER.search(_FIGURE.sub("", _TABLE.sub("", text)))
    if stray is not None:
        raise ValueError(f"make_tables: {stray[0]} is no marker, or has no partner")
    text = _TABLE.sub(lambda m: m[1] + _table(results / f"{m[2]}.json", m[3]) + "\n" + m[4], text)
    return _FIGURE.sub(lambda m: m[1] + _figure(results / f"{m[2]}.json", m[3], m[4]) + m[5], text)


def unrecorded_claims(text: str) -> list[str]:
    """Figures with a unit of measurement that stand outside the markers and outside code."""
    for pattern in (_TABLE, _FIGURE, _CODE):
        text = pattern.sub("", text)
    return [match[0] for match in _CLAIM.finditer(text)]


def _table(path: Path, part: str | None) -> str:
    if not path.is_file():
        return "_Not recorded yet._"
    record = json.loads(path.read_text())
    make = _table_of(record["benchmark"] + (f" {part}" if part else ""))
    machine = record["machine"]
    threads = record.get("settings", {}).get("threads")
    facts = [
        f"{machine['cpu']}, {machine['cores']} cores, {machine['system']}",
        *([f"{threads} threads"] if threads else []),
        record["date"],
        f"commit {record['commit']}",
        f"`{record['command']}`",
    ]
    return f"{make(record)}\n\n{'; '.join(facts)}"


def _figure(path: Path, key: str, form: str) -> str:
    if not path.is_file():
        raise ValueError(f"make_tables: no record {path.name} for figure {key}")
    value: Any = json.loads(path.read_text())
    for part in key.split("."):
        try:
            value = value[int(part)] if isinstance(value, list) else value[part]
        except (KeyError, IndexError, ValueError):
            raise ValueError(f"make_tables: {path.name} has no {key}") from None
    return format(value, form)


def _rbm(record: dict[str, Any]) -> str:
    return markdown_table(*speed_table(record))


def _rbm_forms(record: dict[str, Any]) -> str:
    return markdown_table(*forms_table(record))


def _rbm_work(record: dict[str, Any]) -> str:
    tables = [work_table(record), *([product_table(record)] if "ceilings" in record else [])]
    return "\n\n".join(markdown_table(header, rows) for header, rows in tables)


def _hamming(record: dict[str, Any]) -> str:
    header, rows = hamming_table(record)
    levels = "; ".join(
        f"{name}: {', '.join(versions.values())}"
        for name, versions in record["contestants"].items()
    )
    return f"{markdown_table(header, rows)}\n\n{levels}"


# Of benchmarks that the package itself has: `udl-fast bench`.
_OF_PACKAGE: dict[str, Callable[[dict[str, Any]], str]] = {
    "rbm": _rbm,
    "rbm forms": _rbm_forms,
    "rbm work": _rbm_work,
    "hamming": _hamming,
}


def _table_of(name: str) -> Callable[[dict[str, Any]], str]:
    """What makes the table of a benchmark: `table` of the script of this name. A script may have several
    records, whose names begin with its own."""
    if name in _OF_PACKAGE:
        return _OF_PACKAGE[name]
    paths = [p for p in ROOT.glob("benchmarks/*/*.py") if name.startswith(p.stem)]
    if not paths:
        raise ValueError(f"make_tables: no script in benchmarks/ for {name}")
    script = max(paths, key=lambda path: len(path.stem))
    module = import_module(f"benchmarks.{script.parent.name}.{script.stem}")
    found: Callable[[dict[str, Any]], str] = module.table
    return found


def outdated(paths: Iterable[Path]) -> list[Path]:
    """Files whose figures are not those recorded."""
    return [path for path in paths if filled(path.read_text()) != path.read_text()]


def main() -> int:
    """Write or check; 1 if a check found something."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--check", action="store_true", help="change nothing, compare only")
    arguments = options.parse_args()
    changed = outdated(documents())
    for path in changed:
        name = path.relative_to(ROOT)
        if arguments.check:
            print(f"{name}: figures differ from benchmarks/results; run make_tables.py")
        else:
            path.write_text(filled(path.read_text()))
            print(f"{name}: written")
    claims = {path: unrecorded_claims(path.read_text()) for path in documents()}
    for path, found in claims.items():
        for claim in found:
            print(f"{path.relative_to(ROOT)}: '{claim}' is a figure outside the markers")
    return 1 if any(claims.values()) or (arguments.check and changed) else 0


if __name__ == "__main__":
    sys.exit(main())
