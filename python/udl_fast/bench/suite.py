"""What every benchmark does: start contestants, let them take turns, print and write the record.

A benchmark says which contestants it has, what they are given, how their answers are checked and what
their rates mean.
"""

import argparse
import contextlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ..progress import progress
from .harness import Timed, Timings, interleave
from .process import Contestant, ContestantMissing
from .record import check_writable, machine_class, write_json

FOLDER = Path(__file__).parent / "contestants"
Contestants = Mapping[str, tuple[str | Path, str]]  # name: (file in FOLDER, class)


@dataclass
class Options:
    """What the command line says of any benchmark."""

    rounds: int
    seconds: float
    threads: int
    peers: list[str]
    output: Path | None
    as_json: bool

    def words(self) -> list[str]:
        """The part of a command line that asks for these options."""
        return [
            "--rounds",
            str(self.rounds),
            "--seconds",
            f"{self.seconds:g}",
            "--threads",
            str(self.threads),
            "--peers",
            *self.peers,
        ]

    def settings(self) -> dict[str, Any]:
        """For the record."""
        return {"threads": self.threads, "rounds": self.rounds, "seconds": self.seconds}


_Options = TypeVar("_Options", bound=Options)


def chosen(arguments: argparse.Namespace, *, rounds: int, peers: Sequence[str]) -> dict[str, Any]:
    """Values of :class:`Options` by name, of a parsed command line; `rounds` and `peers` where it
    names none."""
    quick = arguments.quick
    return {
        "rounds": arguments.rounds or (2 if quick else rounds),
        "seconds": arguments.seconds or (0.02 if quick else 1.0),
        "threads": arguments.threads or machine_class()["cores"],
        "peers": list(peers) if arguments.peers is None else arguments.peers,
        "output": arguments.output,
        "as_json": arguments.json,
    }


def run(
    name: str,
    options: _Options,
    measure: Callable[[_Options], dict[str, Any]],
    as_text: Callable[[dict[str, Any]], str],
) -> int:
    """Measure, write the record if asked to, print it; returns the exit code."""
    if options.output is not None:
        check_writable(options.output)
    record = measure(options)
    if options.output is not None:
        write_json(options.output, record)
    print(json.dumps(record, indent=1) if options.as_json else as_text(record))
    return 0


def start(
    name: str,
    contestants: Contestants,
    threads: int,
    stack: contextlib.ExitStack,
    *,
    required: Sequence[str],
) -> Contestant | None:
    """The process of a contestant, until the stack is closed.

    None, and a word on stderr, if its library is not installed or has no such form on this
    processor, and it is not `required`.
    """
    file, class_name = contestants[name]
    try:
        contestant = Contestant(name, FOLDER / file, class_name, threads)
    except ContestantMissing as error:
        if name in required:
            raise
        print(f"left out, cannot run here: {error}", file=sys.stderr)
        return None
    return stack.enter_context(contestant)


def take_turns(
    label: str, contestants: Sequence[Timed], options: Options, *, units_per_run: int = 1
) -> Timings:
    """Time contestants as the options say, with a progress bar."""
    with progress(options.rounds, f"{label}: round") as bar:
        return interleave(
            contestants,
            rounds=options.rounds,
            seconds=options.seconds,
            units_per_run=units_per_run,
            progress=lambda _: bar.update(),
        )
