"""Microseconds of a Gibbs step of 2,048 chains: hidden units given visible ones and back.

What many steps take more than few, by the steps that they are more. The rows of a call come from the
host and go back there once, whatever the number of steps.
"""

import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from udl_fast.runtime import get_num_threads

from .peers import torch_gibbs
from .shared import floors
from .shared.device import Device
from .shared.models import Engines, random_bits, random_parameters
from .shared.turns import Task, Wrong

CHECKED = 18  # steps: a graph of 16, one more, and the last


class Case(NamedTuple):
    """A model and its chains; runs of `short` and of `long` steps."""

    n_visible: int
    n_hidden: int
    n_chains: int
    short: int
    long: int

    @property
    def name(self) -> str:
        """As lines of peers are named."""
        return f"gibbs_{self.n_visible}x{self.n_hidden}_{self.n_chains}chains"


CASES = [Case(784, 500, 2048, 16, 528), Case(784, 500, 100, 16, 1040)]
TINY = [Case(20, 9, 17, 1, 2)]


class Ours:
    """Both engines, the device's timed."""

    who = "udl_fast"

    def __init__(self, case: Case, precision: str, device: Device) -> None:
        self.case, self.fields = case, {}
        self.engines = Engines.of(
            random_parameters(case.n_visible, case.n_hidden, 0.1), precision, device
        )
        self.rows = random_bits(case.n_chains, case.n_visible)

    def run(self, engine, n_steps: int):
        """States after so many steps, and the seconds that they took."""
        start = time.perf_counter()
        found = engine.gibbs(self.rows, n_steps, 1, "gibbs", 0, 0, get_num_threads())
        return found, time.perf_counter() - start

    def check(self) -> None:
        """States of both layers have the bits of the CPU's engine."""
        (here, _), (there, _) = (
            self.run(engine, CHECKED) for engine in (self.engines.cpu, self.engines.gpu)
        )
        for layer, cpu, gpu in zip(("visible", "hidden"), here, there, strict=True):
            if not np.array_equal(cpu.to_packed(), gpu.to_packed()):
                raise Wrong(f"{layer} states differ from the CPU's after {CHECKED} steps")

    def sample(self) -> float:
        """Microseconds of a step."""
        short, long = (self.run(self.engines.gpu, n)[1] for n in (self.case.short, self.case.long))
        return (long - short) / (self.case.long - self.case.short) * 1e6


def tasks(device: Device) -> Iterator[Task]:
    """Peers are timed beside ``fixed``."""
    for case in TINY if device.rehearsed else CASES:
        for precision in ("fixed", "fast"):
            peers = torch_gibbs.forms(case) if precision == "fixed" else []
            n = 2 * case.n_chains * case.n_visible * case.n_hidden
            yield Task(
                case.name,
                "us",
                lambda case=case, precision=precision: Ours(case, precision, device),
                [form.on(device) for form in peers],
                {"precision": precision, **floors.of_half_steps(device, n, precision)},
            )
