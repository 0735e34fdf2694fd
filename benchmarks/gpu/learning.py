"""Microseconds of a minibatch of contrastive divergence: CD-1 at four sizes, PCD with few and with many
steps.

What a long pass takes more than a short one, by the minibatches that it has more: starts and ends of a
call do not count, the copy of its rows to the device does.
"""

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from udl_fast import _core
from udl_fast.runtime import get_num_threads

from .peers import torch_learning
from .shared import floors
from .shared.device import Device
from .shared.models import Engines, random_bits, random_parameters
from .shared.turns import Task, Wrong

SEED = 1
CHECKED = 3  # minibatches
BASE = {
    "algorithm": "cd",
    "k": 1,
    "learning_rate": 0.01,
    "momentum": 0.0,
    "weight_decay": 0.0,
    "l1": 0.0,
    "sparsity_target": None,
    "sparsity_cost": 0.0,
    "sparsity_damping": 0.9,
    "statistics": "mean",
    "sample_visibles": True,
    "binarize_sample": False,
    "data_step": 0,
}


class Case(NamedTuple):
    """A model and its minibatches; `n_chains` is 0 for CD. Passes are `short` and `long` minibatches."""

    n_visible: int
    n_hidden: int
    batch: int
    short: int
    long: int
    n_chains: int = 0
    k: int = 1

    @property
    def name(self) -> str:
        """As lines of peers are named."""
        kind = f"{'pcd' if self.n_chains else 'cd'}{self.k}"
        chains = f"_{self.n_chains}chains" if self.n_chains else ""
        return f"{kind}_{self.n_visible}x{self.n_hidden}_B{self.batch}{chains}"

    def floor(self, device: Device, precision: str) -> dict[str, float]:
        """Least time that its products take."""
        one = self.n_visible * self.n_hidden
        chains = self.n_chains or self.batch
        half_steps = one * (self.batch + 2 * self.k * chains)
        return floors.of_learning(device, half_steps, one * (self.batch + chains), precision)


CASES = [
    Case(784, 500, 100, 16, 1040),
    Case(784, 1024, 512, 16, 528),
    Case(784, 4096, 1024, 16, 144),
    Case(3072, 8192, 1024, 16, 48),
    Case(784, 500, 100, 16, 528, n_chains=100),
    Case(784, 200, 100, 2, 18, n_chains=2000, k=100),
]
TINY = [Case(20, 9, 4, 1, 2), Case(20, 9, 4, 1, 2, n_chains=5, k=2)]


class Ours:
    """Both engines, the device's timed."""

    who = "udl_fast"

    def __init__(self, case: Case, precision: str, device: Device) -> None:
        self.case, self.fields = case, {}
        self.engines = Engines.of(
            random_parameters(case.n_visible, case.n_hidden, 0.05), precision, device
        )
        self.engines.gpu.set_training("tensor")
        kind = "pcd" if case.n_chains else "cd"
        self.settings: dict[str, Any] = {
            **BASE,
            "algorithm": kind,
            "k": case.k,
            "batch_size": case.batch,
        }
        if case.n_chains:
            chains = np.random.default_rng(2).random((case.n_chains, case.n_hidden)) < 0.5
            for engine in (self.engines.cpu, self.engines.gpu):
                engine.set_chains(chains)
        self.passes = [self.rows(case.short), self.rows(case.long)]

    def rows(self, n_minibatches: int) -> _core.Rows:
        """Of so many minibatches."""
        return random_bits(n_minibatches * self.case.batch, self.case.n_visible)

    def train(self, engine: Any, rows: _core.Rows) -> float:
        """Seconds of a pass."""
        start = time.perf_counter()
        engine.train(rows, None, self.settings, SEED, 0, get_num_threads())
        return time.perf_counter() - start

    def check(self) -> None:
        """All that a few minibatches change has the bits of the CPU's engine."""
        rows = self.rows(CHECKED)
        for engine in (self.engines.cpu, self.engines.gpu):
            self.train(engine, rows)
        here, there = self.engines.cpu.state(), self.engines.gpu.state()
        for name, values in here.items():
            if not np.array_equal(there[name], values):
                raise Wrong(f"{name} differ from the CPU's after {CHECKED} minibatches")

    def sample(self) -> float:
        """Microseconds of a minibatch."""
        short, long = (self.train(self.engines.gpu, rows) for rows in self.passes)
        return (long - short) / (self.case.long - self.case.short) * 1e6


def tasks(device: Device) -> Iterator[Task]:
    """The most wanted first. Peers learn by CD alone, and are timed beside ``fixed``."""
    for case in TINY if device.rehearsed else CASES:
        for precision in ("fixed", "fast"):
            peers = [] if case.n_chains or precision == "fast" else torch_learning.forms(case)
            yield Task(
                case.name,
                "us",
                lambda case=case, precision=precision: Ours(case, precision, device),
                [form.on(device) for form in peers],
                {"precision": precision, **case.floor(device, precision)},
            )
