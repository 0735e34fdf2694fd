"""`udl-fast bench rbm`: training and sampling speed against scikit-learn and PyTorch."""

import argparse
import contextlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .. import suite
from ..harness import Timings, rounded
from ..process import Contestant, Part
from ..record import new_record
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
from .options import Options, chosen
from .tables import forms_of, forms_table, product_table, speed_table, work_table

__all__ = ["CONTESTANTS", "Options", "as_text", "measure", "run"]

_SKLEARN = ("sklearn", "sklearn-fit")  # PCD-1, whose products are those of CD-1, and nothing else
# Of p(h|v); the others round to float32. bfloat16 has 8 bits.
_TOLERANCES = {FAST: 1e-3, "torch-bfloat16": 1e-2, "torch-bfloat16-compiled": 1e-2}


def run(arguments: argparse.Namespace) -> int:
    """Run the benchmark as the command line says; returns the exit code."""
    return suite.run("rbm", chosen(arguments), measure, as_text)


def measure(options: Options) -> dict[str, Any]:
    """Check and time all contestants at all sizes; returns the result record.

    Raises
    ------
    ContestantError
        If one fails, or gives a wrong answer.
    """
    record = new_record("rbm", ["udl-fast", "bench", "rbm", *options.words()])
    record["settings"] = {
        "workloads": options.workloads,
        "data": options.data,
        "learning_rate": LEARNING_RATE,
        **options.settings(),
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
                label = f"{data} {size_text(size)}"
                timings = suite.take_turns(label, [*steps, *parts.values()], options)
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
    if forms_of(record):
        texts += ["\nPyTorch's forms", text_table(*forms_table(record))]
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
        for workload in options.workloads:
            if name in _SKLEARN and workload not in SKLEARN_WORKLOADS:
                print(f"left out, has no {workload}: {name}", file=sys.stderr)
                continue
            contestant = suite.start(
                name, CONTESTANTS, options.threads, stack, required=(OURS, FAST)
            )
            if contestant is None:
                break
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
