"""Tests on a GPU, timings of ours, and peers in turns with ours: all of it, or what ``--only`` names.

``benchmarks/gpu/run.sh`` builds the package first and calls this; the rehearsal takes the package that
Python finds and needs no GPU.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from . import checks, gibbs, hamming, learning, transform
from .shared.budget import Budget
from .shared.device import Device, NotHere, first_gpu, interpreter
from .shared.record import Record
from .shared.turns import ROUNDS, Task, take_turns

PHASES = ("tests", "bench", "peers")
SUBJECTS = (learning, gibbs, hamming, transform)
BENCH_SECONDS = 110
TASK_SECONDS = {"bench": 2.0, "peers": 4.0}  # of the rounds, when each contestant is ready
# A peer begins no work that may take longer than what is left: imports and compilations of a task.
READY_SECONDS = {"bench": 1.0, "peers": 20.0}


def options(arguments: list[str]) -> argparse.Namespace:
    """Of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only", default=",".join(PHASES), help="tests, bench, peers: some of them"
    )
    parser.add_argument("--seconds", type=float, default=330, help="nothing begins after that many")
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--rehearse", action="store_true", help="without a GPU, interpreted, tiny")
    found = parser.parse_args(arguments)
    found.only = found.only.split(",")
    for phase in found.only:
        if phase not in PHASES:
            parser.error(f"--only must be some of {', '.join(PHASES)}, got {phase!r}")
    return found


def tasks(device: Device, phase: str) -> Iterator[Task]:
    """All of them, or those that peers do."""
    for subject in SUBJECTS:
        for task in subject.tasks(device):
            if phase == "bench" or task.peers:
                yield task


def run_phase(phase: str, device: Device, record: Record, budget: Budget) -> bool:
    """False where ours is wrong or fails."""
    is_right = True
    rounds = 1 if device.rehearsed else ROUNDS
    for task in tasks(device, phase):
        if budget.left() < READY_SECONDS[phase] and not device.rehearsed:
            record.add(phase, task.name, "left out", **task.fields, reason="no time left")
            continue
        is_right &= take_turns(task, phase, record, budget.share(TASK_SECONDS[phase]), rounds)
    return is_right


def main(arguments: list[str] | None = None) -> int:
    """0, or 1 where a test or a check failed; 2 where there is nothing to measure on."""
    arguments = sys.argv[1:] if arguments is None else arguments
    asked = options(arguments)
    try:
        device = interpreter() if asked.rehearse else first_gpu()
    except NotHere as error:
        print(f"nothing is measured: {error}", file=sys.stderr)
        return 2
    budget = Budget(asked.seconds)
    asked.output.mkdir(parents=True, exist_ok=True)
    record = Record(asked.output, device, ["python", "-m", "benchmarks.gpu.measure", *arguments])
    is_right = True
    if "tests" in asked.only:
        is_right = checks.run(device, record, budget)
    if "bench" in asked.only:
        is_right &= run_phase("bench", device, record, budget.share(BENCH_SECONDS))
    if "peers" in asked.only:
        is_right &= run_phase("peers", device, record, budget)
    record.note_clocks()
    print(f"recorded in {record.path}", flush=True)
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
