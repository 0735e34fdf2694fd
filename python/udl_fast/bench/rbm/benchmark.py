"""`udl-fast bench rbm`: training and sampling speed against scikit-learn and PyTorch."""

import argparse
import contextlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..harness import Timings, interleave, rounded
from ..process import Contestant, ContestantMissing, Part
from ..record import check_writable, new_record, write_json
from ..table import text_table
from . import ceilings
from .cases import (
    CONTESTANTS,
    FAST,
    LEARNING_RATE,
    OURS,
    SEED,
    SKLEARN_WORKLOADS,
    WORKLOADS,
    Size,
    fits,
    flop_per_example,
    size_text,
    timing_case,
)
from .check import check_contestant
from .options import Options, chosen, command
from .tables import product_table, speed_table, work_table

__all__ = ["CONTESTANTS", "Options", "as_text", "measure", "run"]

_FOLDER = Path(__file__).parents[1] / "contestants"
_SKLEARN = ("sklearn", "sklearn-fit")  # PCD-1, whose products are those of CD-1, and nothing else
_TOLERANCES = {FAST: 1e-3}  # of p(h|v); the others round to float32


def run(arguments: argparse.Namespace) -> int:
    """Run the benchmark as the command line says; returns the exit code."""
    options = chosen(arguments)
    if options.output is not None:
        check_writable(options.output, caller="bench rbm")
    record = measure(options)
    if options.output is not None:
        write_json(options.output, record)
    print(json.dumps(record, indent=1) if options.as_json else as_text(record))
    return 0


def measure(options: Options) -> dict[str, Any]:
    """Check and time all contestants at all sizes; returns the result record.

    Raises
    ------
    ContestantError
        If one fails, or gives a wrong answer.
    """
    record = new_record("rbm", ["udl-fast", "bench", "rbm", *command(options)])
    record["settings"] = {
        "workloads": options.workloads,
        "data": options.data,
        "learning_rate": LEARNING_RATE,
        "threads": options.threads,
        "rounds": options.rounds,
        "seconds": options.seconds,
        "seed": SEED,
        "unit": "examples per second",
    }
    with contextlib.ExitStack() as stack:
        steps = _start(options, stack)
        record["contestants"] = {
            step.contestant.name: {
                "versions": step.contestant.call("versions"),
                "check": check_contestant(
                    step.contestant, SEED, _TOLERANCES.get(step.contestant.name)
                ),
            }
            for step in steps
        }
        single: dict[str, Contestant] = {}
        if options.ceilings:
            single = ceilings.start(options.threads, options.peers, stack)
            record["products"] = {name: single[name].call("versions") for name in single}
            record["ceilings"] = []
        record["results"] = []
        for data in options.data:
            for size in _sizes_for(data, options):
                parts = _prepared(size, data, steps, single)
                timings = _time(size, data, [*steps, *parts.values()], options)
                record["results"] += _results(size, data, steps, parts, timings)
                if parts:
                    record["ceilings"].append(ceilings.as_record(parts, timings, size, data))
    return record


def as_text(record: dict[str, Any]) -> str:
    """The result as tables for a terminal."""
    machine, settings = record["machine"], record["settings"]
    facts = (
        f"median of {settings['rounds']} rounds "
        f"({settings['threads']} threads, {machine['cpu']}, {record['date']})"
    )
    what = f"{', '.join(settings['workloads'])}; {', '.join(settings['data'])} rows"
    texts = [f"{what}, {facts}", text_table(*speed_table(record))]
    texts += ["\nEffective Gflop/s, counted as dense products", text_table(*work_table(record))]
    if "ceilings" in record:
        limit = f"limit: {ceilings.TIMES_THE_PEAK} times the multiply-adds"
        texts += [f"{limit}\n\nSingle products, Gflop/s", text_table(*product_table(record))]
    return "\n".join(texts)


@dataclass
class Step(Part):
    """Whole minibatches of one workload by one contestant."""

    workload: str = "cd-1"


def _start(options: Options, stack: contextlib.ExitStack) -> list[Step]:
    """One process for each contestant and workload."""
    steps = []
    for name in [OURS, FAST, *options.peers]:
        file, class_name = CONTESTANTS[name]
        for workload in options.workloads:
            if name in _SKLEARN and workload not in SKLEARN_WORKLOADS:
                print(f"left out, has no {workload}: {name}", file=sys.stderr)
                continue
            try:
                contestant = Contestant(name, _FOLDER / file, class_name, options.threads)
            except ContestantMissing as error:
                if name in (OURS, FAST):
                    raise
                print(f"left out, not installed: {error}", file=sys.stderr)
                break
            stack.enter_context(contestant)
            steps.append(Step(f"{workload}: {name}", contestant, workload=workload))
    return steps


def _sizes_for(data: str, options: Options) -> list[Size]:
    """All sizes, or those with rows where others are timed with other rows."""
    if len(options.data) == 1:
        return options.sizes
    return [size for size in options.sizes if fits(size, data)]


def _prepared(
    size: Size, data: str, steps: Sequence[Step], single: dict[str, Contestant]
) -> ceilings.Parts:
    """Load the steps with a timing case; returns the single kernels of the same size."""
    case = timing_case(*size, data)
    for step in steps:
        algorithm, k = WORKLOADS[step.workload]
        given = "pcd" if step.contestant.name in _SKLEARN else algorithm
        step.contestant.call("prepare", **case, algorithm=given, k=k)
    return ceilings.prepared(single, case, data)


def _time(size: Size, data: str, parts: Sequence[Part], options: Options) -> Timings:
    def progress(done: int) -> None:
        if sys.stderr.isatty():
            end = "\n" if done == options.rounds else ""
            text = f"\r{data} {size_text(size)}: round {done} of {options.rounds}"
            print(text, end=end, file=sys.stderr, flush=True)

    return interleave(parts, rounds=options.rounds, seconds=options.seconds, progress=progress)


def _results(
    size: Size, data: str, steps: Sequence[Step], parts: ceilings.Parts, timings: Timings
) -> list[dict[str, Any]]:
    """What the steps of each workload reached."""
    found = []
    for workload in dict.fromkeys(step.workload for step in steps):
        names = {s.contestant.name: s.name for s in steps if s.workload == workload}
        rates = timings.selected(names, units_per_run=size[0])
        per_example = flop_per_example(workload, size) * 1e-9
        result = {
            "size": list(size),
            "data": data,
            "workload": workload,
            **rates.as_record(OURS),
            "fast_ratios": rates.as_record(FAST)["ratios"],
            "gflops": {name: rounded(rates.median(name) * per_example) for name in names},
        }
        if parts:
            result["of_limit"] = {
                name: ceilings.share_of_limit(
                    parts, timings, [rate * per_example for rate in rates.rates[name]]
                )
                for name in names
            }
        found.append(result)
    return found
