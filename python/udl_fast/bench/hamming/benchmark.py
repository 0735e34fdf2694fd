"""`udl-fast bench hamming`: exact Hamming search against FAISS and usearch."""

import argparse
import contextlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..harness import Timings, interleave
from ..process import Contestant, ContestantMissing
from ..record import check_writable, machine_class, new_record, write_json
from ..table import rate, ratio, text_table
from .cases import CASES, FLAT, HASH, MULTI_HASH, QUICK_CASES, SCAN, TABLES, USEARCH, Case
from .check import by_id, check_exact, recall, true_answers

_FOLDER = Path(__file__).parents[1] / "contestants"
# name: (file, class)
CONTESTANTS = {
    SCAN: ("hamming_udl_fast.py", "Scan"),
    TABLES: ("hamming_udl_fast.py", "Tables"),
    FLAT: ("hamming_faiss.py", "Flat"),
    HASH: ("hamming_faiss.py", "Hash"),
    MULTI_HASH: ("hamming_faiss.py", "MultiHash"),
    USEARCH: ("hamming_usearch.py", "Exact"),
}
_OURS = (SCAN, TABLES)
_APPROXIMATE = (HASH, MULTI_HASH)
PEERS = [name for name in CONTESTANTS if name not in _OURS]
_MOST_USEARCH_PAIRS = 10**8  # it takes 16 bytes for each
_N_CHECKED = 3  # queries compared with distances counted by NumPy


@dataclass
class Options:
    """What the command line says."""

    cases: list[Case]
    rounds: int
    seconds: float
    threads: int
    peers: list[str]
    output: Path | None
    as_json: bool
    quick: bool


def run(arguments: argparse.Namespace) -> int:
    """Run the benchmark as the command line says; returns the exit code."""
    options = _options(arguments)
    if options.output is not None:
        check_writable(options.output, caller="bench hamming")
    record = measure(options)
    if options.output is not None:
        write_json(options.output, record)
    print(json.dumps(record, indent=1) if options.as_json else as_text(record))
    return 0


def measure(options: Options) -> dict[str, Any]:
    """Check and time the contestants of each case; returns the result record.

    Raises
    ------
    ContestantError
        If one fails, or an exact one gives a wrong answer.
    """
    record = new_record("hamming", ["udl-fast", "bench", "hamming", *_command(options)])
    record["settings"] = {
        "threads": options.threads,
        "rounds": options.rounds,
        "seconds": options.seconds,
        "unit": "queries per second",
    }
    record["contestants"] = {}
    record["results"] = []
    for case in options.cases:
        result = _measure_case(case, options, record["contestants"])
        if result is not None:
            record["results"].append(result)
    return record


def as_text(record: dict[str, Any]) -> str:
    """The result as a table for a terminal."""
    settings, machine = record["settings"], record["machine"]
    title = (
        f"Hamming search, queries per second, median of {settings['rounds']} rounds "
        f"({settings['threads']} threads, {machine['cpu']}, {record['date']})"
    )
    return f"{title}\n{text_table(*table_of(record))}"


