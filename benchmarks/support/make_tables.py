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
from pathlib import Path
from typing import Any

from udl_fast.bench.hamming.benchmark import table_of as hamming_table
from udl_fast.bench.rbm.tables import forms_table, product_table, speed_table, work_table
from udl_fast.bench.table import markdown_table, rate, ratio

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
    make = _TABLES[record["benchmark"] + (f" {part}" if part else "")]
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


def _scaling(record: dict[str, Any]) -> str:
    sizes = []
    for found in record["thread_scaling"]:
        rates = [rate(value) for value in found["rates"].values()]
        sizes.append([" x ".join(map(str, found["size"])), *rates, ratio(found["ratio"])])
    names = list(record["thread_scaling"][0]["rates"])
    header = ["batch x visible x hidden", *(f"{name}, examples/s" for name in names), "ratio"]
    rows = [
        [
            f"{row['rows']:,}",
            f"{row['fit_seconds']:.3f} s",
            f"{row['microseconds_per_row']:.2f}",
            f"{row['overhead_percent']:.1f} %",
        ]
        for row in record["rows"]
    ]
    growth = ["rows of MNIST", "fit", "microseconds a row and pass", "beyond the compiled passes"]
    return f"{markdown_table(header, sizes)}\n\n{markdown_table(growth, rows)}"


def _gaussian_speed(record: dict[str, Any]) -> str:
    names = list(record["contestants"])
    rows = [
        [
            workload,
            *(rate(found["rates"][name]["median"]) for name in names),
            f"{ratio(found['ratio_to_best'])} ({found['best_peer']})" if len(names) > 1 else "",
        ]
        for workload, found in record["results"].items()
    ]
    header = ["step", *(f"{name}, examples/s" for name in names), "vs the fastest form"]
    return markdown_table(header, rows)


def _precision(record: dict[str, Any]) -> str:
    header = [
        "setting",
        "exact test log-likelihood, nats (mean)",
        "standard deviation",
        "against the default",
    ]
    rows = []
    for name, result in record["results"].items():
        against = f"{result['standard_errors']:+.1f} standard errors" if name != "fixed" else ""
        mean, deviation = result["mean_log_likelihood"], result["standard_deviation"]
        rows.append([name, f"{mean:.2f}", f"{deviation:.2f}", against])
    return markdown_table(header, rows)


def _exact16(record: dict[str, Any]) -> str:
    rows = []
    for name, result in record["results"].items():
        values = [run["log_likelihood"] for run in result["runs"]]
        spread = f"{min(values):.2f} to {max(values):.2f}"
        rows.append([name, f"{result['mean_log_likelihood']:.2f}", spread, str(len(values))])
    header = ["polarity", "exact test log-likelihood, nats (mean)", "range over seeds", "seeds"]
    return markdown_table(header, rows)


def _sm2008(record: dict[str, Any]) -> str:
    rows = [
        [
            result["name"],
            f"{result['log_likelihood']:.2f}",
            f"{result['ais']:.2f} +- {result['ais_std_error']:.2f}",
            f"{result['reverse_ais']:.2f} +- {result['reverse_ais_std_error']:.2f}",
            f"{result['training_seconds']:.0f} s",
        ]
        for result in record["results"]
    ]
    header = ["training", "test log-likelihood, nats", "by AIS", "by reverse AIS", "trained in"]
    return markdown_table(header, rows)


def _pt_speed(record: dict[str, Any]) -> str:
    settings = record["settings"]
    shape = f"{settings['n_visible']}-{settings['n_components']}"
    ratios = [f"{record[name]:.2f}x" for name in ("ratio", "ratio_of_least", "limit_ratio")]
    header = ["model", "tempering against PCD (median)", "least times", "limit"]
    return markdown_table(header, [[shape, *ratios]])


def _ais_small(record: dict[str, Any]) -> str:
    found = record["results"]
    of = f"of {found['seeds']} seeds"
    rows = [
        ["exact", f"{found['exact']:.3f}", ""],
        ["AIS", f"{found['mean_ais']:.3f}", f"{found['within_3_standard_errors']} {of}"],
        [
            "reverse AIS",
            f"{found['mean_reverse_ais']:.3f}",
            f"{found['reverse_within_3_standard_errors']} {of}",
        ],
        ["both", "", f"{found['bracketed_within_3_standard_errors']} {of}"],
    ]
    return markdown_table(["method", "log Z (mean)", "exact value within 3 standard errors"], rows)


