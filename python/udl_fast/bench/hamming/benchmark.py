"""`udl-fast bench hamming`: exact Hamming search against FAISS and usearch."""

import argparse
import contextlib
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import suite
from ..harness import Timings, rounded
from ..process import Contestant
from ..record import new_record
from ..table import rate, ratio, text_table
from .cases import AUTO, CASES, FLAT, HASH, MULTI_HASH, QUICK_CASES, SCAN, TABLES, USEARCH, Case
from .check import by_id, check_exact, recall, true_answers

# name: (file, class)
CONTESTANTS = {
    SCAN: ("hamming/udl_fast.py", "Scan"),
    AUTO: ("hamming/udl_fast.py", "Auto"),
    TABLES: ("hamming/udl_fast.py", "Tables"),
    FLAT: ("hamming/faiss.py", "Flat"),
    HASH: ("hamming/faiss.py", "Hash"),
    MULTI_HASH: ("hamming/faiss.py", "MultiHash"),
    USEARCH: ("hamming/usearch.py", "Exact"),
}
_OURS = (SCAN, AUTO, TABLES)
_APPROXIMATE = (HASH, MULTI_HASH)
PEERS = [name for name in CONTESTANTS if name not in _OURS]
ROUNDS = 5
_MOST_USEARCH_PAIRS = 10**8  # it takes 16 bytes for each
_N_CHECKED = 3  # queries compared with distances counted by NumPy


@dataclass
class Options(suite.Options):
    """What the command line says."""

    cases: list[Case]
    quick: bool

    def words(self) -> list[str]:
        """The command line that asks for these options."""
        return [
            *(["--quick"] if self.quick else []),
            "--cases",
            *(case.name for case in self.cases),
            *super().words(),
        ]


def run(arguments: argparse.Namespace) -> int:
    """Run the benchmark as the command line says; returns the exit code."""
    return suite.run("hamming", _options(arguments), measure, as_text)


def measure(options: Options) -> dict[str, Any]:
    """Check and time the contestants of each case; returns the result record.

    Raises
    ------
    ContestantError
        If one fails, or an exact one gives a wrong answer.
    """
    record = new_record("hamming", ["udl-fast", "bench", "hamming", *options.words()])
    record["settings"] = {**options.settings(), "unit": "queries per second"}
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
                    *(numbers if name not in (AUTO, TABLES, *_APPROXIMATE) else ["", "", ""]),
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
            contestant = suite.start(name, CONTESTANTS, options.threads, stack, required=_OURS)
            if contestant is None:
                continue
            contestant.call(
                "prepare", codes=codes, queries=queries, per_call=case.per_call, k=case.k,
                radius=case.radius,
            )  # fmt: skip
            described[name] = contestant.call("versions")
            contestants.append(contestant)
        recalls = _check(contestants, codes, queries, case)
        timings = suite.take_turns(case.name, contestants, options, units_per_run=case.per_call)
    work = _work(timings, case, options.threads, len(codes))
    for name, share in recalls.items():
        work[name]["recall"] = share
    return {"case": asdict(case), **timings.as_record(case.ours), "work": work}


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
            "gpairs_per_second": rounded(pairs / 1e9),
            "gb_per_second": rounded(pairs * case.n_bits / 8e9),
            "thread_ns_per_pair": rounded(1e9 * threads / pairs),
        }
    return work


def _options(arguments: argparse.Namespace) -> Options:
    cases = QUICK_CASES if arguments.quick else CASES
    if arguments.cases is not None:
        cases = [case for case in CASES if case.name in arguments.cases]
    return Options(
        cases=cases, quick=arguments.quick, **suite.chosen(arguments, rounds=ROUNDS, peers=PEERS)
    )
