"""Interrupt calls wherever Python can deliver a signal, and look whether what they leave is torn.

Each call is made once to count the points where CPython may raise KeyboardInterrupt in the library, and once more
for each of them (or for so many of them, spread evenly), interrupted there. Then again for points anywhere below
the call, in NumPy and scikit-learn as well. A model must be the one of before the call or one at the end of an
epoch, or chunk; an index and a file the old or the new one. Every one must still answer like a copy of it, save,
load and go on, with no lock held and no file left. What an interrupt does within a pass of the engine is tested in
tests/engine/threads/test_engine_interruption.py.
"""

import sys
import time
from typing import Any

from benchmarks.interrupts import indexes, models
from benchmarks.interrupts.operation import Operation
from benchmarks.interrupts.points import count_points, interrupted
from benchmarks.support.recording import finish, output_path, parser

_MOST_PLACES = 10  # named in the record for each call


def main() -> int:
    """Interrupt as the command line says."""
    options = parser(__doc__)
    options.add_argument("--points", type=int, default=3000, help="at most, of each call and kind")
    options.add_argument("--only", default="", metavar="TEXT", help="calls whose name holds it")
    arguments = options.parse_args()
    path = output_path(arguments, "every_point")
    limit = 10 if arguments.quick else arguments.points
    calls = []
    for operation in [*models.operations(), *indexes.operations()]:
        if arguments.only in operation.name:
            for everywhere in (False, True):
                calls.append(campaign(operation, limit, everywhere=everywhere))
                print(text(calls[-1]), flush=True)
    n_torn = sum(len(call["torn"]) for call in calls)
    n_points = sum(call["interrupts"] for call in calls)
    measured = {"interrupts": n_points, "torn": n_torn, "calls": calls}
    finish("every_point", path, {"settings": {"points": limit}, **measured})
    print(f"{n_points:,} interrupts of {len(calls)} calls: {n_torn} torn states")
    return 1 if n_torn or not calls else 0


def campaign(operation: Operation, limit: int, *, everywhere: bool) -> dict[str, Any]:
    """The call interrupted at its points, at most at `limit` of them."""
    begin = time.perf_counter()
    n_points = points_of(operation, everywhere)
    step = max(1, -(-n_points // limit))
    n_interrupts, torn = 0, []
    for number in range(1, n_points + 1, step):
        folder, subject = operation.made()
        with folder:
            come = interrupted(
                lambda: operation.call(subject),  # noqa: B023 - called at once
                number,
                everywhere=everywhere,
            )
            n_interrupts += come.has_come
            torn += [f"{come.place}: {found}" for found in operation.torn(subject)]
    return {
        "call": operation.name,
        "points_in": "everywhere" if everywhere else "the library",
        "points": n_points,
        "interrupts": n_interrupts,
        "torn": torn[:_MOST_PLACES],
        "seconds": round(time.perf_counter() - begin, 1),
    }


def points_of(operation: Operation, everywhere: bool) -> int:
    """The points of a call that is not the first: that one loads what is used."""
    for _ in range(2):
        folder, subject = operation.made()
        with folder:
            n_points = count_points(
                lambda: operation.call(subject),  # noqa: B023 - called at once
                everywhere=everywhere,
            )
            if found := operation.torn(subject):
                raise SystemExit(f"{operation.name}, not interrupted: {'; '.join(found)}")
    return n_points


def text(call: dict[str, Any]) -> str:
    """A line for who watches."""
    places = "".join(f"\n    {place}" for place in call["torn"])
    return (
        f"{call['call']}, points in {call['points_in']}: {call['interrupts']} of {call['points']} "
        f"tried, {len(call['torn'])} torn, {call['seconds']} s{places}"
    )


if __name__ == "__main__":
    sys.exit(main())