def _ais_speed(record: dict[str, Any]) -> str:
    rates, ratios = record["rates"], record["ratios"]
    rows = [
        [
            name,
            f"{rates[name]['median']:,.0f}",
            "" if name not in ratios else f"{ratios[name]['median']:.2f}x",
        ]
        for name in rates
    ]
    return markdown_table(["contestant", "temperatures of 100 runs/s", "udl_fast vs it"], rows)


def _pydeep_big500(record: dict[str, Any]) -> str:
    rows = [
        [
            f"{found['temperatures']:,}",
            *(
                f"{found[method]['log_likelihood']:.2f} ({found[method]['standard_error']:.2f})"
                for method in ("ais", "reverse_ais")
            ),
            f"{found['mean']:.2f}",
            f"{found['gap']:.2f}",
        ]
        for found in record["results"]
    ]
    header = ["temperatures", "AIS, nats (standard error)", "reverse AIS, nats", "mean", "gap"]
    return markdown_table(header, rows)


def _good_mnist(record: dict[str, Any]) -> str:
    rows = []
    for result in record["results"].values():
        n_seeds = len(result["runs"])
        spread = (
            f" ({result['lowest_test']:.1f} to {result['highest_test']:.1f})" if n_seeds > 1 else ""
        )
        rows.append(
            [
                result["name"],
                f"{result['test']:.1f}{spread}",
                f"{result['training']:.1f}",
                f"{result['free_energy_gap']:.1f}",
                str(n_seeds),
            ]
        )
    header = ["setting", "exact pseudo-likelihood of test images, nats (range over seeds)"]
    header += ["of training images", "free energy gap, nats", "seeds"]
    return markdown_table(header, rows)


def _metric_check(record: dict[str, Any]) -> str:
    rows = [[name.replace("_", " "), f"{value:.3f}"] for name, value in record["results"].items()]
    return markdown_table([f"metric ({record['data']})", "value"], rows)


def _early_stopping(record: dict[str, Any]) -> str:
    rows = [
        [
            f"{case['data']}, {case['n_train']:,} rows, {case['n_components']} hidden units",
            str(run["seed"]),
            f"{run['best']:.2f} (epoch {run['best_epoch']} of {case['n_iter']})",
            f"{run['kept']:.2f} (epoch {run['kept_epoch']})",
            "-" if run["stopped_epoch"] is None else str(run["stopped_epoch"]),
            f"{run['short_of_best_percent']:.2f} %",
        ]
        for case in record["results"]
        for run in case["runs"]
    ]
    header = [
        "data",
        "seed",
        "best of all epochs, nats",
        "kept, nats",
        "stopped",
        "short of the best",
    ]
    return markdown_table(header, rows)


def _import_time(record: dict[str, Any]) -> str:
    rows = []
    for statement, seconds in record["seconds"].items():
        added = record["added_seconds"].get(statement)
        more = "" if added is None else f"{added * 1000:+.0f} ms"
        rows.append([f"`{statement}`", f"{seconds * 1000:.0f} ms", more])
    rows += [[f"`{name}`", f"{s * 1000:.0f} ms", ""] for name, s in _commands(record).items()]
    return markdown_table(["statement", "median", "beyond sklearn.base"], rows)


def _commands(record: dict[str, Any]) -> dict[str, float]:
    """Earlier records have none."""
    found: dict[str, float] = record.get("command_seconds", {})
    return found


def _compare_builds(record: dict[str, Any]) -> str:
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


def _memory(record: dict[str, Any]) -> str:
    rows = [
        ["before training", f"{record['before_mb']:.0f} MB"],
        ["highest while training", f"{record['highest_mb']:.0f} MB"],
        ["added by training", f"{record['added_mb']:.0f} MB"],
    ]
    return markdown_table([record["data"], "resident memory"], rows)


