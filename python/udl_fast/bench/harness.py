"""Interleaved timing.

1. Every contestant lives in a process of its own with the same number of threads. While one is
   timed the others block on a pipe, so thread pools of peers never compete.
2. Each is warmed up, and the work of a sample is chosen so that a sample takes about the same time
   for all.
3. A round times every contestant once; the order rotates from round to round. A pause before each
   sample outlasts the spinning of the previous one's pool, and a short untimed run before it brings
   the contestant's data back into the caches.
4. Reported are the median rate of each contestant and the median, smallest and largest of the
   per-round ratios: neighbours on a shared machine disturb a round, not one contestant.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

SETTLE_SECONDS = 0.1  # OpenBLAS threads spin for about 25 ms after their last product
_WARM_SHARE = 8  # the untimed run before a sample is 1/8 of it


class Timed(Protocol):
    """What the harness needs of a contestant."""

    name: str

    def seconds(self, n: int) -> float:
        """Seconds that n units take."""


@dataclass
class Timings:
    """Rates of all contestants, round by round, in units per second."""

    rates: dict[str, list[float]] = field(default_factory=dict)

    def median(self, name: str) -> float:
        """Median rate of one contestant."""
        return statistics.median(self.rates[name])

    def ratios(self, name: str, other: str) -> list[float]:
        """Rate of `name` divided by the rate of `other` in the same round."""
        return [a / b for a, b in zip(self.rates[name], self.rates[other], strict=True)]

    def selected(self, names: Mapping[str, str], units_per_run: int) -> "Timings":
        """Some of them under new names (new: old), in units of which a run has so many."""
        return Timings(
            {new: [rate * units_per_run for rate in self.rates[old]] for new, old in names.items()}
        )

    def as_record(self, ours: str) -> dict[str, Any]:
        """The numbers for a result file: medians, all samples, ratios of `ours` to the others."""
        record: dict[str, Any] = {
            "rates": {
                name: {"median": rounded(self.median(name)), "samples": list(map(rounded, rates))}
                for name, rates in self.rates.items()
            },
            "ratios": {},
        }
        for name in self.rates:
            if name != ours and ours in self.rates:
                ratios = self.ratios(ours, name)
                record["ratios"][name] = {
                    "median": rounded(statistics.median(ratios)),
                    "smallest": rounded(min(ratios)),
                    "largest": rounded(max(ratios)),
                }
        return record

    def against_best(self, ours: str, peers: Sequence[str]) -> dict[str, Any]:
        """For a result file: ratios of `ours` to those of its peers that are there, the one with the
        highest rate, and the ratio to that."""
        there = [name for name in peers if name in self.rates]
        record = self.selected({name: name for name in (ours, *there)}, 1).as_record(ours)
        found: dict[str, Any] = {"ratios": record["ratios"]}
        if there:
            best = max(there, key=self.median)
            found["best_peer"], found["ratio_to_best"] = best, record["ratios"][best]["median"]
        return found


def units_for(contestant: Timed, seconds: float, smallest: int = 1) -> int:
    """How many units take about `seconds`; warms the contestant up on the way."""
    n = smallest
    contestant.seconds(n)
    taken = contestant.seconds(n)
    while taken < seconds / 4:
        n = max(2 * n, int(n * min(16.0, seconds / 2 / max(taken, 1e-9))))
        taken = contestant.seconds(n)
    return max(smallest, round(n * seconds / taken))


def interleave(
    contestants: Sequence[Timed],
    *,
    rounds: int,
    seconds: float,
    units_per_run: int = 1,
    smallest: int = 1,
    settle: float = SETTLE_SECONDS,
    progress: Callable[[int], None] | None = None,
) -> Timings:
    """Time contestants in turns.

    Parameters
    ----------
    contestants : sequence
        With `name` and `seconds(n)`.
    rounds : int
        Samples of each.
    seconds : float
        Aimed length of a sample.
    units_per_run : int, default=1
        Rates are in these units: a run of n counts as n * units_per_run.
    smallest : int, default=1
        Fewest runs in a sample.
    settle : float, default=SETTLE_SECONDS
        Pause before each sample.
    progress : callable, default=None
        Called with the number of finished rounds.

    Returns
    -------
    Timings
    """
    counts = [units_for(contestant, seconds, smallest) for contestant in contestants]
    timings = Timings({contestant.name: [] for contestant in contestants})
    for round_number in range(rounds):
        first = round_number % len(contestants)
        for position in range(len(contestants)):
            index = (first + position) % len(contestants)
            contestant, n = contestants[index], counts[index]
            time.sleep(settle)
            contestant.seconds(max(1, n // _WARM_SHARE))
            rate = n * units_per_run / contestant.seconds(n)
            timings.rates[contestant.name].append(rate)
        if progress is not None:
            progress(round_number + 1)
    return timings


def rounded(value: float) -> float:
    """Four significant digits: more would be noise."""
    return float(f"{value:.4g}")