def table_of(record: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Header and rows: one row for each case and contestant."""
    header = ["case", "contestant", "queries/s", "G pairs/s", "GB/s", "thread ns/pair", "we are"]
    rows = []
    for result in record["results"]:
        for name, rates in result["rates"].items():
            work = result["work"][name]
            compared = result["ratios"].get(name)
            label = f"{name} (recall {work['recall']:.3f})" if "recall" in work else name
            keys = ("gpairs_per_second", "gb_per_second", "thread_ns_per_pair")
            numbers = [f"{work[key]:.3g}" for key in keys]
            rows.append(
                [
                    result["case"]["name"],
                    label,
                    rate(rates["median"]),
                    *(numbers if name not in (TABLES, *_APPROXIMATE) else ["", "", ""]),
                    "" if compared is None else ratio(compared["median"]),
                ]
            )
    return header, rows


def _measure_case(case: Case, options: Options, described: dict[str, Any]) -> dict[str, Any] | None:
    try:
        codes, queries = case.make()
    except OSError as error:
        print(f"left out {case.name}: {error}", file=sys.stderr)
        return None
    with contextlib.ExitStack() as stack:
        contestants = []
        for name in case.contestants:
            if name not in (*_OURS, *options.peers) or not _fits(name, case):
                continue
            contestant = _start(name, options, stack)
            if contestant is None:
                continue
            contestant.call(
                "prepare", codes=codes, queries=queries, per_call=case.per_call, k=case.k,
                radius=case.radius,
            )  # fmt: skip
            described[name] = contestant.call("versions")
            contestants.append(contestant)
        recalls = _check(contestants, codes, queries, case)
        timings = interleave(
            contestants,
            rounds=options.rounds,
            seconds=options.seconds,
            units_per_run=case.per_call,
            progress=lambda done: _show_progress(case.name, done, options.rounds),
        )
    work = _work(timings, case, options.threads, len(codes))
    for name, share in recalls.items():
        work[name]["recall"] = share
    return {"case": asdict(case), **timings.as_record(case.ours), "work": work}


def _start(name: str, options: Options, stack: contextlib.ExitStack) -> Contestant | None:
    file, class_name = CONTESTANTS[name]
    try:
        contestant = Contestant(name, _FOLDER / file, class_name, options.threads)
    except ContestantMissing as error:
        if name in _OURS:
            raise
        print(f"left out, not installed: {error}", file=sys.stderr)
        return None
    return stack.enter_context(contestant)


def _fits(name: str, case: Case) -> bool:
    if name != USEARCH:
        return True
    return case.k is not None and case.n_codes * case.per_call <= _MOST_USEARCH_PAIRS


def _check(
    contestants: Sequence[Contestant],
    codes: NDArray[np.uint8],
    queries: NDArray[np.uint8],
    case: Case,
) -> dict[str, float]:
    """Exact contestants must agree, ties included; returns the recall of the others."""
    n = min(len(queries), case.per_call if case.per_call > 1 else 50)
    expected = contestants[0].call("answers", n=n)
    first = contestants[0].call("answers", n=_N_CHECKED)
    check_exact(contestants[0].name, first, true_answers(codes, queries[:_N_CHECKED], case))
    recalls = {}
    for contestant in contestants[1:]:
        found = contestant.call("answers", n=n)
        if case.k is None:
            found = by_id(found)
        if contestant.name in _APPROXIMATE:
            recalls[contestant.name] = round(recall(found, expected), 4)
        else:
            check_exact(contestant.name, found, expected, ties=contestant.name != USEARCH)
    return recalls


def _work(timings: Timings, case: Case, threads: int, n_codes: int) -> dict[str, dict[str, float]]:
    """What a rate means: pairs, bytes of codes as if each query read all of them, a thread's time for a pair.

    Times and not clocks: the rate that a system states is not the one at which its processor runs.
    """
    work = {}
    for name in timings.rates:
        pairs = timings.median(name) * n_codes
        work[name] = {
            "gpairs_per_second": float(f"{pairs / 1e9:.4g}"),
            "gb_per_second": float(f"{pairs * case.n_bits / 8e9:.4g}"),
            "thread_ns_per_pair": float(f"{1e9 * threads / pairs:.4g}"),
        }
    return work


def _show_progress(name: str, done: int, rounds: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done == rounds else ""
        print(f"\r{name}: round {done} of {rounds}", end=end, file=sys.stderr, flush=True)


def _options(arguments: argparse.Namespace) -> Options:
    quick = arguments.quick
    chosen = QUICK_CASES if quick else CASES
    if arguments.cases is not None:
        chosen = [case for case in CASES if case.name in arguments.cases]
    return Options(
        cases=chosen,
        rounds=arguments.rounds or (2 if quick else 5),
        seconds=arguments.seconds or (0.02 if quick else 1.0),
        threads=arguments.threads or machine_class()["cores"],
        peers=PEERS if arguments.peers is None else arguments.peers,
        output=arguments.output,
        as_json=arguments.json,
        quick=quick,
    )


def _command(options: Options) -> list[str]:
    return [
        *(["--quick"] if options.quick else []),
        "--cases",
        *(case.name for case in options.cases),
        "--rounds",
        str(options.rounds),
        "--seconds",
        f"{options.seconds:g}",
        "--threads",
        str(options.threads),
        "--peers",
        *options.peers,
    ]