def _memory_memmap(record: dict[str, Any]) -> str:
    words = {
        "states": "`fit`, packed to a bit each",
        "grey": "`fit`, left in the file",
        "chunks": "`partial_fit` on an iterator of chunks",
    }
    rows = [
        [
            found["dtype"],
            words[found["way"]],
            f"{found['file_mb']:,.0f} MB",
            f"{found['added_mb']:.0f} MB",
        ]
        for found in record["results"]
    ]
    limit = f"memory added (allowed: {record['limit_mb']:.0f} MB)"
    return markdown_table(["values", "way", "mapped file", limit], rows)


def _sparse_rows(record: dict[str, Any]) -> str:
    rows = [
        [
            found["work"],
            f"{found['rows']:,} x {found['features']:,} {found['kind']}",
            str(found["components"]),
            f"{found['stored_mb']:.1f} MB",
            f"{found['added_mb']['udl_fast']:.0f} MB",
            f"{found['added_mb']['sklearn']:.0f} MB",
            f"{1e3 * found['least_seconds']['udl_fast']:.3g} ms",
            f"{1e3 * found['least_seconds']['sklearn']:.3g} ms",
        ]
        for found in record["results"]
    ]
    header = ["call", "sparse rows", "hidden units", "stored", "memory added", "scikit-learn's"]
    header += ["time", "scikit-learn's"]
    return markdown_table(header, rows)


def _history_overhead(record: dict[str, Any]) -> str:
    settings = record["settings"]
    rows = [
        [
            f"{settings['rows']:,} rows, 784-{settings['n_components']}, {settings['n_iter']} epochs",
            f"{sorted(record['seconds_without'])[len(record['ratios']) // 2]:.2f} s",
            f"{record['measuring_percent']:.1f} %",
            f"{record['overhead_percent']:+.1f} % ({min(record['ratios']):.2f} to "
            f"{max(record['ratios']):.2f})",
        ]
    ]
    header = ["MNIST", "fit without", "share of measuring", "median ratio of fits, less 1 (range)"]
    return markdown_table(header, rows)


def _hamming(record: dict[str, Any]) -> str:
    header, rows = hamming_table(record)
    levels = "; ".join(
        f"{name}: {', '.join(versions.values())}"
        for name, versions in record["contestants"].items()
    )
    return f"{markdown_table(header, rows)}\n\n{levels}"


def _hamming_growth(record: dict[str, Any]) -> str:
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


def _first_steps(record: dict[str, Any]) -> str:
    header = ["batch x visible x hidden"]
    for precision in record["sizes"][0]["precisions"]:
        header += [f"{precision}, ms a call", "longest of the first calls"]
    header += ["fast against the default", "in the first fifth"]
    rows = []
    for found in record["sizes"]:
        row = [" x ".join(str(n) for n in found["size"])]
        for times in found["precisions"].values():
            row += [f"{times['median_ms']:g}", f"{times['longest_over_median']:.2f} medians"]
        rows.append(
            [*row, f"{found['fast_speed']:.2f}x", f"{found['fast_speed_first_fifth']:.2f}x"]
        )
    return markdown_table(header, rows)


_TABLES: dict[str, Callable[[dict[str, Any]], str]] = {
    "rbm": _rbm,
    "rbm forms": _rbm_forms,
    "rbm work": _rbm_work,
    "rbm_exact16": _exact16,
    "rbm_exact16_centered": _exact16,
    "precision_exact16": _precision,
    "sm2008": _sm2008,
    "sm2008_long": _sm2008,
    "pt_speed": _pt_speed,
    "gaussian_speed": _gaussian_speed,
    "rbm_scaling": _scaling,
    "first_steps": _first_steps,
    "metric_check": _metric_check,
    "early_stopping": _early_stopping,
    "good_mnist": _good_mnist,
    "ais_small": _ais_small,
    "ais_speed": _ais_speed,
    "pydeep_big500": _pydeep_big500,
    "import_time": _import_time,
    "compare_builds": _compare_builds,
    "compare_builds_fit": _compare_builds,
    "memory_mnist": _memory,
    "memory_memmap": _memory_memmap,
    "sparse_rows": _sparse_rows,
    "history_overhead": _history_overhead,
    "hamming": _hamming,
    "hamming_growth": _hamming_growth,
}


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
